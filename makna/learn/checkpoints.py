"""Where a training stands: kept after each epoch, so that one that is killed goes on from there.

A folder of one training holds `last-EPOCH` (network, optimiser, history) and `best-EPOCH` (network, and what it says of
the validation rows). A new folder is written beside the old one and renamed when it is whole; only then the old one
goes. When the training is over, `done.json` is written and `last` goes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from makna.core.errors import DataError
from makna.core.files import plain_os_errors, read_json, write_json
from makna.core.optional import require
from makna.core.portable import plain

if TYPE_CHECKING:
    from torch import Tensor

LAST, BEST, DONE = "last", "best", "done.json"
_NETWORK, _OPTIMISER, _OUTPUTS, _STATE = "network", "optimiser", "outputs", "state.json"
_NAME = re.compile(rf"({LAST}|{BEST})-(\d+)")
_BYTES = 4
_SPARE = 50_000_000


@dataclass
class Progress:
    """What a training knows of itself after some epochs.

    Parameters
    ----------
    epoch : int
        Epochs that are finished.
    history : list of dict
        One row an epoch and part.
    best_epoch : int
        The epoch whose network is kept; 0 before the first.
    best_figures : dict or None
        The best row of the history so far; of `best_epoch`, unless the last epoch is kept whatever its figures.
    split : int
        Into how many pieces each batch is cut, because memory did not suffice.
    stopped : str or None
        Why it ended before its last epoch.
    given_up : bool
        Whether it was the workplace's `watch` that ended it.
    waited : int
        Epochs since the best figure.
    memory_mb : float or None
        Memory estimated before the first step.
    """

    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best_figures: dict[str, Any] | None = None
    split: int = 1
    stopped: str | None = None
    given_up: bool = False
    waited: int = 0
    memory_mb: float | None = None


def fit_key(*parts: Any) -> str:
    """Return a hash of all that a training's result depends on (32 hex digits); the parts are JSON values."""
    text = json.dumps(plain(list(parts)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class MemoryCheckpoints:
    """Keeps the best network in memory and nothing else: for a training outside a workplace."""

    def __init__(self) -> None:
        self._best: tuple[dict[str, Tensor], np.ndarray | None] | None = None

    def finished(self) -> Progress | None:
        """Return None: nothing outlives the training."""
        return None

    def newest(self) -> Progress | None:
        """Return None: where it stands is known to the training alone."""
        return None

    def resume(self, network: Any, optimiser: Any) -> Progress:
        """Return the beginning."""
        return Progress()

    def save(self, progress: Progress, network: Any, optimiser: Any, outputs: np.ndarray | None) -> None:
        """Keep the network if this epoch is the best one."""
        if progress.best_epoch == progress.epoch:
            kept = {name: value.detach().to("cpu", copy=True) for name, value in network.state_dict().items()}
            self._best = (kept, outputs)

    def restore_best(self, progress: Progress, network: Any) -> np.ndarray | None:
        """Give the network its best weights back; returns what it said of the validation rows."""
        assert self._best is not None
        network.load_state_dict(self._best[0])
        return self._best[1]

    def finish(self, progress: Progress) -> None:
        """Let go of the best network."""
        self._best = None

    def forget(self) -> None:
        """Let go of everything."""
        self._best = None


class DiskCheckpoints:
    """Keeps the last epoch and the best one in a folder.

    Parameters
    ----------
    folder : Path
        Of this one training; made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def finished(self) -> Progress | None:
        """Return how a training ended, None if it did not, or if what it left is not whole."""
        try:
            progress = Progress(**read_json(self.folder / DONE))
        except (OSError, ValueError, TypeError):
            return None
        return progress if (self._place(BEST, progress.best_epoch) / f"{_NETWORK}.safetensors").is_file() else None

    def newest(self) -> Progress | None:
        """Return where the newest whole checkpoint stands, None if there is none."""
        for epoch in sorted(self._epochs(LAST), reverse=True):
            try:
                progress = Progress(**read_json(self._place(LAST, epoch) / _STATE)["progress"])
            except (OSError, ValueError, TypeError, KeyError):
                continue
            if (self._place(BEST, progress.best_epoch) / f"{_NETWORK}.safetensors").is_file():
                return progress
        return None

    def resume(self, network: Any, optimiser: Any) -> Progress:
        """Load the newest whole checkpoint into network and optimiser; returns where it stands, else the beginning."""
        progress = self.newest()
        if progress is None:
            return Progress()
        place = self._place(LAST, progress.epoch)
        try:
            tensors, moments = _read(place / _NETWORK), _read(place / _OPTIMISER)
            rest = read_json(place / _STATE)["optimiser"]
        except (OSError, ValueError, KeyError):
            return Progress()
        network.load_state_dict(tensors)
        load_optimiser(optimiser, moments, rest)
        return progress

    def save(self, progress: Progress, network: Any, optimiser: Any, outputs: np.ndarray | None) -> None:
        """Write the epoch that has just ended, as the best one too if it is; older ones go when the new one is whole.

        Raises
        ------
        DataError
            The disk is full, or writing is not permitted.
        """
        with plain_os_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            scratch = self._scratch(LAST)
            _write(scratch / _NETWORK, network.state_dict())
            moments, rest = optimiser_parts(optimiser)
            _write(scratch / _OPTIMISER, moments)
            write_json(scratch / _STATE, {"progress": asdict(progress), "optimiser": rest})
            if progress.best_epoch == progress.epoch:
                best = self._scratch(BEST)
                _link(scratch / f"{_NETWORK}.safetensors", best / f"{_NETWORK}.safetensors")
                if outputs is not None:
                    _write(best / _OUTPUTS, {_OUTPUTS: require("torch", LAST).from_numpy(outputs)})
                self._put(best, BEST, progress.epoch)
            self._put(scratch, LAST, progress.epoch)
            self._remove(LAST, but=progress.epoch)
            self._remove(BEST, but=progress.best_epoch)

    def restore_best(self, progress: Progress, network: Any) -> np.ndarray | None:
        """Give the network its best weights back; returns what it said of the validation rows."""
        place = self._place(BEST, progress.best_epoch)
        network.load_state_dict(_read(place / _NETWORK))
        if not (place / f"{_OUTPUTS}.safetensors").is_file():
            return None
        return _read(place / _OUTPUTS)[_OUTPUTS].numpy().copy()

    def finish(self, progress: Progress) -> None:
        """Mark the training as over; only its best network stays."""
        with plain_os_errors(self.folder):
            write_json(self.folder / DONE, asdict(progress))
        self._remove(LAST)

    def forget(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def check_space(self, parameters: int, trained: int, moments: int) -> None:
        """Refuse to begin where the disk cannot hold the checkpoints.

        Parameters
        ----------
        parameters, trained : int
            Numbers of the network, and those of them that are trained.
        moments : int
            Numbers that the optimiser keeps for each trained one.

        Raises
        ------
        DataError
            Too little space; the message says how much is needed and where.
        """
        existing = next((p for p in (self.folder, *self.folder.parents) if p.exists()), Path())
        # The old and the new last epoch side by side, and a best one that is neither.
        needed = _BYTES * (3 * parameters + 2 * moments * trained) + _SPARE
        free = shutil.disk_usage(existing).free + sum(f.stat().st_size for f in self.folder.rglob("*") if f.is_file())
        if free < needed:
            raise DataError("learn.disk", needed=needed / 1e9, free=free / 1e9, path=str(self.folder))

    def _place(self, kind: str, epoch: int) -> Path:
        return self.folder / f"{kind}-{epoch:04d}"

    def _scratch(self, kind: str) -> Path:
        scratch = self.folder / f".{kind}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        return scratch

    def _put(self, scratch: Path, kind: str, epoch: int) -> None:
        # Only an epoch that is trained again, after a kill, finds its own name taken.
        shutil.rmtree(self._place(kind, epoch), ignore_errors=True)
        scratch.replace(self._place(kind, epoch))

    def _epochs(self, kind: str) -> list[int]:
        names = [_NAME.fullmatch(path.name) for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return [int(name[2]) for name in names if name and name[1] == kind]

    def _remove(self, kind: str, but: int | None = None) -> None:
        for epoch in self._epochs(kind):
            if epoch != but:
                shutil.rmtree(self._place(kind, epoch), ignore_errors=True)


Checkpoints = MemoryCheckpoints | DiskCheckpoints


def optimiser_parts(optimiser: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the state of an optimiser as tensors, ``PARAMETER.NAME``, and as JSON values by the same names."""
    torch = require("torch", LAST)
    tensors: dict[str, Tensor] = {}
    rest: dict[str, Any] = {}
    for parameter, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{parameter}.{name}"] = value
            else:
                rest[f"{parameter}.{name}"] = value
    return tensors, rest


def load_optimiser(optimiser: Any, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
    """Give an optimiser its state back; its groups stay as its settings made them."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **rest}.items():
        parameter, _, name = key.partition(".")
        state.setdefault(int(parameter), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    # safetensors takes no two tensors that share memory: weights that are tied are written twice.
    seen: set[int] = set()
    kept = {}
    for name, tensor in tensors.items():
        value = tensor.detach().cpu().contiguous()
        place = value.untyped_storage().data_ptr()
        kept[name] = value.clone() if place in seen else value
        seen.add(place)
    try:
        save_file(kept, path.with_name(f"{path.name}.safetensors"))
    except SafetensorError as problem:
        found = re.search(r"os error (\d+)", str(problem))
        raise OSError(int(found[1]) if found else errno.EIO, str(problem), str(path)) from problem


def _read(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path.with_name(f"{path.name}.safetensors"))
    except SafetensorError as problem:
        raise ValueError(str(problem)) from problem


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the disk knows no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
