"""From a recipe's `collect` and `clean` to the rows all systems see, and the account of what happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from makna.clean.language import count_languages
from makna.clean.near_rows import NearRows
from makna.clean.rows import RowsResult, judge_rows
from makna.clean.stopwords import own_words
from makna.clean.text import CleanText, step_report
from makna.clean.unknown import unknown_words
from makna.collect.catalogue import dataset, datasets
from makna.collect.columns import to_corpus
from makna.collect.datasets import Collected, read_dataset
from makna.collect.own import read_own
from makna.collect.stream import Reading
from makna.core.corpus import GROUP, PART, RATER, inputs, is_pairs, targets
from makna.core.errors import DataError, noting
from makna.core.messages import say
from makna.core.task import Task
from makna.recipe.account import class_table, common_words, joined_texts, lengths, parts_of, target_account
from makna.recipe.cleaning import RowJudge
from makna.recipe.collecting import COLLECTED, joined
from makna.recipe.labelling import ready_to_label
from makna.recipe.recipe import Recipe
from makna.recipe.sections import CollectSection
from makna.split.leakage import Leaks, find_leaks, shared_groups
from makna.split.plan import Plan, strata_of

_NAMED = ("text", "text_a", "text_b", "label", "score", "group", "id", "context", "year")


@dataclass(frozen=True)
class Gathered:
    """A corpus as read, with what is known of where it comes from.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    columns : dict of str
        Corpus column → the user's column; saved with models.
    origin : dict
        ``files``, ``rows``, ``source``, ``licence``, ``title``, ``notes``.
    warnings : list of str
        For the user.
    collected : list of dict
        What each address of a site gave, where the rows come from one.
    """

    corpus: pd.DataFrame
    columns: dict[str, str]
    origin: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    collected: list[dict[str, Any]] = field(default_factory=list)

    def as_read(self) -> Gathered:
        """Return the same with warnings of its own, to go on from."""
        return replace(self, warnings=list(self.warnings))


def gather(recipe: Recipe, folder: Path | None = None) -> Gathered:
    """Read a recipe's data as a corpus.

    Parameters
    ----------
    recipe : Recipe
        A checked recipe.
    folder : Path or None
        Of the run, where what was collected from a site lies.

    Raises
    ------
    DataError
        The data are nowhere, cannot be read, or lack a column.
    """
    section, task = recipe.collect, recipe.task
    named = {name: getattr(section, name) for name in _NAMED if getattr(section, name) is not None}
    named |= _outputs(section) | {f"{RATER}{rater}": column for rater, column in (section.raters or {}).items()}
    if section.dataset is not None:
        collected = _rows_of(section.dataset)
        usual = {k: v for k, v in collected.mapping.items() if k in ("text", "text_a", "text_b", "id", PART)}
        if collected.task is not None and collected.task.target == task.target:
            usual = dict(collected.mapping)
        table, mapping = collected.table, {**usual, **named}
        known = collected.dataset
        origin = {"title": known.title, "source": known.source, "licence": known.licence,
                  "citation": known.citation, "notes": known.notes, "languages": list(known.languages)}  # fmt: skip
        files = [{"name": f.path.name, "sha256": f.sha256} for f in collected.files]
        warnings = [f.warning for f in collected.files if f.warning]
    else:
        sheet = None if section.sheet is None else str(section.sheet)
        own = read_own(
            _own_source(section, folder), folder=section.folder is not None,
            reading=Reading(section.encoding, section.delimiter, sheet),
        )  # fmt: skip
        table, mapping, warnings, files = own.table, {**own.mapping, **named}, list(own.notes), own.files
        origin = {"title": ", ".join(f["name"] for f in files), "source": section.site or "", "licence": ""}
    if section.join is not None:
        table = joined(table, section.join)
    if recipe.label is not None:
        table, mapping = ready_to_label(recipe.label, table, mapping)
    with noting(warnings):
        corpus = to_corpus(table, task, mapping, classes=section.classes)
    columns = {k: v for k, v in mapping.items() if isinstance(v, str)}
    return Gathered(corpus, columns, {"files": files, "rows": len(corpus), **origin}, warnings)


def sample_rows(corpus: pd.DataFrame, task: Task, n: int, seed: int, grouped: bool) -> pd.DataFrame:
    """Return a seeded sample of about `n` rows: stratified, or whole groups.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    n : int
        Rows wanted; all rows where there are no more.
    seed : int
        Seed of the drawing.
    grouped : bool
        Draw whole groups.
    """
    if n >= len(corpus):
        return corpus
    if grouped and GROUP in corpus:
        groups = np.random.default_rng(seed).permutation(corpus[GROUP].unique())
        sizes = corpus[GROUP].value_counts().reindex(groups).cumsum()
        chosen = set(groups[: int((sizes < n).sum()) + 1])
        return corpus[corpus[GROUP].isin(chosen)].reset_index(drop=True)
    strata = strata_of(targets(corpus, task))
    counts = np.bincount(strata) if strata is not None else np.array([0])
    usable = strata if counts[counts > 0].min() >= 2 and len(counts) <= min(n, len(corpus) - n) else None
    rows, _ = train_test_split(np.arange(len(corpus)), train_size=n, random_state=seed, stratify=usable)
    return corpus.iloc[np.sort(rows)].reset_index(drop=True)


def judge(corpus: pd.DataFrame, task: Task, rows: RowJudge, by_part: bool) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Drop the rows that a study does not use.

    Parameters
    ----------
    corpus : DataFrame
        All rows.
    task : Task
        Inputs and target.
    rows : RowJudge
        What is dropped, judged on which cleaning.
    by_part : bool
        Judge the parts one by one, so that a row of one part is no duplicate of a row of another (that is a leak, and
        reported as such).

    Returns
    -------
    DataFrame, dict
        The rows kept, and ``rows``, ``steps``, ``duplicates``, ``conflicts`` of data.json.
    """
    cleaned = CleanText(rows.on).fit_transform(inputs(corpus, task)) if rows.on else inputs(corpus, task)
    if not by_part or PART not in corpus:
        result = judge_rows(corpus, task, rows.settings, cleaned)
        kept, account = result.select(corpus), result.to_json()
    else:
        results = _judge_parts(corpus, task, rows, cleaned)
        whole = judge_rows(corpus, task, rows.settings, cleaned)
        keep = np.zeros(len(corpus), dtype=bool)
        for positions, result in results:
            keep[positions] = result.kept
        kept = corpus[keep].reset_index(drop=True)
        account = whole.to_json() | {
            "rows": {"read": len(corpus), "kept": int(keep.sum())},
            "steps": _added([result.steps for _, result in results]),
        }
    if kept.empty:
        raise DataError("recipe.no_rows", n=len(corpus))
    return kept, account


