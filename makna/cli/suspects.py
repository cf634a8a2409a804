"""`makna label suspects`: the rows of a run whose label is likely wrong, as a queue to read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from makna.cli.drawing import drawn
from makna.cli.screen import tell
from makna.core.errors import UserError
from makna.core.messages import language, say

if TYPE_CHECKING:
    import pandas as pd

    from makna.label.suspects import Suspects

_SHOWN = 20
_TEXT_SHOWN = 60


def show_suspects(run: str, system: str | None, out: str | None) -> None:
    """Show the first suspects, or write all of them and end with the file's path on stdout.

    Raises
    ------
    UserError
        There is no run, or none of its systems gives chances of classes; the file cannot be written.
    """
    from makna.label.suspects import suspects_of_run

    found = suspects_of_run(run, system)
    queue, note = _with_texts(found.queue, Path(run))
    if note:
        tell(note)
    tell(_lead(found))
    if out is None:
        if len(queue):
            sys.stdout.write(_table(queue) + "\n")
        if len(queue) > _SHOWN:
            tell(say("label.suspects_more", n=len(queue) - _SHOWN))
        return
    from makna.collect.writer import TableWriter

    with TableWriter.open(out, list(queue.columns)) as writer:
        writer.write(queue)
    if writer.guarded:
        tell(say("serve.guarded", n=writer.guarded))
    print(out)  # noqa: T201 (the result's path is what stdout is for)


def _lead(found: Suspects) -> str:
    lead = say("label.suspects_lead", system=found.system, n=len(found.queue), judged=found.judged)
    return lead + (" " + say("label.suspects_unusable", n=found.unusable) if found.unusable else "")


def _with_texts(queue: pd.DataFrame, run: Path) -> tuple[pd.DataFrame, str]:
    """Return the queue with the texts of the run's own data beside it, or why they are not there."""
    from makna.core.corpus import ID
    from makna.core.files import read_json
    from makna.recipe.data import gather
    from makna.recipe.recipe import load_recipe

    try:
        recipe = load_recipe(str(run / "recipe.yaml"))
        gathered = gather(recipe, run)
        known = read_json(run / "manifest.json")["data"]["files"]
    except (UserError, OSError, ValueError, KeyError, TypeError) as problem:
        return queue, say("label.no_texts", reason=str(problem))
    if [file["sha256"] for file in known] != [file["sha256"] for file in gathered.origin["files"]]:
        return queue, say("label.no_texts", reason=say("label.data_changed"))
    corpus = gathered.corpus.set_index(gathered.corpus[ID].astype(str))
    wide = queue.copy()
    for place, column in enumerate(recipe.task.text_columns, start=1):
        wide.insert(place, column, corpus[column].reindex(queue["id"].astype(str)).to_numpy())
    return wide, ""


def _table(queue: pd.DataFrame) -> str:
    from makna.report.language import Locale

    locale = Locale(language())
    texts = [name for name in queue.columns if name.startswith("text")]
    heads = [say("label.column_row"), *texts]
    heads += [say(f"label.column_{name}") for name in ("label", "suggested", "probability_label")]
    heads += [say(f"label.column_{name}") for name in ("probability_suggested", "margin")]
    rows = []
    for row in queue.head(_SHOWN).to_dict("records"):
        name = " / ".join(filter(None, [str(row["id"]), str(row["output"])]))
        shown = [_short(str(row[text])) for text in texts]
        numbers = [locale.score(row[key]) for key in ("probability_label", "probability_suggested", "margin")]
        rows.append([name, *shown, str(row["label"]), str(row["suggested"]), *numbers])
    return drawn(say("label.table_suspects"), heads, rows)


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _TEXT_SHOWN else one_line[: _TEXT_SHOWN - 1] + "…"
