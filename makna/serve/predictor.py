"""A saved model at work: the same label and probabilities from Python, the command line and every service."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from makna.collect.cells import as_text
from makna.collect.stream import AS_FOUND, CHUNK, Reading
from makna.core.compute import Compute, computing
from makna.core.corpus import PAIR, as_pairs, as_texts, text_array
from makna.core.messages import say
from makna.core.model_folder import SavedModel, load_model
from makna.core.task import Task
from makna.serve.tables import PredictSummary, predict_table

PREDICTION = "prediction"
# A saved network answers in fp32 unless something else is asked for: whatever the batch, the answer is the same.
EXACT = Compute(precision="fp32")
PROBABILITY = "probability"


class Model:
    """A fitted system with its task, its classes and what is known about it.

    Parameters
    ----------
    saved : SavedModel
        What a model folder holds.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> system = DummyClassifier().fit(["a", "b", "c"], ["ya", "ya", "tidak"])
    >>> model = Model(SavedModel(system, Task(), {"": ["tidak", "ya"]}))
    >>> model.predict(["bagus"]).columns.tolist()
    ['prediction', 'probability_tidak', 'probability_ya']
    """

    def __init__(self, saved: SavedModel) -> None:
        self.saved = saved

    @property
    def task(self) -> Task:
        """Inputs and target."""
        return self.saved.task

    @property
    def labels(self) -> dict[str, list[str]]:
        """Class names by output (``""`` where there is one), in the order of the columns; empty for numbers."""
        return self.saved.labels

    @property
    def about(self) -> dict[str, Any]:
        """Name, version, scores and licences."""
        return self.saved.about

    @property
    def name(self) -> str:
        """The system's name."""
        return str(self.about.get("name") or type(self.saved.system).__name__)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `predict`, in their order."""
        if self.task.is_number:
            return (PREDICTION,)
        names: list[str] = []
        for output in self.task.outputs:
            inside = f"_{output}" if output else ""
            names.append(PREDICTION + inside)
            if self._has_probabilities:
                names += [f"{PROBABILITY}{inside}_{label}" for label in self.labels[output]]
        return (*names, *self._beside)

    def predict(self, X: Any) -> pd.DataFrame:
        """Return predictions, and the probability of every class where the system has probabilities.

        Parameters
        ----------
        X : sequence of str, shape (n,), or DataFrame, shape (n, 2)
            Texts, or pairs; an empty text gets a prediction too.

        Returns
        -------
        DataFrame, n rows
            ``prediction`` and ``probability_CLASS`` (0 … 1); of a cascade also ``answered_by``, ``cost`` and, where it
            has a band, ``answer``; with several outputs ``prediction_OUTPUT`` and ``probability_OUTPUT_CLASS``; for
            numbers ``prediction`` only, inside the task's scale. The prediction is
            the most probable class. Rows as in X, index 0 … n − 1.

        Raises
        ------
        DataError
            X has another shape, or holds something that is not a text.
        """
        X = self._checked(X)
        if len(X) == 0:
            return pd.DataFrame({name: [] for name in self.columns})
        with computing(EXACT, unless_said=True):
            columns = self._answers(X)
        table = pd.concat([pd.Series(column) for column in columns], axis=1)
        table.columns = pd.Index(self.columns)
        return table

    def _answers(self, X: Any) -> list[Any]:
        """Return the columns of the answer, in their order."""
        X, learner = self._represent(X)
        if self.task.is_number:
            values = np.asarray(learner.predict(X), dtype=float)
            return [np.clip(values, *self.task.scale) if self.task.scale else values]
        if self._has_probabilities:
            return self._classes(learner, X)
        said = np.asarray(learner.predict(X), dtype=object)
        return [_texts(column) for column in (said.T if said.ndim == 2 else [said])]

    def predict_file(
        self,
        path: str | os.PathLike[str],
        out: str | os.PathLike[str],
        *,
        text: str | Sequence[str] | None = None,
        chunk: int = CHUNK,
        progress: Callable[[int, int | None], None] | None = None,
        reading: Reading = AS_FOUND,
    ) -> PredictSummary:
        """Predict every row of a table and write the user's own table with the new columns added.

        Rows are neither dropped nor reordered, and memory stays flat however many there are.

        Parameters
        ----------
        path : path
            csv, tsv, txt, xlsx, jsonl or parquet, or a folder of texts or tables.
        out : path
            Where to write; csv, tsv, xlsx, jsonl or parquet. It appears when all rows are done.
        text : str, sequence of two str (pairs), or None
            The column(s) to read. When None: the names saved with the model, then `text` or `text_a`, `text_b`.
        chunk : int
            Rows at a time; does not change the result.
        progress : callable or None
            Called after each chunk with the rows done and, where known, the rows in all.
        reading : Reading
            Encoding, delimiter or sheet, where they are not to be found out.

        Raises
        ------
        DataError
            The table cannot be read or written, or has none of these columns (the nearest match is offered).
        """
        return predict_table(self, Path(path), Path(out), text=text, chunk=chunk, progress=progress, reading=reading)

    def inputs(self, chunk: pd.DataFrame, columns: Sequence[str]) -> Any:
        """Return X of a table: the cells of one column, or of two for pairs, as texts.

        Parameters
        ----------
        chunk : DataFrame
            Any table.
        columns : sequence of str
            One column, or two for pairs.
        """
        sides = [text_array(as_text(value) for value in chunk[name].tolist()) for name in columns]
        return sides[0] if self.task.inputs == "text" else pd.DataFrame(dict(zip(PAIR, sides, strict=True)))

    def __repr__(self) -> str:
        classes = "" if self.task.is_number else f", labels={self._labels_in_words()}"
        return f"Model({self.name!r}, {self.task.inputs} → {self.task.target}{classes})"

    def _repr_html_(self) -> str:
        facts = [say("serve.model_task", inputs=self.task.inputs, target=self.task.target)]
        if not self.task.is_number:
            facts.append(say("serve.model_labels", labels=self._labels_in_words()))
        if self.about.get("title"):
            facts.append(say("serve.model_study", title=self.about["title"]))
        items = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
        return f"<div><strong>{html.escape(self.name)}</strong><ul>{items}</ul></div>"

    def _labels_in_words(self) -> str:
        return "; ".join(f"{output}: {', '.join(names)}" if output else ", ".join(names)
                         for output, names in self.labels.items())  # fmt: skip

    def _checked(self, X: Any) -> Any:
        if self.task.inputs == "text":
            return text_array(as_texts(X))
        return pd.DataFrame(dict(zip(PAIR, map(text_array, as_pairs(X)), strict=True)))

    @property
    def _learner(self) -> Any:
        system = self.saved.system
        return system.steps[-1][1] if isinstance(system, Pipeline) else system

    @property
    def _beside(self) -> tuple[str, ...]:
        """What the learner tells of a row beside its probabilities, such as which system of a cascade answered."""
        return tuple(getattr(self._learner, "beside", ()))

    @property
    def _has_probabilities(self) -> bool:
        return hasattr(self._learner, "predict_proba")

    def _represent(self, X: Any) -> tuple[Any, Any]:
        """Return what the last step gets, and the last step; so that work before it is done once."""
        system = self.saved.system
        for _, step in system.steps[:-1] if isinstance(system, Pipeline) else ():
            if step not in (None, "passthrough"):
                X = step.transform(X)
        return X, self._learner

    def _classes(self, learner: Any, X: Any) -> list[Any]:
        """Return the columns of every output; a class the learner never saw has probability 0."""
        found, beside = learner.predict_beside(X) if self._beside else (learner.predict_proba(X), [])
        classes = learner.classes_
        if not isinstance(found, list):
            found, classes = [found], [classes]
        columns: list[Any] = []
        for output, known, values in zip(self.task.outputs, classes, found, strict=True):
            # Chosen before the columns are put in the labels' order, so that a tie goes as it does in the learner.
            columns.append(_texts(known[j] for j in values.argmax(axis=1)))
            place = {str(label): j for j, label in enumerate(known)}
            columns += [
                values[:, place[name]].astype(float) if name in place else np.zeros(len(values))
                for name in self.labels[output]
            ]
        return columns + beside


def _texts(labels: Iterable[Any]) -> pd.Series:
    return pd.Series([str(label) for label in labels], dtype=str)


def load(folder: str | os.PathLike[str], classes: Mapping[str, Any]) -> Model:
    """Load a model folder.

    Parameters
    ----------
    folder : path
        Written by `makna.core.model_folder.save_model`.
    classes : mapping of str to class
        Type name in the folder → class.

    Raises
    ------
    ModelError
        The folder is changed, incomplete or unknown; names the file or type that is wrong.
    """
    return Model(load_model(folder, classes))
