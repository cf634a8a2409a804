"""Running a recipe: collect → clean → split → fit → evaluate → explain → save → report, one folder a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from makna import __version__
from makna.clean.text import tables_hash
from makna.core.corpus import inputs, targets, texts_hash
from makna.core.errors import DataError, RecipeError
from makna.core.files import plain_os_errors, read_json, write_json, write_text
from makna.core.memo import sharing
from makna.core.messages import say
from makna.core.metrics import check_metric
from makna.core.model_folder import SavedModel, save_model
from makna.explain.words import top_words
from makna.recipe.baselines import baselines
from makna.recipe.build import build
from makna.recipe.cells import SystemSpec, cells
from makna.recipe.data import Gathered, describe, gather, judge, labels_of, rare_classes, sample_rows
from makna.recipe.executor import Executor
from makna.recipe.machine import Meter, machine, packages
from makna.recipe.recipe import Recipe
from makna.recipe.result import Run
from makna.recipe.scoring import SystemRun, make_metrics, make_predictions
from makna.recipe.steps import near
from makna.recipe.store import Store, key_of
from makna.recipe.units import Fitted, Setting, UnitWork
from makna.recipe.written import to_yaml
from makna.report.figures import make_figures
from makna.report.page import make_page
from makna.serve.card import model_card
from makna.split.plan import make_plan

CHOSEN = "chosen"
Listener = Callable[[str, str, int, int], None]
"""Told of progress: (stage, detail, done, total)."""


@dataclass(frozen=True)
class RunOptions:
    """How a recipe is run.

    Parameters
    ----------
    only : tuple of str
        Names of the systems to run; all when empty. Baselines always run.
    rows : int or None
        Run on a seeded sample of about so many rows.
    resume : bool
        Go on in a folder that exists.
    listen : callable
        Told of progress.
    """

    only: tuple[str, ...] = ()
    rows: int | None = None
    resume: bool = False
    listen: Listener = field(default=lambda stage, detail, done, total: None)


@dataclass
class _State:
    """What one run gathers on its way."""

    recipe: Recipe
    options: RunOptions
    folder: Path
    meter: Meter
    store: Store
    started: str
    gathered: Gathered | None = None
    base_key: str = ""
    runs: list[SystemRun] = field(default_factory=list)
    systems: list[tuple[SystemSpec, list[SystemSpec]]] = field(default_factory=list)
    fitted: dict[str, Fitted] = field(default_factory=dict)


def run_recipe(recipe: Recipe, folder: str | Path, options: RunOptions | None = None) -> Run:
    """Run a recipe and leave everything in one folder.

    Parameters
    ----------
    recipe : Recipe
        A checked recipe.
    folder : path
        The run folder; it must not exist, unless the run is resumed.
    options : RunOptions or None
        How to run it.

    Raises
    ------
    UserError
        The data, the folder or a name are wrong, the disk is full, permission is missing.
    """
    options = options or RunOptions()
    folder = Path(folder)
    systems = _systems(recipe, options.only)
    with plain_os_errors(folder):
        _check_folder(folder, options.resume)
        meter = Meter()
        state = _State(recipe, options, folder, meter, Store(folder / "progress"), _now(), systems=systems)
        threads = recipe.threads or 1
        with threadpool_limits(threads), sharing(), meter.watching():
            _run(state)
    return Run(folder)


def _run(state: _State) -> None:
    recipe, folder = state.recipe, state.folder
    setting, account = _rows(state)
    folder.mkdir(parents=True, exist_ok=True)  # only now: data that cannot be read leave no folder behind
    write_text(folder / "recipe.yaml", to_yaml(recipe.resolved))
    write_json(folder / "data.json", account)
    X, y = inputs(setting.corpus, setting.task), targets(setting.corpus, setting.task)
    plan_rows = [[u.name, u.train.tolist(), {k: v.tolist() for k, v in u.held.items()}] for u in setting.plan.units]
    state.base_key = key_of(
        __version__, packages(), texts_hash(X), y.tolist(), plan_rows, recipe.seed,
        setting.tune.model_dump() if setting.tune else None, setting.mistakes, setting.labels,
    )  # fmt: skip
    work = UnitWork(setting, Executor(X, y, setting.plan.groups))
    _fit_all(state, setting, work)
    _fit_curves(state, setting, work)
    other = _run_paper(state)
    with state.meter.piece("evaluate"):
        state.options.listen("evaluate", "", 0, 1)
        write_json(folder / "metrics.json", make_metrics(setting, recipe, state.runs) | other)
        _write_predictions(folder / "predictions.parquet", setting, state.runs)
    _save_models(state, setting, work)
    with state.meter.piece("explain"):
        write_json(folder / "explain.json", _explanations(state, setting))
    with state.meter.piece("report"):
        state.options.listen("report", "", 0, 1)
        _write_manifest(state)
        make_figures(folder, recipe.report.lang)
        if recipe.report.page:
            make_page(folder, recipe.report.lang)
    _write_manifest(state)


def _systems(recipe: Recipe, only: Sequence[str]) -> list[tuple[SystemSpec, list[SystemSpec]]]:
    """Return every system that runs, with the candidates it is chosen from."""
    names = [spec.name for spec in recipe.systems]
    for name in only:
        if name not in names:
            raise RecipeError("recipe.unknown_system", name=name, allowed=", ".join(names) + "." + near(name, names))
    wanted = [spec for spec in recipe.systems if not only or spec.name in only]
    found = [(spec, [spec]) for spec in baselines(recipe.task)]
    for spec in wanted:
        spread = cells(spec)
        found += [(spec, spread)] if recipe.tune else [(cell, [cell]) for cell in spread]
    if recipe.tune and recipe.tune.systems == "all" and wanted:
        everything = [cell for spec in wanted for cell in cells(spec)]
        found.append((SystemSpec(CHOSEN, [], [], [], {}), everything))
    return found


def _check_folder(folder: Path, resume: bool) -> None:
    if folder.exists() and not resume and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError("recipe.out_exists", path=str(folder))
    if resume and not (folder / "recipe.yaml").is_file() and folder.exists() and any(folder.iterdir()):
        raise DataError("recipe.not_a_run", path=str(folder))


def _rows(state: _State) -> tuple[Setting, dict[str, Any]]:
    recipe, listen = state.recipe, state.options.listen
    with state.meter.piece("collect"):
        listen("collect", _source_of(recipe), 0, 1)
        state.gathered = gather(recipe)
        corpus = state.gathered.corpus
        if state.options.rows is not None:
            corpus = sample_rows(corpus, recipe.task, state.options.rows, recipe.seed, recipe.split.group is not False)
    with state.meter.piece("clean"):
        listen("clean", say("core.rows", n=len(corpus)), 0, 1)
        corpus, account = judge(corpus, recipe.task, recipe.rows, by_part=recipe.split.given)
    with state.meter.piece("split"):
        labels = labels_of(corpus, recipe.task)
        for metric in [*(recipe.evaluate.metrics or []), *([recipe.tune.by] if recipe.tune else [])]:
            check_metric(metric, recipe.task, labels)
        state.gathered.warnings.extend(rare_classes(corpus, recipe.task, recipe.split.folds or 2))
        plan = make_plan(corpus, recipe.task, recipe.split, recipe.seed)
        more, leaks = describe(corpus, recipe.task, plan, recipe.clean)
        account |= more
    mistakes = "errors" in recipe.explain
    return Setting(corpus, recipe.task, labels, plan, recipe.seed, recipe.tune, mistakes, leaks), account


def _source_of(recipe: Recipe) -> str:
    collect = recipe.collect
    return collect.dataset or collect.file or collect.folder or ", ".join((collect.files or {}).values())


def _fit_all(state: _State, setting: Setting, work: UnitWork) -> None:
    """Fit every system on every unit, fold by fold, so that systems share the work of a fold."""
    state.runs = [SystemRun(spec) for spec, _ in state.systems]
    total, done = len(state.systems) * len(setting.plan.units), 0
    prepared = False
    for unit in setting.plan.units:
        for run, (spec, candidates) in zip(state.runs, state.systems, strict=True):
            state.options.listen("learn", f"{spec.name} · {unit.name}", done, total)
            key = key_of(state.base_key, unit.name, _identities(candidates))
            name = f"{spec.folder}/{unit.name}"
            found = state.store.get(name, key)
            if found is None:
                if not prepared:
                    _prepare(state, setting, work)
                    prepared = True
                with state.meter.piece(f"system:{spec.name}"):
                    fitted, found = work.run(candidates, unit)
                if not setting.plan.by_folds:
                    state.fitted[spec.name] = fitted
                state.store.put(name, key, found)
            run.units[unit.name] = found
            done += 1
    state.options.listen("learn", "", total, total)


def _fit_curves(state: _State, setting: Setting, work: UnitWork) -> None:
    """Fit each system on growing shares of the first fit's training rows, where a learning curve is asked for."""
    shares = state.recipe.evaluate.learning_curve or []
    wanted = [run for run in state.runs if not run.spec.baseline] if shares else []
    unit = setting.plan.units[0]
    for i, run in enumerate(wanted):
        chosen = next(c for _, cs in state.systems for c in cs if c.name == run.units[unit.name]["chosen"])
        for share in shares:
            state.options.listen("learn", f"{run.spec.name} · {share:.0%}", i, len(wanted))
            key = key_of(state.base_key, unit.name, share, _identities([chosen]))
            name = f"{run.spec.folder}/curve-{share}"
            found = state.store.get(name, key)
            if found is None:
                with state.meter.piece(f"system:{run.spec.name}"):
                    found = work.run_share(chosen, unit, share)
                state.store.put(name, key, found)
            run.curve.append({"share": share, **found})


