"""How networks were trained: epoch by epoch, what was chosen, when overfitting began, and on what machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from makna.report.blocks import Cell, Facts, Heading, Paragraph, Picture, Section, Table, strong
from makna.report.cellnames import settings_of, words_of
from makna.report.epoch_charts import Panel, draw_panels
from makna.report.epochs import TRAIN, VALID, Training, chosen_trial, trainings_of
from makna.report.facts import step_seconds, steps_of
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.naming import figure_names
from makna.report.reading import MOST_SYSTEMS, Run, branch
from makna.report.rows import part_name

_METRICS = ("accuracy", "f1_macro", "precision_macro", "recall_macro", "mae", "rmse", "pearson", "loss")
_DRAWN = ("accuracy", "mae", "rmse", "loss")  # of these the first and the last that were noted
_MOST_PANELS = 12
_MOST_ROWS = 400
_PATIENCE = "patience"
_MAIN = ("epochs", "batch_size", "learning_rate", "max_length", "pooling", "class_weight", "loss")
_UNSAID = ("seed", "random_state")  # the run's own seed stands elsewhere
_KEY = "stopped"  # an entry that only a network's facts have


def training_section(run: Run, locale: Locale) -> Section | None:
    """Return the training of each network; None where no system noted its epochs."""
    systems = _systems(run)
    if not systems:
        return None
    blocks: list[Any] = [Paragraph(locale.say("training_lead"))]
    drawn = _pictures(run)
    for system in systems:
        trainings = trainings_of(run, system)
        chosen = _chosen(run, system, trainings)
        facts = _network_facts(run, system)
        blocks.append(Heading(system))
        blocks += _told(run, locale, system, chosen, facts)
        blocks += _weights(run, locale, system, facts)
        blocks += [_table(locale, system, [chosen], facts, "training_table")]
        for (owner, metric, whole), name in drawn.items():
            if owner == system:
                words = {"metric": locale.metric(metric), "system": system}
                kind = "training_trials_figure" if whole else "training_figure"
                blocks.append(Picture(name, sentence(locale.say(kind, **words))))
        if len(trainings) > 1:
            blocks.append(_table(locale, system, trainings, facts, "training_trials_table", chosen))
    return Section("training", locale.say("training_title"), blocks)


def training_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the curves of the chosen trials, and of all trials side by side."""
    axes = locale.say("axis_epoch")
    parts = {part: part_name(part, locale) for part in (TRAIN, VALID)}

    def draw(system: str, metric: str, whole: bool) -> Callable[[], Figure]:
        trainings = trainings_of(run, system)
        chosen = _chosen(run, system, trainings)
        best = _epoch(_network_facts(run, system).get("best_epoch"))
        shown = trainings if whole else [chosen]
        panels = [
            Panel(
                _title(trained, locale) if whole else "",
                {parts[part]: trained.curve(part, metric) for part in parts},
                best if trained is chosen else None,
            )
            for trained in shown
        ]
        return lambda: draw_panels(panels, (axes, locale.metric(metric)), locale.say("chosen_epoch"), locale)

    return {name: draw(*key) for key, name in _pictures(run).items()}


def _systems(run: Run) -> list[str]:
    return [name for name in run.featured if trainings_of(run, name)][:MOST_SYSTEMS]


def _pictures(run: Run) -> dict[tuple[str, str, bool], str]:
    """(system, metric, whether all trials are shown) → figure name."""
    found: dict[tuple[str, str, bool], str] = {}
    wanted: dict[str, list[tuple[str, str, bool]]] = {}
    for system in _systems(run):
        trainings = trainings_of(run, system)
        noted = [metric for metric in _DRAWN if _chosen(run, system, trainings).curve(VALID, metric)]
        noted += [m for m in _DRAWN if m not in noted and _chosen(run, system, trainings).curve(TRAIN, m)]
        for metric in dict.fromkeys([*noted[:1], *noted[-1:]]):
            wanted.setdefault(f"training-{metric}", []).append((system, metric, False))
            if 1 < len(trainings) <= _MOST_PANELS:
                wanted.setdefault(f"trials-{metric}", []).append((system, metric, True))
    for kind, keys in wanted.items():
        names = figure_names(kind, [system for system, _, _ in keys])
        found |= {key: names[key[0]] for key in keys}
    return dict(sorted(found.items(), key=lambda item: (item[0][2], _DRAWN.index(item[0][1]))))


