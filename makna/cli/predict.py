"""`makna predict`: a saved model on a table; the user's rows and columns come back with the answers beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.screen import Stages, tell
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.collect.stream import Reading


@dataclass(frozen=True)
class PredictWords:
    """The words of the command."""

    model: str
    file: str
    out: str
    text: tuple[str, ...]
    chunk: int
    reading: Reading


def predict_table(words: PredictWords) -> None:
    """Predict a file, say how many rows there were, and end with the output's path on stdout."""
    from makna.recipe.load import load

    loaded = load(words.model)
    with Stages() as stages:
        summary = loaded.predict_file(
            words.file, words.out, text=words.text or None, chunk=words.chunk, reading=words.reading,
            progress=lambda done, rows: stages("predict", "", done, rows or done),
        )  # fmt: skip
    tell(str(summary))
    tell(say("cli.predict_done", model=Path(words.model).name))
    print(words.out)  # noqa: T201 (the result's path is what stdout is for)