def _run_paper(state: _State) -> dict[str, Any]:
    """Run the same study under the paper's protocol beside this one, where both are asked for."""
    paper = state.recipe.paper
    if paper is None:
        return {}
    folder = state.folder / f"protocol-{paper.protocol}"
    state.options.listen("protocol", paper.protocol, 0, 1)
    again = folder.exists()
    other = _State(paper, replace(state.options, resume=again), folder, Meter(), Store(folder / "progress"), _now())
    other.systems = _systems(paper, state.options.only)
    with sharing(), other.meter.watching():
        _run(other)
    metrics = read_json(folder / "metrics.json")
    systems = {name: {"parts": system["parts"]} for name, system in metrics["systems"].items()}
    differs = [key for key, value in paper.resolved.items() if value != state.recipe.resolved.get(key)]
    return {"protocols": {paper.protocol: {"systems": systems, "differs": differs, "folder": folder.name}}}


def _identities(candidates: Sequence[SystemSpec]) -> list[Any]:
    """Return what each system is: its settings, and what its cleaning tables hold, not only what they are called."""
    return [[spec.params(), tables_hash(spec.clean)] for spec in candidates]


def _prepare(state: _State, setting: Setting, work: UnitWork) -> None:
    with state.meter.piece("represent"):
        state.options.listen("represent", "", 0, 1)
        seen: set[str] = set()
        for _, candidates in state.systems:
            for candidate in candidates:
                key = key_of(candidate.clean, candidate.represent)
                if key not in seen:
                    seen.add(key)
                    work.executor.prepare(build(candidate, setting.task, setting.seed))