def _chosen(run: Run, system: str, trainings: Sequence[Training]) -> Training:
    """The training of the chosen trial; the last one where that is not known."""
    trial = chosen_trial(run, system, [trained.trial for trained in trainings])
    return next((trained for trained in trainings if trained.trial == trial), trainings[-1])


def _network_facts(run: Run, system: str) -> dict[str, Any]:
    return next((facts for _, facts in steps_of(run, system) if _KEY in facts or "best_epoch" in facts), {})


def _told(run: Run, locale: Locale, system: str, chosen: Training, facts: dict[str, Any]) -> Iterator[Any]:
    """What was chosen, where and why training ended, in facts and in words."""
    told = branch(facts, "settings") or settings_of(chosen.trial)
    settings = {key: value for key, value in told.items() if value not in (None, "", False, [])}
    kinds = [kind for kind, found in steps_of(run, system) if found is facts]
    seconds = sum(step_seconds(run, system, kind).get("fit", 0) for kind in kinds)
    pairs = {
        "chosen_settings": words_of({key: settings[key] for key in _MAIN if key in settings}, locale),
        "other_settings": words_of({k: v for k, v in settings.items() if k not in (*_MAIN, *_UNSAID)}, locale),
        "validation_rows": _validation(branch(facts, "validation"), locale),
        "epochs_run": _epochs_words(chosen, facts, locale),
        "why_stopped": _why(facts, locale),
        "device": ", ".join(str(facts[key]) for key in ("device", "precision") if facts.get(key)),
        "batch_fitted": _batch(settings, facts, locale),
        "network_memory": locale.memory(facts.get("memory_mb")),
        "fit_time": locale.seconds(seconds) if seconds else "",
    }
    known = [(locale.say(key), value) for key, value in pairs.items() if value and value != NOTHING]
    if known:
        yield Facts(known)
    if facts:
        start = _epoch(facts.get("overfitting"))
        if start is not None:
            yield Paragraph(locale.say("overfitting_from", epoch=strong(str(start))))
        elif "overfitting" in facts:
            yield Paragraph(locale.say("overfitting_none"))


def _epochs_words(chosen: Training, facts: dict[str, Any], locale: Locale) -> str:
    ran = facts.get("epochs") if is_number(facts.get("epochs")) else max(chosen.epochs, default=None)
    best = _epoch(facts.get("best_epoch"))
    words = locale.whole(ran)
    return words if best is None else locale.say("epochs_best", n=words, best=best)


def _validation(told: dict[str, Any], locale: Locale) -> str:
    """How many rows the network was judged by while it learned, and where they are from."""
    key = f"validation_{told.get('origin')}"
    n = locale.whole(told.get("rows"))
    return locale.say(key, n=n) if locale.knows(key) and is_number(told.get("rows")) else ""


def _batch(settings: Mapping[str, Any], facts: dict[str, Any], locale: Locale) -> str:
    """The batch that fitted into memory, where it is another than the one that was asked for."""
    size, steps, asked = facts.get("batch_size"), facts.get("accumulate"), settings.get("batch_size")
    if not is_number(size):
        return ""
    if is_number(steps) and is_number(asked) and size < asked:
        told = {"size": size, "steps": steps, "n": size * steps}
        return locale.say("batch_halved", **{key: locale.whole(value) for key, value in told.items()})
    return "" if asked == size else locale.whole(size)


def _why(facts: dict[str, Any], locale: Locale) -> str:
    why = facts.get("stopped")
    if "stopped" not in facts:
        return ""
    return locale.say("stopped_done" if not why else "stopped_patience") if why in (None, _PATIENCE) else str(why)


