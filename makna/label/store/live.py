"""How well the annotators of a project agree, from the answers that are there now."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from makna.label.agreement import Agreement, AgreementSettings, measure_agreement
from makna.label.ratings import Ratings, RatingSettings, ratings_of_rows
from makna.label.store.connect import Store
from makna.label.store.given import GivenRow, all_given
from makna.label.store.projects import Project, project_of

_MANY = 20_000  # answers: about a second for the intervals


def ratings(store: Store, project_id: int) -> Ratings:
    """Return the answers of a project as ratings: nominal for labels, interval for marks; skipped ones are missing.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.

    Raises
    ------
    DataError
        No such project, fewer than two annotators, or no item that two of them answered.
    """
    return _ratings(project_of(store, project_id), _labelled(store, project_id))


def agreement(store: Store, project_id: int, resamples: int = 0) -> Agreement | None:
    """Measure how well the annotators of a project agree.

    Parameters
    ----------
    store : Store
        An open store.
    project_id : int
        The project.
    resamples : int
        Bootstrap resamples of items; 0 leaves the intervals out, and so do more than 20,000 answers, which would keep
        a page waiting.

    Returns
    -------
    Agreement or None
        None where no item has answers from two annotators yet.

    Raises
    ------
    DataError
        No such project.
    """
    project = project_of(store, project_id)
    rows = _labelled(store, project_id)
    if max(Counter(row.item_id for row in rows).values(), default=0) < 2:
        return None
    return measure_agreement(_ratings(project, rows), AgreementSettings(resamples if len(rows) <= _MANY else 0))


def _labelled(store: Store, project_id: int) -> list[GivenRow]:
    return [row for row in all_given(store, project_id) if row.label is not None]


def _ratings(project: Project, rows: list[GivenRow]) -> Ratings:
    table = pd.DataFrame([(str(row.item_id), row.person, row.label) for row in rows], columns=["item", "who", "label"])
    if project.scale is not None:
        return ratings_of_rows(table, "item", "who", "label", RatingSettings("interval"))
    # All labels that may be given, so that chance agreement knows those that nobody used.
    used = {row.label for row in rows}
    order = tuple(choice.name for choice in project.labels if choice.name in used or not choice.retired)
    return ratings_of_rows(table, "item", "who", "label", RatingSettings("nominal", order))
