"""What the folder of an encoder holds, read without torch: its shape, its weights' sizes and its fingerprint."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from makna.core.errors import ModelError
from makna.core.files import file_hash, plain_os_errors

CONFIG = "config.json"
WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors")
#: Matrices in int8, each row with a scale of its own; everything else in float16.
PACKED_WEIGHTS = "model.int8.safetensors"
TORCH_WEIGHTS = ("pytorch_model.bin", "pytorch_model-*-of-*.bin")
#: Files a tokenizer is made of; where the first is there, the others but the settings are not read.
TOKENIZER_FILES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
)  # fmt: skip
TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
WEIGHT_INDEX = "model.safetensors.index.json"

# How configurations spell the same things; the first that is there counts.
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layers"),
    "width": ("hidden_size", "dim"),
    "heads": ("num_attention_heads", "n_heads"),
    "vocabulary": ("vocab_size",),
    "max_length": ("max_position_embeddings",),
}
# Positions these count from behind the padding's number.
_POSITIONS_AFTER_PADDING = frozenset({"roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "mpnet"})
# What a network's own weights begin with in files that hold a head besides them.
_PREFIXES = ("bert.", "distilbert.", "albert.", "roberta.", "electra.", "deberta.", "mpnet.")
_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
# In a configuration these say where it comes from, not what it computes.
_COSMETIC = frozenset(
    {
        *("_name_or_path", "transformers_version", "architectures", "torch_dtype", "dtype", "use_cache"),
        *("gradient_checkpointing", "_num_labels", "id2label", "label2id", "finetuning_task", "auto_map"),
    }
)
_TOKENIZER_MEANING = frozenset(
    {
        *("do_lower_case", "strip_accents", "tokenize_chinese_chars", "do_basic_tokenize", "never_split"),
        *("add_prefix_space", "keep_accents", "remove_space", "tokenizer_class"),
    }
)
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class Shape:
    """What a configuration says of a network; None where it does not.

    Parameters
    ----------
    type : str
        The architecture: "bert", "distilbert", "albert", …
    layers, width, heads, vocabulary : int or None
        Numbers of layers, of features of a piece, of attention heads and of pieces.
    max_length : int or None
        Longest row of pieces, special ones included.
    """

    type: str
    layers: int | None
    width: int | None
    heads: int | None
    vocabulary: int | None
    max_length: int | None


def is_encoder_folder(folder: Path) -> bool:
    """Tell whether a folder has a configuration and weights."""
    return (folder / CONFIG).is_file() and bool(
        weight_files(folder) or torch_weights(folder) or (folder / PACKED_WEIGHTS).is_file()
    )


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of the network: one, or its parts by name."""
    return _one_or_parts(folder, WEIGHTS)


def torch_weights(folder: Path) -> list[Path]:
    """Return the files of the network in torch's own format, which are converted before they are used."""
    return _one_or_parts(folder, TORCH_WEIGHTS)


def cargo(folder: Path) -> Iterator[Path]:
    """Yield the files an encoder needs to stand elsewhere: configuration, tokenizer, weights."""
    names = (CONFIG, WEIGHT_INDEX, *TOKENIZER_FILES, *TOKENIZER_SETTINGS)
    yield from (folder / name for name in names if (folder / name).is_file())
    yield from weight_files(folder)


def read_config(folder: Path) -> dict[str, Any]:
    """Read the configuration of an encoder.

    Raises
    ------
    ModelError
        It is not there, not JSON, or does not name its architecture.
    """
    config = _json(folder / CONFIG)
    if not isinstance(config.get("model_type"), str):
        raise ModelError("represent.encoder_broken", path=str(folder), file=CONFIG, reason="model_type")
    return config


def shape(folder: Path) -> Shape:
    """Return what the configuration says of the network.

    Raises
    ------
    ModelError
        As `read_config`; or the network is not an encoder of texts.
    """
    config = read_config(folder)
    kind = config["model_type"]
    if config.get("is_encoder_decoder") or config.get("is_decoder"):
        raise ModelError("represent.not_an_encoder", path=str(folder), type=kind)
    found = {name: _number(config, spellings) for name, spellings in _SPELLINGS.items()}
    if not found["layers"] or not found["width"]:
        raise ModelError("represent.not_an_encoder", path=str(folder), type=kind)
    if kind in _POSITIONS_AFTER_PADDING and found["max_length"]:
        found["max_length"] -= int(config.get("pad_token_id", 1)) + 1
    return Shape(type=kind, **found)


