"""What the documentation shows is run: docstring examples, the blocks of README and docs, and the notebooks.

Each file's blocks run in order, in one namespace and one empty folder: Python, lines of makna, and of ``console``
blocks the lines after ``$``, below which stands what the screen must show (``…`` ends a line that goes on). Studies get
the first rows of a seeded sample (``--rows``), and all rows with ``--slow``. ``<!-- not run: reason -->`` above a block
leaves it out; ``<!-- file: NAME -->`` says that it is a file of the folder, word for word. Of a notebook every cell of
code runs but those that begin with ``%`` or ``!``.
"""

from __future__ import annotations

import doctest
import hashlib
import json
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
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
MODULES = sorted(found.name for found in pkgutil.walk_packages(makna.__path__, "makna."))
ROWS = 60
_FENCE = re.compile(r"^(?P<indent>\s*)```(?P<kind>\w*)\s*$")
_MARKER = re.compile(r"^\s*<!--\s*(?P<kind>not run|file):(?P<said>.*?)-->\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block; `not_run` and `file` are what the comment above it says, None without one."""

    kind: str
    line: int
    code: str
    not_run: str | None
    file: str | None = None

    @property
    def is_run(self) -> bool:
        is_makna = self.kind == "sh" and self.code.split(maxsplit=1)[:1] == ["makna"]
        return self.not_run is None and (self.kind in ("python", "console") or is_makna)


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the Python, shell and console blocks of a page of Markdown, and those that show a file."""
    lines = page.splitlines()
    above: dict[str, str] = {}
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            marker = _MARKER.match(lines[at])
            if marker or lines[at].strip():
                above = {marker["kind"]: marker["said"].strip()} if marker else {}
            at += 1
            continue
        start, indent = at + 1, len(opening["indent"])
        at = next((i for i in range(start, len(lines)) if lines[i].strip() == "```"), len(lines))
        if opening["kind"] in ("python", "sh", "console") or "file" in above:
            code = "\n".join(line[indent:] if line[:indent].isspace() else line for line in lines[start:at])
            yield Block(opening["kind"], start, code + "\n", above.get("not run"), above.get("file"))
        above = {}
        at += 1


def _commands(block: Block) -> list[list[str]]:
    lines = block.code.replace("\\\n", " ").splitlines()
    commands = [shlex.split(line, comments=True) for line in lines]
    return [words for words in commands if words]


def _screens(block: Block) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each command of a console block with the lines that are to be on the screen."""
    for text in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
        command, *lines = text.splitlines()
        yield shlex.split(command), [" ".join(line.removesuffix("…").split()) for line in lines]


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
        # Of a few whole groups too few would be left, and of few rows weak labels are not shown to be better.
        rows = options.rows if recipe.split.group or recipe.label is not None else min(options.rows or ROWS, ROWS)
        kept = kept_runs / hashlib.sha256(repr((recipe.resolved, rows, options.only)).encode()).hexdigest()
        if kept.is_dir() and not options.resume and not Path(folder).exists():
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


def _check_screens(block: Block, where: str, capfd: pytest.CaptureFixture[str]) -> None:
    for words, lines in _screens(block):
        assert words[0] == "makna", f"{where}: {words[0]} is no command of makna"
        set_language(None)
        capfd.readouterr()
        code = run_command(words[1:])
        screen = " ".join("".join(capfd.readouterr()).split())
        assert code == (2 if lines and lines[0].startswith("makna: ") else 0), f"{where}: {screen}"
        for line in lines:
            assert line in screen, f"{where}: {shlex.join(words)} shows {screen}"


@pytest.mark.usefixtures("quick_studies", "empty_folder")
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_blocks(page: Path, capfd: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page.read_text("utf-8")):
        where = f"{page.relative_to(ROOT).as_posix()}:{block.line}"
        assert block.not_run != "", f"{where}: say why the block is not run"
        if block.file is not None:
            assert block.code == Path(block.file).read_text("utf-8"), f"{where}: {block.file} is another"
        if not block.is_run or (_needs_data(block) and not os.environ.get("MAKNA_DATA")):
            continue
        if block.kind == "python":
            # Empty lines in front, so that a traceback shows the line of the page.
            exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)
            continue
        if block.kind == "console":
            _check_screens(block, where, capfd)
            continue
        for words in _commands(block):
            assert words[0] == "makna", f"{where}: {words[0]} is no command of makna; give it a block of its own"
            set_language(None)
            code = run_command(words[1:])
            assert code == 0, f"{where}: {shlex.join(words)} ends with {code}: {capfd.readouterr().err}"


@pytest.mark.usefixtures("quick_studies", "empty_folder")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_notebooks(path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    ran = 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        code = "".join(cell["source"])
        if cell["cell_type"] == "code" and not code.startswith(("%", "!")):
            exec(compile(code, f"{path} {cell['id']}", "exec"), namespace)
            ran += 1
    assert ran


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_form_of_notebooks(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    assert sorted(notebook) == ["cells", "metadata", "nbformat", "nbformat_minor"]
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)
    for cell in notebook["cells"]:
        keys = {"id", "cell_type", "metadata", "source"}
        if cell["cell_type"] == "code":
            keys |= {"execution_count", "outputs"}
            assert (cell["execution_count"], cell["outputs"]) == (None, []), f"{cell['id']}: strip the outputs"
        assert set(cell) == keys
        assert cell["cell_type"] in ("code", "markdown")
        lines = cell["source"]
        assert [line.endswith("\n") for line in lines] == [True] * (len(lines) - 1) + [False]


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
    page += "<!-- file: a.yaml -->\n```yaml\nb: 1\n```\n```yaml\nc\n```\n```console\n$ makna\n```\n"
    assert list(blocks_of(page)) == [
        Block("python", 2, "x = 1\n", None),
        Block("sh", 8, "makna run big\n", "too long"),
        Block("sh", 12, "makna studies\n", None),
        Block("python", 16, "y\n", ""),
        Block("sh", 21, "pip install .\n", None),
        Block("yaml", 28, "b: 1\n", None, "a.yaml"),
        Block("console", 34, "$ makna\n", None),
    ]
    assert [block.is_run for block in blocks_of(page)] == [True, False, True, False, False, False, True]


def test_blocks_with_public_data_are_told_apart() -> None:
    assert _needs_data(Block("sh", 1, "makna run hate-speech --rows 9\n", None))
    assert not _needs_data(Block("sh", 1, "makna run sample-tweets --out not-hate-speech-at-all\n", None))


def test_words_of_a_command() -> None:
    block = Block("sh", 1, "# first\nmakna run x.yaml \\\n  --out 'my folder'  # then\n\nmakna studies\n", None)
    assert _commands(block) == [["makna", "run", "x.yaml", "--out", "my folder"], ["makna", "studies"]]


def test_screens_of_a_console_block() -> None:
    block = Block("console", 1, "$ makna run x.yaml\nmakna: No  such\n  1. file: …\n$ makna studies\n", None)
    assert list(_screens(block)) == [
        (["makna", "run", "x.yaml"], ["makna: No such", "1. file:"]),
        (["makna", "studies"], []),
    ]
