"""Marks in words: people, bands, scores within questions, static against contextual, several protocols."""

import pytest

from makna.report.blocks import Heading, Listing, Paragraph, Table, spans
from makna.report.compact import compact_grids, compact_tables
from makna.report.groups import groups_section
from makna.report.language import Locale
from makna.report.marks import marks_section, vectors_sentences
from makna.report.page import render
from makna.report.protocols import other_runs, protocols_section
from makna.report.reading import read_run
from makna.report.results import systems_section
from makna.report.verdict import summary_section

EN, ID = Locale("en"), Locale("id")


def tables(section):
    return [block for block in section.blocks if isinstance(block, Table)]


def score(value, low=None, high=None, n=240, **more):
    low, high = value - 0.05 if low is None else low, value + 0.05 if high is None else high
    return {"value": value, "pooled": value, "low": low, "high": high, "n": n, "why": None, **more}


def within(r, pooled):
    found = {name: {"value": r, "low": r - 0.1, "high": r + 0.1, "pooled": pooled, "groups": 4} for name in
             ("pearson", "spearman", "qwk", "rmse")}  # fmt: skip
    return {"groups": 5, "n": 240, **found}


PEOPLE = {
    "raters": ["me", "other"],
    "n": 240,
    "scores": {"mae": score(0.66), "rmse": score(1.1), "pearson": score(0.597), "qwk": score(0.5), "mse": score(1.21)},
    "within_groups": within(0.41, 0.597),
}
KINDS = {
    "part": "test", "contextual": "overlap-ridge", "static": "counts-svr", "of": {"static": 48, "contextual": 3},
    "groups": {"contextual": 3, "static": 2, "of": 5}, "metric": "mae", "difference": -0.2, "low": -0.3, "high": -0.1,
    "n": 240,
}  # fmt: skip


def words(section):
    texts = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    texts += [point for block in section.blocks if isinstance(block, Listing) for point in block.points]
    return " ".join("".join(piece for piece, _ in spans(text)) for text in texts)


def test_people_stand_below_the_systems_with_interval_and_n(run_folder):
    run = read_run(run_folder("number", {"metrics": {"raters": {"test": [PEOPLE]}}}))
    table = tables(systems_section(run, EN))[0]
    last = table.cells()[-1]
    assert (last[0].text, last[0].below) == ("human – human", "me and other\nn\u00a0=\u00a0240")
    assert (last[1].text, last[1].below) == ("0.660", "[0.610, 0.710]")
    assert "two raters against each other" in table.note
    assert not last[1].emphasised
    plain = tables(systems_section(read_run(run_folder("text")), EN))[0]
    assert "human" not in plain.note


def test_pooled_scores_stand_beside_those_within_questions(run_folder):
    changes = {"systems>overlap-ridge>within_groups": {"test": within(0.29, 0.96)}, "raters": {"test": [PEOPLE]}}
    section = marks_section(read_run(run_folder("number", {"metrics": changes})), EN)
    table = next(table for table in tables(section) if table.over)
    mine, people = table.cells()
    assert [cell.text for cell in mine[:3]] == ["overlap-ridge", "0.960", "0.290"]
    assert mine[2].below == "[0.190, 0.390]\n4 questions"  # of five
    assert [cell.text for cell in people[:3]] == ["human – human", "0.597", "0.410"]


def test_bands_are_words_beside_the_scores_with_a_warning(run_folder):
    section = marks_section(read_run(run_folder("number", {"metrics": {"raters": {"test": [PEOPLE]}}})), EN)
    table = next(table for table in tables(section) if not table.over)
    mine = dict(zip(table.columns, table.cells()[0], strict=True))
    assert (mine["Mean absolute error (MAE)"].text, mine["Mean absolute error (MAE)"].below) == (
        "0.710", "needs improvement",
    )  # fmt: skip
    assert mine["Pearson correlation"].below == "good"
    assert table.cells()[-1][0].text == "human – human"
    assert "do not agree with one another" in words(section)
    assert "<\u202f0.3 very good" in table.note


