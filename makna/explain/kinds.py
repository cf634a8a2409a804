"""Kinds of error: errors sorted by rules into the kinds that study 000 found by reading fifty of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from makna.core.corpus import ID, inputs, targets
from makna.core.shares import share_of
from makna.core.task import Task
from makna.explain.judged import Guesses
from makna.explain.kind_features import RowFeatures, quantile, row_features
from makna.explain.settings import KindSettings

ENTITY, AMBIGUOUS, SYNONYMS, NUANCE, RARE, LENGTH = "entity", "ambiguous", "synonyms", "nuance", "rare", "length"
OTHER = "other"
KINDS = (ENTITY, AMBIGUOUS, SYNONYMS, NUANCE, RARE, LENGTH, OTHER)
"""The kinds, the most specific first: of those that match, an error gets the first."""


@dataclass(frozen=True)
class SortedErrors:
    """The errors of some systems, sorted.

    Parameters
    ----------
    facts : dict
        ``kinds`` of explain.json.
    rows : ndarray of int, shape (n,)
        Rows that all systems were asked of.
    kinds : list of str
        The kind of each row that some system got wrong, ``""`` of the others.
    said : mapping of str to Guesses
        What the systems said of these very rows.
    """

    facts: dict[str, Any]
    rows: np.ndarray
    kinds: list[str]
    said: Mapping[str, Guesses]


@dataclass(frozen=True)
class _Asked:
    """Answers of the systems on rows that all were asked of."""

    rows: np.ndarray
    prediction: np.ndarray
    probability: np.ndarray | None
    task: Task
    truth: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        """Whether each system is wrong, shape (systems, n)."""
        return self.prediction != self.truth


@dataclass
class _Part:
    rows: np.ndarray
    prediction: np.ndarray
    probability: list[np.ndarray]


@dataclass(frozen=True)
class _Rules:
    """The settings, and the lines that follow from all rows."""

    settings: KindSettings
    longest: float
    rarest: float

    def told(self) -> dict[str, Any]:
        """Return the rules as JSON values."""
        plain = asdict(self.settings)
        for key in ("systems", "sample", "examples", "paper"):
            plain.pop(key)
        return plain | {"long_words": self.longest, "rare_above": self.rarest}


def error_kinds(
    corpus: pd.DataFrame,
    task: Task,
    said: Mapping[str, Guesses],
    train: np.ndarray,
    settings: KindSettings = KindSettings(),  # noqa: B008  frozen
    level: float = 0.95,
) -> SortedErrors | None:
    """Sort the errors of some systems into kinds by rule.

    Every error has all kinds whose rule it meets, and one of them: the first of `KINDS`.

    - *entity*: the sides differ in names and numbers alone.
    - *ambiguous*: all systems give the same answer against the label and are sure of it; or this system's answer is
      near the border.
    - *synonyms*: a short pair with few words in common, stop words aside, that is truly positive.
    - *nuance*: many words in common, truly not positive (any label where the task has no positive class).
    - *rare*: words, stop words aside, that are rare on the whole.
    - *length*: among the longest, or one side much longer than the other.
    - *other*: none of these.

    Of single texts *ambiguous*, *rare* and *length* are told apart.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        One class.
    said : mapping of str to Guesses
        What each system said; rows that all were asked of are looked at.
    train : ndarray of int
        Rows whose tokens and capitals are counted.
    settings : KindSettings
        Where the rules draw their lines.
    level : float
        Of the intervals of shares (Wilson).

    Returns
    -------
    SortedErrors or None
        None for another target, without systems, and without rows that all were asked of.
    """
    asked = _asked(corpus, task, said) if task.target == "class" and said else None
    if asked is None or not len(asked.rows):
        return None
    features = row_features(inputs(corpus, task), asked.rows, np.asarray(train))
    totals = features.words.sum(axis=1)
    rules = _Rules(settings, quantile(totals, settings.long), quantile(features.rarity, settings.rare))
    known = {kind: rule(features, asked, rules) for kind, rule in _rules_of(task).items()}
    matching = [known | {AMBIGUOUS: _ambiguous(asked, i, settings)} for i in range(len(said))]
    chosen = [_chosen(found) for found in matching]
    names = list(said)
    any_wrong = np.asarray(asked.wrong.any(axis=0))
    together = {kind: np.any([found[kind] & asked.wrong[i] for i, found in enumerate(matching)], axis=0)
                for kind in matching[0]}  # fmt: skip
    row_kinds = [kind if is_wrong else "" for kind, is_wrong in zip(_chosen(together), any_wrong, strict=True)]
    order = [kind for kind in KINDS if kind in together or kind == OTHER]
    facts = {
        "systems": names,
        "order": order,
        "level": level,
        "rules": rules.told(),
        "n": len(asked.rows),
        "errors": {name: int(asked.wrong[i].sum()) for i, name in enumerate(names)},
        "both": int(asked.wrong.all(axis=0).sum()),
        "shares": {name: _shares(order, matching[i], chosen[i], asked.wrong[i], level) for i, name in enumerate(names)},
        "rows": {kind: float(found.mean()) for kind, found in known.items()},
        "paper": dict(settings.paper),
        "examples": _examples(corpus, names, asked, features, row_kinds, settings.examples),
    }
    return SortedErrors(facts, asked.rows, row_kinds, {name: _only(said[name], asked.rows) for name in names})


def _asked(corpus: pd.DataFrame, task: Task, said: Mapping[str, Guesses]) -> _Asked:
    rows = np.asarray(next(iter(said.values())).rows)
    for guesses in said.values():
        rows = np.intersect1d(rows, guesses.rows)
    parts = [_only(guesses, rows) for guesses in said.values()]
    has_all = all(part.probability for part in parts)
    probability = np.stack([part.probability[0] for part in parts]) if has_all else None
    return _Asked(rows, np.stack([part.prediction for part in parts]), probability, task, targets(corpus, task)[rows])


def _only(guesses: Guesses, rows: np.ndarray) -> _Part:
    place = np.searchsorted(guesses.rows, rows)
    return _Part(rows, np.asarray(guesses.prediction)[place], [np.asarray(p)[place] for p in guesses.probability])


Rule = Callable[[RowFeatures, _Asked, _Rules], np.ndarray]


def _rules_of(task: Task) -> dict[str, Rule]:
    """The rules that look at rows alone, as far as the task has what they ask for."""
    if task.inputs == "text":
        return {RARE: _rare, LENGTH: _long}
    synonyms: dict[str, Rule] = {SYNONYMS: _synonyms} if task.positive is not None else {}
    return {ENTITY: _entity, **synonyms, NUANCE: _nuance, RARE: _rare, LENGTH: _long}


def _entity(features: RowFeatures, asked: _Asked, rules: _Rules) -> np.ndarray:
    return features.swapped


def _synonyms(features: RowFeatures, asked: _Asked, rules: _Rules) -> np.ndarray:
    short = features.words.max(axis=1) <= rules.settings.short
    return short & (features.content <= rules.settings.other) & (asked.truth == asked.task.positive)


def _nuance(features: RowFeatures, asked: _Asked, rules: _Rules) -> np.ndarray:
    alike = features.overlap >= rules.settings.same
    return alike if asked.task.positive is None else alike & (asked.truth != asked.task.positive)


def _rare(features: RowFeatures, asked: _Asked, rules: _Rules) -> np.ndarray:
    return features.rarity > rules.rarest


def _long(features: RowFeatures, asked: _Asked, rules: _Rules) -> np.ndarray:
    long = features.words.sum(axis=1) > rules.longest
    shorter, longer = features.words.min(axis=1), features.words.max(axis=1)
    uneven = (shorter <= rules.settings.uneven * longer) & (longer - shorter >= rules.settings.apart)
    return long | (uneven if features.words.shape[1] > 1 else False)


def _ambiguous(asked: _Asked, system: int, settings: KindSettings) -> np.ndarray:
    if asked.probability is None:
        return np.zeros(len(asked.rows), dtype=bool)
    ranked = np.sort(asked.probability, axis=2)
    surest = ranked[:, :, -1]
    agreed = (asked.prediction == asked.prediction[0]).all(axis=0) & (surest >= settings.sure).all(axis=0)
    agreed &= len(asked.prediction) > 1  # one system alone agrees with nobody
    near = surest[system] - ranked[system, :, -2] <= 2 * settings.band
    return (agreed & asked.wrong.all(axis=0)) | near


def _chosen(matching: Mapping[str, np.ndarray]) -> list[str]:
    """Return the first kind of `KINDS` that each row matches."""
    kinds = [kind for kind in KINDS if kind in matching]
    table = np.stack([*(matching[kind] for kind in kinds), np.ones_like(matching[kinds[0]])], axis=1)
    names = [*kinds, OTHER]
    return [names[i] for i in table.argmax(axis=1)]


def _shares(
    order: Sequence[str], matching: Mapping[str, np.ndarray], chosen: Sequence[str], wrong: np.ndarray, level: float
) -> dict[str, Any]:
    total = int(wrong.sum())
    found = {}
    for kind in order:
        n = sum(one == kind for one, is_wrong in zip(chosen, wrong, strict=True) if is_wrong)
        found[kind] = share_of(n, total, level)
        if kind in matching:
            found[kind]["matching"] = int((matching[kind] & wrong).sum())
    return found


def _examples(
    corpus: pd.DataFrame,
    names: Sequence[str],
    asked: _Asked,
    features: RowFeatures,
    kinds: Sequence[str],
    most: int,
) -> dict[str, list[dict[str, Any]]]:
    """The first errors of each kind, those that most systems get wrong before the others."""
    errors = asked.wrong.sum(axis=0)
    found: dict[str, list[dict[str, Any]]] = {}
    for i in np.argsort(-errors, kind="stable"):
        kind = kinds[i]
        if kind and len(found.setdefault(kind, [])) < most:
            found[kind].append(_example(corpus, names, asked, features, int(i)))
    return {kind: found[kind] for kind in KINDS if found.get(kind)}


def _example(
    corpus: pd.DataFrame, names: Sequence[str], asked: _Asked, features: RowFeatures, i: int
) -> dict[str, Any]:
    row = corpus.iloc[asked.rows[i]]
    why: dict[str, Any] = {"words": features.words[i].tolist(), "rarest": features.rarest[i]}
    why["rarity"] = None if np.isnan(features.rarity[i]) else float(features.rarity[i])
    if len(features.overlap):
        why |= {"overlap": float(features.overlap[i]), "content": float(features.content[i])}
        why["differs"] = features.differs[i]
    if asked.probability is not None:
        why["probability"] = {name: float(asked.probability[j, i].max()) for j, name in enumerate(names)}
    texts = {column: str(row[column]) for column in asked.task.text_columns}
    answers = {name: str(asked.prediction[j, i]) for j, name in enumerate(names)}
    return {"id": str(row[ID]), **texts, "label": str(asked.truth[i]), "answers": answers, "why": why}
