"""Every text step on any text at all, under any settings it declares: a text comes out, and nothing is raised."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makna.clean.chain import STEPS, make_step, resolve_steps
from makna.clean.step import TextStep
from makna.core.errors import UserError

pytestmark = pytest.mark.slow
fuzz = settings(
    max_examples=2_000, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip

# What one step or another looks for, so that its rules meet each other and are cut in the middle.
telling = st.sampled_from([
    "@user", "RT @", "USER", "http://a.b/c?d=e", "www.", "t.co/", "#TagBaru", "#", "&amp;", "&#x110000;",
    "&#55357;", "&", "<b>", "</b>", "<!--", "-->", "<script>", "<", ">", r"\n", r"\xf0\x9f\x98\xa1", r"\u00e9",
    r"\ud83d", r"\x", "\\", "ðŸ˜¡", "Ã©", "😡", "👍🏽", "\u200d", "\ufe0f", "\u20e3", "🇮🇩", "\u0301", "\ud83d",
    "\ude21", "\0", "\x1f", "\u2028", "\ufeff", "\u202e", "İ", "ß", "ﬁ", "١٢", "²", "Ⅷ", "\U00010400",
    "baguuus", "III", "www", "hati2", "2019", "1.500,50", "50rb", "ber-", "meN", "kupu-kupu", "nggak", "tidak",
    "081234567890", "3201234567890001", "a@b.co.id", "+62 812", "Jl. Mawar No. 1", "...", "!!!", "'", '"', "_",
    "-", " ", "\t", "\n", "x" * 300, "@" * 50, "1," * 40, "&" * 40, "<" * 40, "a-" * 40,
])  # fmt: skip
anything = st.text(st.characters(), max_size=20)  # lone surrogates too
texts = st.one_of(anything, st.lists(st.one_of(telling, anything), max_size=12).map("".join))


@cache
def ready(name: str, chosen: tuple[tuple[str, Any], ...]) -> TextStep | None:
    """Return the step with these settings; None where they name a file that is not there."""
    try:
        return resolve_steps([{name: dict(chosen)}])[0]
    except UserError:
        return None


def values_of(kind: type[TextStep], setting: str) -> st.SearchStrategy[Any]:
    """Return values that the setting's own declaration allows."""
    declared = next(item for item in fields(kind) if item.name == setting)
    valid, allowed = declared.metadata["valid"], declared.metadata["allowed"]
    words = [word.strip(' "[]') for word in allowed.split(",") if "FILE" not in word]
    plain = [declared.default, True, False, *range(4), 0.5, None, "", "!?", "ANGKA", "_", *words, ()]
    several = [(word,) for word in words] + [tuple(words), tuple(words[:2])]
    fitting = [value for value in (*plain, *several) if _fits(valid, value)]
    return st.sampled_from(list(dict.fromkeys(map(_typed, fitting)))).map(lambda pair: pair[1])


def _typed(value: Any) -> tuple[type, Any]:
    return (type(value), value)  # True and 1 are two values


def _fits(valid: Any, value: Any) -> bool:
    try:
        return bool(valid(value))
    except (TypeError, AttributeError):
        return False


def settings_of(name: str) -> st.SearchStrategy[tuple[tuple[str, Any], ...]]:
    kind = STEPS[name]
    return st.tuples(*(st.tuples(st.just(setting), values_of(kind, setting)) for setting in kind.declared()))


@pytest.mark.parametrize("name", STEPS)
@fuzz
@given(data=st.data())
def test_a_step_takes_any_text(name, data):
    step = ready(name, data.draw(settings_of(name)))
    if step is None:
        return
    text = data.draw(texts)
    once = step.apply(text)
    assert type(once) is str
    assert step.apply(text) == once
    if step.idempotent:
        assert step.apply(once) == once
    assert all(type(value) is str for change in step.changes(text) for value in change.values())


@fuzz
@given(names=st.lists(st.sampled_from(list(STEPS)), max_size=6), text=texts)
def test_steps_in_any_order_take_any_text(names, text):
    for name in names:
        step = ready(name, ())
        assert step is not None
        text = step.apply(text)
    assert type(text) is str


settings_or_not = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@fuzz
@given(data=st.data(), name=st.one_of(st.sampled_from(list(STEPS)), st.text(max_size=5)))
def test_any_entry_of_a_recipe_is_a_step_or_a_users_error(data, name):
    declared = STEPS[name].declared() if name in STEPS else []
    keys = st.one_of(st.sampled_from(declared), st.text(max_size=4)) if declared else st.text(max_size=4)
    value = data.draw(st.one_of(settings_or_not, st.dictionaries(keys, settings_or_not, max_size=3)))
    for item in (value, {name: value}):
        try:
            assert isinstance(make_step(item), TextStep)
        except UserError as problem:
            str(problem)