def test_another_scale_has_no_bands_and_classes_no_section(run_folder):
    run = read_run(run_folder("number", {"metrics": {"task>scale": [0, 100]}}))
    assert marks_section(run, EN) is None
    assert marks_section(read_run(run_folder("text")), EN) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "contextual vectors (overlap-ridge) beat static vectors (counts-svr): the difference in mean absolute "
             "error (MAE), −0.200 [−0.300,\u00a0−0.100], is outside zero (n = 240). Its squared error is the smaller "
             "one on 3 of 5 questions."),
        ({"high": 0.1}, "neither is shown to win"),
        ({"difference": 0.2, "low": 0.1, "high": 0.3}, "static vectors (counts-svr) beat contextual vectors"),
        ({"difference": 0.2, "low": -0.1, "high": 0.3}, "static vectors (counts-svr) came out slightly ahead"),
        ({"difference": None}, "cannot be compared"),
    ],
)  # fmt: skip
def test_a_sentence_says_who_won_and_whether_it_is_sure(run_folder, change, told):
    metrics = {"static_contextual": [KINDS | change, KINDS | {"metric": "pearson"}]}
    run = read_run(run_folder("number", {"metrics": metrics}))
    (text,) = ("".join(piece for piece, _ in spans(text)) for text in vectors_sentences(run, EN))
    assert told in text
    assert text.startswith("Under the protocol honest, ")
    assert told in words(summary_section(run, EN))


WAYS = {
    "random": {
        "systems": {"overlap-ridge": {"parts": {"test": {"mae": score(0.5), "pearson": score(0.9)}}}},
        "differs": ["split"], "split": {"folds": 5, "group": False}, "folder": "protocol-random",
        "leaks": [{"kind": "normalised", "parts": ["folds", "test"], "rows": 7},
                  {"kind": "exact", "parts": ["folds", "test"], "rows": 3}],
        "shared_groups": [{"part": "test", "rows": 240, "of": 240, "groups": 5}],
        "differences": [{"part": "test", "system": "overlap-ridge", "metric": "mae", "difference": 0.21, "low": 0.1,
                         "high": 0.3, "n": 240}],
        "static_contextual": [KINDS | {"difference": 0.2, "low": 0.1, "high": 0.3}],
    },
    "paper-80": {
        "systems": {"overlap-ridge": {"baseline": False, "parts": {"test": {"mae": score(0.4, n=24)}}}},
        "split": {"holdout": {"train": 0.8, "valid": 0.1, "test": 0.1}, "group": True}, "leaks": [],
    },
}  # fmt: skip


def test_several_protocols_stand_in_one_table_and_what_leaks_is_named(run_folder):
    run = read_run(run_folder("number", {"metrics": {"protocols": WAYS}}))
    section = protocols_section(run, EN)
    ways, scores, differences = tables(section)
    assert [[cell.text for cell in row] for row in ways.cells()] == [
        ["honest", "5 folds, by question", "240", "–", "–"],
        ["random", "5 folds, random", "240", "240 of 240", "7"],
        ["paper-80", "80/10/10, by question", "24", "–", "–"],
    ]
    assert list(scores.over) == [("", 1), ("honest", 2), ("random", 2), ("paper-80", 2)]
    assert list(scores.columns) == ["System", "MAE", "r", "MAE", "r", "MAE", "r"]
    row = next(row for row in scores.cells() if row[0].text == "overlap-ridge")
    assert [cell.text for cell in row[1:]] == ["0.710", "0.710", "0.500", "0.900", "0.400", "–"]
    other = next(row for row in scores.cells() if row[0].text == "counts-svr")
    assert (other[3].text, other[3].below) == ("–", "not run yet")
    assert differences.cells()[0][1].text == "+0.210"
    assert "random: 240 of 240 scored rows answer a question that the training rows have too" in words(section)
    assert "acak" in tables(protocols_section(run, ID))[0].cells()[1][1].text


