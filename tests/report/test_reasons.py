from makna.report.blocks import Cases, Heading, Paragraph, Table, Words
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.reasons import choices_section, errors_section, words_section

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_settings_chosen_are_gathered_over_folds(run_folder):
    table, history = of(choices_section(read_run(run_folder("text")), EN), Table)
    assert "weighted F1 (folds inside the training data)" in table.caption
    assert [[c.text for c in row] for row in table.cells()] == [
        ["C = 0.3", "9", "1, 2, 3, 5, 6, 7, 8, 9, 10"],
        ["C = 1", "1", "4"],
    ]
    rows = [[c.text for c in row] for row in history.cells()]
    assert [row[:3] for row in rows] == [
        ["C=0.1", "inner folds", "10"],
        ["C=0.3", "inner folds", "10"],
        ["C=1.0", "inner folds", "10"],
    ]


def test_where_systems_were_chosen_among_they_are_named(run_folder):
    chosen = {
        "metric": "f1_macro",
        "how": "valid",
        "choices": [{"fold": "valid", "system": "words-logistic", "cell": {}}],
    }
    changes = {"metrics": {"systems>counts-svm>chosen_by": chosen}}
    table = of(choices_section(read_run(run_folder("text", changes)), EN), Table)[0]
    assert table.caption.endswith("(validation data).")
    assert table.cells()[0][0].text == "words-logistic"


def test_trials_are_means_over_their_folds(run_folder):
    history = [
        {"trial": "a", "fold": f, "part": "inner", "f1_macro": value} for f, value in ((1, 0.5), (2, 0.6), (3, None))
    ]
    changes = {"metrics": {"systems>counts-svm>history": history}}
    rows = of(choices_section(read_run(run_folder("text", changes)), EN), Table)[1].cells()
    assert [cell.text for cell in rows[0]] == ["a", "inner folds", "3", "0.550"]


def test_a_long_history_is_cut_and_says_so(run_folder):
    history = [{"trial": "t", "epoch": i, "part": "valid", "f1_macro": 0.5} for i in range(100)]
    table = of(
        choices_section(read_run(run_folder("text", {"metrics": {"systems>counts-svm>history": history}})), EN), Table
    )[1]
    assert (len(table.rows), table.columns[:3]) == (60, ["Trial", "Epoch", "Part"])
    assert "60 of 100" in table.note


def test_the_papers_protocol_claims_no_honest_choice(run_folder):
    changes = {"manifest": {"protocol": "paper"}}
    section = choices_section(read_run(run_folder("text", changes)), EN)
    assert "training data alone" not in of(section, Paragraph)[0].text


def test_words_stand_class_by_class_with_bars_to_scale(run_folder):
    words = of(words_section(read_run(run_folder("text")), EN), Words)[0]
    title, entries = words.lists[0]
    assert (title, entries[0]) == ("1", ("bodoh", "2.31", 1.0))
    assert entries[1][2] == 2.2 / 2.31
    assert words.lists[1][1][0] == ("terima kasih", "−1.44", 1.0)


def test_words_of_several_outputs_name_their_output(run_folder):
    captions = [block.caption for block in of(words_section(read_run(run_folder("outputs")), EN), Words)]
    assert len(captions) == 4
    assert captions[0].startswith("counts-svm, harga:")


def test_mistakes_show_text_truth_prediction_and_words(run_folder):
    section = errors_section(read_run(run_folder("text")), EN)
    assert [block.text for block in of(section, Heading)] == ["counts-svm", "words-logistic"]
    case = of(section, Cases)[0].items[0]
    assert case.texts[0][1].startswith("kata dia aku bodoh")
    assert dict(case.facts) == {
        "id": "77",
        "truth": "0",
        "prediction": "1",
        "probability": "0.980",
        "words that decided": "bodoh (0.41), dia (0.07)",
    }


def test_words_that_print_as_zero_are_left_out(run_folder):
    error = {"id": "1", "text": "x", "words": [["satu", 0.3], ["dua", 0.004], ["tiga", -0.001], ["empat", -0.2]]}
    changes = {"explain": {"errors": {"counts-svm": [error]}}}
    case = of(errors_section(read_run(run_folder("text", changes)), EN), Cases)[0].items[0]
    assert dict(case.facts)["words that decided"] == "satu (0.30), empat (−0.20)"


def test_mistakes_of_pairs_and_numbers_show_both_texts_and_the_difference(run_folder):
    case = of(errors_section(read_run(run_folder("number")), EN), Cases)[0].items[0]
    assert [name for name, _ in case.texts] == ["first text", "second text"]
    assert dict(case.facts)["difference"] == "+3.40"


def test_the_best_system_shows_more_mistakes_than_the_others(run_folder):
    error = {"id": "1", "text": "x", "truth": "0", "prediction": "1", "probability": 0.9, "words": []}
    changes = {"explain": {"errors": {"words-logistic": [error] * 30, "counts-svm": [error] * 30}}}
    shown = [len(block.items) for block in of(errors_section(read_run(run_folder("text", changes)), EN), Cases)]
    assert shown == [10, 4]


def test_without_explain_there_are_no_reasons(run_folder):
    folder = run_folder("text")
    (folder / "explain.json").unlink()
    run = read_run(folder)
    assert words_section(run, EN) is None
    assert errors_section(run, EN) is None
