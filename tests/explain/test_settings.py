import pytest
from pydantic import TypeAdapter, ValidationError

from makna.explain.settings import SECTIONS, WORDS, KindSettings, RaritySettings


def test_what_a_recipe_writes_becomes_settings():
    read = TypeAdapter(SECTIONS["rarity"]).validate_python({"pair": "max", "stopwords": "keep", "languages": ["en"]})
    assert read == RaritySettings(pair="max", stopwords="keep", languages=("en",))
    kinds = TypeAdapter(SECTIONS["kinds"]).validate_python({"paper": {"length": 0.3}})
    assert kinds == KindSettings(paper={"length": 0.3})
    assert set(SECTIONS) < set(WORDS)


@pytest.mark.parametrize(
    ("word", "given"),
    [
        ("rarity", {"pair": "median"}),
        ("rarity", {"stopwords": False}),
        ("length", {"unit": "letters"}),
        ("length", {"width": 0}),
        ("length", {"least": 0}),
        ("length", {"units": "words"}),
        ("kinds", {"sure": 1.5}),
        ("kinds", {"paper": {"length": 30}}),
        ("kinds", {"short": "ten"}),
    ],
)
def test_what_is_not_allowed_is_refused(word, given):
    with pytest.raises(ValidationError):
        TypeAdapter(SECTIONS[word]).validate_python(given)


@pytest.mark.parametrize("word", SECTIONS)
def test_every_section_has_a_schema(word):
    assert TypeAdapter(SECTIONS[word]).json_schema()["type"] == "object"