def test_the_papers_protocol_alone_has_no_section_of_its_own(run_folder):
    run = read_run(run_folder("number", {"metrics": {"protocols": {"paper": WAYS["random"]}}}))
    assert protocols_section(run, EN) is None


def test_each_protocol_has_its_own_sentence(run_folder):
    run = read_run(run_folder("number", {"metrics": {"protocols": WAYS, "static_contextual": [KINDS]}}))
    told = list(vectors_sentences(run, EN))
    assert len(told) == 2
    assert "contextual" in told[0][:60]
    assert "static" in told[1][:60]
    assert other_runs(run)["random"].protocol == "random"


def test_systems_named_by_their_parts_make_a_compact_table(run_folder):
    run = read_run(run_folder("number"))
    one = run.systems["overlap-ridge"]
    cells = [f"{words}-domain-{by}-{learn}" for words in ("word2vec", "fasttext") for by in ("sif", "wmd")
             for learn in ("linear", "svr[epsilon=0.1]", "svr[epsilon=0.5]")]  # fmt: skip
    named = {name: one | {"parts": {"test": {"mae": score(0.5 + i / 100), "pearson": score(0.3)}}}
             for i, name in enumerate(cells)}  # fmt: skip
    found = type(run)(run.folder, {**run.metrics, "systems": {**run.systems, **named}}, recipe=run.recipe)
    (grid,) = compact_grids(found)
    assert len(grid) == 12
    (table,) = compact_tables(found, EN)
    assert list(table.columns) == ["Represented by", "linear", "svr, epsilon = 0.1", "svr, epsilon = 0.5"]
    assert table.cells()[0][0].text == "word2vec · domain · sif"
    assert (table.cells()[0][1].text, table.cells()[0][1].below) == ("0.500", "0.300")
    assert table.cells()[0][1].emphasised
    assert compact_grids(run) == []
    assert [block.name for block in [protocols_section(found, EN)]] == ["grid"]


def test_questions_stand_worst_first_with_their_text(run_folder):
    groups = {f"q{i}": {"n": 10, "truth": 2.0, "prediction": 2.5, "rmse": score(0.5 + i / 10, n=10), "mae": score(0.4)}
              for i in range(4)}  # fmt: skip
    changes = {
        "metrics": {"systems>overlap-ridge>groups": {"test": groups}},
        "explain": {"group_texts": {"q3": "Apa   itu " + "akar " * 60}},
    }
    section = groups_section(read_run(run_folder("number", changes)), EN)
    table = next(table for table in tables(section) if table.columns[0] == "Question")
    assert [row[0].text for row in table.cells()] == ["q3", "q2", "q1", "q0"]
    first = table.cells()[0]
    assert first[0].below.startswith("Apa itu akar akar")
    assert "…" in first[0].below
    assert [cell.text for cell in first[1:4]] == ["2.00", "2.50", "0.800"]


def test_a_protocol_that_is_not_the_honest_one_is_stamped(run_folder):
    page = render(read_run(run_folder("number", {"manifest": {"protocol": "random"}})), EN)
    assert '<span class="stamp">Protocol: random</span>' in page
    assert "Not the honest protocol" in page
    paper = render(read_run(run_folder("text", {"manifest": {"protocol": "paper-80"}})), EN)
    assert '<span class="stamp">Protocol: paper-80</span>' in paper
    assert "Run by the paper's own protocol" in paper or "Run by the paper&#39;s own protocol" in paper


def test_headings_are_said_in_both_languages(run_folder):
    run = read_run(run_folder("number", {"metrics": {"static_contextual": [KINDS]}}))
    for locale, head in ((EN, "Static and contextual vectors"), (ID, "Vektor statis dan kontekstual")):
        assert head in [block.text for block in marks_section(run, locale).blocks if isinstance(block, Heading)]
