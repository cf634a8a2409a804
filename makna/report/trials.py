"""Settings chosen on training data alone: what was tried, how it scored, what became of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from makna.report.blocks import Cell, Heading, Paragraph, Picture, Section, Table
from makna.report.cellnames import in_order, root_of, settings_of, words_of
from makna.report.charts import heat
from makna.report.epochs import chosen_trial, times_chosen
from makna.report.language import NOTHING, Locale, is_number, sentence
from makna.report.naming import figure_names
from makna.report.reading import Run, branch, entries
from makna.report.rows import part_name

_MOST_TRIALS = 200
_NOT_SCORES = ("trial", "epoch", "fold", "part", "why")


@dataclass(frozen=True)
class Trial:
    """One set of settings that was tried.

    Parameters
    ----------
    name : str
        As the run wrote it.
    part : str
        Rows that it was judged by.
    scores : sequence
        By fold; None where it is undefined.
    whys : sequence of str
        Why scores are undefined, or why training ended early.
    epochs : int or None
        The last epoch that was noted.
    """

    name: str
    part: str
    scores: Sequence[Any]
    whys: Sequence[str]
    epochs: int | None

    @property
    def score(self) -> float | None:
        """The mean of its scores, None where it has none."""
        known = [score for score in self.scores if is_number(score)]
        return statistics.fmean(known) if known else None


def trials_section(run: Run, locale: Locale) -> Section | None:
    """Return the settings chosen, and every trial behind them; None where nothing was chosen."""
    blocks: list[Any] = []
    pictures = _pictures(run)
    for name in run.ranked:
        made = [*_choices(run, locale, name), *_trials(run, locale, name, pictures.get(name))]
        if made and not any(isinstance(block, Heading) and block.text == name for block in blocks):
            blocks += [Heading(name), *made]
    if not blocks:
        return None
    lead = locale.say("choices_lead_paper" if run.is_paper else "choices_lead")
    return Section("choices", locale.say("choices_title"), [Paragraph(lead), *blocks])


def trials_of(run: Run, system: str) -> list[Trial]:
    """Return the trials of a system, in the order of the file."""
    metric = _metric(run, system)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    epochs: dict[str, int] = {}
    for row in entries(run.systems.get(system), "history"):
        if not isinstance(row, dict):
            continue
        trial = str(row.get("trial") or "")
        if is_number(row.get("epoch")):
            epochs[trial] = max(epochs.get(trial, 0), int(row["epoch"]))
        else:
            found.setdefault((trial, str(row.get("part") or "")), []).append(row)
    return [
        Trial(
            trial,
            part,
            [row.get(metric or _first_score(row)) for row in rows],
            list(dict.fromkeys(str(row["why"]) for row in rows if row.get("why"))),
            epochs.get(trial),
        )
        for (trial, part), rows in found.items()
    ]


def trial_figures(run: Run, locale: Locale) -> dict[str, Callable[[], Figure]]:
    """Return the heat maps of the systems whose trials differ in exactly two settings."""

    def draw(system: str) -> Callable[[], Figure]:
        down, across, values, chosen = _square(run, system)
        metric = sentence(locale.metric(_metric(run, system)))
        places = {(down.index(key[0]), across.index(key[1])): value for key, value in values.items()}
        at = (down.index(chosen[0]), across.index(chosen[1])) if chosen else None
        keys = _two_settings(trials_of(run, system))
        heads = ([locale.setting(value) for value in down], [locale.setting(value) for value in across])
        return lambda: heat(places, heads, (keys[1], keys[0], metric), locale, at)

    return {name: draw(system) for system, name in _pictures(run).items()}


def _pictures(run: Run) -> dict[str, str]:
    systems = [name for name in run.ranked if _two_settings(trials_of(run, name))]
    return figure_names("settings", systems)


def _metric(run: Run, system: str) -> str:
    metric = branch(run.systems.get(system), "chosen_by").get("metric")
    if metric:
        return str(metric)
    rows = [row for row in entries(run.systems.get(system), "history") if isinstance(row, dict)]
    return next((_first_score(row) for row in rows if "epoch" not in row and _first_score(row)), "")


def _first_score(row: Mapping[str, Any]) -> str:
    return next((str(key) for key in row if key not in _NOT_SCORES), "")


def _two_settings(trials: Sequence[Trial]) -> list[str]:
    """The two settings in which the trials differ, each with two values or more; none where they are not two."""
    told = [settings_of(trial.name) for trial in trials]
    if not told or not all(told) or any(list(settings) != list(told[0]) for settings in told):
        return []
    keys = [key for key in told[0] if len({settings[key] for settings in told}) > 1]
    return keys if len(keys) == 2 and len({tuple(s[key] for key in keys) for s in told}) == len(told) else []


def _square(run: Run, system: str) -> tuple[list[Any], list[Any], dict[tuple[Any, Any], float | None], Any]:
    """Values of both settings, the score at each pair of them, and the pair that was chosen."""
    trials = trials_of(run, system)
    one, other = _two_settings(trials)
    told = {trial.name: settings_of(trial.name) for trial in trials}
    values = {(told[trial.name][one], told[trial.name][other]): trial.score for trial in trials}
    best = chosen_trial(run, system, list(told))
    down, across = (in_order(settings[key] for settings in told.values()) for key in (one, other))
    return down, across, values, (told[best][one], told[best][other]) if best else None


def _choices(run: Run, locale: Locale, name: str) -> Iterator[Table]:
    """Which settings each fold chose; nothing where all chose the same, which the trials mark."""
    chosen = branch(run.systems[name], "chosen_by")
    choices = [choice for choice in entries(chosen, "choices") if isinstance(choice, dict)]
    folds: dict[str, list[str]] = {}
    for choice in choices:
        folds.setdefault(_words(choice, locale), []).append(str(choice.get("fold", NOTHING)))
    if not folds or (len(folds) == 1 and trials_of(run, name)):
        return
    rows = [[cell, locale.whole(len(found)), ", ".join(found)] for cell, found in folds.items()]
    metric = locale.metric(str(chosen.get("metric", "")))
    caption = locale.say("choices_table", system=name, metric=metric, how=_how(chosen, locale))
    yield Table(caption, [locale.say(key) for key in ("setting", "folds_count", "fold")], rows, (1,))


def _words(choice: dict[str, Any], locale: Locale) -> str:
    """The settings chosen in a fold; the system, where systems were chosen among."""
    cell = branch(choice, "cell")
    return words_of(cell, locale) if cell else str(choice.get("system") or NOTHING)


def _how(chosen: dict[str, Any], locale: Locale) -> str:
    how = str(chosen.get("how", ""))
    key = f"how_{how.partition(' ')[0]}"
    return locale.say(key) if locale.knows(key) else how


def _trials(run: Run, locale: Locale, name: str, picture: str | None) -> Iterator[Any]:
    trials = trials_of(run, name)
    if not trials:
        return
    metric = locale.metric(_metric(run, name))
    if picture:
        keys = _two_settings(trials)
        caption = locale.say("trials_figure", metric=metric, one=keys[0], other=keys[1], system=root_of(name))
        yield Picture(picture, sentence(caption))
    keys = _setting_keys(trials)
    columns = keys or [locale.say("trial")]
    counted = {trial.name: times_chosen(run, name, trial.name) for trial in trials}
    optional = {
        "epoch": [locale.whole(trial.epochs) if trial.epochs else "" for trial in trials],
        "times_run": [locale.whole(len(trial.scores)) if len(trial.scores) > 1 else "" for trial in trials],
        "outcome": [_outcome(trial, counted[trial.name], max(counted.values()), locale) for trial in trials],
    }
    shown = [key for key, cells in optional.items() if any(cells)]
    rows = []
    for position, trial in enumerate(trials[:_MOST_TRIALS]):
        top = counted[trial.name] > 0 and counted[trial.name] == max(counted.values())
        settings = settings_of(trial.name)
        first = [locale.setting(settings[key]) for key in keys] or [trial.name or NOTHING]
        cells = [*first, locale.score(trial.score), *(optional[key][position] or NOTHING for key in shown)]
        rows.append([Cell(text, emphasised=top) for text in cells])
    heads = [*columns, sentence(metric), *(locale.say(key) for key in shown)]
    numeric = [*range(len(keys)), len(columns), *(i + len(columns) + 1 for i, k in enumerate(shown) if k != "outcome")]
    cut = len(trials) > _MOST_TRIALS
    note = locale.say("shown_of", shown=_MOST_TRIALS, n=locale.whole(len(trials))) if cut else ""
    part = part_name(trials[0].part, locale)
    yield Table(locale.say("trials_table", system=name, part=part), heads, rows, numeric, note)


def _setting_keys(trials: Sequence[Trial]) -> list[str]:
    keys = [list(settings_of(trial.name)) for trial in trials]
    return keys[0] if all(found and found == keys[0] for found in keys) else []


def _outcome(trial: Trial, times: int, most: int, locale: Locale) -> str:
    """Whether it was chosen, and in how many folds; else why it has no score or ended early."""
    if times:
        return locale.say("trial_chosen") if most == 1 and times == 1 else locale.say("trial_chosen_times", n=times)
    return " ".join(trial.whys)
