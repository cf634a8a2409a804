"""What the documentation shows is run: docstring examples, and the Python and makna blocks of README and docs.

Each file's blocks run in order, in one namespace and one empty folder. Studies get the first rows of a seeded sample
(``--rows``), and all rows with ``--slow``. ``<!-- not run: reason -->`` above a block leaves it out.
"""

from __future__ import annotations

import doctest
import hashlib
import os
import pkgutil
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import makna
from makna.cli.main import run_command
from makna.collect.catalogue import datasets
from makna.core.messages import set_language

ROOT = Path(__file__).parents[1]
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.is_file()]
MODULES = sorted(found.name for found in pkgutil.walk_packages(makna.__path__, "makna."))
ROWS = 60
_FENCE = re.compile(r"^(?P<indent>\s*)```(?P<kind>\w*)\s*$")
_MARKER = re.compile(r"^\s*<!--\s*not run:(?P<reason>.*?)-->\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block that is to be run; `not_run` is the reason in the comment above it, None without one."""

    kind: str
    line: int
    code: str
    not_run: str | None

    @property
    def is_run(self) -> bool:
        is_makna = self.kind == "sh" and self.code.split(maxsplit=1)[:1] == ["makna"]
        return self.not_run is None and (self.kind == "python" or is_makna)


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the Python and shell blocks of a page of Markdown."""
    lines = page.splitlines()
    above: str | None = None
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            marker = _MARKER.match(lines[at])
            if marker or lines[at].strip():
                above = marker["reason"].strip() if marker else None
            at += 1
            continue
        start, indent = at + 1, len(opening["indent"])
        at = next((i for i in range(start, len(lines)) if lines[i].strip() == "```"), len(lines))
        if opening["kind"] in ("python", "sh"):
            code = "\n".join(line[indent:] if line[:indent].isspace() else line for line in lines[start:at])
            yield Block(opening["kind"], start, code + "\n", above)
        above = None
        at += 1


def _commands(block: Block) -> list[list[str]]:
    lines = block.code.replace("\\\n", " ").splitlines()
    commands = [shlex.split(line, comments=True) for line in lines]
    return [words for words in commands if words]


def _needs_data(block: Block) -> bool:
    """Tell whether a block names public data, which tests have only where MAKNA_DATA is set."""
    names = [name for name in datasets() if not name.startswith("sample-")]
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", block.code) for name in names)


@pytest.fixture(scope="module")
def kept_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def quick_studies(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kept_runs: Path) -> None:
    """Make every study a sample of its rows, wherever it is started from; one that was run before is copied."""
    if request.config.getoption("--slow"):
        return
    import makna.recipe.api as api
    import makna.recipe.runner as runner

    whole = runner.run_recipe

    def run_recipe(recipe: Any, folder: Any, options: Any = None) -> Any:
        options = options or runner.RunOptions()
        # Of a few whole groups too few would be left.
        rows = options.rows if recipe.split.group else min(options.rows or ROWS, ROWS)
        kept = kept_runs / hashlib.sha256(repr((recipe.resolved, rows, options.only)).encode()).hexdigest()
        if kept.is_dir() and not options.resume:
            return makna.Run(shutil.copytree(kept, folder))
        # Two threads of linear algebra on busy cores wait for each other longer than they work.
        run = whole(replace(recipe, threads=1), folder, replace(options, rows=rows))
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        return run

    monkeypatch.setattr(runner, "run_recipe", run_recipe)
    monkeypatch.setattr(api, "run_recipe", run_recipe)


@pytest.fixture
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    # What `--lang` sets for good in a process is put back after the test.
    monkeypatch.setenv("MAKNA_LANG", "id")
    return tmp_path


@pytest.mark.usefixtures("quick_studies", "empty_folder")
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_blocks(page: Path, capfd: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page.read_text("utf-8")):
        where = f"{page.relative_to(ROOT).as_posix()}:{block.line}"
        assert block.not_run != "", f"{where}: say why the block is not run"
        if not block.is_run or (_needs_data(block) and not os.environ.get("MAKNA_DATA")):
            continue
        if block.kind == "python":
            # Empty lines in front, so that a traceback shows the line of the page.
            exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)
            continue
        for words in _commands(block):
            assert words[0] == "makna", f"{where}: {words[0]} is no command of makna; give it a block of its own"
            set_language(None)
            code = run_command(words[1:])
            assert code == 0, f"{where}: {shlex.join(words)} ends with {code}: {capfd.readouterr().err}"


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str, empty_folder: Path) -> None:
    runner = doctest.DocTestRunner(verbose=False)
    told: list[str] = []
    for example in doctest.DocTestFinder(exclude_empty=True).find(import_module(name), name):
        runner.run(example, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(import_module(name), name) if test.examples]
    assert len(found) > 40
    assert sum(block.is_run for page in PAGES for block in blocks_of(page.read_text("utf-8"))) > 3


def test_blocks_are_found_where_they_stand() -> None:
    page = "a\n```python\nx = 1\n```\n\n<!-- not run: too long -->\n\n```sh\nmakna run big\n```\n"
    page += "- b\n  ```sh\n  makna studies\n  ```\n<!-- not run: -->\n```python\ny\n```\n"
    page += "<!-- not run: no -->\ntext\n```sh\npip install .\n```\n```text\nz\n```\n"
    assert list(blocks_of(page)) == [
        Block("python", 2, "x = 1\n", None),
        Block("sh", 8, "makna run big\n", "too long"),
        Block("sh", 12, "makna studies\n", None),
        Block("python", 16, "y\n", ""),
        Block("sh", 21, "pip install .\n", None),
    ]
    assert [block.is_run for block in blocks_of(page)] == [True, False, True, False, False]


def test_blocks_with_public_data_are_told_apart() -> None:
    assert _needs_data(Block("sh", 1, "makna run hate-speech --rows 9\n", None))
    assert not _needs_data(Block("sh", 1, "makna run sample-tweets --out not-hate-speech-at-all\n", None))


def test_words_of_a_command() -> None:
    block = Block("sh", 1, "# first\nmakna run x.yaml \\\n  --out 'my folder'  # then\n\nmakna studies\n", None)
    assert _commands(block) == [["makna", "run", "x.yaml", "--out", "my folder"], ["makna", "studies"]]
