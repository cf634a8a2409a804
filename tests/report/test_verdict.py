import pytest

from makna.report.blocks import Paragraph, spans
from makna.report.language import Locale
from makna.report.reading import Run, read_run
from makna.report.verdict import rivals, standing, summary_section, warnings_of

EN = Locale("en")


def run_with(best, base, comparisons=(), metric="f1_macro", target="class"):
    """A run of one model and one baseline; a score is (value, low, high)."""

    def system(score, baseline):
        entry = dict(zip(("value", "low", "high"), score, strict=True), n=500)
        return {"baseline": baseline, "parts": {"test": {metric: entry}}}

    systems = {"base": system(base, True)} | ({"best": system(best, False)} if best else {})
    metrics = {"task": {"inputs": "text", "target": target}, "systems": systems, "comparisons": list(comparisons)}
    return Run(None, metrics)


def paired(difference, low, high, system="best", against="base", metric="f1_macro"):
    row = {"system": system, "against": against, "metric": metric, "part": "test"}
    return row | {"difference": difference, "low": low, "high": high}


def plain(text):
    return "".join(piece for piece, _ in spans(text))


@pytest.mark.parametrize(
    ("run", "message", "weak"),
    [
        (run_with((0.8, 0.7, 0.9), (0.5, 0.4, 0.6)), "beats", False),
        (run_with((0.8, 0.7, 0.9), (0.7, 0.6, 0.75)), "unsure", True),
        (run_with((0.5, 0.4, 0.6), (0.5, 0.4, 0.6)), "loses", True),
        (run_with((0.4, 0.3, 0.5), (0.5, 0.4, 0.6)), "loses", True),
        (run_with((0.8, None, None), (0.5, 0.4, 0.6)), "beats_unmeasured", True),
        (run_with((0.8, 0.7, 0.9), (0.7, 0.6, 0.8), [paired(0.1, 0.02, 0.2)]), "beats_paired", False),
        (run_with((0.8, 0.7, 0.9), (0.5, 0.4, 0.6), [paired(0.3, -0.01, 0.6)]), "unsure_paired", True),
        (
            run_with((0.8, 0.7, 0.9), (0.7, 0.6, 0.8), [paired(-0.1, -0.2, -0.02, "base", "best")]),
            "beats_paired",
            False,
        ),
        (run_with((0.8, 0.7, 0.9), (0.7, 0.6, 0.8), [paired(0.1, 0.02, 0.2, metric="accuracy")]), "unsure", True),
        (run_with((0.4, 0.3, 0.5), (0.9, 0.8, 1.0), metric="mae", target="number"), "beats", False),
        (run_with((0.9, 0.8, 1.0), (0.4, 0.3, 0.5), metric="mae", target="number"), "loses", True),
        (
            run_with((0.4, 0.3, 0.5), (0.5, 0.4, 0.6), [paired(-0.1, -0.2, -0.01, metric="mae")], "mae", "number"),
            "beats_paired",
            False,
        ),
    ],
)
def test_the_best_model_is_weighed_against_the_best_baseline(run, message, weak):
    found = standing(run, EN)
    assert (found.message, found.is_weak) == (message, weak)
    assert ("Weak result" in [box.title for box in warnings_of(run, EN)]) == weak
    text = plain(EN.say(found.message, **found.fields))
    assert "base" in text
    assert ("No trained system beats" in text) == (message == "loses")


def test_without_model_or_baseline_there_is_no_standing():
    assert standing(run_with(None, (0.5, 0.4, 0.6)), EN) is None
    run = run_with(None, (0.5, 0.4, 0.6))
    assert "Only trivial baselines" in summary_section(run, EN).blocks[0].text


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "en",
            "the best system is counts-svm with 0.898 (95% interval [0.889,\u00a00.900], n\u00a0=\u00a013,021",
        ),
        ("id", "sistem terbaik ialah counts-svm dengan nilai 0,898 (selang kepercayaan 95\u00a0% [0,889;\u00a00,900]"),
    ],
)
def test_the_summary_says_what_was_found(run_folder, lang, expected):
    lead = summary_section(read_run(run_folder("text")), Locale(lang)).blocks[0]
    assert isinstance(lead, Paragraph)
    assert expected in plain(lead.text)
    assert ("counts-svm", True) in spans(lead.text)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "text",
            "3 systems learned to put a text into one of 2 classes (0 and 1), from 13,021 labelled texts of Ibrohim",
        ),
        (
            "pair",
            "2 systems learned to tell how two texts are related, with 2 classes (0 and 1), from 500 labelled pairs",
        ),
        ("number", "2 systems learned to score a text against a second one"),
        ("outputs", "to give each text 4 labels at once (harga, kualitas, pengiriman, and kemasan)"),
    ],
)
def test_the_summary_says_what_was_learned(run_folder, kind, expected):
    assert expected in plain(summary_section(read_run(run_folder(kind)), EN).blocks[0].text)


