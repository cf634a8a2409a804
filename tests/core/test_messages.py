"""The catalogue is whole: both languages, the same placeholders, every message used, every message used exists."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import makna
from makna.core import errors
from makna.core.errors import DataError, MaknaError, RecipeError
from makna.core.messages import LANGUAGES, catalogue, language, say, set_language

PACKAGE = Path(makna.__file__).parent
CATALOGUES = {path.stem: path for path in (PACKAGE / "core" / "catalogue").glob("*.toml")}
MESSAGES = {
    f"{stage}.{name}": texts
    for stage, path in CATALOGUES.items()
    for name, texts in tomllib.loads(path.read_text("utf-8")).items()
}
_KEY = re.compile(rf"({'|'.join(CATALOGUES)})\.([a-z0-9_]+)")
_PREFIX = re.compile(rf"({'|'.join(CATALOGUES)})\.([a-z0-9_]*)")
_TREES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
_TEMPLATES = "\n".join(path.read_text("utf-8") for path in sorted((PACKAGE / "report" / "templates").glob("*.html")))
# Written for what is not built yet.
WAITING = {
    *("evaluate.why_one_group", "evaluate.test_chi2", "evaluate.test_permutation"),
}
# In a module of the report, or in its templates, `locale.say("x")` means the message `report.x`.
_SHORT = "report"


def placeholders(text: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", sorted(MESSAGES))
def test_a_message_speaks_both_languages(key: str) -> None:
    texts = MESSAGES[key]
    assert set(texts) == set(LANGUAGES)
    assert all(isinstance(text, str) and text.strip() for text in texts.values())
    assert placeholders(texts["id"]) == placeholders(texts["en"])
    assert "" not in placeholders(texts["id"]), "placeholders have names"
    fields = dict.fromkeys(placeholders(texts["id"]), 1)
    for lang in LANGUAGES:
        assert say(key, lang, **fields)


def _error_classes() -> set[str]:
    names = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, MaknaError)}
    classes = [node for tree in _TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    before = -1
    while len(names) > before:
        before = len(names)
        names |= {cls.name for cls in classes if any(ast.unparse(base).split(".")[-1] in names for base in cls.bases)}
    return names


def _calls(tree: ast.AST, is_report: bool) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls that take a message's key first, and what stands before the key's name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("say", "knows") and isinstance(node.func, ast.Attribute) and is_report:
            yield node, f"{_SHORT}."
        elif called == "say" or called in _ERRORS:
            yield node, ""


def _choices(node: ast.expr) -> list[ast.expr]:
    """Return what an expression may be: both branches of a condition, itself else."""
    return [*_choices(node.body), *_choices(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _literal(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


_ERRORS = _error_classes()
_CALLS = [
    (path.relative_to(PACKAGE).as_posix(), call, before)
    for path, tree in _TREES.items()
    for call, before in _calls(tree, path.parent.name == _SHORT)
]


def test_the_scan_finds_the_errors_of_all_modules() -> None:
    assert {"MaknaError", "UserError", "DataError", "MissingPackageError", "UsageError"} <= _ERRORS
    assert len(_CALLS) > 200


def test_every_message_asked_for_exists() -> None:
    missing = []
    for file, call, before in _CALLS:
        for choice in _choices(call.args[0]):
            text = _literal(choice)
            if text is not None and before + text not in MESSAGES:
                missing.append(f"{file}:{call.lineno} {before}{text}")
    assert missing == []


def test_every_message_of_the_templates_exists() -> None:
    names = re.findall(r"\bsay\(\s*['\"]([^'\"]+)['\"]\s*[,)]", _TEMPLATES)
    assert len(names) > 5
    assert [name for name in names if f"{_SHORT}.{name}" not in MESSAGES] == []


def test_every_prefix_asked_for_exists() -> None:
    missing = []
    for file, call, before in _CALLS:
        for choice in _choices(call.args[0]):
            if isinstance(choice, ast.JoinedStr):
                start = before + (_literal(choice.values[0]) or "")
                if start != before and not any(key.startswith(start) for key in MESSAGES):
                    missing.append(f"{file}:{call.lineno} {start}…")
    assert missing == []


def test_every_call_fills_the_placeholders() -> None:
    wrong = []
    for file, call, before in _CALLS:
        names = [keyword.arg for keyword in call.keywords]
        if None in names:  # **fields
            continue
        for choice in _choices(call.args[0]):
            texts = MESSAGES.get(before + (_literal(choice) or ""))
            unfilled = placeholders(texts["id"]) - set(names) if texts else set()
            if unfilled:
                wrong.append(f"{file}:{call.lineno} {ast.unparse(choice)} without {sorted(unfilled)}")
    assert wrong == []


def _texts_of(tree: ast.AST) -> Iterator[str]:
    """Yield all texts of a module that are neither docstrings nor parts of f-strings."""
    skipped = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = _literal(node)
        if text is not None and id(node) not in skipped:
            yield text


def _starts_of(tree: ast.AST) -> Iterator[str]:
    """Yield how f-strings begin."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and node.values and (start := _literal(node.values[0])):
            yield start