def _weights(run: Run, locale: Locale, system: str, facts: dict[str, Any]) -> Iterator[Table]:
    weights = {label: weight for label, weight in branch(facts, "weights").items() if is_number(weight)}
    if not weights:
        return
    counts = branch(run.data, "parts", TRAIN, "classes", run.outputs[0])
    order = [*(label for label in run.labels(run.outputs[0]) if label in weights), *weights]
    known = any(is_number(counts.get(label)) for label in weights)
    rows = [
        [label or "∅", *([locale.whole(counts.get(label))] if known else []), locale.number(weights[label], 4)]
        for label in dict.fromkeys(order)
    ]
    columns = [locale.say(key) for key in ("class", *(["train_rows"] if known else []), "class_weight")]
    yield Table(locale.say("weights_table", system=system), columns, rows, range(1, len(columns)))


def _table(
    locale: Locale,
    system: str,
    trainings: Sequence[Training],
    facts: dict[str, Any],
    caption: str,
    chosen: Training | None = None,
) -> Table:
    """Epoch by epoch on both parts; with several trials their settings stand before the epoch."""
    several = len(trainings) > 1
    keys = _setting_keys(trainings) if several else []
    noted = {metric for trained in trainings for metric in trained.metrics}
    metrics = [metric for metric in _METRICS if metric in noted]
    best = _epoch(facts.get("best_epoch"))
    rows: list[list[Cell | str]] = []
    for trained in trainings:
        is_chosen = trained is (chosen or trainings[0])
        for epoch in trained.epochs:
            top = is_chosen and epoch == best
            cells = [_score(trained.mean(epoch, part, m), m, locale) for part in (TRAIN, VALID) for m in metrics]
            first = [*_settings_cells(trained, keys, locale), str(epoch)] if several else [str(epoch)]
            rows.append([Cell(text, emphasised=top) for text in (*first, *cells)])
    heads = [*(keys or ([locale.say("trial")] if several else [])), locale.say("epoch")]
    columns = [*heads, *(_head(metric, locale) for _ in (TRAIN, VALID) for metric in metrics)]
    over = [("", len(heads)), *((sentence(part_name(part, locale)), len(metrics)) for part in (TRAIN, VALID))]
    folds = max(len(trained.runs) for trained in trainings)
    notes = [*([locale.say("training_note")] if best is not None else []), locale.say("training_note_dropout")]
    notes += [locale.say("training_note_folds", n=folds)] if folds > 1 else []
    notes += [locale.say("shown_of", shown=_MOST_ROWS, n=locale.whole(len(rows)))] if len(rows) > _MOST_ROWS else []
    told = locale.say(caption, system=system)
    numeric = range(len(heads) - 1 if not several or not keys else 0, len(columns))
    folded = True if several else None
    return Table(told, columns, rows[:_MOST_ROWS], numeric, " ".join(notes), over=over, folded=folded)


def _setting_keys(trainings: Sequence[Training]) -> list[str]:
    """The settings that all trials are written with, none where a trial is a mere name."""
    keys = [list(settings_of(trained.trial)) for trained in trainings]
    return keys[0] if all(found and found == keys[0] for found in keys) else []


def _settings_cells(trained: Training, keys: Sequence[str], locale: Locale) -> list[str]:
    settings = settings_of(trained.trial)
    return [locale.setting(settings[key]) for key in keys] or [trained.trial or NOTHING]


def _head(metric: str, locale: Locale) -> str:
    return locale.say(f"short_{metric}")


def _score(value: float | None, metric: str, locale: Locale) -> str:
    return locale.number(value, 4 if metric == "loss" else 3)


def _title(trained: Training, locale: Locale) -> str:
    return words_of(settings_of(trained.trial), locale) or trained.trial


def _epoch(value: Any) -> int | None:
    return int(value) if is_number(value) else None
