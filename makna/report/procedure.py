"""How it was done: the run, and the method with the formulas that were used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from makna.report.blocks import Cell, Facts, Formula, Heading, Paragraph, Section, Symbols, Table, strong
from makna.report.cellnames import root_of
from makna.report.cells import system_cell
from makna.report.grids import Grid, grids_of
from makna.report.groups import group_tests
from makna.report.language import NOTHING, Locale, is_number
from makna.report.reading import Run, branch, entries

_DEFAULT_RESAMPLES = 1000
_CHAINS = ("clean", "represent", "learn")

FORMULAS = {
    "accuracy": "accuracy = (1/n) Σ_i 1[ŷ_i = y_i]",
    "class": "P_c = TP_c / (TP_c + FP_c), R_c = TP_c / (TP_c + FN_c), F1_c = 2 P_c R_c / (P_c + R_c)",
    "macro": "F1_macro = (1/K) Σ_c F1_c",
    "weighted": "F1_weighted = Σ_c (n_c / n) F1_c",
    "mae": "MAE = (1/n) Σ_i |ŷ_i − y_i|",
    "mse": "MSE = (1/n) Σ_i (ŷ_i − y_i)²",
    "rmse": "RMSE = √((1/n) Σ_i (ŷ_i − y_i)²)",
    "pearson": "r = Σ_i (y_i − ȳ)(ŷ_i − m) / √(Σ_i (y_i − ȳ)² Σ_i (ŷ_i − m)²), m = mean of ŷ",
    "qwk": "κ = 1 − Σ_ij w_ij O_ij / Σ_ij w_ij E_ij, w_ij = (i − j)²",
    "bootstrap": "[θ*_(α/2), θ*_(1−α/2)]",
    "mcnemar": "p = min(1, 2 Σ_{k=0}^{min(b,c)} C(b+c, k) 2^−(b+c))",
    "chi2": "χ² = Σ_ij (O_ij − E_ij)² / E_ij",
    "counts_tfidf": "x_t = tf_t · (ln((1 + n) / (1 + df_t)) + 1), x ← x / ‖x‖₂",
    "svm_squared_hinge": "min ½‖w‖² + C Σ_i max(0, 1 − y_i (w·x_i + b))²",
    "svm_hinge": "min ½‖w‖² + C Σ_i max(0, 1 − y_i (w·x_i + b))",
    "calibrate_sigmoid": "P(c | x) = 1 / (1 + exp(A f_c(x) + B))",
    "logistic": "P(c | x) = exp(w_c·x + b_c) / Σ_k exp(w_k·x + b_k)",
    "naive-bayes_multinomial": "P(c | x) ∝ P(c) Π_t P(t | c)^(x_t)",
    "naive-bayes_complement": "P(c | x) ∝ Π_t P(t | ¬c)^(−x_t)",
    "ridge": "min Σ_i (y_i − w·x_i − b)² + α‖w‖²",
    "svm_poly": "K(x_i, x_j) = (γ x_i·x_j + r)^d",
    "pca": "z = Wᵀ(x − x̄), s_k = λ_k / Σ_j λ_j",
    "finetune": "L = −Σ_i w(y_i) ln P(y_i | x_i) / Σ_i w(y_i)",
    "finetune_balanced": "w(c) = N / (K n_c)",
}
"""Formulas of the page by name, in one line of plain text each (for screen readers and plain documents)."""


def run_section(run: Run, locale: Locale) -> Section:
    """Return how it was run: seed, versions, machine, time and memory by system, protocol."""
    blocks: list[Any] = [Facts(_run_facts(run, locale))]
    blocks += [*_costs_table(run, locale), *_steps_table(run, locale)]
    return Section("run", locale.say("run_title"), blocks)


def method_section(run: Run, locale: Locale) -> Section:
    """Return the method in words, with the formulas of the scores and systems that this run used."""
    blocks: list[Any] = [Paragraph(_split_words(run, locale))]
    grids = {grid.root: grid for grid in grids_of(run)}
    rows = [
        [root_of(name) if root_of(name) in grids else name, *(_chain(run, name, grids, c, locale) for c in _CHAINS)]
        for name in run.shown
        if branch(run.systems[name], "params")
    ]
    if rows:
        columns = [locale.say(key) for key in ("system", "stage_clean", "stage_represent", "stage_learn")]
        blocks.append(Table(locale.say("method_table"), columns, rows))
    parts = list(_system_parts(run, locale))
    if parts:
        blocks += [Heading(locale.say("method_systems")), *parts]
    blocks += [Heading(locale.say("method_scores")), *_score_parts(run, locale)]
    return Section("method", locale.say("method_title"), blocks)


def kinds_used(run: Run) -> set[str]:
    """Return the kinds of steps that the systems of a run consist of, those of cleaning included."""
    used = {kind for name in run.systems for kind, _ in _kinds(branch(run.systems[name], "params"))}
    for name in run.systems:
        for step in entries(run.systems[name], "params", "clean"):
            used.add(str(next(iter(step), "") if isinstance(step, dict) else step))
    return used - {""}


def chain_words(chain: list[Any], locale: Locale) -> str:
    """Return a chain of steps as one line, settings that say nothing (null) left out.

    Examples
    --------
    >>> chain_words([{"kind": "svm", "settings": {"C": 0.3, "loss": None}}, "x"], Locale("id"))
    'svm (C = 0,3) → x'
    """
    return " → ".join(_step_words(step, locale) for step in chain)


def _chain(run: Run, system: str, grids: dict[str, Grid], chain: str, locale: Locale) -> str:
    steps = entries(run.systems[system], "params", chain)
    if system != root_of(system) and root_of(system) in grids:
        steps = _open([entries(run.systems[cell], "params", chain) for cell in grids[root_of(system)].cells])
    if chain == "clean":  # names alone: every setting stands in recipe.yaml
        steps = [next(iter(step), "") if isinstance(step, dict) else step for step in steps]
    return chain_words(steps, locale) or NOTHING


def _open(values: list[Any]) -> Any:
    """What the cells of a grid have in common, a grid where they differ."""
    first = values[0]
    if all(value == first for value in values):
        return first
    if all(isinstance(value, dict) and value.keys() == first.keys() for value in values):
        return {key: _open([value[key] for value in values]) for key in first}
    if all(isinstance(value, list) and len(value) == len(first) for value in values) and any(
        isinstance(entry, dict) for entry in first
    ):
        return [_open([value[i] for value in values]) for i in range(len(first))]
    return {"grid": [value for i, value in enumerate(values) if value not in values[:i]]}


def _step_words(step: Any, locale: Locale) -> str:
    if not isinstance(step, dict):
        return _setting_words(step, locale)
    if "parts" in step:
        return " + ".join(
            chain_words(part if isinstance(part, list) else [part], locale) for part in entries(step, "parts")
        )
    if "kind" in step:
        return _named_step(str(step["kind"]), step.get("settings"), locale)
    return " + ".join(_named_step(str(kind), value, locale) for kind, value in step.items())


def _named_step(kind: str, value: Any, locale: Locale) -> str:
    if not isinstance(value, dict):
        return kind if value in (None, True, {}) else f"{kind} ({_setting_words(value, locale)})"
    told = [f"{key} = {_setting_words(given, locale)}" for key, given in value.items() if given not in (None, "", [])]
    return f"{kind} ({'; '.join(told)})" if told else kind


def _setting_words(value: Any, locale: Locale) -> str:
    if isinstance(value, list | tuple):
        return "–".join(locale.setting(entry) for entry in value) if len(value) == 2 else ", ".join(map(str, value))
    if isinstance(value, bool):
        return locale.say("yes" if value else "no")
    if isinstance(value, dict) and isinstance(value.get("grid"), list):
        return f"{{{'; '.join(_setting_words(entry, locale) for entry in value['grid'])}}}"
    if isinstance(value, dict) and isinstance(value.get("range"), list):
        return f"[{_setting_words(value['range'], locale)}]" + (" (log)" if value.get("log") else "")
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_setting_words(entry, locale)}" for key, entry in value.items())
    return locale.setting(value)


def _run_facts(run: Run, locale: Locale) -> list[tuple[str, str]]:
    manifest = run.manifest
    machine = branch(manifest, "machine")
    described = [str(machine[key]) for key in ("system", "processor") if machine.get(key)]
    if is_number(machine.get("cores")):
        described.append(locale.say("cores", n=machine["cores"]))
    if is_number(machine.get("memory_gb")):
        described.append(f"{locale.number(machine['memory_gb'], 1)}\u00a0GB")
    packages = ", ".join(f"{name} {version}" for name, version in branch(manifest, "packages").items())
    seconds = branch(manifest, "seconds")
    stages = ", ".join(f"{name} {locale.seconds(value)}" for name, value in seconds.items() if is_number(value))
    moments = " – ".join(locale.moment(manifest[key]) for key in ("started", "finished") if manifest.get(key))
    facts = {
        "protocol": _protocol(run, locale),
        "seed": str(manifest.get("seed", "")),
        "started_finished": moments + (f" ({locale.say('was_resumed')})" if manifest.get("resumed") else ""),
        "versions": ", ".join(filter(None, [_version("makna", manifest), _version("python", manifest), packages])),
        "machine": ", ".join(described),
        "device": ", ".join(str(manifest[key]) for key in ("device", "precision") if manifest.get(key)),
        "threads": str(manifest.get("threads") or ""),
        "stage_times": stages,
        "peak_memory_run": locale.memory(branch(manifest, "peak_memory_mb").get("run")),
        "figures_folder": locale.say("figures_where"),
    }
    return [(locale.say(key), value) for key, value in facts.items() if value and value != NOTHING]


def _version(name: str, manifest: dict[str, Any]) -> str:
    return f"{name} {manifest[name]}" if manifest.get(name) else ""


def _costs_table(run: Run, locale: Locale) -> Iterator[Table]:
    """Time and memory by system; a time is one number, or training and prediction apart."""
    times, memory = branch(run.manifest, "seconds", "systems"), branch(run.manifest, "peak_memory_mb", "systems")
    known = dict.fromkeys([*run.ranked, *times, *memory])
    names = [name for name in known if name in times or name in memory]
    if not names:
        return
    apart = any(branch(times, name) for name in names)
    keys = ["fit_time", "predict_time"] if apart else ["run_time"]
    rows: list[list[Cell | str]] = []
    for name in names:
        spent = [branch(times, name).get(key) for key in ("fit", "predict")] if apart else [times.get(name)]
        rows.append(
            [system_cell(name, locale), *(locale.seconds(value) for value in spent), locale.memory(memory.get(name))]
        )
    columns = [locale.say(key) for key in ("system", *keys, "peak_memory")]
    yield Table(locale.say("costs_table"), columns, rows, range(1, len(columns)))


def _steps_table(run: Run, locale: Locale) -> Iterator[Table]:
    """Seconds by system and step, where the run noted them; several fits are told apart from one."""
    rows = []
    for name, steps in branch(run.manifest, "seconds", "steps").items():
        for position, (step, times) in enumerate(branch({"": steps}, "").items()):
            spent = branch({"": times}, "")
            used = [spent[key] for key in ("transform", "predict") if is_number(spent.get(key))]
            told = [locale.seconds(spent.get("fit")), locale.seconds(sum(used)) if used else NOTHING]
            rows.append(["" if position else name, step, *told, locale.whole(spent.get("fits"))])
    if rows:
        columns = [locale.say(key) for key in ("system", "step", "fit_time", "transform_time", "times_fitted")]
        yield Table(locale.say("steps_table"), columns, rows, (2, 3, 4), locale.say("steps_note"), folded=True)


def _split_words(run: Run, locale: Locale) -> str:
    split = branch(run.recipe, "split")
    if run.folds:
        grouped = bool(split.get("group"))
        text = locale.say("method_folds_grouped" if grouped else "method_folds", n=run.folds)
    elif split.get("parts") == "given":
        text = locale.say("method_given")
    else:
        text = locale.say("method_holdout")
    return text if run.is_paper else f"{text} {locale.say('method_inside')}"


def _system_parts(run: Run, locale: Locale) -> Iterator[Any]:
    """What each kind of step does, and each way of it in use, where the catalogue explains it."""
    used: dict[str, dict[str, None]] = {}
    for name in run.ranked:
        for kind, ways in _kinds(branch(run.systems[name], "params")):
            used.setdefault(kind, {}).update(dict.fromkeys(f"{kind}_{way}" for way in ways))
    for kind, names in used.items():
        if locale.knows(f"method_{kind}"):
            yield Paragraph(f"{strong(kind)}: {locale.say(f'method_{kind}')}")
            for name in (kind, *names):
                if name != kind and locale.knows(f"method_{name}"):
                    yield Paragraph(locale.say(f"method_{name}"))
                if name in FORMULAS:
                    yield _formula(name, locale)


def _kinds(value: Any) -> Iterator[tuple[str, list[str]]]:
    """The kinds of steps in a system's parameters, each with the ways it is set to (its settings that are words)."""
    if isinstance(value, list):
        for entry in value:
            yield from _kinds(entry)
    elif isinstance(value, dict):
        if isinstance(value.get("kind"), str):
            settings = branch(value, "settings").values()
            yield value["kind"], [setting for setting in settings if isinstance(setting, str)]
        for key in (*_CHAINS, "parts"):
            yield from _kinds(value.get(key))