def _used() -> tuple[set[str], set[str]]:
    """Return the keys named anywhere, and the prefixes that keys are made from."""
    keys: set[str] = set()
    prefixes: set[str] = set()
    for path, tree in _TREES.items():
        texts, starts = list(_texts_of(tree)), list(_starts_of(tree))
        keys |= {text for text in texts if _KEY.fullmatch(text)}
        prefixes |= {start for start in starts if _PREFIX.fullmatch(start)}
        if path.parent.name == _SHORT:
            keys |= {f"{_SHORT}.{text}" for text in texts}
            prefixes |= {f"{_SHORT}.{start}" for start in starts if re.fullmatch("[a-z0-9]+_[a-z0-9_]*", start)}
    keys |= {f"{_SHORT}.{name}" for name in re.findall(r"['\"]([a-z0-9_]+)['\"]", _TEMPLATES)}
    prefixes |= {f"{_SHORT}.{name}" for name in re.findall(r"['\"]([a-z0-9_]+_)['\"]\s*~", _TEMPLATES)}
    return keys, prefixes - {f"{stage}." for stage in CATALOGUES}


def _prefixes_called() -> set[str]:
    """Return prefixes of f-strings that stand in a call themselves, where the stage alone is before the name."""
    found = set()
    for _, call, before in _CALLS:
        for choice in _choices(call.args[0]):
            if isinstance(choice, ast.JoinedStr) and not before:
                found.add(_literal(choice.values[0]) or "")
    return found - {""}


def test_no_message_is_left_over() -> None:
    keys, prefixes = _used()
    bare = {prefix for prefix in _prefixes_called() if prefix.endswith(".")}
    unused = []
    for key in MESSAGES:
        stage, _, name = key.partition(".")
        if key in keys or key.startswith(tuple(prefixes)):
            continue
        # say(f"recipe.{word}"): the word must stand somewhere in the stage's code.
        if f"{stage}." in bare and _stands_in(stage, name):
            continue
        unused.append(key)
    assert set(unused) - WAITING == set()
    assert WAITING - set(unused) == set(), "in use now: take it off the list"


def _stands_in(stage: str, name: str) -> bool:
    files = [tree for path, tree in _TREES.items() if path.relative_to(PACKAGE).parts[0] == stage]
    return any(name in _texts_of(tree) for tree in files)


def test_the_language_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAKNA_LANG", raising=False)
    assert (language(), say("core.rows", n=3)) == ("id", "3 baris")
    set_language("en")
    assert (language(), say("core.rows", n=3)) == ("en", "3 rows")
    assert say("core.rows", "id", n=3) == "3 baris"
    set_language(None)
    assert language() == "id"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("en", "en"), ("EN", "en"), ("en_US.UTF-8", "en"), ("id_ID", "id"), ("fr", "id"), ("", "id")],
)
def test_the_environment_chooses_the_language(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    monkeypatch.setenv("MAKNA_LANG", value)
    assert language() == expected
    set_language("id")
    assert language() == "id", "what is set stands above the environment"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        set_language("fr")
    assert language() == "id"


def test_an_unknown_message_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        say("core.no_such_message")
    assert "rows" in catalogue("core")


def test_an_error_speaks_the_language_of_the_moment_it_is_shown() -> None:
    problem = DataError("split.too_few", folds=5, n=3, what="x")
    assert "Data hanya memuat 3" in str(problem)
    set_language("en")
    assert "The data have only 3" in str(problem)
    assert problem.fields == {"folds": 5, "n": 3, "what": "x"}


def test_an_error_crosses_processes_whole() -> None:
    import pickle

    problem: Any = pickle.loads(pickle.dumps(RecipeError("recipe.problems", name="a", n=1, problems="b")))
    assert type(problem) is RecipeError
    assert (problem.key, problem.fields) == ("recipe.problems", {"name": "a", "n": 1, "problems": "b"})
    assert isinstance(problem, ValueError)
