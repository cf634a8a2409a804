import pytest

from makna.report.blocks import Cases, Cell, Paragraph, Table, spans
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.repeats import duplicates_kept, leak_kind, leak_parts, repeats_section

EN, ID = Locale("en"), Locale("id")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def printed(table):
    return [[cell.text for cell in row] for row in table.cells()]


def test_conflicts_show_their_texts_and_labels(run_folder):
    section = repeats_section(read_run(run_folder("text")), EN)
    assert any("37 texts" in block.text for block in of(section, Paragraph))
    case = of(section, Cases)[-1].items[0]
    assert case.texts == [("text", "USER dasar kampret lu")]
    assert case.facts == [("0", "1 times"), ("1", "2 times")]


def test_leaks_are_told_part_by_part(run_folder):
    section = repeats_section(read_run(run_folder("pair")), EN)
    rows = printed(of(section, Table)[-1])
    assert rows[0] == ["the same when normalised", "training data and test data", "3"]
    assert of(section, Cases)[-1].items[0].facts == [("id", "411")]


def test_no_leaks_is_only_said_of_parts(run_folder):
    none = "No held-out row was found in the training data."
    parts = repeats_section(read_run(run_folder("pair", {"data": {"leaks": []}})), EN)
    assert none in [block.text for block in of(parts, Paragraph)]
    folds = repeats_section(read_run(run_folder("number")), EN)
    told = [block.text for block in of(folds, Paragraph)]
    assert none not in told
    assert any("different folds" in text for text in told)  # one normalised duplicate is still there
    dropped = repeats_section(read_run(run_folder("text")), EN)
    assert not any("different folds" in block.text for block in of(dropped, Paragraph))


def test_duplicates_are_counted_by_kind(run_folder):
    table = of(repeats_section(read_run(run_folder("reviews")), EN), Table)[0]
    assert printed(table) == [["exact", "61", "70"], ["normalised", "74", "85"], ["nearly the same", "190", "260"]]


def test_scores_stand_with_and_without_what_leaks(run_folder):
    run = read_run(run_folder("reviews"))
    section = repeats_section(run, EN)
    table = of(section, Table)[-1]
    name, n, whole, n_rest, rest, difference = table.cells()[0]
    score, without = run.score("counts-svm"), run.systems["counts-svm"]["without_leaks"]["test"]["f1_macro"]
    assert (name.text, n.text, n_rest.text) == ("counts-svm", "2,294", "2,210")
    assert (whole.text, rest.text) == (f"{score['value']:.3f}", f"{without['value']:.3f}")
    assert difference.text == f"−{score['value'] - without['value']:.3f}"
    told = "".join(piece for piece, _ in spans(of(section, Paragraph)[-1].text))
    assert "counts-svm has 0.780 in macro-F1; with all held-out rows, 0.792." in told


def test_over_folds_pooled_scores_are_compared(run_folder):
    rest = {"f1_macro": {"value": 0.88, "pooled": 0.88, "low": 0.87, "high": 0.89, "n": 12000, "why": None}}
    changes = {"metrics": {"systems>counts-svm>without_leaks": {"test": rest}}}
    table = of(repeats_section(read_run(run_folder("text", changes)), EN), Table)[-1]
    cells = table.cells()[0]
    assert cells[2] == Cell("0.899", "[0.889, 0.900]")  # the pooled 0.8988, not the mean over folds 0.8978
    assert cells[5].text == "−0.019"
    assert "pooled" in table.note


@pytest.mark.parametrize(
    ("leak", "kind", "parts"),
    [
        ({"kind": "near", "parts": ["train", "valid"]}, "hampir sama", "data latih dan data validasi"),
        ({"kind": "exact", "parts": ["folds", "test"]}, "sama persis", "data uji dan data latih lipatannya"),
        ({"kind": "odd", "parts": ["x"]}, "odd", "x"),
    ],
)
def test_leaks_are_named_in_words(leak, kind, parts):
    assert (leak_kind(leak, ID), leak_parts(leak, ID)) == (kind, parts)


def test_an_example_of_several_kinds_is_shown_once(run_folder):
    leaks = [
        {"kind": kind, "parts": ["folds", "test"], "rows": 2, "examples": [{"id": "7", "text": "sama"}]}
        for kind in ("exact", "normalised", "near")
    ]
    section = repeats_section(read_run(run_folder("text", {"data": {"leaks": leaks}})), EN)
    assert [case.texts for case in of(section, Cases)[-1].items] == [[("exactly the same", "sama")]]
    assert "more than once" in of(section, Table)[1].note


def test_duplicates_that_were_dropped_are_not_kept(run_folder):
    assert duplicates_kept(read_run(run_folder("text"))) == 0
    assert duplicates_kept(read_run(run_folder("pair"))) == 4
