"""Reading steps from a recipe."""

import pytest

from makna.clean.chain import make_step, make_steps, resolve_steps
from makna.core.errors import RecipeError, UserError
from makna.core.messages import set_language


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def test_names_mappings_and_bare_values():
    steps = make_steps(["tweet", {"elongation": 2}, {"alphanumeric": {"keep": "!"}}, {"lowercase": None}])
    assert [(step.name, step.settings()) for step in steps[1:]] == [
        ("elongation", {"to": 2}),
        ("alphanumeric", {"keep": "!"}),
        ("lowercase", {}),
    ]
    assert steps[0].settings()["hashtags"] == "words"
    assert make_steps(None) == () == make_steps([])
    assert make_steps(steps) == steps


def test_slang_tables_by_name_or_list():
    assert make_step("slang").tables == ("makna",)
    assert make_step({"slang": "kamus-alay"}).tables == ("kamus-alay",)
    assert make_step({"slang": ["makna", "x.csv"]}).tables == ("makna", "x.csv")
    step = make_step({"slang": {"tables": ["makna"], "reduplication": False}})
    assert step.settings() == {"tables": ["makna"], "reduplication": False}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["lowercas"], ["lowercas", "Perhaps 'lowercase'", "alphanumeric"]),
        (["zzz"], ["zzz", "alphanumeric"]),
        ([{"tweet": {"hashtag": "drop"}}], ["hashtag", "Perhaps 'hashtags'", "elongation"]),
        ([{"tweet": {"hashtags": "gone"}}], ["gone", "words, join, drop, keep"]),
        ([{"elongation": True}], ["True", "1, 2"]),
        ([{"elongation": "1"}], ["'1'", "1, 2"]),
        ([{"alphanumeric": "ab"}], ["'ab'", "!?"]),
        ([{"numbers": {"token": "a b"}}], ["'a b'"]),
        ([{"numbers": True}], ["numbers", "True"]),
        ([{"slang": []}], ["tables", "kamus-alay"]),
        ([{"slang": [1]}], ["tables", "kamus-alay"]),
        ([{"slang": {"tabels": ["makna"]}}], ["tabels", "Perhaps 'tables'"]),
        ([{"tweet": None, "lowercase": None}], ["one name"]),
        ([3], ["3"]),
        ([{3: None}], ["3"]),
        ("tweet", ["'tweet'", "list"]),
        ({"tweet": None}, ["list"]),
    ],
)
def test_mistakes_say_what_came_and_what_is_allowed(steps, said):
    with pytest.raises(RecipeError) as error:
        resolve_steps(steps)
    assert isinstance(error.value, UserError)
    for part in said:
        assert part in str(error.value)


def test_messages_in_indonesian():
    set_language("id")
    with pytest.raises(RecipeError, match=r"tidak dikenal\. Mungkin maksudnya 'tweet'"):
        make_steps(["twet"])
