"""Suspects: the rule of confident learning from the paper, and the predictions of a run as they are kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.core.errors import DataError, MissingPackageError
from makna.label.suspects import COLUMNS, likely_wrong, suspects_of_run

CLASSES = ["neg", "neu", "pos"]


def by_the_paper(codes: np.ndarray, chances: np.ndarray) -> list[int]:
    """Northcutt, Jiang & Chuang (2021), section 3.1: the off-diagonals of the confident joint."""
    classes = chances.shape[1]
    thresholds = [chances[codes == j, j].mean() if (codes == j).any() else np.inf for j in range(classes)]
    found = []
    for row, (code, chance) in enumerate(zip(codes, chances, strict=True)):
        sure = [j for j in range(classes) if chance[j] >= thresholds[j] - 1e-6]
        counted = max(sure, key=lambda j: chance[j], default=code)
        if counted != code and chance.argmax() != code:
            found.append(row)
    margin = {row: chances[row, codes[row]] - np.delete(chances[row], codes[row]).max() for row in found}
    return sorted(found, key=margin.__getitem__)


def noisy(n: int, seed: int, share: float = 0.15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, chances that speak of the truth, and where labels were changed."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=n)
    chances = generator.dirichlet([1, 1, 1], n)
    chances[np.arange(n), truth] += generator.uniform(0.3, 2, n)
    chances /= chances.sum(axis=1, keepdims=True)
    changed = generator.random(n) < share
    return np.where(changed, (truth + 1) % 3, truth), chances, changed


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 120))
def test_the_rule_is_that_of_the_paper(seed: int, n: int) -> None:
    codes, chances, _ = noisy(n, seed)
    if len(np.unique(codes)) < 3:
        return
    found = likely_wrong([CLASSES[code] for code in codes], chances, CLASSES)
    assert found.tolist() == by_the_paper(codes, chances)


def test_changed_labels_are_found() -> None:
    codes, chances, changed = noisy(900, 4)
    found = likely_wrong([CLASSES[code] for code in codes], chances, CLASSES)
    assert changed[found].mean() > 0.9
    assert changed[found].sum() > 0.5 * changed.sum()


def test_a_class_without_a_row_suspects_nothing() -> None:
    codes, chances, _ = noisy(200, 5)
    codes = np.where(codes == 2, 0, codes)
    found = likely_wrong([CLASSES[code] for code in codes], chances, CLASSES)
    assert len(found) > 0


@pytest.mark.parametrize(
    ("labels", "key"), [(["neg", "neg"], "label.one_class"), (["neg", "bad"], "label.unknown_vote")]
)
def test_labels_that_cannot_be_judged(labels: list[str], key: str) -> None:
    with pytest.raises(DataError) as problem:
        likely_wrong(labels, np.full((2, 3), 1 / 3), CLASSES)
    assert problem.value.key == key


def kept(folder: Path, *, outputs: tuple[str, ...] = ("",), n: int = 120) -> Path:
    """Write what a run keeps: a trivial baseline, a good system and a poor one, a few labels changed."""
    frames = []
    for place, output in enumerate(outputs):
        codes, chances, _ = noisy(n, 10 + place)
        guesses = {"majority": np.tile([0.9, 0.06, 0.04], (n, 1)), "good": chances, "poor": 1 - chances}
        for system, said in guesses.items():
            said = said / said.sum(axis=1, keepdims=True)
            rows = {
                "id": [f"r{i}" for i in range(n)], "system": system, "output": output,
                "fold": [str(i % 5) for i in range(n)], "truth": [CLASSES[code] for code in codes],
                "prediction": [CLASSES[code] for code in said.argmax(axis=1)],
            }  # fmt: skip
            frames.append(pd.DataFrame(rows | {f"probability_{name}": said[:, k] for k, name in enumerate(CLASSES)}))
    pd.concat(frames, ignore_index=True).to_parquet(folder / "predictions.parquet", index=False)
    systems = {name: {"baseline": name == "majority"} for name in ("majority", "good", "poor")}
    (folder / "metrics.json").write_text(json.dumps({"systems": systems}))
    return folder


def test_the_queue_of_a_run(tmp_path: Path) -> None:
    found = suspects_of_run(kept(tmp_path))
    assert (found.system, found.judged, found.unusable) == ("good", 120, 0)
    assert tuple(found.queue.columns) == COLUMNS
    assert found.queue["margin"].is_monotonic_increasing
    codes, chances, _ = noisy(120, 10)
    assert found.queue["id"].tolist() == [f"r{row}" for row in by_the_paper(codes, chances)]
    first = found.queue.iloc[0]
    row = int(first["id"][1:])
    assert first["label"] == CLASSES[codes[row]]
    assert first["suggested"] == CLASSES[chances[row].argmax()] != first["label"]
    assert first["probability_label"] == chances[row, codes[row]]
    assert first["margin"] == pytest.approx((chances[row, codes[row]] - chances[row].max() + 1) / 2)


def test_a_system_by_name(tmp_path: Path) -> None:
    assert suspects_of_run(kept(tmp_path), "poor").system == "poor"
    with pytest.raises(DataError) as problem:
        suspects_of_run(tmp_path, "god")
    assert problem.value.key == "label.no_system"
    assert "good" in str(problem.value)


def test_each_output_is_judged_by_itself(tmp_path: Path) -> None:
    found = suspects_of_run(kept(tmp_path, outputs=("price", "taste")))
    assert set(found.queue["output"]) == {"price", "taste"}
    for place, output in enumerate(("price", "taste")):
        codes, chances, _ = noisy(120, 10 + place)
        ids = found.queue.loc[found.queue["output"] == output, "id"].tolist()
        assert ids == [f"r{row}" for row in by_the_paper(codes, chances)]


def test_rows_that_cannot_be_judged_are_counted(tmp_path: Path) -> None:
    path = kept(tmp_path) / "predictions.parquet"
    table = pd.read_parquet(path)
    rows = table.index[table["system"] == "good"]
    table.loc[rows[:3], "probability_neu"] = np.nan
    table.loc[rows[3], "truth"] = "unheard"
    table.to_parquet(path, index=False)
    found = suspects_of_run(tmp_path)
    assert (found.judged, found.unusable) == (116, 4)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    def key() -> str:
        with pytest.raises(DataError) as problem:
            suspects_of_run(tmp_path)
        assert str(problem.value)
        return problem.value.key

    path = tmp_path / "predictions.parquet"
    assert key() == "label.no_run"
    path.write_bytes(b"no parquet")
    assert key() == "label.bad_run"
    table = pd.read_parquet(kept(tmp_path) / "predictions.parquet")
    table.drop(columns="truth").to_parquet(path)
    assert key() == "label.bad_run"
    table.assign(truth=1.5, prediction=2.0).to_parquet(path)
    assert key() == "label.number_run"
    table.drop(columns=[f"probability_{name}" for name in CLASSES]).to_parquet(path)
    assert key() == "label.no_chances"


def test_without_the_package_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import makna.core.optional as optional

    monkeypatch.setattr(optional, "available", lambda package: False)
    with pytest.raises(MissingPackageError, match=r"makna\[label\]"):
        likely_wrong(["neg", "pos"], np.full((2, 3), 1 / 3), CLASSES)
