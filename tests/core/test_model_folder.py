from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from makna.core.errors import ModelError
from makna.core.model_folder import FORMAT, SavedModel, load_model, read_manifest, save_model
from makna.core.portable import Parts, Portable
from makna.core.task import Task


class Stage(Portable, TransformerMixin, BaseEstimator):
    """Multiplies by a learned number, or hands on to the stage inside."""

    _json = ("names_",)
    _tensors = ("factor_",)
    _children = ("next_",)

    def __init__(self, factor: float = 1.0, inner: Any = None) -> None:
        self.factor = factor
        self.inner = inner

    def fit(self, X: Any, y: Any = None) -> Stage:
        self.factor_ = np.full(np.shape(X)[1], self.factor)
        self.names_ = ["satu", "dua"]
        if self.inner is not None:
            self.next_ = type(self.inner)(**self.inner.get_params(deep=False)).fit(X)
        return self

    def transform(self, X: Any) -> Any:
        X = np.asarray(X) * self.factor_
        return self.next_.transform(X) if hasattr(self, "next_") else X


class WithFile(Portable, BaseEstimator):
    def __init__(self, name: str = "table.json") -> None:
        self.name = name

    def fit(self, X: Any = None, y: Any = None) -> WithFile:
        self.table_ = b"\x00\xff"
        return self

    def to_parts(self) -> Parts:
        parts = super().to_parts()
        parts.files[self.name] = self.table_
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> WithFile:
        made = cls(**parts.settings)
        made.table_ = parts.files[made.name]
        return made


CLASSES = {c.__name__: c for c in (Stage, WithFile, Pipeline, FeatureUnion)}
X = np.array([[1.0, 2.0], [3.0, 4.0]])


def saved(folder: Path, system: Any = None, **fields: Any) -> Path:
    system = system or Pipeline([("one", Stage(2.0, Stage(3.0))), ("table", WithFile())])
    system.steps[0][1].fit(X)
    for _, step in system.steps[1:]:
        step.fit(X)
    model = SavedModel(system, Task(), {"": ["0", "1"]}, **fields)
    return save_model(model, folder / "model", "# card\n")


