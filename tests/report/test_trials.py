import pytest

from makna.report.blocks import Heading, Paragraph, Picture, Table
from makna.report.charts import styled
from makna.report.figures import figures_of
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.trials import trials_of, trials_section
from tests.report.made import BATCHES, RATES, epochs

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_settings_chosen_are_gathered_over_folds(run_folder):
    choices, trials = of(trials_section(read_run(run_folder("text")), EN), Table)
    assert "weighted F1 (folds inside the training data)" in choices.caption
    assert [[c.text for c in row] for row in choices.cells()] == [
        ["C = 0.3", "9", "1, 2, 3, 5, 6, 7, 8, 9, 10"],
        ["C = 1", "1", "4"],
    ]
    assert "inner folds" in trials.caption
    rows = [[c.text for c in row] for row in trials.cells()]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("0.1", "10", "–"),
        ("0.3", "10", "chosen 9 times"),
        ("1", "10", "chosen 1 times"),
    ]
    assert [row[0].emphasised for row in trials.cells()] == [False, True, False]


def test_where_systems_were_chosen_among_they_are_named(run_folder):
    systems = {"1": "words-logistic", "2": "counts-bayes"}
    choices = [{"fold": fold, "system": name, "cell": {}} for fold, name in systems.items()]
    changes = {"metrics": {"systems>counts-svm>chosen_by": {"metric": "f1_macro", "how": "valid", "choices": choices}}}
    table = of(trials_section(read_run(run_folder("text", changes)), EN), Table)[0]
    assert table.caption.endswith("(validation data).")
    assert table.cells()[0][0].text == "words-logistic"


def test_a_choice_that_all_folds_made_is_marked_among_the_trials_alone(run_folder):
    choices = [{"fold": str(fold), "system": "counts-svm[C=0.3]", "cell": {"C": 0.3}} for fold in range(1, 11)]
    changes = {"metrics": {"systems>counts-svm>chosen_by>choices": choices}}
    (trials,) = of(trials_section(read_run(run_folder("text", changes)), EN), Table)
    assert [row[-1].text for row in trials.cells()] == ["–", "chosen 10 times", "–"]


def test_trials_are_means_over_their_folds(run_folder):
    scores = ((1, 0.5), (2, 0.6), (3, None))
    history = [{"trial": "a", "fold": fold, "part": "inner", "f1_weighted": value} for fold, value in scores]
    changes = {"metrics": {"systems>counts-svm>history": history}}
    rows = of(trials_section(read_run(run_folder("text", changes)), EN), Table)[-1].cells()
    assert [cell.text for cell in rows[0]] == ["a", "0.550", "3"]


def test_a_long_list_of_trials_is_folded_cut_and_says_so(run_folder):
    history = [{"trial": f"C={i}", "part": "valid", "f1_weighted": 0.5} for i in range(300)]
    section = trials_section(read_run(run_folder("text", {"metrics": {"systems>counts-svm>history": history}})), EN)
    table = of(section, Table)[1]
    assert (len(table.rows), table.columns[0], table.is_folded) == (200, "C", True)
    assert "200 of 300" in table.note


def test_the_papers_protocol_claims_no_honest_choice(run_folder):
    changes = {"manifest": {"protocol": "paper"}}
    section = trials_section(read_run(run_folder("text", changes)), EN)
    assert "training data alone" not in of(section, Paragraph)[0].text


def test_trials_of_networks_have_settings_as_columns_and_tell_what_became_of_them(run_folder):
    section = trials_section(read_run(run_folder("tuned")), EN)
    assert [block.text for block in of(section, Heading)] == ["minilm"]
    (table,) = of(section, Table)
    assert list(table.columns) == ["batch_size", "learning_rate", "Macro-F1", "Epoch", "Outcome"]
    rows = {(row[0].text, row[1].text): row for row in table.cells()}
    assert len(rows) == len(RATES) * len(BATCHES)
    best = epochs(3e-05, 8)[-1]["f1_macro"]
    assert [cell.text for cell in rows["8", "3e-05"]] == ["8", "3e-05", f"{best:.3f}", "3", "chosen"]
    assert [key for key, row in rows.items() if row[0].emphasised] == [("8", "3e-05")]
    failed = [cell.text for cell in rows["8", "4e-05"]]
    assert failed[2:] == ["–", "1", "Loss menjadi tak hingga pada epok 2."]


def test_two_settings_make_a_heat_map_with_the_chosen_place_framed(run_folder):
    run = read_run(run_folder("tuned"))
    (picture,) = of(trials_section(run, EN), Picture)
    assert picture.name == "settings-minilm"
    with styled():
        ax = figures_of(run, EN)[picture.name]().axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1e-05", "2e-05", "3e-05", "4e-05"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["8", "16"]
    score = {(trial.name): trial.score for trial in trials_of(run, "minilm")}
    written = {tuple(map(int, text.get_position())): text.get_text() for text in ax.texts}
    assert written[2, 0] == f"{score['batch_size=8,learning_rate=3e-05']:.3f}"
    assert written[3, 0] == "–"
    (frame,) = (patch for patch in ax.patches if not patch.get_fill())
    assert (int(frame.get_x()), int(frame.get_y())) == (2, 0)


@pytest.mark.parametrize(
    "names", [["C=1", "C=2"], ["a=1,b=1,c=1", "a=2,b=2,c=2"], ["counts-svm", "words-svm"], ["a=1,b=1", "a=1,b=1"]]
)
def test_other_trials_make_no_heat_map(run_folder, names):
    history = [{"trial": name, "part": "valid", "f1_weighted": 0.5} for name in names]
    section = trials_section(read_run(run_folder("text", {"metrics": {"systems>counts-svm>history": history}})), EN)
    assert of(section, Picture) == []
