"""Cleaning as a step of a system, and what it did to a text or a corpus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from makna.clean.chain import make_step, resolve_steps
from makna.clean.step import TextStep
from makna.core.corpus import as_pairs, as_texts, is_pairs, map_sides
from makna.core.errors import DataError
from makna.core.memo import shared
from makna.core.portable import Parts, Portable
from makna.core.tags import TakesTexts

_SHOWN = 280  # characters of an example
_LEAD = 60  # of them, before the first difference


class CleanText(TakesTexts, TransformerMixin, BaseEstimator, Portable):
    """Clean texts by a chain of steps, the same way in training and in use.

    Rows are never dropped: a text that cleaning empties stays, as an empty text. Nothing is learned from the texts;
    fitting loads the slang tables, and a saved model carries them.

    Parameters
    ----------
    steps : list or None
        Steps as in a recipe: names, ``{name: {setting: value}}`` or ``{name: value}``; None changes nothing.

    Attributes
    ----------
    steps_ : tuple of TextStep
        The steps with their tables.

    Examples
    --------
    >>> CleanText(["tweet", "lowercase", "alphanumeric"]).fit_transform(["RT USER: BAGUUUS banget!!!"])
    array(['bagus banget'], dtype=object)
    """

    is_stateless = True

    def __init__(self, steps: list[Any] | None = None) -> None:
        self.steps = steps

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the steps and load their tables.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts or pairs; only the shape is looked at.
        y : ignored
            There for scikit-learn.

        Raises
        ------
        RecipeError
            A step or setting that does not exist.
        DataError
            X has another shape, or a slang table is missing.
        """
        _check_shape(X)
        self.steps_ = resolve_steps(self.steps)
        return self

    def transform(self, X: Any) -> Any:
        """Return X cleaned: an object array of str, or a table for pairs.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts or pairs.
        """
        check_is_fitted(self)
        # One memory for both sides of pairs (a key stands beside many answers) and, in a run, for all its folds.
        done = shared(("clean", repr(self.steps)), dict[str, str])
        return map_sides(_once_each(self._clean, done), X)

    def tables(self) -> list[dict[str, str]]:
        """Return name, licence and source of every slang table in use, for the model card."""
        check_is_fitted(self)
        return [source for step in self.steps_ for source in step.sources()]

    def to_parts(self) -> Parts:
        """Return the parts: settings with every default written out, and the tables as files."""
        parts = super().to_parts()
        if not hasattr(self, "steps_"):
            return parts
        parts.state["resolved"] = [{"name": step.name, "settings": step.settings()} for step in self.steps_]
        for position, step in enumerate(self.steps_):
            cargo = step.cargo()
            if cargo is not None:
                text = json.dumps(cargo, ensure_ascii=False, separators=(",", ":"))
                parts.files[_file_of(position, step.name)] = text.encode("utf-8", "surrogatepass")
        return parts

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Rebuild from parts; the tables come from them, not from where they once were."""
        made = cls(**parts.settings)
        if "resolved" in parts.state:
            resolved = enumerate(parts.state["resolved"])
            made.steps_ = tuple(_restored(spec, parts.files.get(_file_of(i, spec["name"]))) for i, spec in resolved)
        return made

    def _clean(self, texts: Sequence[str]) -> list[str]:
        for step in self.steps_:
            texts = step.apply_all(texts)
        return list(texts)


def tables_hash(steps: Sequence[Any] | None) -> str:
    """Return a hash of the tables that steps use: another content is another hash, though the name be the same.

    Parameters
    ----------
    steps : sequence
        Steps as in a recipe.
    """
    cargo = [step.cargo() for step in resolve_steps(steps)]
    return hashlib.sha256(json.dumps(cargo, sort_keys=True).encode()).hexdigest()


def explain_text(text: str, steps: Sequence[Any] | None) -> list[dict[str, Any]]:
    """Tell what each step makes of a text, and for slang which token was changed by which table.

    Parameters
    ----------
    text : str
        A raw text.
    steps : sequence
        Steps as in a recipe, or made already.

    Returns
    -------
    list of dict
        For each step ``{"name", "before", "after", "changes"}``; a change is ``{"token", "to", "table", "kind"}``.

    Examples
    --------
    >>> [(found["name"], found["after"]) for found in explain_text("Mantaaap 👍", ["emoji", "elongation"])]
    [('emoji', 'Mantaaap'), ('elongation', 'Mantap')]
    """
    found = []
    for step in resolve_steps(steps):
        after = step.apply(text)
        found.append({"name": step.name, "before": text, "after": after, "changes": step.changes(text)})
        text = after
    return found


def step_report(X: Any, ids: Sequence[str], steps: Sequence[Any] | None, examples: int = 5) -> list[dict[str, Any]]:
    """Count for each step the rows it changes, with examples; ``text_steps`` of the run's ``data.json``.

    Parameters
    ----------
    X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
        Raw texts or pairs; a pair is changed where one side is.
    ids : sequence of str, shape (n,)
        The rows' ids.
    steps : sequence
        Steps as in a recipe, or made already.
    examples : int
        How many of the first changed rows are shown; long texts are shown around the first change.

    Returns
    -------
    list of dict
        ``{"name", "changed", "examples": [{"id", "before", "after"}]}`` a step.

    Raises
    ------
    DataError
        X has another shape, or another number of rows than `ids`.
    """
    sides = list(as_pairs(X)) if is_pairs(X) else [as_texts(X)]
    ids = [str(name) for name in ids]
    if len(ids) != len(sides[0]):
        raise DataError("clean.length_differs", came=len(ids), rows=len(sides[0]))
    report = []
    chain = resolve_steps(steps)
    for step in chain:
        cleaned = [_once_each(step.apply_all)(side) for side in sides]
        changed: dict[int, int] = {}  # row → the first side that changed
        for number, (before, after) in enumerate(zip(sides, cleaned, strict=True)):
            for row, (old, new) in enumerate(zip(before, after, strict=True)):
                if old != new:
                    changed.setdefault(row, number)
        shown = [(row, changed[row]) for row in sorted(changed)[:examples]]
        report.append(
            {
                "name": step.name,
                "changed": len(changed),
                "examples": [
                    {"id": ids[row]} | _excerpt(*(_shown(side[at][row], chain) for side in (sides, cleaned)))
                    for row, at in shown
                ],
            }
        )
        sides = cleaned
    return report


def _check_shape(X: Any) -> None:
    if is_pairs(X):
        as_pairs(X)
    else:
        as_texts(X)


def _once_each(
    function: Callable[[Sequence[str]], list[str]], done: dict[str, str] | None = None
) -> Callable[[list[str]], list[str]]:
    """Return a function that gives each distinct text once, all new ones together, to `function`."""
    done = {} if done is None else done

    def clean(texts: list[str]) -> list[str]:
        new = [text for text in dict.fromkeys(texts) if text not in done]
        if new:
            done.update(zip(new, function(new), strict=True))
        return [done[text] for text in texts]

    return clean


def _file_of(position: int, name: str) -> str:
    return f"step-{position + 1}-{name}.json"


def _restored(spec: dict[str, Any], data: bytes | None) -> TextStep:
    step = make_step({spec["name"]: spec["settings"]})
    return step if data is None else step.with_cargo(json.loads(data.decode("utf-8", "surrogatepass")))


def _shown(text: str, chain: Sequence[TextStep]) -> str:
    for step in chain:
        text = step.shown(text)
    return text


def _excerpt(before: str, after: str) -> dict[str, str]:
    shortest = min(len(before), len(after))
    same = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    start = max(0, same - _LEAD) if max(len(before), len(after)) > _SHOWN else 0
    return {"before": _window(before, start), "after": _window(after, start)}


def _window(text: str, start: int) -> str:
    end = start + _SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
