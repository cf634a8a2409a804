"""Small random encoders for tests, built in process and written in the layout of Hugging Face folders."""

from __future__ import annotations

import atexit
import json
import shutil
import string
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

WORDS = (
    *("bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "mahal", "kirim", "hari", "saya", "barang"),
    *("produk", "cepat", "lambat", "the", "is", "good", "bad", "film", "makan", "##nya", "##kan", "##an", "##lah"),
)
_BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LETTERS = string.ascii_lowercase + string.digits


def tiny_encoder(
    folder: Path,
    model_type: str = "bert",
    layers: int = 2,
    width: int = 32,
    heads: int = 4,
    words: Sequence[str] = WORDS,
    *,
    max_length: int = 128,
    seed: int = 3,
) -> Path:
    """Write a random encoder with its tokenizer into `folder` (made if need be) and return it.

    `model_type` is bert, distilbert or albert (WordPiece from ``vocab.txt``, lower case, as IndoBERT and IndoBERT-lite
    come), or roberta (bytes). Letters and digits are pieces too, so that only other signs are unknown. `max_length` is
    the longest row of pieces the network takes.
    """
    import torch
    from transformers import AutoModel

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _write_bytes(folder) if model_type == "roberta" else _write_words(folder, words)
    config = _CONFIGS[model_type](vocabulary, layers, width, heads, max_length)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AutoModel.from_config(config)
    network.save_pretrained(folder)
    return folder


@cache
def kept_encoder(model_type: str = "bert") -> Path:
    """Return a tiny encoder that is built once a process; leave it as it is."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-encoder-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return tiny_encoder(folder, model_type)


def _write_words(folder: Path, words: Sequence[str]) -> int:
    signs = [*_LETTERS, *(f"##{letter}" for letter in _LETTERS), "!", "?", ".", ",", "'"]
    pieces = list(dict.fromkeys([*_BERT_SPECIALS, *words, *signs]))
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    config = {"do_lower_case": True, "tokenizer_class": "BertTokenizer", "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return len(pieces)


def _write_bytes(folder: Path) -> int:
    from tokenizers.pre_tokenizers import ByteLevel

    pieces = ["<s>", "<pad>", "</s>", "<unk>", *sorted(ByteLevel.alphabet()), "<mask>"]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    config = {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return len(pieces)


def _bert(vocabulary: int, layers: int, width: int, heads: int, max_length: int) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=vocabulary, num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads,
        intermediate_size=2 * width, max_position_embeddings=max_length, initializer_range=0.2,
    )  # fmt: skip


def _distilbert(vocabulary: int, layers: int, width: int, heads: int, max_length: int) -> Any:
    from transformers import DistilBertConfig

    return DistilBertConfig(
        vocab_size=vocabulary, n_layers=layers, dim=width, n_heads=heads, hidden_dim=2 * width,
        max_position_embeddings=max_length, initializer_range=0.2,
    )  # fmt: skip


def _albert(vocabulary: int, layers: int, width: int, heads: int, max_length: int) -> Any:
    from transformers import AlbertConfig

    return AlbertConfig(
        vocab_size=vocabulary, num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads,
        embedding_size=width // 2, intermediate_size=2 * width, max_position_embeddings=max_length,
        initializer_range=0.2, pad_token_id=0, bos_token_id=2, eos_token_id=3,
    )  # fmt: skip


def _roberta(vocabulary: int, layers: int, width: int, heads: int, max_length: int) -> Any:
    from transformers import RobertaConfig

    return RobertaConfig(
        vocab_size=vocabulary, num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads,
        intermediate_size=2 * width, max_position_embeddings=max_length + 2, type_vocab_size=1,
        initializer_range=0.2, pad_token_id=1, bos_token_id=0, eos_token_id=2,
    )  # fmt: skip


_CONFIGS: dict[str, Callable[[int, int, int, int, int], Any]] = {
    "bert": _bert,
    "distilbert": _distilbert,
    "albert": _albert,
    "roberta": _roberta,
}
