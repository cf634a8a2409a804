import pytest

from makna.report.blocks import Facts, Paragraph, Picture, Table, spans
from makna.report.charts import styled
from makna.report.epochs import chosen_trial, trainings_of
from makna.report.figures import figures_of
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.training import training_section
from tests.report.made import WEIGHTS, epochs

EN = Locale("en")
CHOSEN = "batch_size=8,learning_rate=3e-05"


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def facts_of(section):
    return dict(of(section, Facts)[0].pairs)


def changed(run_folder, **facts):
    """The tuned run with other facts about its network."""
    folder = run_folder("tuned")
    run = read_run(folder)
    run.explain["steps"]["minilm"][0]["facts"].update(facts)
    return run


def test_epochs_stand_with_training_and_validation_side_by_side(run_folder):
    section = training_section(read_run(run_folder("tuned")), EN)
    table = of(section, Table)[1]
    assert list(table.columns) == ["Epoch", *(["Accuracy", "F1", "Precision", "Recall", "Loss"] * 2)]
    assert list(table.over) == [("", 1), ("Training data", 5), ("Validation data", 5)]
    rows = {(row["epoch"], row["part"]): row for row in epochs(3e-05, 8)}
    names = ("accuracy", "f1_macro", "precision_macro", "recall_macro", "loss")
    for row in table.cells():
        numbers = [rows[int(row[0].text), part][name] for part in ("train", "valid") for name in names]
        shown = [f"{n:.4f}" if i % 5 == 4 else f"{n:.3f}" for i, n in enumerate(numbers)]
        assert [cell.text for cell in row[1:]] == shown
    assert [row[0].emphasised for row in table.cells()] == [False, False, True]


def test_all_trials_are_folded_into_one_table_with_their_settings(run_folder):
    table = of(training_section(read_run(run_folder("tuned")), EN), Table)[-1]
    assert list(table.columns[:3]) == ["batch_size", "learning_rate", "Epoch"]
    assert len(table.rows) == 7 * 3 + 1  # one trial failed in its second epoch
    assert table.is_folded
    top = [[cell.text for cell in row[:3]] for row in table.cells() if row[0].emphasised]
    assert top == [["8", "3e-05", "3"]]


def test_settings_machine_batch_and_weights_are_told(run_folder):
    run = read_run(run_folder("tuned"))
    section = training_section(run, EN)
    facts = facts_of(section)
    assert facts["Settings"] == "epochs = 3, batch_size = 8, learning_rate = 3e-05, class_weight = balanced"
    assert facts["Other settings"] == "warmup = 0.1, clip = 1"  # what is not set, and the seed, are not told
    assert facts["Validation rows"] == "2,294 rows, the validation part"
    assert facts["Epochs"] == "3; epoch 3 is used"
    assert facts["Stopped because"] == "all epochs were done"
    assert facts["Device, precision"] == "cuda, bf16"
    assert facts["Batch"].startswith("4 texts × 2 steps = 8 texts an update")
    assert facts["Memory of training (estimate)"] == "2,310\u00a0MB"
    assert facts["Training time"] == "8 min 18 s"
    weights = {row[0].text: (row[1].text, row[2].text) for row in of(section, Table)[0].cells()}
    train = run.data["parts"]["train"]["classes"][""]
    assert weights == {label: (f"{train[label]:,}", f"{weight:.4f}") for label, weight in WEIGHTS.items()}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"overfitting": 2}, "After epoch 2 the network overfits"),
        ({"overfitting": None}, "Overfitting does not show"),
    ],
)
def test_overfitting_is_named_with_its_epoch(run_folder, facts, said):
    paragraphs = of(training_section(changed(run_folder, **facts), EN), Paragraph)
    texts = ["".join(piece for piece, _ in spans(block.text)) for block in paragraphs]
    assert any(text.startswith(said) for text in texts)


@pytest.mark.parametrize(
    ("stopped", "said"),
    [
        ("patience", "the validation score improved no more"),
        ("Kalah dari percobaan lain.", "Kalah dari percobaan lain."),
    ],
)
def test_why_training_ended_is_told(run_folder, stopped, said):
    assert facts_of(training_section(changed(run_folder, stopped=stopped), EN))["Stopped because"] == said


def test_a_batch_that_fitted_is_not_told_again(run_folder):
    assert "Batch" not in facts_of(training_section(changed(run_folder, batch_size=8, accumulate=1), EN))


def test_curves_show_both_parts_and_mark_the_epoch_in_use(run_folder):
    run = read_run(run_folder("tuned"))
    names = [block.name for block in of(training_section(run, EN), Picture)]
    assert names == ["training-accuracy-minilm", "training-loss-minilm", "trials-accuracy-minilm", "trials-loss-minilm"]
    with styled():
        drawn = {name: figures_of(run, EN)[name]() for name in names}
    loss = drawn["training-loss-minilm"].axes[0]
    rows = {part: [row["loss"] for row in epochs(3e-05, 8) if row["part"] == part] for part in ("train", "valid")}
    lines = [list(line.get_ydata()) for line in loss.lines if len(line.get_xdata()) == 3]
    assert lines == [rows["train"], rows["valid"]]
    assert [list(line.get_xdata()) for line in loss.lines if len(set(line.get_xdata())) == 1] == [[3, 3]]
    panels = drawn["trials-loss-minilm"].axes
    assert len(panels) == 8
    marked = [
        ax.get_title(loc="left") for ax in panels if any(len(set(line.get_xdata())) == 1 for line in ax.lines[:1])
    ]
    assert "batch_size = 8, learning_rate = 3e-05" in marked


def test_the_chosen_trial_is_known_however_numbers_are_written(run_folder):
    run = read_run(run_folder("tuned"))
    trials = [trained.trial for trained in trainings_of(run, "minilm")]
    assert chosen_trial(run, "minilm", trials) == CHOSEN
    run.systems["minilm"]["chosen_by"]["choices"][0]["cell"] = {"learning_rate": "0.00003", "batch_size": 8.0}
    assert chosen_trial(run, "minilm", trials) == CHOSEN
    run.systems["minilm"]["chosen_by"]["choices"] = []
    assert chosen_trial(run, "minilm", trials) is None


def test_epochs_of_several_folds_are_averaged(run_folder):
    rows = [
        {"trial": "x", "fold": str(fold), "epoch": 1, "part": "valid", "loss": loss, "accuracy": None}
        for fold, loss in ((1, 0.5), (2, 0.7))
    ]
    run = read_run(run_folder("text", {"metrics": {"systems>counts-svm>history": rows}}))
    section = training_section(run, EN)
    (table,) = of(section, Table)
    shown = dict(zip(table.columns[-2:], [cell.text for cell in table.cells()[0]][-2:], strict=True))
    assert shown == {"Accuracy": "–", "Loss": "0.6000"}
    assert "mean over up to 2 folds" in table.note
    assert [block.name for block in of(section, Picture)] == ["training-loss-counts-svm"]


def test_runs_without_epochs_have_no_such_section(run_folder):
    assert training_section(read_run(run_folder("text")), EN) is None
