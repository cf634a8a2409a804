"""The model folder: `model.json`, a card, and one folder a part; every file is hashed, nothing is pickled.

The tree of estimators is written as a tree of folders. The class table (type name → class) is handed in by the caller,
so that `core` knows no stage.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from sklearn.pipeline import FeatureUnion, Pipeline

from makna.core.errors import ModelError
from makna.core.files import file_hash, replacing
from makna.core.portable import Parts, Portable, plain, type_name
from makna.core.task import Task

FORMAT = 1
MANIFEST = "model.json"
CARD = "README.md"
_TENSORS = "tensors.safetensors"
_STATE = "state.json"
_SAFE_NAME = re.compile(r"[\w+-][\w.+-]*")
# What of scikit-learn's own two containers is kept beside their steps.
_CONTAINERS: dict[Any, tuple[str, ...]] = {Pipeline: ("transform_input",), FeatureUnion: ("transformer_weights",)}
_BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)


@dataclass
class SavedModel:
    """What a model folder holds.

    Parameters
    ----------
    system : estimator
        The fitted Pipeline.
    task : Task
        Inputs and target.
    labels : dict of list of str
        Class names by output, in the order of the probability columns; empty for numbers.
    columns : dict of str
        Corpus column → the user's column name.
    about : dict
        Name, version, scores and licences; free JSON for the card and for people.
    """

    system: Any
    task: Task
    labels: dict[str, list[str]]
    columns: dict[str, str] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def save_model(model: SavedModel, folder: str | os.PathLike[str], card: str) -> Path:
    """Write a model folder; it appears whole or not at all.

    Parameters
    ----------
    model : SavedModel
        What to save.
    folder : path
        A folder that does not exist yet.
    card : str
        The model card, Markdown with Hugging Face front matter.

    Raises
    ------
    ModelError
        The folder exists, or a part cannot be saved without pickle.
    """
    target = Path(folder)
    if target.exists():
        raise ModelError("core.model_exists", path=str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as scratch:
        scratch.mkdir()
        tree = _write_estimator(model.system, scratch, "system")
        (scratch / CARD).write_text(card, encoding="utf-8")
        manifest = {
            "format": FORMAT,
            "task": model.task.to_json(),
            "labels": model.labels,
            "columns": model.columns,
            "about": model.about,
            "system": tree,
            "files": {name: file_hash(scratch / name) for name in _files(scratch)},
        }
        manifest["sha256"] = _manifest_hash(manifest)
        (scratch / MANIFEST).write_bytes(_json_bytes(manifest, indent=1))
    return target


def load_model(folder: str | os.PathLike[str], classes: Mapping[str, Any]) -> SavedModel:
    """Read a model folder, refusing whatever is changed, missing or unknown.

    Parameters
    ----------
    folder : path
        A folder written by `save_model`.
    classes : mapping of str to class
        The class table.

    Raises
    ------
    ModelError
        Names the file or type that is wrong.
    """
    root = Path(folder)
    manifest = read_manifest(root)
    try:
        _check_files(root, manifest["files"])
        system = _Reader(root, frozenset(manifest["files"]), classes).read(manifest["system"], "system")
        task = Task.from_json(manifest["task"])
        return SavedModel(system, task, manifest["labels"], manifest["columns"], manifest["about"])
    except ModelError:
        raise
    except _BROKEN as problem:
        raise ModelError("core.model_broken", path=str(root), reason=f"{MANIFEST}: {problem!r}") from problem


def read_manifest(root: Path) -> dict[str, Any]:
    """Read and check `model.json` alone.

    Raises
    ------
    ModelError
        No such folder, unreadable or changed JSON, or another format.
    """
    path = root / MANIFEST
    if not path.is_file():
        raise ModelError("core.model_missing", path=str(root))
    try:
        manifest = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
        came = manifest["format"]
    except _BROKEN as problem:
        raise ModelError("core.model_changed", path=str(root), file=MANIFEST) from problem
    if came != FORMAT:
        raise ModelError("core.model_format", path=str(root), came=came, allowed=FORMAT)
    if manifest.pop("sha256", None) != _manifest_hash(manifest):
        raise ModelError("core.model_changed", path=str(root), file=MANIFEST)
    return manifest


def _write_estimator(estimator: Any, root: Path, where: str) -> dict[str, Any]:
    kept = _CONTAINERS.get(type(estimator))
    if kept is not None:
        steps = estimator.steps if isinstance(estimator, Pipeline) else estimator.transformer_list
        _check_names(name for name, _ in steps)
        return {
            "type": type(estimator).__name__,
            "settings": {name: plain(getattr(estimator, name)) for name in kept},
            "children": {name: _write_estimator(step, root, f"{where}/{name}") for name, step in steps},
        }
    if not isinstance(estimator, Portable):
        raise ModelError("core.model_cannot_save", type=type(estimator).__name__, reason="to_parts")
    parts = estimator.to_parts()
    _check_names([_TENSORS, _STATE, *parts.files, *parts.children])
    folder = root / where
    folder.mkdir(parents=True)
    if parts.tensors:
        (folder / _TENSORS).write_bytes(save_tensors(parts.tensors))
    if parts.state:
        (folder / _STATE).write_bytes(_json_bytes(parts.state))
    for name, data in parts.files.items():
        (folder / name).write_bytes(data)
    return {
        "type": type_name(estimator),
        "settings": parts.settings,
        "files": sorted(parts.files),
        "children": {name: _write_estimator(child, root, f"{where}/{name}") for name, child in parts.children.items()},
    }


@dataclass(frozen=True)
class _Reader:
    """Rebuilds estimators from files that `model.json` lists, and from no others."""

    root: Path
    files: frozenset[str]
    classes: Mapping[str, Any]

    def read(self, tree: dict[str, Any], where: str) -> Any:
        kind = tree["type"]
        if kind not in self.classes:
            known = ", ".join(sorted(self.classes))
            raise ModelError("core.model_type_unknown", path=str(self.root), type=kind, known=known)
        files = tree.get("files", [])
        _check_names([*files, *tree["children"]], path=self.root)
        children = {name: self.read(sub, f"{where}/{name}") for name, sub in tree["children"].items()}
        cls = self.classes[kind]
        try:
            if cls in _CONTAINERS:
                return cls(list(children.items()), **{name: tree["settings"][name] for name in _CONTAINERS[cls]})
            parts = Parts(settings=tree["settings"], children=children)
            if f"{where}/{_TENSORS}" in self.files:
                parts.tensors = load_tensors(self._bytes(where, _TENSORS))
            if f"{where}/{_STATE}" in self.files:
                parts.state = json.loads(self._bytes(where, _STATE).decode("utf-8", "surrogatepass"))
            parts.files = {name: self._bytes(where, name) for name in files}
            return cls.from_parts(parts)
        except ModelError:
            raise
        except (*_BROKEN, SafetensorError) as problem:
            raise ModelError("core.model_broken", path=str(self.root), reason=f"{kind}: {problem!r}") from problem

    def _bytes(self, where: str, name: str) -> bytes:
        if f"{where}/{name}" not in self.files:
            raise ModelError("core.model_file_missing", path=str(self.root), file=f"{where}/{name}")
        return (self.root / where / name).read_bytes()


def _check_names(names: Iterable[str], path: Path | None = None) -> None:
    """Refuse names that lead elsewhere (``..``, ``/``), that stand twice, or differ in case alone."""
    seen: set[str] = set()
    for name in names:
        if not _SAFE_NAME.fullmatch(name) or name.casefold() in seen:
            if path is None:
                raise ModelError("core.model_cannot_save", type=name, reason=_SAFE_NAME.pattern)
            raise ModelError("core.model_broken", path=str(path), reason=repr(name))
        seen.add(name.casefold())


def _files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and p != root / MANIFEST)


def _check_files(root: Path, expected: Mapping[str, str]) -> None:
    present = set(_files(root))
    for name in sorted(expected):
        if name not in present:
            raise ModelError("core.model_file_missing", path=str(root), file=name)
        if file_hash(root / name) != expected[name]:
            raise ModelError("core.model_changed", path=str(root), file=name)
    for name in sorted(present - set(expected)):
        raise ModelError("core.model_file_unknown", path=str(root), file=name)


def _json_bytes(value: Any, indent: int | None = None) -> bytes:
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return text.encode("utf-8", "surrogatepass")


def _manifest_hash(manifest: Mapping[str, Any]) -> str:
    # The order of keys counts: it is the order of the steps.
    return hashlib.sha256(_json_bytes(manifest)).hexdigest()
