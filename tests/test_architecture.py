"""The rules of the house that can be read off the code: who imports whom, how long things are, what starts quickly."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import makna

PACKAGE = Path(makna.__file__).parent
STAGES = (
    *("collect", "clean", "label", "split", "represent", "learn"),
    *("tune", "evaluate", "explain", "report", "serve"),
)
ABOVE = ("recipe", "cli")
DATA = ("studies", "samples")
# Anyone may read these: the version, and the folders of package data.
COMMON = {"makna", "core", *DATA}
HEAVY = ("torch", "transformers", "gensim", "ray")
OPTIONAL = (
    *("ot", "fastapi", "uvicorn", "nicegui", "onnx", "onnxruntime", "sqlalchemy", "pg8000", "playwright", "bs4"),
    *("optuna", "captum", "cleanlab", "docx", "Sastrawi", "vaderSentiment", "statsmodels"),
)
# Folders that are one optional package's through and through: they import it at the top, and are imported late.
GIVEN_TO = {"makna.label.store": {"sqlalchemy"}, "makna.serve.web": {"fastapi", "uvicorn", "nicegui", "sqlalchemy"}}
PICKLES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
LONGEST_BODY = 60
LONGEST_MODULE = 400
MODULES = sorted(PACKAGE.rglob("*.py"))
_TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def _name(path: Path) -> str:
    return ".".join(["makna", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


def _part(module: str) -> str:
    """Return the folder a module of makna is in; ``makna`` for the package itself."""
    return module.split(".")[1] if "." in module else "makna"


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the modules that are imported anywhere in a tree, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            assert node.module is not None
            yield node.module, node.lineno
            # `from makna import core` names a folder too.
            if node.module == "makna":
                folders = {_part(_name(path)) for path in MODULES}
                yield from ((f"makna.{alias.name}", node.lineno) for alias in node.names if alias.name in folders)


def _at_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported; what is for type checkers only does not run."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.stmt):
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def _allowed(part: str) -> set[str]:
    if part == "makna":
        return COMMON | set(STAGES) | set(ABOVE)
    if part == "core":
        return {"core"}
    if part in STAGES:
        return COMMON | set(STAGES[: STAGES.index(part) + 1])
    if part == "recipe":
        return COMMON | set(STAGES) | {"recipe"}
    if part == "cli":
        return COMMON | set(STAGES) | set(ABOVE)
    assert part in DATA
    return set()


def wrong_imports(name: str, tree: ast.AST) -> list[str]:
    """Return the imports that this module of makna may not make."""
    allowed = _allowed(_part(name))
    own = [(module, line) for module, line in _imports(tree) if module.split(".")[0] == "makna"]
    return [f"{name}:{line} imports {module}" for module, line in own if _part(module) not in allowed]


def test_imports_go_to_the_left() -> None:
    assert [wrong for path, tree in _TREES.items() for wrong in wrong_imports(_name(path), tree)] == []


@pytest.mark.parametrize(
    ("name", "line", "is_wrong"),
    [
        ("makna.core.task", "import makna.clean.text", True),
        ("makna.core.task", "def f():\n    from makna.recipe.recipe import Recipe", True),
        ("makna.core.task", "from makna import clean", True),
        ("makna.core.task", "from makna import __version__", True),
        ("makna.core.task", "from makna.core.corpus import PAIR", False),
        ("makna.clean.text", "from makna.collect.files import read", False),
        ("makna.clean.text", "from makna.label.lexicon import x", True),
        ("makna.report.page", "from makna.serve.card import x", True),
        ("makna.serve.card", "from makna.report.page import x", False),
        ("makna.serve.card", "from makna.recipe.registry import x", True),
        ("makna.recipe.runner", "from makna.cli.app import x", True),
        ("makna.recipe.runner", "from makna.serve.card import x", False),
        ("makna.cli.run", "from makna.recipe.api import x", False),
        ("makna.samples", "from makna.core.task import x", True),
    ],
)
def test_the_rule_itself(name: str, line: str, is_wrong: bool) -> None:
    assert bool(wrong_imports(name, ast.parse(line))) == is_wrong


def test_one_word_for_each_stage() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    assert folders == {"core", *STAGES, *ABOVE, *DATA}
    assert all((PACKAGE / name / "__init__.py").is_file() for name in folders)


def test_tests_mirror_the_package() -> None:
    tests = Path(__file__).parent
    folders = {path.name for path in tests.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))}
    assert folders <= {"core", *STAGES, *ABOVE, *DATA}


def test_messages_are_kept_by_stage() -> None:
    catalogues = {path.stem for path in (PACKAGE / "core" / "catalogue").glob("*.toml")}
    assert catalogues <= {"core", *STAGES, *ABOVE}


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


def test_no_function_is_too_long() -> None:
    functions = (
        (path, node)
        for path, tree in _TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [
        f"{_name(path)}.{node.name}: {_body_lines(node)}"
        for path, node in functions
        if _body_lines(node) > LONGEST_BODY
    ]
    assert long == []


def test_the_length_of_a_body_leaves_out_its_docstring() -> None:
    code = 'def f(x):\n    """One.\n\n    Two.\n    """\n    y = x\n\n    return y\n'
    (function,) = ast.parse(code).body
    assert isinstance(function, ast.FunctionDef)
    assert _body_lines(function) == 3


def test_no_module_is_too_long() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_packages_hold_exports_only() -> None:
    for path in MODULES:
        if path.name == "__init__.py" and path.parent != PACKAGE:
            kinds = {type(node) for node in _TREES[path].body}
            assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign}, _name(path)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_what_is_heavy_or_optional_is_imported_late(path: Path) -> None:
    modules = {
        module
        for node in _at_module_level(_TREES[path])
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module, _ in _imports(ast.Module([node], []))
    }
    own = [given for folder, given in GIVEN_TO.items() if _name(path).startswith(folder)]
    late = {*HEAVY, *OPTIONAL}.difference(*own)
    assert not {module.split(".")[0] for module in modules} & late
    assert own or not [module for module in modules if module.startswith(tuple(GIVEN_TO))]


def test_what_runs_at_import_is_found_wherever_it_stands() -> None:
    code = "if x:\n    import torch\nclass A:\n    import ray\ndef f():\n    import gensim\n"
    code += "if TYPE_CHECKING:\n    import transformers\ntry:\n    import docx\nexcept ImportError:\n    import ot\n"
    nodes = [n for n in _at_module_level(ast.parse(code)) if isinstance(n, ast.Import)]
    assert sorted(node.names[0].name for node in nodes) == ["docx", "ot", "ray", "torch"]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_nothing_is_pickled(path: Path) -> None:
    roots = {module.split(".")[0] for module, _ in _imports(_TREES[path])}
    assert not roots & set(PICKLES)
    texts = {node.attr for node in ast.walk(_TREES[path]) if isinstance(node, ast.Attribute)}
    assert not texts & {"read_pickle", "to_pickle"}
    allowing = [
        keyword.arg
        for node in ast.walk(_TREES[path])
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "allow_pickle" and getattr(keyword.value, "value", True) is not False
    ]
    assert allowing == []


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_import_makna_is_light() -> None:
    names = [*HEAVY, *OPTIONAL, "sklearn", "pandas", "scipy", "matplotlib", "skops", "pydantic"]
    there = _python(f"import makna, sys; print([n for n in {names} if n in sys.modules])")
    assert there.strip() == "[]"


def test_import_makna_is_quick() -> None:
    code = "import time; start = time.perf_counter(); import makna; print(time.perf_counter() - start)"
    assert min(float(_python(code)) for _ in range(3)) < 0.5


def test_the_names_of_makna_are_there() -> None:
    assert set(makna.__all__) <= {name for name in makna.__all__ if hasattr(makna, name)}
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = makna.nothing_like_it


def test_help_comes_within_a_second() -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "makna.cli.main", "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
        assert b"predict" in done.stdout
        if seconds[-1] < 1:
            return
    assert min(seconds) < 1