def _save_models(state: _State, setting: Setting, work: UnitWork) -> None:
    """Refit each system on all training rows and save it, unless this very model is there already."""
    wanted = [(spec, candidates) for spec, candidates in state.systems if not spec.baseline]
    scores = read_json(state.folder / "metrics.json")["systems"]
    for i, (spec, candidates) in enumerate(wanted):
        state.options.listen("save", spec.name, i, len(wanted))
        target = state.folder / "models" / spec.folder
        key = key_of(state.base_key, setting.plan.final.tolist(), _identities(candidates))
        kept = state.store.get(f"{spec.folder}/model", key)
        if kept is not None and target.is_dir():
            continue
        with state.meter.piece(f"system:{spec.name}"):
            fitted = state.fitted.get(spec.name) or work.fit(candidates, setting.plan.final, "final")
        words = top_words(fitted.system, setting.labels) if "words" in state.recipe.explain else {}
        _save_model(state, setting, spec, fitted, scores[spec.name], target)
        state.store.put(f"{spec.folder}/model", key, {"words": words, "cell": fitted.spec.cell})


def _save_model(
    state: _State, setting: Setting, spec: SystemSpec, fitted: Fitted, scores: dict[str, Any], target: Path
) -> None:
    assert state.gathered is not None
    about = {
        "name": spec.name,
        "study": state.recipe.name,
        "title": state.recipe.title,
        "makna": __version__,
        "trained_on": {**state.gathered.origin, "rows": len(setting.plan.final)},
        "tables": _tables(fitted),
        "cell": fitted.spec.cell,
        "scores": scores["parts"],
        "seed": state.recipe.seed,
    }
    saved = SavedModel(fitted.system, setting.task, setting.labels, state.gathered.columns, about)
    if target.exists():
        shutil.rmtree(target)
    save_model(saved, target, model_card(saved))


