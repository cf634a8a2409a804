"""Encoders with a Hugging Face name: in the local cache of its library, or downloaded on request."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from makna.collect.datasets import offline
from makna.core.errors import ModelError
from makna.core.messages import say
from makna.core.optional import available
from makna.represent.encoder_folder import (
    CONFIG,
    TOKENIZER_FILES,
    TOKENIZER_SETTINGS,
    TORCH_WEIGHTS,
    WEIGHT_INDEX,
    WEIGHTS,
    is_encoder_folder,
    weight_files,
)

#: Names from before owners had to be named.
BARE_NAMES = {
    "bert-base-uncased": "google-bert/bert-base-uncased",
    "bert-base-cased": "google-bert/bert-base-cased",
    "bert-base-multilingual-cased": "google-bert/bert-base-multilingual-cased",
    "bert-base-multilingual-uncased": "google-bert/bert-base-multilingual-uncased",
    "distilbert-base-uncased": "distilbert/distilbert-base-uncased",
    "distilbert-base-cased": "distilbert/distilbert-base-cased",
    "distilbert-base-multilingual-cased": "distilbert/distilbert-base-multilingual-cased",
    "albert-base-v2": "albert/albert-base-v2",
    "roberta-base": "FacebookAI/roberta-base",
    "xlm-roberta-base": "FacebookAI/xlm-roberta-base",
}
_SMALL = [CONFIG, WEIGHT_INDEX, "pytorch_model.bin.index.json", *TOKENIZER_FILES, *TOKENIZER_SETTINGS]


def may_download() -> bool:
    """Tell whether the network may be used: neither makna nor Hugging Face's library is told to stay offline."""
    told = (os.environ.get(name, "").strip().lower() for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return not offline() and all(value in ("", "0", "false", "no", "off") for value in told)


def hub_folder() -> Path:
    """Return where Hugging Face's library keeps what it downloaded."""
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    home = Path(os.environ.get("HF_HOME", home))
    return Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()


def in_hub_cache(name: str) -> Path | None:
    """Return the folder of an encoder in the local cache, under its full name or the bare one; None without one."""
    for repository in dict.fromkeys((name, BARE_NAMES.get(name, name))):
        root = hub_folder() / f"models--{repository.replace('/', '--')}"
        try:
            revision = (root / "refs" / "main").read_text("utf-8").strip()
        except (OSError, ValueError):
            continue
        folder = root / "snapshots" / revision
        if is_encoder_folder(folder):
            return folder
    return None


def names_in_hub_cache() -> list[str]:
    """Return the names of all encoders in the local cache."""
    try:
        found = sorted(hub_folder().glob("models--*"))
    except OSError:
        return []
    names = [path.name.removeprefix("models--").replace("--", "/", 1) for path in found]
    return [name for name in names if in_hub_cache(name) is not None]


def download(name: str) -> Path:
    """Download configuration, tokenizer and weights of an encoder; torch's own format only where there is no other.

    Raises
    ------
    ModelError
        It could not be downloaded: the reason, and how to get it by hand.
    """
    repository = BARE_NAMES.get(name, name)
    if not available("huggingface_hub"):
        raise _failed(name, "huggingface_hub")
    folder = _snapshot(repository, [*_SMALL, *WEIGHTS], name)
    if not weight_files(folder):
        folder = _snapshot(repository, [*_SMALL, *TORCH_WEIGHTS], name)
    if not is_encoder_folder(folder):
        raise _failed(name, f"{CONFIG}, {WEIGHTS[0]}")
    return folder


def _snapshot(repository: str, patterns: list[str], name: str) -> Path:
    import huggingface_hub

    settings: dict[str, Any] = {"allow_patterns": patterns, "cache_dir": hub_folder()}
    try:
        return Path(huggingface_hub.snapshot_download(repository, **settings))
    except Exception as problem:  # its errors come from three libraries of the network
        raise _failed(name, _REASONS.get(type(problem).__name__, _first_line)(problem)) from problem


def _failed(name: str, reason: str) -> ModelError:
    return ModelError("represent.download_failed", name=name, reason=reason)


def _first_line(problem: Exception) -> str:
    text = str(problem).strip()
    return text.splitlines()[0][:200] if text else type(problem).__name__


# The library's errors that have a plain meaning.
_REASONS: dict[str, Callable[[Exception], str]] = {
    "RepositoryNotFoundError": lambda problem: say("represent.hub_unknown"),
    "GatedRepoError": lambda problem: say("represent.hub_gated"),
    "ConnectError": lambda problem: say("represent.hub_unreachable"),
    "LocalEntryNotFoundError": lambda problem: say("represent.hub_unreachable"),
}