def describe(corpus: pd.DataFrame, task: Task, plan: Plan, steps: list[Any]) -> tuple[dict[str, Any], Leaks]:
    """Return the rest of data.json (text steps, leaks, classes or numbers, parts, words, languages), and the leaks.

    Parameters
    ----------
    corpus : DataFrame
        The rows kept.
    task : Task
        Inputs and target.
    plan : Plan
        How they are parted.
    steps : list
        Text steps of the recipe.
    """
    X = inputs(corpus, task)
    cleaned = CleanText(steps).fit_transform(X) if steps else X
    near = NearRows.of([corpus[column].tolist() for column in task.text_columns], None)
    leaks = find_leaks(corpus, task, plan, None if near is None else near.codes)
    account: dict[str, Any] = {
        "text_steps": step_report(X, list(corpus["id"]), steps) if steps else [],
        "leaks": leaks.found,
        "words": lengths(X),
        "languages": count_languages(joined_texts(X)),
        "unknown_words": [list(found) for found in unknown_words(joined_texts(cleaned))],
        "parts": parts_of(corpus, task, plan.parts),
        "table": class_table(corpus, task, plan.parts),
        "common_words": common_words(cleaned, targets(corpus, task), task, _stop_words()),
        **target_account(corpus, task),
    }
    if plan.left_out:
        account["left_out"] = plan.left_out
    if GROUP in corpus:
        account["group_count"] = int(corpus[GROUP].nunique())
    if shared := shared_groups(corpus, plan):
        account["shared_groups"] = shared
    return account, leaks


