"""Systems refitted and saved, and what is known about them for the report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from makna import __version__
from makna.clean.text import tables_hash
from makna.core.files import read_json, write_json
from makna.core.messages import say
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.explain.words import top_words
from makna.recipe.cells import SystemSpec, found_again
from makna.recipe.labelling import lexicon_tables
from makna.recipe.registry import ClassTable
from makna.recipe.scoring import SystemRun
from makna.recipe.state import RunState
from makna.recipe.store import key_of
from makna.recipe.units import Fitted, Setting, UnitWork, facts_of
from makna.serve.card import model_card


def save_models(state: RunState, setting: Setting, work: UnitWork) -> None:
    """Refit each system on all training rows and save it, unless this very model is there already.

    A system that ran on one fold alone is saved as that fold fitted it.
    """
    wanted = [(run, candidates) for run, (_, candidates) in zip(state.runs, state.systems, strict=True)]
    wanted = [(run, candidates) for run, candidates in wanted if not run.spec.baseline]
    scores = read_json(state.folder / "metrics.json")["systems"]
    for i, (run, candidates) in enumerate(wanted):
        spec = run.spec
        state.options.listen("save", spec.name, i, len(wanted))
        target = state.folder / "models" / spec.folder
        rows = _final_rows(setting, spec)
        key = _model_key(state, rows, candidates)
        known = state.store.get(f"{spec.folder}/model", key)
        if known is not None and target.is_dir():
            state.meter.recall(f"system:{spec.name}", known.get("cost"))
            continue
        with state.meter.piece(f"system:{spec.name}") as cost:
            fitted = state.fitted.get(spec.name) or work.fit(candidates, rows, "final", state.place(spec))
        words = top_words(fitted.system, setting.labels) if "words" in state.recipe.explain else {}
        about = _about(state, fitted, len(rows)) | {"scores": scores[spec.name]["parts"]}
        _save(state, setting, SystemToSave(fitted, target, about | {"name": spec.name}))
        facts = facts_of(fitted.system)
        known = {"words": words, "cell": fitted.spec.cell, "facts": facts, "cost": cost}
        state.store.put(f"{spec.folder}/model", key, known)
        shutil.rmtree(state.folder / "progress" / "checkpoints" / spec.folder, ignore_errors=True)


def recall_model(state: RunState, work: UnitWork, spec: SystemSpec, rows: np.ndarray) -> None:
    """Let systems be made of the one that an earlier run fitted on these rows and saved, where it did."""
    target = state.folder / "models" / spec.folder

    def load() -> Pipeline | None:
        known = state.store.get(f"{spec.folder}/model", _model_key(state, rows, [spec]))
        return None if known is None or not target.is_dir() else load_model(target, ClassTable()).system

    work.recall(spec, rows, load)


def _model_key(state: RunState, rows: np.ndarray, candidates: list[SystemSpec]) -> str:
    return key_of(state.base_key, rows.tolist(), identities(candidates))


def save_interrupted(state: RunState, setting: Setting, fitted: Fitted) -> Path:
    """Save what an interrupted fit had learned by its best epoch; the folder says so in its name and card."""
    target = state.folder / "models" / f"{fitted.spec.folder}--interrupted"
    about = _about(state, fitted, 0) | {"name": f"{fitted.spec.name} ({say('recipe.interrupted_word')})", "scores": {}}
    _save(state, setting, SystemToSave(fitted, target, about))
    return target


def explanations(state: RunState) -> dict[str, Any]:
    """Return explain.json: words, worst mistakes and the facts of each system's steps."""
    words, errors, steps = {}, {}, {}
    for run in state.runs:
        spec = run.spec
        if spec.baseline:
            continue
        kept = read_json(state.folder / "progress" / spec.folder / "model.json")["value"]
        if kept["words"]:
            words[spec.name] = kept["words"]
        if kept.get("facts"):
            steps[spec.name] = kept["facts"]
        found = [mistake for unit in run.units.values() for mistake in unit["mistakes"]]
        if found:
            errors[spec.name] = sorted(found, key=_badness, reverse=True)[:20]
    notes = [{"source": note.source, "text": {"id": note.id, "en": note.en}} for note in state.recipe.notes]
    return {"words": words, "errors": errors, "steps": steps, "notes": notes}


def write_explanations(state: RunState, further: dict[str, Any]) -> None:
    """Write explain.json."""
    write_json(state.folder / "explain.json", explanations(state) | further)


def identities(candidates: list[SystemSpec]) -> list[Any]:
    """Return what each system is: its settings, and what its cleaning tables hold, not only what they are called."""
    return [[spec.params(), tables_hash(spec.clean)] for spec in candidates]


class SystemToSave:
    """A fitted system, where it goes, and what its card says."""

    def __init__(self, fitted: Fitted, target: Path, about: dict[str, Any]) -> None:
        self.fitted = fitted
        self.target = target
        self.about = about


def _save(state: RunState, setting: Setting, what: SystemToSave) -> None:
    assert state.gathered is not None
    saved = SavedModel(what.fitted.system, setting.task, setting.labels, state.gathered.columns, what.about)
    if what.target.exists():
        shutil.rmtree(what.target)
    save_model(saved, what.target, model_card(saved))


def _about(state: RunState, fitted: Fitted, rows: int) -> dict[str, Any]:
    assert state.gathered is not None
    first = fitted.system.steps[0][1]
    return {
        "study": state.recipe.name,
        "title": state.recipe.title,
        "makna": __version__,
        "trained_on": {**state.gathered.origin, "rows": rows},
        "tables": [*(first.tables() if hasattr(first, "tables") else []), *lexicon_tables(state.recipe.label)],
        **({"weak_labels": True} if state.recipe.label is not None and state.recipe.label.use else {}),
        "cell": fitted.spec.cell,
        "seed": state.recipe.seed,
    }


def _final_rows(setting: Setting, spec: SystemSpec) -> np.ndarray:
    if spec.fold is None or not setting.plan.by_folds:
        return setting.plan.final
    return setting.plan.units[spec.fold - 1].train


def _badness(mistake: dict[str, Any]) -> float:
    return abs(mistake.get("difference", mistake.get("probability", 0.0)))


def curve_specs(state: RunState, runs: list[SystemRun]) -> list[tuple[SystemRun, SystemSpec]]:
    """Return each system that a learning curve is drawn of, with the candidate its first fit chose."""
    found = []
    for run in runs:
        unit = next(iter(run.units.values()))
        candidates = [candidate for _, some in state.systems for candidate in some]
        found.append((run, found_again(candidates, unit["chosen"], unit["cell"])))
    return found