def _tables(fitted: Fitted) -> list[dict[str, str]]:
    first = fitted.system.steps[0][1]
    return first.tables() if hasattr(first, "tables") else []


def _explanations(state: _State, setting: Setting) -> dict[str, Any]:
    words, errors = {}, {}
    for run, (spec, _) in zip(state.runs, state.systems, strict=True):
        if spec.baseline:
            continue
        kept = read_json(state.folder / "progress" / spec.folder / "model.json")["value"]
        if kept["words"]:
            words[spec.name] = kept["words"]
        found = [mistake for unit in run.units.values() for mistake in unit["mistakes"]]
        if found:
            errors[spec.name] = sorted(found, key=_badness, reverse=True)[:20]
    return {"words": words, "errors": errors}


def _badness(mistake: dict[str, Any]) -> float:
    return abs(mistake.get("difference", mistake.get("probability", 0.0)))


def _write_predictions(path: Path, setting: Setting, runs: list[SystemRun]) -> None:
    scratch = path.with_name(f".{path.name}")
    try:
        make_predictions(setting, runs).to_parquet(scratch, index=False)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _write_manifest(state: _State) -> None:
    assert state.gathered is not None
    meter, recipe = state.meter, state.recipe
    systems = {k.removeprefix("system:"): v for k, v in meter.seconds.items() if k.startswith("system:")}
    peaks = {k.removeprefix("system:"): v for k, v in meter.peak_mb.items() if k.startswith("system:")}
    stages = {k: round(v, 3) for k, v in meter.seconds.items() if not k.startswith("system:")}
    write_json(
        state.folder / "manifest.json",
        {
            "makna": __version__,
            "study": recipe.name,
            "title": recipe.title,
            "protocol": recipe.protocol,
            "seed": recipe.seed,
            "started": state.started,
            "finished": _now(),
            "resumed": state.options.resume,
            "rows_asked": state.options.rows,
            "only": list(state.options.only),
            **_where(recipe),
            "data": state.gathered.origin,
            "warnings": state.gathered.warnings,
            "seconds": {**stages, "systems": {name: round(s, 3) for name, s in systems.items()}},
            "peak_memory_mb": {
                "run": round(meter.peak_mb.get("run", 0.0), 1),
                "systems": {name: round(mb, 1) for name, mb in peaks.items()},
            },
            "skipped": [],
        },
    )


def _where(recipe: Recipe) -> dict[str, Any]:
    import platform

    return {
        "python": platform.python_version(),
        "packages": packages(),
        "machine": machine(),
        "device": "cpu",
        "precision": np.dtype(float).name,
        "threads": recipe.threads or 1,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
