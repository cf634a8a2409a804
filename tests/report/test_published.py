import pytest

from makna.report.blocks import Facts
from makna.report.language import Locale
from makna.report.published import notes_section
from makna.report.reading import Run, read_run


def pairs(section):
    return list(next(block for block in section.blocks if isinstance(block, Facts)).pairs)


@pytest.mark.parametrize(("lang", "text"), [("id", "0,63 %, bukan 0,61 %."), ("en", "0.63%, not 0.61%.")])
def test_notes_stand_with_their_source_in_the_readers_language(run_folder, lang, text):
    assert pairs(notes_section(read_run(run_folder("tuned")), Locale(lang))) == [("studi 004, tabel 4.4", text)]


def test_the_recipes_own_notes_will_do(run_folder):
    assert pairs(notes_section(read_run(run_folder("grid")), Locale("en"))) == [
        ("studi 002, tabel 5", "One row stands in both."),
    ]


@pytest.mark.parametrize(
    "notes", [None, [], "x", ["x", None, {}, {"source": "a"}, {"text": None}, {"text": {"en": ""}}]]
)
def test_notes_that_say_nothing_are_left_out(notes):
    assert notes_section(Run(None, {}, explain={"notes": notes}), Locale("en")) is None
