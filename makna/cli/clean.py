"""`makna clean`: one text's way through the steps, or a whole table with its cleaned texts beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from makna.cli.screen import Stages, tell
from makna.core.errors import DataError, UsageError
from makna.core.messages import say

if TYPE_CHECKING:
    from makna.collect.stream import Reading

DEFAULT_STEPS = ("tweet", "lowercase", "alphanumeric", "slang")
_CHUNK = 10_000


@dataclass(frozen=True)
class CleanWords:
    """The words of the command."""

    file: str | None
    out: str | None
    explain: str | None
    steps: str | None
    recipe: str | None
    text: tuple[str, ...]
    as_json: bool
    reading: Reading


def clean(words: CleanWords) -> None:
    """Explain one text on stdout, or clean a table and end with its path on stdout.

    Raises
    ------
    UserError
        The words do not fit together, or the steps, the recipe or the table are wrong.
    """
    if (words.file is None) == (words.explain is None):
        raise UsageError("cli.clean_one_of")
    if words.file is not None and words.out is None:
        raise UsageError("cli.clean_needs_out", file=words.file)
    if words.steps is not None and words.recipe is not None:
        raise UsageError("cli.clean_steps_twice")
    steps, columns = _steps(words)
    if words.explain is not None:
        _explain(words.explain, steps, words.as_json)
    else:
        _clean_table(words, steps, columns)


def _steps(words: CleanWords) -> tuple[list[Any], tuple[str, ...]]:
    """Return the steps, and the text columns that a recipe names."""
    if words.recipe is not None:
        from makna.recipe.recipe import load_recipe

        recipe = load_recipe(words.recipe)
        named = (getattr(recipe.collect, name) for name in recipe.task.text_columns)
        return recipe.clean, tuple(name for name in named if isinstance(name, str))
    if words.steps is None:
        return list(DEFAULT_STEPS), ()
    import yaml

    written = words.steps.strip()
    try:
        found = yaml.safe_load(written if written.startswith("[") else f"[{written}]")
    except yaml.YAMLError:
        found = None
    if not isinstance(found, list):
        raise UsageError("cli.clean_bad_steps", came=words.steps)
    return found, ()


def _explain(text: str, steps: Sequence[Any], as_json: bool) -> None:
    from makna.clean.text import explain_text

    found = explain_text(text, steps)
    if as_json:
        after = found[-1]["after"] if found else text
        shown = json.dumps({"text": text, "cleaned": after, "steps": found}, ensure_ascii=False, indent=1)
    else:
        shown = "\n".join(_lines(text, found))
    print(shown)  # noqa: T201 (what happens to the text is the command's result)


def _lines(text: str, steps: list[dict[str, Any]]) -> Iterator[str]:
    names = [say("cli.clean_text"), *(f"{i}. {step['name']}" for i, step in enumerate(steps, 1))]
    width = max(map(len, names)) + 2
    yield f"{names[0]:<{width}}{text}"
    for name, step in zip(names[1:], steps, strict=True):
        same = step["before"] == step["after"]
        yield f"{name:<{width}}{say('cli.clean_unchanged') if same else step['after'] or say('cli.clean_empty')}"
        for change in step["changes"]:
            why = ", ".join(dict.fromkeys(filter(None, (change["table"], change["kind"]))))
            yield f"{'':<{width}}  {change['token']} → {change['to'] or say('cli.clean_empty')}  ({why})"


def _clean_table(words: CleanWords, steps: list[Any], usual: tuple[str, ...]) -> None:
    from makna.clean.text import CleanText
    from makna.collect.cells import as_text
    from makna.collect.stream import TableStream
    from makna.collect.writer import TableWriter
    from makna.serve.tables import free_names

    path, out = Path(words.file or ""), Path(words.out or "")
    cleaner = CleanText(steps).fit([])
    stream = TableStream.open(path, words.reading)
    texts = _text_columns(stream.columns, words.text, usual)
    names = free_names(["clean"] if len(texts) == 1 else [f"clean_{name}" for name in texts], stream.columns)
    if out.exists() and path.exists() and out.samefile(path):
        raise DataError("serve.same_file", path=str(out))
    delimiter = stream.delimiter if path.suffix.lower() == out.suffix.lower() else None
    changed = 0
    with Stages() as stages, TableWriter.open(out, [*stream.columns, *names], delimiter=delimiter) as writer:
        for rows in stream.chunks(_CHUNK):
            differs = [False] * len(rows)
            for column, name in zip(texts, names, strict=True):
                before = [as_text(value) for value in rows[column].tolist()]
                rows[name] = cleaner.transform(before)
                differs = [d or a != b for d, a, b in zip(differs, before, rows[name], strict=True)]
            changed += sum(differs)
            writer.write(rows)
            stages("clean", "", writer.rows, stream.rows or writer.rows)
    for note in stream.notes:
        tell(note)
    tell(say("cli.clean_done", rows=writer.rows, changed=changed, columns=", ".join(texts), added=", ".join(names)))
    if writer.guarded:
        tell(say("serve.guarded", n=writer.guarded))
    print(out)  # noqa: T201 (the result's path is what stdout is for)


def _text_columns(columns: Sequence[str], asked: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Return the columns to clean: those asked for, those of the recipe, the usual ones, or the only one."""
    from makna.collect.names import listed, missing_column

    for name in asked:
        if name not in columns:
            raise missing_column(name, "text", columns)
    for names in (asked, usual, ("text",), ("text_a", "text_b"), columns if len(columns) == 1 else ()):
        if names and all(name in columns for name in names):
            return list(dict.fromkeys(names))
    raise DataError("cli.clean_which_column", columns=listed(columns))