def test_two_systems_that_cannot_be_told_apart_are_said_to_be(run_folder):
    changes = {"metrics": {"comparisons": [paired(-0.01, -0.03, 0.01, "words-logistic", "counts-svm")]}}
    text = plain(summary_section(read_run(run_folder("text", changes)), EN).blocks[0].text)
    assert "second best system, words-logistic, is +0.010 [−0.010,\u00a0+0.030]".replace("+0.030", "0.030") in text
    assert "cannot be told apart" in text


def test_warnings_name_what_to_beware_of(run_folder):
    titles = {box.title: plain(box.text) for box in warnings_of(read_run(run_folder("pair")), EN)}
    assert set(titles) == {"Weak result", "Few test rows", "Leaks between parts of the data"}
    assert "100 rows" in titles["Few test rows"]
    assert (
        "3 rows (the same when normalised) between training data and test data"
        in titles["Leaks between parts of the data"]
    )


def test_good_runs_are_only_told_what_was_skipped(run_folder):
    boxes = warnings_of(read_run(run_folder("text")), EN)
    assert [(box.tone, box.title) for box in boxes] == [("note", "Some systems were skipped")]


def test_a_class_with_few_rows_is_named(run_folder):
    changes = {"data": {"classes": {"": {"0": 13000, "1": 21}}}}
    boxes = {box.title: box.text for box in warnings_of(read_run(run_folder("text", changes)), EN)}
    assert "1 (21)" in boxes["Classes with few rows"]


def test_systems_scored_on_other_rows_are_named(run_folder):
    changes = {"metrics": {"systems>counts-bayes>parts>test>f1_macro>n": 1303}}
    boxes = {box.title: box.text for box in warnings_of(read_run(run_folder("text", changes)), EN)}
    assert "counts-bayes (n = 1,303)" in boxes["Systems were scored on different rows"]


def test_a_wide_interval_a_papers_protocol_and_weak_labels_are_pointed_out(run_folder):
    changes = {
        "metrics": {"systems>counts-svm>parts>test>f1_macro>low": 0.7},
        "manifest": {"protocol": "paper"},
    }
    folder = run_folder("text", changes)
    with (folder / "recipe.yaml").open("a") as stream:
        stream.write("label: {vader: {}}\n")
    titles = [box.title for box in warnings_of(read_run(folder), EN)]
    assert titles[:2] == ["Run by the paper's own protocol", "Wide interval"]
    assert "Labels made by a machine" in titles


def test_a_sample_chosen_systems_and_oddities_are_told(run_folder):
    changes = {"manifest": {"rows_asked": 2000, "only": ["counts-svm"], "warnings": ["one.", "two."], "skipped": []}}
    boxes = {box.title: box.text for box in warnings_of(read_run(run_folder("text", changes)), EN)}
    assert "2,000 rows" in boxes["A sample"]
    assert "counts-svm" in boxes["Some systems only"]
    assert boxes["About the data"] == "one. two."


def test_models_that_cannot_be_told_apart_from_the_best_are_its_rivals(run_folder):
    assert rivals(read_run(run_folder("reviews"))) == ["words-bayes"]  # by their paired difference
    assert rivals(read_run(run_folder("text"))) == []
    assert rivals(read_run(run_folder("pair", {"metrics": {"comparisons": []}}))) == ["counts-pairs"]  # by overlap


def test_the_cells_of_a_grid_count_as_one_system(run_folder):
    lead = plain(summary_section(read_run(run_folder("grid")), EN).blocks[0].text)
    assert "3 systems" in lead  # counts-svm, minilm and a grid of ten cells
