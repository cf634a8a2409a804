"""The `label` section of a recipe: which lexicon gives weak labels, checked as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

from makna.core.messages import say
from makna.core.task import Task
from makna.label.weights import NAMES
from makna.recipe.cleaning import read_clean
from makna.recipe.sections import LABELLERS, InsetSection, LabelSection, VaderSection
from makna.recipe.source import Path


def read_label(
    section: LabelSection, written: Any, task: Task, base: FilePath | None, add: Callable[[Path, str], None]
) -> LabelSection | None:
    """Return the section with its text steps written out and its files absolute; None where the recipe has none.

    Parameters
    ----------
    section : LabelSection
        As the sections are checked one by one.
    written : object
        As the recipe has it.
    task : Task
        Inputs and target.
    base : Path or None
        Folder that the recipe's relative file names start from.
    add : callable
        Notes a problem: (path, message).
    """
    if not isinstance(written, dict):
        return None
    given = [name for name in LABELLERS if name in written]
    if len(given) != 1:
        add(("label",), say("recipe.one_labeller", allowed=", ".join(LABELLERS)))
        return None
    if (task.inputs, task.target) != ("text", "class"):
        add(("label",), say("recipe.label_task"))
    source = given[0]
    settings = getattr(section, source)
    if settings is None:
        return None  # what is wrong with it is said already
    if isinstance(settings, VaderSection) and settings.translate and settings.translator:
        add(("label", source), say("recipe.translate_twice"))
    steps, _ = read_clean(settings.after, ("label", source, "after"), add, allow_rows=False)
    if base is not None and isinstance(settings, InsetSection):
        names = [settings.lexicon] if isinstance(settings.lexicon, str) else settings.lexicon
        based = [name if name in NAMES else str((base / name).resolve()) for name in names]
        settings = settings.model_copy(update={"lexicon": based[0] if len(based) == 1 else based})
    if base is not None and isinstance(settings, VaderSection) and settings.translator:
        settings = settings.model_copy(update={"translator": str((base / settings.translator).resolve())})
    return section.model_copy(update={source: settings.model_copy(update={"after": steps})})