def _stop_words() -> frozenset[str]:
    return frozenset(own_words("id")) | frozenset(own_words("en"))


def labels_of(corpus: pd.DataFrame, task: Task) -> dict[str, list[str]]:
    """Return the class names of each output, sorted; empty for numbers.

    Raises
    ------
    DataError
        An output has one class only, only one class has more than one row, or the positive class is not there.
    """
    if task.is_number:
        return {}
    labels = {
        output: sorted(corpus[column].unique())
        for output, column in zip(task.outputs, task.target_columns, strict=True)
    }
    for output, names in labels.items():
        if len(names) < 2 and task.target == "class":
            raise DataError("recipe.one_class", label=names[0] if names else "", n=len(corpus), output=output)
        counts = corpus[task.target_columns[task.outputs.index(output)]].value_counts()
        if task.target == "class" and int((counts > 1).sum()) < 2:
            single = ", ".join(f"'{name}'" for name in counts.index[counts == 1])
            raise DataError("recipe.single_rows", labels=single)
    if task.positive is not None and not any(task.positive in names for names in labels.values()):
        allowed = ", ".join(next(iter(labels.values())))
        raise DataError("recipe.positive_absent", came=task.positive, allowed=allowed)
    return labels


def rare_classes(corpus: pd.DataFrame, task: Task, folds: int) -> list[str]:
    """Return a warning for every class that has fewer rows than there are folds."""
    if task.is_number:
        return []
    return [
        say("recipe.rare_class", label=label, n=n, folds=folds)
        for column in task.target_columns
        for label, n in corpus[column].value_counts().items()
        if n < folds
    ]


def _outputs(section: CollectSection) -> dict[str, str]:
    if section.labels is None:
        return {}
    named: Mapping[str, str] = (
        section.labels if isinstance(section.labels, dict) else {name: name for name in section.labels}
    )
    return {f"label_{output}": column for output, column in named.items()}


def _own_source(section: CollectSection, folder: Path | None) -> str | Mapping[str, str]:
    if section.site is not None:
        return str((folder or Path()) / COLLECTED)
    return section.folder or section.files or section.file or ""


def _rows_of(name: str) -> Collected:
    """Read a set of the catalogue that has rows to learn from, which word lists and lexicons have not."""
    if dataset(name).kind == "table":
        known = (entry.name for entry in datasets().values() if entry.kind != "table")
        raise DataError("recipe.not_rows", name=name, known=", ".join(known))
    return read_dataset(name)


def _judge_parts(corpus: pd.DataFrame, task: Task, rows: RowJudge, cleaned: Any) -> list[tuple[np.ndarray, RowsResult]]:
    parts = corpus[PART].to_numpy(dtype=object)
    results = []
    for part in dict.fromkeys(parts):
        positions = np.flatnonzero(parts == part)
        some = cleaned.iloc[positions] if is_pairs(cleaned) else cleaned[positions]
        results.append((positions, judge_rows(corpus.iloc[positions], task, rows.settings, some, count_near=False)))
    return results


def _added(steps: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Add up the steps of several parts."""
    total = []
    for same in zip(*steps, strict=True):
        examples = [example for step in same for example in step["examples"]][:5]
        total.append(
            {
                "name": same[0]["name"],
                "before": sum(step["before"] for step in same),
                "after": sum(step["after"] for step in same),
                "examples": examples,
            }
        )
    return total