def _score_parts(run: Run, locale: Locale) -> Iterator[Any]:
    yield Symbols(locale.say("score_symbols_number" if run.is_number else "score_symbols"))
    shown = {name.rpartition("/")[2] for name in run.metrics_found}
    if not run.is_number:
        yield from _explained("class", locale)
    for name in ("accuracy", "mae", "mse", "rmse", "pearson", "qwk"):
        if name in shown:
            yield from _explained(name, locale)
    for average in ("macro", "weighted"):
        if any(name.endswith(f"_{average}") for name in shown):
            yield from _explained(average, locale)
    for name in ("spearman", "within"):
        if any(found.startswith(name) for found in shown):
            yield Paragraph(locale.say(f"score_{name}"))
    resamples = branch(run.recipe, "evaluate").get("resamples")
    n = locale.whole(resamples if is_number(resamples) else _DEFAULT_RESAMPLES)
    yield from _explained("bootstrap", locale, level=locale.level(run.level), n=n)
    if any(is_number(row.get("mcnemar_p")) for row in entries(run.metrics, "comparisons") if isinstance(row, dict)):
        yield from _explained("mcnemar", locale)
    tests = {test.get("test") for name in run.models for test in group_tests(run, name).values()}
    if "chi2" in tests:
        yield from _explained("chi2", locale)
    if "permutation" in tests:
        yield Paragraph(locale.say("score_permutation"))


def _explained(name: str, locale: Locale, **fields: Any) -> Iterator[Any]:
    yield Paragraph(locale.say(f"score_{name}", **fields))
    yield _formula(name, locale)


def _formula(name: str, locale: Locale) -> Formula:
    """A formula with its symbols, where the text before it has not explained them."""
    symbols = locale.say(f"symbols_{name}") if locale.knows(f"symbols_{name}") else ""
    return Formula(name, FORMULAS[name], symbols)


def _protocol(run: Run, locale: Locale) -> str:
    if run.is_honest:
        return locale.say("protocol_honest")
    return locale.say("protocol_paper") if run.is_paper else locale.say("protocol_other", protocol=run.protocol)
