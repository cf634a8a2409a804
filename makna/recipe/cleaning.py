"""The `clean` section of a recipe: text steps, and where among them rows are judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path as FilePath
from typing import Any

from makna.clean.chain import make_step
from makna.clean.rows import RowSettings, row_settings
from makna.core.errors import RecipeError
from makna.core.messages import say
from makna.recipe.source import Path

ROWS = "rows"
_TABLES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class RowJudge:
    """How rows are judged, and on which cleaning of the text.

    Parameters
    ----------
    settings : RowSettings
        What is dropped.
    on : list
        Text steps that the text has gone through when it is judged.
    after : list
        Those of them that only the judging uses (paper 002 judges after stemming).
    """

    settings: RowSettings
    on: list[Any] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a recipe writes them, defaults written out."""
        return asdict(self.settings) | ({"after": self.after} if self.after else {})


def read_clean(
    value: Any, path: Path, add: Callable[[Path, str], None], allow_rows: bool = True
) -> tuple[list[Any], RowJudge]:
    """Read a list of cleaning steps.

    Parameters
    ----------
    value : object
        The list as written.
    path : Path
        Where it stands.
    add : callable
        Notes a problem: (path, message).
    allow_rows : bool
        Whether rows may be judged here; a single system cannot.

    Returns
    -------
    list, RowJudge
        Text steps with every default written out, and how rows are judged.
    """
    if value is None:
        value = []
    if not isinstance(value, list):
        add(path, say("clean.bad_steps", came=repr(value)[:60]))
        return [], RowJudge(RowSettings())
    steps: list[Any] = []
    judge: RowJudge | None = None
    for i, item in enumerate(value):
        here = (*path, i)
        if _is_rows(item):
            if not allow_rows or judge is not None:
                add(here, say("recipe.rows_once"))
                continue
            judge = _judge(item, list(steps), here, add)
        else:
            step = _read_step(item, here, add)
            steps += [step] if step is not None else []
    return steps, judge or RowJudge(RowSettings(), list(steps))


def with_folder(recipe: dict[str, Any], folder: FilePath) -> None:
    """Make the tables that cleaning steps name absolute, in place: they start from the recipe's folder.

    Parameters
    ----------
    recipe : dict
        The recipe as read.
    folder : Path
        Where it lies.
    """
    systems = recipe.get("systems")
    bodies = [body for body in systems.values() if isinstance(body, dict)] if isinstance(systems, dict) else []
    for holder in (recipe, *bodies):
        if "clean" in holder:
            holder["clean"] = _absolute(holder["clean"], folder)


def _absolute(value: Any, folder: FilePath) -> Any:
    if isinstance(value, dict):
        return {key: _absolute(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_absolute(item, folder) for item in value]
    is_table = isinstance(value, str) and value.lower().endswith(_TABLES)
    return str((folder / value).resolve()) if is_table else value


def _is_rows(item: Any) -> bool:
    return item == ROWS or (isinstance(item, dict) and list(item) == [ROWS])


def _judge(item: Any, steps: list[Any], path: Path, add: Callable[[Path, str], None]) -> RowJudge:
    given = item[ROWS] if isinstance(item, dict) else None
    given = {} if given is None else given
    if not isinstance(given, dict):
        add((*path, ROWS), say("clean.bad_settings", step=ROWS, came=repr(given)[:60]))
        given = {}
    after, _ = read_clean(given.get("after"), (*path, ROWS, "after"), add, allow_rows=False)
    settings = {key: value for key, value in given.items() if key != "after"}
    try:
        return RowJudge(row_settings(settings), [*steps, *after], after)
    except RecipeError as wrong:
        add(_place(path, ROWS, wrong), str(wrong))
        return RowJudge(RowSettings(), steps)


def _read_step(item: Any, path: Path, add: Callable[[Path, str], None]) -> Any:
    try:
        step = make_step(item)
    except RecipeError as wrong:
        add(_place(path, next(iter(item)) if isinstance(item, dict) and item else "", wrong), str(wrong))
        return None
    settings = step.settings()
    return {step.name: settings} if settings else step.name


def _place(path: Path, name: str, wrong: RecipeError) -> Path:
    """Return the path of the key that is wrong, as near as the error tells."""
    setting = wrong.fields.get("setting") or (wrong.fields.get("came") if "unknown_setting" in wrong.key else None)
    return tuple(piece for piece in (*path, name, setting) if piece not in ("", None))
