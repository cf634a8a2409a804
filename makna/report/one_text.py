"""The probabilities that a system gives one text: one that it gets right, and one that it gets wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from makna.report.blocks import Case, Cases, Paragraph, Section, Words, strong
from makna.report.language import Locale, is_number
from makna.report.predictions import read_columns
from makna.report.reading import Run, entries, legible
from makna.report.rows import mappings, shortened

_PREFIX = "probability_"
_MOST_CLASSES = 12
_TEXTS = ("text", "text_a", "text_b")


@dataclass(frozen=True)
class Example:
    """A row and what a system says of it.

    Parameters
    ----------
    id : str
        Of the row.
    texts : mapping of str to str
        ``text``, or ``text_a`` and ``text_b``; empty where the run folder does not have them.
    truth, prediction : str
        Classes.
    probabilities : mapping of str to float
        By class.
    """

    id: str
    texts: Mapping[str, str]
    truth: str
    prediction: str
    probabilities: Mapping[str, float]

    @property
    def is_right(self) -> bool:
        """Whether the prediction is the truth."""
        return self.truth == self.prediction


def one_text_section(run: Run, locale: Locale) -> Section | None:
    """Return one right and one wrong answer of the best model with its probabilities; None where there are none."""
    for system in run.featured:
        found = examples_of(run, system)
        if found:
            break
    else:
        return None
    blocks: list[Any] = [Paragraph(locale.say("one_text_lead", system=strong(system)))]
    cases, lists = [], []
    for position, example in enumerate(found, 1):
        told = locale.say("one_text_right" if example.is_right else "one_text_wrong")
        texts = [(locale.say(key), shortened(text, locale)) for key, text in example.texts.items()]
        texts = texts or [(locale.say("text"), locale.say("text_not_kept"))]
        facts = [("", told), ("id", example.id)]
        facts += [(locale.say(key), getattr(example, key)) for key in ("truth", "prediction")]
        cases.append(Case(texts, facts))
        lists.append((f"{position}. {told}", _bars(example, locale)))
    blocks += [Cases(cases), Words(locale.say("one_text_caption", system=system), lists)]
    return Section("one-text", locale.say("one_text_title"), blocks)


def examples_of(run: Run, system: str) -> list[Example]:
    """Return a right and a wrong answer of a system, those first whose texts the run folder has."""
    if run.target != "class":
        return []
    frame = read_columns(run, system, ("id", "truth", "prediction", f"{_PREFIX}*"))
    names = [name for name in frame.columns if name.startswith(_PREFIX)] if frame is not None else []
    if frame is None or not names or frame.empty:
        return []
    texts = known_texts(run, system)
    frame = frame.assign(id=frame["id"].astype(str), known=frame["id"].astype(str).isin(texts))
    frame = frame.assign(sure=frame[names].max(axis=1), right=frame["truth"] == frame["prediction"])
    # The surest come first; of equals the first row.
    frame = frame.sort_values(["known", "sure"], ascending=False, kind="stable")
    found = []
    for right in (True, False):
        some = frame[frame["right"] == right]
        if len(some):
            row = some.iloc[0]
            shares = {name.removeprefix(_PREFIX): float(row[name]) for name in names if is_number(row[name])}
            said = (legible(str(row[key])) for key in ("id", "truth", "prediction"))
            number, truth, prediction = said
            found.append(Example(number, texts.get(number, {}), truth, prediction, legible(shares)))
    return found


def known_texts(run: Run, system: str) -> dict[str, dict[str, str]]:
    """Return id → texts of the rows whose texts stand in the run folder: examples, mistakes, steps of cleaning."""
    found: dict[str, dict[str, str]] = {}
    for step in reversed(mappings(run, "text_steps")):  # the first step has the rawest text
        for example in entries(step, "examples"):
            if isinstance(example, dict) and isinstance(example.get("before"), str) and example.get("id") is not None:
                found[str(example["id"])] = {"text": example["before"]}
    told = [row for name in run.models for row in entries(run.explain, "errors", name)]
    told += entries(run.explain, "examples", system)
    for row in told:
        if isinstance(row, dict) and row.get("id") is not None:
            texts = {key: str(row[key]) for key in _TEXTS if row.get(key) is not None}
            if texts:
                found[str(row["id"])] = texts
    return found


def _bars(example: Example, locale: Locale) -> list[tuple[str, str, float]]:
    shares = sorted(example.probabilities.items(), key=lambda item: -item[1])
    kept = dict(shares[:_MOST_CLASSES]) if len(shares) > _MOST_CLASSES else example.probabilities
    return [(label or "∅", locale.number(share, 4), max(0.0, min(1.0, share))) for label, share in kept.items()]