def parameters(folder: Path) -> int | None:
    """Return the number of the network's weights, from the files' headers alone; None where there are no such files.

    Raises
    ------
    ModelError
        A header cannot be read.
    """
    files = weight_files(folder)
    if not files:
        return None
    sizes = {name: size for path in files for name, size in _tensors(path)}
    own = {name: size for name, size in sizes.items() if name.startswith(_PREFIXES)}
    return sum((own or sizes).values())


def fingerprint(folder: Path) -> str:
    """Return a hash of what an encoder computes: its weights, its configuration and its tokenizer.

    Names, versions and the place of the folder do not count, so that the same encoder from two sources is the same.

    Raises
    ------
    ModelError
        A file is missing or broken.
    """
    config = {name: value for name, value in read_config(folder).items() if name not in _COSMETIC}
    told = [weights_hash(folder), config, _tokenizer_meaning(folder)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 of the weights: of the file where there is one, of all their hashes where there are more.

    Raises
    ------
    ModelError
        There are no weights.
    """
    files = weight_files(folder)
    if not files:
        raise ModelError("represent.encoder_file_missing", path=str(folder), file="model.safetensors")
    hashes = [hash_once(path) for path in files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def hash_once(path: Path) -> str:
    """Return the SHA-256 of a file, read once in this process for as long as its size and time stay the same."""
    with plain_os_errors(path):
        stat = path.stat()
    return _hash(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _hash(path: Path, size: int, time: int) -> str:
    with plain_os_errors(path):
        return file_hash(path)


def _tokenizer_meaning(folder: Path) -> dict[str, Any]:
    """Return what decides how texts become pieces."""
    files = [folder / name for name in TOKENIZER_FILES if (folder / name).is_file()]
    if not files:
        raise ModelError("represent.encoder_file_missing", path=str(folder), file=TOKENIZER_FILES[0])
    meaning: dict[str, Any] = {}
    for name in TOKENIZER_SETTINGS[:1]:
        if (folder / name).is_file():
            settings = _json(folder / name)
            meaning |= {key: value for key, value in settings.items() if key in _TOKENIZER_MEANING}
    if files[0].name == TOKENIZER_FILES[0]:
        # How it cuts and pads by itself is not used.
        whole = {key: v for key, v in _json(files[0]).items() if key not in ("truncation", "padding")}
        return meaning | {files[0].name: hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()}
    return meaning | {path.name: hash_once(path) for path in files}


def tensor_places(path: Path) -> dict[str, tuple[int, list[int]]]:
    """Return where the numbers of each tensor of a safetensors file begin, in bytes, and its shape.

    Raises
    ------
    ModelError
        The header cannot be read.
    """
    length, header = _header(path)
    return {name: (8 + length + tensor["data_offsets"][0], tensor["shape"]) for name, tensor in header.items()}


def _tensors(path: Path) -> Iterator[tuple[str, int]]:
    """Yield names and sizes of the tensors of numbers that are learned."""
    for name, tensor in _header(path)[1].items():
        if tensor["dtype"] in _FLOATS:
            yield name, math.prod(tensor["shape"])


def _header(path: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the length of a safetensors file's header in bytes, and what it says of each tensor."""
    try:
        with plain_os_errors(path), path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > _LONGEST_HEADER:
                raise ValueError(length)
            header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        if not all({"dtype", "shape", "data_offsets"} <= set(tensor) for tensor in header.values()):
            raise ValueError(sorted(header)[:3])
        return length, header
    except (ValueError, TypeError, AttributeError) as problem:
        raise _broken(path, problem) from problem


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError("represent.encoder_file_missing", path=str(path.parent), file=path.name)
    try:
        with plain_os_errors(path):
            found = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise TypeError(type(found).__name__)
    except (ValueError, TypeError, RecursionError) as problem:
        raise _broken(path, problem) from problem
    return found


def _broken(path: Path, problem: Exception) -> ModelError:
    reason = str(problem) or type(problem).__name__
    return ModelError("represent.encoder_broken", path=str(path.parent), file=path.name, reason=reason)


def _number(config: Mapping[str, Any], spellings: tuple[str, ...]) -> int | None:
    found = next((config[name] for name in spellings if name in config), None)
    return found if isinstance(found, int) and found > 0 else None


def _one_or_parts(folder: Path, patterns: tuple[str, str]) -> list[Path]:
    whole = folder / patterns[0]
    return [whole] if whole.is_file() else sorted(folder.glob(patterns[1]))
