"""Word vectors that come as a Python package, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from makna.core.errors import DataError
from makna.core.files import file_hash, plain_os_errors
from makna.core.messages import say
from makna.represent.encoder_store import whole
from makna.represent.word_vectors import Grams, WordVectors

PackagedVectors = Literal["makna-mini"]
"""Names of vectors that come as packages."""
_PACKAGES = {"makna-mini": "makna_mini"}
_HOW: dict[str, Callable[[], str]] = {"makna-mini": lambda: say("represent.get_mini")}
_MATRIX, _WORDS, _ABOUT = "vectors.int8.safetensors", "words.txt", "about.json"


def is_packaged(name: str) -> bool:
    """Tell whether a name is that of vectors that come as a package, here or not."""
    return name in get_args(PackagedVectors)


def packaged_vectors(name: str) -> WordVectors:
    """Read word vectors of a package; its matrices, kept in int8, come as float32.

    Parameters
    ----------
    name : {"makna-mini"}
        Which.

    Returns
    -------
    WordVectors
        The commonest word first, lower case, with n-grams for words that are not among them.

    Raises
    ------
    DataError
        The package is not installed (the message says how), or broken.
    """
    folder = _folder(_PACKAGES[name])
    if folder is None:
        raise DataError("represent.vectors_not_installed", name=name, how=_HOW[name]())
    return _read(name, folder)


def _folder(package: str) -> Path | None:
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        if (Path(place) / "vectors" / _MATRIX).is_file():
            return Path(place) / "vectors"
    return None


@lru_cache(maxsize=1)
def _read(name: str, folder: Path) -> WordVectors:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        with plain_os_errors(folder):
            about = json.loads((folder / _ABOUT).read_text("utf-8"))
            words = (folder / _WORDS).read_text("utf-8").split("\n")[:-1]
            held = load_file(folder / _MATRIX)
        numbers = held.pop("gram_numbers").astype(np.int64)
        tensors = whole(held)
        grams = Grams(numbers, tensors["grams"], about["min_n"], about["max_n"], about["buckets"])
        if len(words) != len(tensors["matrix"]):
            raise ValueError(f"{len(words)} words, {len(tensors['matrix'])} vectors")
    except (KeyError, ValueError, SafetensorError) as problem:
        raise DataError("represent.vectors_broken", path=str(folder), reason=str(problem)) from problem
    origin = {"file": name, "words": len(words), "width": about["width"], "repeated": 0}
    return WordVectors(words, tensors["matrix"], grams, origin | {"sha256": file_hash(folder / _MATRIX)})
