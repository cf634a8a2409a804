"""Examples for the card: what the encoder puts in a gap, and which words are near by the word vectors.

``python -m pretrain.examples --package mini/makna_mini``
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

from pretrain.export import HEAD, INT8, unpacked

LOG = logging.getLogger(__name__)
GAPS = (
    "presiden meresmikan [MASK] baru di jakarta .",
    "siswa belajar di [MASK] setiap hari .",
    "barangnya [MASK] banget , pengiriman cepat .",
    "aplikasinya sering [MASK] , tolong diperbaiki .",
    "gw [MASK] suka sama film ini .",
    "makanannya enak tapi [MASK] mahal .",
)
COMMON = 8_000
WORDS = ("pemerintah", "bagus", "lemot", "bgt", "gw", "kecewa", "sekolah", "mobil")


def gaps(package: Path, most: int = 5) -> dict[str, list[str]]:
    """Return the likeliest pieces for each gap."""
    model = package / "model"
    network = BertForMaskedLM(BertConfig.from_json_file(str(model / "config.json"))).eval()
    state = {f"bert.{name}": value for name, value in unpacked(load_file(str(model / INT8))).items()}
    network.load_state_dict(state | unpacked(load_file(str(model / HEAD))), strict=False)
    network.tie_weights()
    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    found = {}
    for text in GAPS:
        rows = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            logits = network(**rows).logits[0, rows["input_ids"][0] == tokenizer.mask_token_id][0]
        found[text] = tokenizer.convert_ids_to_tokens(logits.topk(most).indices.tolist())
    return found


def neighbours(package: Path, most: int = 6) -> dict[str, list[str]]:
    """Return the nearest of the common words to each word."""
    folder = package / "vectors"
    held = load_arrays(str(folder / "vectors.int8.safetensors"))
    words = (folder / "words.txt").read_text("utf-8").split("\n")[:-1][:COMMON]
    matrix = held["matrix"][:COMMON].astype(np.float32)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    places = {word: place for place, word in enumerate(words)}
    found = {}
    for word in WORDS:
        near = np.argsort(-(matrix @ matrix[places[word]]))[1 : most + 1] if word in places else []
        found[word] = [words[place] for place in near]
    return found


def main() -> None:
    """Show the examples."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, default=Path("mini/makna_mini"))
    choice = parser.parse_args()
    shown = {"gaps": gaps(choice.package), "neighbours": neighbours(choice.package)}
    LOG.info("%s", json.dumps(shown, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
