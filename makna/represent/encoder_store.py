"""Encoders kept below the cache folder: converted from torch's format or from int8, or unpacked from a saved model.

Each stands in a folder named by what it was made from, written whole or not at all. The cache may be emptied at any
time: what is missing is made again.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from makna.collect.datasets import cache_folder
from makna.core.errors import DataError, ModelError
from makna.core.files import DAY, plain_os_errors, replacing, sweep
from makna.core.optional import require
from makna.represent.encoder_folder import (
    CONFIG,
    PACKED_WEIGHTS,
    TOKENIZER_FILES,
    TOKENIZER_SETTINGS,
    fingerprint,
    hash_once,
    torch_weights,
)

#: Most folders kept; the one used longest ago goes first.
MOST_FOLDERS = 6
_SCALE = ".scale"
_SAFE_TORCH = (2, 6)  # before it, reading weights alone could still run code (CVE-2025-32434)
_FORBIDDEN = re.compile(r"GLOBAL `?[\w.]+")  # how torch names what a file wants to call


def converted(folder: Path) -> Path:
    """Return a folder with the same encoder in float32, made once from ``pytorch_model.bin`` or from int8 weights.

    Raises
    ------
    ModelError
        The file holds something else than weights, or cannot be read safely.
    MissingPackageError
        torch, which its own format needs, is not installed.
    """
    packed = folder / PACKED_WEIGHTS
    files, convert = ([packed], _unpack) if packed.is_file() else (torch_weights(folder), _convert)
    told = [hash_once(path) for path in (*files, *_small_files(folder))]
    return _made("converted", hashlib.sha256("".join(told).encode()).hexdigest(), lambda to: convert(folder, to))


def unpacked(files: Mapping[str, bytes], mark: str) -> Path:
    """Return a folder with these files, which a saved model carries; below the cache, or for this process alone.

    Parameters
    ----------
    files : mapping of str to bytes
        Names without folders, and what they hold.
    mark : str
        Fingerprint of the encoder; it names the folder, and a folder that no longer has it is made again.
    """

    def write(target: Path) -> None:
        for name, data in files.items():
            (target / Path(name).name).write_bytes(data)

    try:
        target = _made("unpacked", mark, write)
        if not _has(target, mark):
            shutil.rmtree(target, ignore_errors=True)
            target = _made("unpacked", mark, write)
        return target
    except (DataError, OSError):  # no place to keep it
        alone = Path(tempfile.mkdtemp(prefix="makna-encoder-"))
        atexit.register(shutil.rmtree, alone, ignore_errors=True)
        with plain_os_errors(alone):
            write(alone)
        return alone


def _has(folder: Path, mark: str) -> bool:
    try:
        return fingerprint(folder) == mark
    except ModelError:
        return False


def _made(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    target = cache_folder() / "encoders" / f"{kind}-{key[:32]}"
    if (target / CONFIG).is_file():
        _touch(target)
        return target
    with plain_os_errors(target):
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target, is_there=(target / CONFIG).is_file) as scratch:
            scratch.mkdir(0o700)  # it may be the user's own
            make(scratch)
    _tidy(target.parent, target)
    return target


def _convert(folder: Path, target: Path) -> None:
    torch = require("torch", str(folder))
    from safetensors.torch import save_file

    found = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if found < _SAFE_TORCH:
        raise ModelError("represent.torch_too_old", path=str(folder), came=torch.__version__)
    tensors: dict[str, Any] = {}
    for path in torch_weights(folder):
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            # Copies, since safetensors refuses tensors that share memory (tied weights).
            tensors |= {str(name): tensor.detach().clone().contiguous() for name, tensor in state.items()}
        except MemoryError:
            raise
        except Exception as problem:  # what reads it has errors of its own
            # Not torch's whole message: it tells how to read the file without the safety.
            found_in = _FORBIDDEN.search(str(problem))
            reason = found_in[0] if found_in else type(problem).__name__
            raise ModelError("represent.unsafe_weights", path=str(path), reason=reason) from problem
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    for path in _small_files(folder):
        shutil.copyfile(path, target / path.name)


def _unpack(folder: Path, target: Path) -> None:
    from safetensors.numpy import load_file, save_file

    try:
        save_file(whole(load_file(folder / PACKED_WEIGHTS)), target / "model.safetensors", metadata={"format": "pt"})
    except (MemoryError, OSError):
        raise
    except Exception as problem:  # safetensors has errors of its own
        reason = str(problem) or type(problem).__name__
        raise ModelError("represent.encoder_broken", path=str(folder), file=PACKED_WEIGHTS, reason=reason) from problem
    for path in _small_files(folder):
        shutil.copyfile(path, target / path.name)


def whole(packed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return tensors in float32: a matrix in int8 times the scales of its rows, which stand under ``NAME.scale``.

    Examples
    --------
    >>> packed = {"m": np.array([[127, -2]], np.int8), "m.scale": np.array([0.5], np.float16)}
    >>> whole(packed)["m"].tolist()
    [[63.5, -1.0]]
    """
    return {
        name: np.ascontiguousarray(
            value.astype(np.float32) * packed[name + _SCALE].astype(np.float32)[:, None]
            if value.dtype == np.int8
            else value.astype(np.float32)
        )
        for name, value in packed.items()
        if not name.endswith(_SCALE)
    }


def _small_files(folder: Path) -> list[Path]:
    names = (CONFIG, *TOKENIZER_FILES, *TOKENIZER_SETTINGS)
    return [folder / name for name in names if (folder / name).is_file()]


def _touch(folder: Path) -> None:
    try:
        os.utime(folder)
    except OSError:
        return


def _tidy(root: Path, kept: Path) -> None:
    sweep(root, DAY)
    try:
        aged = sorted((path.stat().st_mtime, path) for path in root.iterdir() if not path.name.startswith("."))
    except OSError:
        return
    for _, path in aged[:-MOST_FOLDERS]:
        if path != kept:
            shutil.rmtree(path, ignore_errors=True)