def resign(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change model.json and put its hash right, as someone would who means to get past the checks."""
    path = folder / "model.json"
    manifest = json.loads(path.read_text("utf-8"))
    del manifest["sha256"]
    change(manifest)
    text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"))
    manifest["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


def refusal(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_model(folder, CLASSES)
    assert str(folder) in str(caught.value)
    return caught.value


def test_everything_comes_back(tmp_path: Path) -> None:
    task = Task("pair", "classes", outputs=("harga", "mutu"), positive="ya")
    labels = {"harga": ["ya", "tidak"], "mutu": ["0", "1"]}
    about = {"name": "uji", "scores": {"f1": 0.1 + 0.2}, "empty": None}
    system = Pipeline([("one", Stage(2.0).fit(X))])
    folder = save_model(
        SavedModel(system, task, labels, {"text_a": "Tanya é"}, about), tmp_path / "a" / "model", "# card"
    )
    model = load_model(folder, CLASSES)
    assert (model.task, model.labels, model.columns, model.about) == (task, labels, {"text_a": "Tanya é"}, about)
    np.testing.assert_array_equal(model.system.transform(X), system.transform(X))
    assert (folder / "README.md").read_text() == "# card"
    assert read_manifest(folder)["format"] == FORMAT


def test_cascade_three_deep(tmp_path: Path) -> None:
    inmost = Pipeline([("scale", Stage(5.0)), ("again", Stage(0.1))])
    system = Pipeline([("one", Stage(2.0, Stage(3.0, Stage(7.0, inmost))).fit(X))])
    folder = save_model(SavedModel(system, Task(), {}), tmp_path / "model", "")
    loaded = load_model(folder, CLASSES).system
    np.testing.assert_array_equal(loaded.transform(X), system.transform(X))
    np.testing.assert_array_equal(loaded.transform(X), X * 2.0 * 3.0 * 7.0 * 5.0 * 0.1)
    assert loaded["one"].inner.inner.inner.steps[1][1].factor == 0.1
    assert (folder / "system" / "one" / "next_" / "next_" / "next_" / "scale" / "tensors.safetensors").is_file()


def test_union_keeps_its_weights_and_pipeline_its_routing(tmp_path: Path) -> None:
    union = FeatureUnion([("a", Stage(1.0)), ("b", Stage(1.0))], transformer_weights={"b": 10.0})
    system = Pipeline([("both", union.fit(X))], transform_input=["X_val"])
    folder = save_model(SavedModel(system, Task(), {}), tmp_path / "model", "")
    loaded = load_model(folder, CLASSES).system
    np.testing.assert_array_equal(loaded.transform(X), np.hstack([X, 10 * X]))
    assert loaded.transform_input == ["X_val"]


def test_files_of_a_part_come_back(tmp_path: Path) -> None:
    assert load_model(saved(tmp_path), CLASSES).system["table"].table_ == b"\x00\xff"


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    saved(tmp_path)
    before = (tmp_path / "model" / "model.json").read_bytes()
    with pytest.raises(ModelError) as caught:
        saved(tmp_path)
    assert caught.value.key == "core.model_exists"
    assert (tmp_path / "model" / "model.json").read_bytes() == before


def test_a_model_that_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        saved(tmp_path, Pipeline([("one", Stage()), ("two", StandardScaler())]))
    assert caught.value.key == "core.model_cannot_save"
    assert "StandardScaler" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../evil", "a/b", "state.json", "", ".hidden", "inner\n", "TABLE.json/", "a\\b"])
def test_unsafe_file_names_are_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        saved(tmp_path, Pipeline([("one", Stage()), ("two", WithFile(name))]))
    assert caught.value.key == "core.model_cannot_save"
    assert list(tmp_path.iterdir()) == []


def test_step_names_that_could_not_be_read_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        saved(tmp_path, Pipeline([("two words", Stage())]))
    with pytest.raises(ModelError):
        saved(tmp_path, Pipeline([("one", Stage()), ("ONE", Stage())]))
    assert list(tmp_path.iterdir()) == []


FILES = [
    "README.md",
    "system/one/state.json",
    "system/one/tensors.safetensors",
    "system/one/next_/tensors.safetensors",
    "system/table/table.json",
]


def test_list_of_files_is_what_a_model_holds(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(FILES) | {"system/one/next_/state.json", "model.json"} == found


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    problem = refusal(tmp_path / "model")
    assert (problem.key, problem.fields["file"]) == ("core.model_changed", name)


@pytest.mark.parametrize("name", FILES)
def test_a_removed_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (saved(tmp_path) / name).unlink()
    problem = refusal(tmp_path / "model")
    assert (problem.key, problem.fields["file"]) == ("core.model_file_missing", name)


@pytest.mark.parametrize("name", ["extra.txt", "system/one/inner/tensors.safetensors", ".hidden", "system/one/x.pkl"])
def test_an_unknown_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    problem = refusal(tmp_path / "model")
    assert (problem.key, problem.fields["file"]) == ("core.model_file_unknown", name)


def test_any_changed_byte_of_the_manifest_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path) / "model.json"
    data = path.read_bytes()
    for place in range(0, len(data), 7):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        path.write_bytes(changed)
        if data[place : place + 1].isspace():
            continue  # white space between values may change without changing what is said
        with pytest.raises(ModelError):
            load_model(path.parent, CLASSES)


def test_steps_in_another_order_are_a_change(tmp_path: Path) -> None:
    folder = saved(tmp_path, Pipeline([("one", Stage(2.0)), ("two", Stage(3.0))]))
    manifest = json.loads((folder / "model.json").read_text())
    manifest["system"]["children"] = dict(reversed(manifest["system"]["children"].items()))
    (folder / "model.json").write_text(json.dumps(manifest))
    assert refusal(folder).fields["file"] == "model.json"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"format"', "{}", "\udcff", "[" * 100_000])
def test_unreadable_manifest_is_refused(tmp_path: Path, text: str) -> None:
    folder = saved(tmp_path)
    (folder / "model.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert refusal(folder).key == "core.model_changed"


def test_missing_folder_and_other_format(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere").key == "core.model_missing"
    folder = saved(tmp_path)
    resign(folder, lambda manifest: manifest.update(format=99))
    problem = refusal(folder)
    assert (problem.key, problem.fields["came"], problem.fields["allowed"]) == ("core.model_format", 99, FORMAT)


def test_resigning_alone_changes_nothing(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    resign(folder, lambda manifest: None)
    assert load_model(folder, CLASSES).labels == {"": ["0", "1"]}


def test_an_unknown_type_is_refused_by_name(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    resign(folder, lambda m: m["system"]["children"]["one"].update(type="os.System"))
    problem = refusal(folder)
    assert (problem.key, problem.fields["type"]) == ("core.model_type_unknown", "os.System")
    assert "Stage" in problem.fields["known"]


@pytest.mark.parametrize("name", ["..", "../../outside", "/etc", "one/../../..", "a/b", "."])
def test_paths_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path)
    (tmp_path / "outside").write_bytes(b"secret")

    def as_step(manifest: dict[str, Any]) -> None:
        steps = manifest["system"]["children"]
        manifest["system"]["children"] = {name: steps["one"], "table": steps["table"]}

    resign(folder, as_step)
    assert (refusal(folder).key, name in str(refusal(folder))) == ("core.model_broken", True)


@pytest.mark.parametrize("name", ["../../../outside", "..", "/etc/passwd"])
def test_files_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path)
    (tmp_path / "outside").write_bytes(b"secret")

    def as_file(manifest: dict[str, Any]) -> None:
        manifest["system"]["children"]["table"].update(files=[name], settings={"name": name})

    resign(folder, as_file)
    assert refusal(folder).key == "core.model_broken"
    resign(folder, lambda m: m["files"].update({"../outside": hashlib.sha256(b"secret").hexdigest()}))
    assert refusal(folder).key == "core.model_file_missing"


def test_a_link_to_a_folder_outside_is_not_followed(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    outside = tmp_path / "outside"
    (folder / "system" / "one" / "next_").rename(outside)
    (folder / "system" / "one" / "next_").symlink_to(outside, target_is_directory=True)
    assert refusal(folder).key in ("core.model_file_missing", "core.model_file_unknown")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["system"].pop("children"),
        lambda m: m["system"]["children"]["one"].update(settings={"no_such": 1}),
        lambda m: m["system"]["children"]["one"].update(settings=[]),
        lambda m: m["system"].update(type=["Pipeline"]),
        lambda m: m["system"].update(settings={}),
        lambda m: m.update(task={"inputs": "text"}),
        lambda m: m.pop("labels"),
        lambda m: m.update(files=["README.md"]),
    ],
)
def test_a_manifest_that_makes_no_sense_is_called_broken(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    folder = saved(tmp_path)
    resign(folder, change)
    assert refusal(folder).key == "core.model_broken"


def test_tensors_that_are_none_are_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    path = folder / "system" / "one" / "tensors.safetensors"
    path.write_bytes(b"no tensors")
    resign(folder, lambda m: m["files"].update({FILES[2]: hashlib.sha256(b"no tensors").hexdigest()}))
    assert refusal(folder).key == "core.model_broken"


def test_messages_name_the_file_in_both_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (saved(tmp_path) / "README.md").write_text("changed")
    for language in ("id", "en"):
        monkeypatch.setenv("MAKNA_LANG", language)
        assert "README.md" in str(refusal(tmp_path / "model"))
