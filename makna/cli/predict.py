"""`makna predict`: a saved model on a table; the user's rows and columns come back with the answers beside them."""

from __future__ import annotations

from pathlib import Path

from makna.cli.screen import Stages, tell
from makna.core.messages import say


def predict_table(model: str, file: str, out: str, text: list[str], chunk: int) -> None:
    """Predict a file, say how many rows there were, and end with the output's path on stdout."""
    from makna.recipe.load import load

    loaded = load(model)
    with Stages() as stages:
        summary = loaded.predict_file(
            file, out, text=text or None, chunk=chunk,
            progress=lambda done, rows: stages("predict", "", done, rows or done),
        )  # fmt: skip
    tell(str(summary))
    tell(say("cli.predict_done", model=Path(model).name))
    print(out)  # noqa: T201 (the result's path is what stdout is for)
