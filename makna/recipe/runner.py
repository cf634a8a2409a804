"""Running a recipe: collect → clean → split → fit → evaluate → explain → save → report, one folder a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from makna import __version__
from makna.core.compute import computing, machine_of
from makna.core.corpus import inputs, targets, texts_hash
from makna.core.errors import DataError, RecipeError
from makna.core.files import is_scratch, plain_os_errors, replacing, sweep, write_json, write_text
from makna.core.memo import sharing
from makna.core.messages import say
from makna.core.metrics import check_metric
from makna.recipe.available import is_network, runnable
from makna.recipe.baselines import baselines
from makna.recipe.beside import beside
from makna.recipe.build import build
from makna.recipe.cells import SystemSpec, cells, samples
from makna.recipe.choosing import CHOSEN, Searching
from makna.recipe.collecting import check_collecting, collect_site
from makna.recipe.data import describe, gather, judge, labels_of, rare_classes, sample_rows
from makna.recipe.executor import Executor, signature
from makna.recipe.explaining import explained
from makna.recipe.labelling import gate, weakly_labelled
from makna.recipe.machine import Meter, packages
from makna.recipe.manifest import now, write_manifest
from makna.recipe.marking import marking
from makna.recipe.merged import Merge
from makna.recipe.pieces import pieces
from makna.recipe.recipe import Recipe
from makna.recipe.result import Run
from makna.recipe.saving import (
    curve_specs,
    identities,
    recall_model,
    save_interrupted,
    save_models,
    write_explanations,
)
from makna.recipe.scoring import SystemRun, make_metrics, make_predictions
from makna.recipe.state import RunOptions, RunState
from makna.recipe.store import Store, key_of
from makna.recipe.units import Setting, UnitWork
from makna.recipe.written import to_yaml
from makna.report.figures import make_figures
from makna.report.page import make_page
from makna.split.plan import Unit, make_plan
from makna.tune.engines import engine
from makna.tune.hopeless import LOSS


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
    state = _state(recipe, options, folder)
    with plain_os_errors(folder):
        _check_folder(folder, options.resume)
        if options.resume:
            sweep(folder)
        workers = recipe.tune.workers if recipe.tune else 1
        with (
            engine(options.engine, workers) as state.engine, threadpool_limits(recipe.threads or 1),
            computing(recipe.compute), sharing(), state.meter.watching(),
        ):  # fmt: skip
            _run(state)
    return Run(folder)


def _state(recipe: Recipe, options: RunOptions, folder: Path) -> RunState:
    """Return the beginning of a run; a system that cannot run here is told before any work."""
    wanted, skipped = runnable(recipe, options.only)
    systems = _systems(recipe, wanted)
    return RunState(
        recipe, options, folder, Meter(), Store(folder / "progress"), now(), systems=systems, skipped=skipped
    )


def _run(state: RunState) -> None:
    recipe, folder = state.recipe, state.folder
    setting, account = _rows(state)
    folder.mkdir(parents=True, exist_ok=True)  # only now: data that cannot be read leave no folder behind
    write_text(folder / "recipe.yaml", to_yaml(recipe.resolved))
    write_json(folder / "data.json", account)
    X, y = inputs(setting.corpus, setting.task), targets(setting.corpus, setting.task)
    plan_rows: list[Any] = [
        [u.name, u.train.tolist(), {k: v.tolist() for k, v in u.held.items()}] for u in setting.plan.units
    ]
    if setting.plan.groups is not None:  # what is held back inside a fit goes by groups, too
        plan_rows.append(setting.plan.groups.tolist())
    state.base_key = key_of(
        __version__, packages(), texts_hash(X), y.tolist(), plan_rows, recipe.seed,
        setting.tune.model_dump(exclude={"workers"}) if setting.tune else None,
        setting.mistakes, setting.labels, setting.merge.into, _networks(state),
    )  # fmt: skip
    searching = Searching(state.engine, state.store, state.base_key, recipe.compute)
    work = UnitWork(setting, Executor(X, y, setting.plan.groups), searching)
    work.executor.members = {signature(build(spec, setting.task, recipe.seed)) for spec in _fitted_again(state)}
    try:
        _fit_all(state, setting, work)
        _fit_curves(state, setting, work)
    except KeyboardInterrupt as stop:
        if work.unfinished is not None:
            target = save_interrupted(state, setting, work.unfinished)
            stop.add_note(say("recipe.interrupted_model", folder=target))
        raise
    scored = setting.scored()
    other = _run_others(state, scored)
    with state.meter.piece("evaluate"):
        state.options.listen("evaluate", "", 0, 1)
        metrics = make_metrics(scored, recipe, state.runs)
        write_json(folder / "metrics.json", metrics | marking(scored, recipe, state.runs, metrics["systems"]) | other)
        _write_predictions(folder / "predictions.parquet", scored, state.runs)
    save_models(state, setting, work)
    with state.meter.piece("explain"):
        further = explained(recipe, scored, state.runs, folder)
        write_explanations(state, {"pieces": pieces(state, setting)} | further)
    with state.meter.piece("report"):
        state.options.listen("report", "", 0, 1)
        write_manifest(state)
        make_figures(folder, recipe.report.lang)
        if recipe.report.page:
            make_page(folder, recipe.report.lang)
    write_manifest(state)


def _fitted_again(state: RunState) -> list[SystemSpec]:
    """Return the systems that are fitted on the same rows a second time, inside another one or as the chosen one."""
    members = [member for spec, _ in state.systems for member in spec.members.values()]
    chosen = [candidate for spec, some in state.systems if spec.name == CHOSEN for candidate in some]
    return members + [spec for spec in chosen if not spec.is_open]


def _networks(state: RunState) -> list[Any] | None:
    """Return how networks compute here, which their results depend on; None where no system is one."""
    if not any(is_network(candidate) for _, some in state.systems for candidate in some):
        return None
    found = machine_of(state.recipe.title)
    return [found.device, found.precision, found.threads]


def _systems(recipe: Recipe, wanted: Sequence[SystemSpec]) -> list[tuple[SystemSpec, list[SystemSpec]]]:
    """Return every system that runs, with the candidates it is chosen from."""
    found = [(spec, [spec]) for spec in baselines(recipe.task)]
    for spec in wanted:
        tuned = bool(recipe.tune and spec.tune)
        found += [(spec, _tried(recipe, spec))] if tuned else [(cell, [cell]) for cell in cells(spec)]
    if recipe.tune and recipe.tune.systems == "all" and wanted:
        everything = [candidate for spec in wanted if spec.tune for candidate in _tried(recipe, spec)]
        found.append((SystemSpec(CHOSEN, [], [], [], {}), everything))
    return found


def _tried(recipe: Recipe, spec: SystemSpec) -> list[SystemSpec]:
    """Return what a system is chosen from: its cells, or itself where settings are drawn."""
    return [spec] if recipe.tune and recipe.tune.method != "grid" else cells(spec)


def _check_folder(folder: Path, resume: bool) -> None:
    if folder.exists() and not resume and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError("recipe.out_exists", path=str(folder))
    if resume and folder.exists():
        is_run = (folder / "recipe.yaml").is_file()
        if not is_run and not all(is_scratch(path) for path in folder.iterdir()):
            raise DataError("recipe.not_a_run", path=str(folder))


def _rows(state: RunState) -> tuple[Setting, dict[str, Any]]:
    recipe, listen = state.recipe, state.options.listen
    with state.meter.piece("collect"):
        if state.source is None:
            listen("collect", _source_of(recipe), 0, 1)
            collected, told = _from_site(state)
            found = gather(recipe, state.folder)
            state.source = replace(found, warnings=[*found.warnings, *told], collected=collected)
        state.gathered = state.source.as_read()
        corpus = state.gathered.corpus
        if state.options.rows is not None:
            corpus = sample_rows(corpus, recipe.task, state.options.rows, recipe.seed, recipe.split.group is not False)
    if recipe.label is not None:
        with state.meter.piece("label"):
            corpus = weakly_labelled(recipe.label, corpus, state.gathered.warnings, listen)
    with state.meter.piece("clean"):
        listen("clean", say("core.rows", n=len(corpus)), 0, 1)
        corpus, account = judge(corpus, recipe.task, recipe.rows, by_part=recipe.split.given)
    if recipe.label is not None:
        account["weak_labels"] = gate(recipe.label, corpus, recipe.seed, state.options.accept_weak_labels)
    with state.meter.piece("split"):
        labels = labels_of(corpus, recipe.task)
        merge = Merge(recipe.evaluate.merge or {})
        merge.check(labels.get("", []))
        reported = {"": merge.labels(labels[""])} if merge.into else labels
        _check_subsets(recipe, reported)
        chooses = [recipe.tune.by] if recipe.tune and recipe.tune.by != LOSS else []
        for metric in [*(recipe.evaluate.metrics or []), *chooses]:
            check_metric(metric, recipe.task, reported)
        state.gathered.warnings.extend(rare_classes(corpus, recipe.task, recipe.split.folds or 2))
        plan = make_plan(corpus, recipe.task, recipe.split, recipe.seed)
        more, leaks = describe(corpus, recipe.task, plan, recipe.clean)
        account |= more
    if state.gathered.collected:
        account["collected"] = state.gathered.collected
    mistakes = "errors" in recipe.explain
    return Setting(corpus, recipe.task, labels, plan, recipe.seed, recipe.tune, mistakes, leaks, merge), account


def _from_site(state: RunState) -> tuple[list[dict[str, Any]], list[str]]:
    """Collect what the recipe asks of a site; the run folder is begun, so that an interruption can be resumed."""
    section = state.recipe.collect
    if section.site is None:
        return [], []
    check_collecting(section, state.folder)
    state.folder.mkdir(parents=True, exist_ok=True)
    write_text(state.folder / "recipe.yaml", to_yaml(state.recipe.resolved))
    return collect_site(section, state.folder, state.options.listen)


def _check_subsets(recipe: Recipe, labels: dict[str, list[str]]) -> None:
    known = labels.get("", [])
    for classes in (recipe.evaluate.subsets or {}).values():
        unknown = [name for name in classes if name not in known]
        if unknown or len(set(classes)) < 2:
            raise DataError("recipe.subset", came=", ".join(unknown or classes), allowed=", ".join(known))


def _source_of(recipe: Recipe) -> str:
    collect = recipe.collect
    one = collect.dataset or collect.site or collect.file or collect.folder
    return one or ", ".join((collect.files or {}).values())


def _fit_all(state: RunState, setting: Setting, work: UnitWork) -> None:
    """Fit every system on every unit, fold by fold, so that systems share the work of a fold."""
    state.runs = [SystemRun(spec) for spec, _ in state.systems]
    units = [(unit, runs) for unit in setting.plan.units if (runs := _runs_on(state, setting, unit))]
    total, done = sum(len(runs) for _, runs in units), 0
    prepared = False
    for unit, runs in units:
        for run, candidates in runs:
            spec = run.spec
            state.options.listen("learn", f"{spec.name} · {unit.name}", done, total)
            key = key_of(state.base_key, unit.name, identities(candidates))
            name = f"{spec.folder}/{unit.name}"
            found = state.store.get(name, key)
            if found is None:
                if not prepared:
                    _prepare(state, setting, work)
                    prepared = True
                with state.meter.piece(f"system:{spec.name}") as cost:
                    fitted, found = work.run(candidates, unit, state.place(spec))
                if spec.fold is not None or not setting.plan.by_folds:
                    state.fitted[spec.name] = fitted
                state.store.put(name, key, found | {"cost": cost})
            else:
                state.meter.recall(f"system:{spec.name}", found.get("cost"))
                if len(candidates) == 1 and not spec.baseline:
                    recall_model(state, work, candidates[0], unit.train)
            run.units[unit.name] = found
            done += 1
    state.options.listen("learn", "", total, total)


def _runs_on(state: RunState, setting: Setting, unit: Unit) -> list[tuple[SystemRun, list[SystemSpec]]]:
    """Return the systems that run on this unit: all but those that run on another fold alone."""
    n = len(setting.plan.units)
    found = []
    for run, (spec, candidates) in zip(state.runs, state.systems, strict=True):
        if spec.fold is not None and setting.plan.by_folds and spec.fold > n:
            raise RecipeError("recipe.no_such_fold", name=spec.name, came=spec.fold, n=n)
        if spec.fold is None or not setting.plan.by_folds or unit.name == str(spec.fold):
            found.append((run, candidates))
    return found


def _fit_curves(state: RunState, setting: Setting, work: UnitWork) -> None:
    """Fit each system on growing shares of its first fit's training rows, where a learning curve is asked for."""
    shares = state.recipe.evaluate.learning_curve or []
    wanted = [run for run in state.runs if not run.spec.baseline] if shares else []
    for i, (run, chosen) in enumerate(curve_specs(state, wanted)):
        unit = next(unit for unit in setting.plan.units if unit.name in run.units)
        for share in shares:
            state.options.listen("learn", f"{run.spec.name} · {share:.0%}", i, len(wanted))
            key = key_of(state.base_key, unit.name, share, identities([chosen]))
            name = f"{run.spec.folder}/curve-{share}"
            found = state.store.get(name, key)
            if found is None:
                with state.meter.piece(f"system:{run.spec.name}") as cost:
                    found = work.run_share(chosen, unit, share, state.place(run.spec))
                state.store.put(name, key, found | {"cost": cost})
            else:
                state.meter.recall(f"system:{run.spec.name}", found.pop("cost", None))
            run.curve.append({"share": share, **found})


