"""`makna grade`: the teacher's desk, from a class file to the same file with marks and a list to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from makna.cli.screen import tell
from makna.core.errors import UsageError

if TYPE_CHECKING:
    from makna.cli.predict import PredictWords
    from makna.collect.stream import Reading

_TOLERANCE = 0.2  # of the scale's width: 1 mark of 0 – 5


@dataclass(frozen=True)
class GradeWords:
    """The words of the command."""

    file: str
    out: str
    columns: Mapping[str, str | None]
    reading: Reading
    scale: tuple[float, float] = (0.0, 5.0)
    step: float | None = None
    promise: float = 0.1
    tolerance: float | None = None
    certainty: float | None = None
    by: str = "auto"
    model: str | None = None
    encoder: str | None = None
    seed: int = 13
    overwrite: bool = False


def grade(words: GradeWords) -> None:
    """Grade a class file, say what is promised, and end with the workbook's path on stdout."""
    from makna.learn.risk import Promise
    from makna.serve.desk import By, DeskSettings
    from makna.serve.desk_file import DeskFile, grade_file
    from makna.serve.desk_marker import MarkerSettings

    if words.by not in get_args(By):
        raise UsageError("cli.grade_by", came=words.by, allowed=", ".join(get_args(By)))
    low, high = words.scale
    tolerance = _TOLERANCE * (high - low) if words.tolerance is None else words.tolerance
    settings = DeskSettings(
        Promise(words.promise, tolerance, words.certainty),
        MarkerSettings(low, high, words.step, seed=words.seed),
        words.by,  # type: ignore[arg-type]
        words.encoder,
    )
    file = DeskFile(Path(words.file), Path(words.out), words.columns, words.reading, words.overwrite)
    result = grade_file(file, settings, _model(words.model))
    tell(str(result))
    print(result.out)  # noqa: T201 (the result's path is what stdout is for)


def grade_by_model(words: PredictWords, marks: str) -> None:
    """Grade a class file with a saved model and the marks that are in it: `makna predict … --marks COLUMN`.

    Parameters
    ----------
    words : PredictWords
        Those of `makna predict`; answer and key are the columns the model was trained with, or ``--text`` twice.
    marks : str
        The column of the teacher's marks.
    """
    from makna.collect.stream import TableStream
    from makna.core.errors import DataError
    from makna.serve.tables import text_columns

    model = _model(words.model)
    if not model.task.is_number or model.task.inputs != "pair":
        raise DataError("serve.desk_model", name=model.name, inputs=model.task.inputs, target=model.task.target)
    there = TableStream.open(words.file, words.reading).columns
    answer, key = text_columns(model.saved, there, words.text or None)
    columns = {"answer": answer, "key": key, "mark": marks}
    scale = model.task.scale or (0.0, 5.0)
    grade(GradeWords(words.file, words.out, columns, words.reading, scale, model.task.step, model=words.model))


def _model(folder: str | None) -> Any:
    if folder is None:
        return None
    from makna.recipe.load import load

    return load(folder)
