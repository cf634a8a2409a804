import pandas as pd
import pytest

from makna.report.blocks import Cases, Words
from makna.report.language import Locale
from makna.report.one_text import examples_of, known_texts, one_text_section
from makna.report.reading import read_run

EN = Locale("en")


def test_one_right_and_one_wrong_text_stand_with_their_probabilities(run_folder):
    folder = run_folder("tuned")
    frame = pd.read_parquet(folder / "predictions.parquet").query("system == 'minilm'").set_index("id")
    run = read_run(folder)
    section = one_text_section(run, EN)
    (cases,) = (block for block in section.blocks if isinstance(block, Cases))
    (words,) = (block for block in section.blocks if isinstance(block, Words))
    assert [title for title, _ in words.lists] == ["1. right", "2. wrong"]
    for case, (_, bars) in zip(cases.items, words.lists, strict=True):
        facts = dict(case.facts)
        row = frame.loc[facts["id"]]
        assert (facts["truth"], facts["prediction"]) == (row["truth"], row["prediction"])
        labels = ["negatif", "netral", "positif"]
        assert [(label, shown) for label, shown, _ in bars] == [(c, f"{row[f'probability_{c}']:.4f}") for c in labels]
        assert max(bars, key=lambda bar: bar[2])[0] == row["prediction"]
    texts = known_texts(run, "minilm")
    right = dict(cases.items[0].facts)["id"]
    assert right in texts  # a row whose text is known comes before one whose text is not
    assert cases.items[0].texts[0][1] == texts[right]["text"]


def test_a_text_that_was_not_kept_is_said_to_be_missing(run_folder):
    run = read_run(run_folder("tuned", {"explain": {"examples": {}}}))
    (cases,) = (block for block in one_text_section(run, EN).blocks if isinstance(block, Cases))
    assert "does not keep the text" in cases.items[0].texts[0][1]


def test_texts_are_known_from_mistakes_and_from_the_steps_of_cleaning(run_folder):
    texts = known_texts(read_run(run_folder("text")), "counts-svm")
    assert texts["77"]["text"].startswith("kata dia aku bodoh")
    assert texts["3"]["text"].startswith("RT USER USER")  # as it was before the first step


@pytest.mark.parametrize("kind", ["text", "number", "outputs"])
def test_runs_without_probabilities_have_no_such_section(run_folder, kind):
    assert one_text_section(read_run(run_folder(kind)), EN) is None


def test_a_run_that_is_never_wrong_has_a_right_text_alone(run_folder):
    folder = run_folder("tuned")
    frame = pd.read_parquet(folder / "predictions.parquet")
    frame["truth"] = frame["prediction"]
    frame.to_parquet(folder / "predictions.parquet")
    assert [example.is_right for example in examples_of(read_run(folder), "minilm")] == [True]


def test_a_broken_file_breaks_nothing(run_folder):
    folder = run_folder("tuned")
    (folder / "predictions.parquet").write_bytes(b"PAR1")
    assert one_text_section(read_run(folder), EN) is None