def _run_others(state: RunState, scored: Setting) -> dict[str, Any]:
    """Run the same study under the other protocols beside this one, each in a folder of its own."""
    found = {}
    asked = state.options.only
    for i, other in enumerate(state.recipe.beside):
        known = tuple(name for name in asked if name in {spec.name for spec in other.systems})
        if asked and not known:
            continue
        folder = state.folder / f"protocol-{other.protocol}"
        state.options.listen("protocol", other.protocol, i, len(state.recipe.beside))
        again = _state(other, replace(state.options, resume=folder.exists(), only=known), folder)
        again.engine = state.engine
        again.source = state.source if other.collect == state.recipe.collect else None
        with sharing(), again.meter.watching():
            _run(again)
        with state.meter.piece("evaluate"):
            found[other.protocol] = beside(state.recipe, scored, state.runs, other, folder)
    return {"protocols": found} if found else {}


def _prepare(state: RunState, setting: Setting, work: UnitWork) -> None:
    with state.meter.piece("represent"):
        state.options.listen("represent", "", 0, 1)
        seen: set[str] = set()
        for _, candidates in state.systems:
            for candidate in (sample for spec in candidates for sample in samples(spec)):
                key = key_of(candidate.clean, candidate.represent)
                if key not in seen:
                    seen.add(key)
                    work.executor.prepare(build(candidate, setting.task, setting.seed))


def _write_predictions(path: Path, setting: Setting, runs: list[SystemRun]) -> None:
    with replacing(path) as scratch:
        make_predictions(setting, runs).to_parquet(scratch, index=False)
