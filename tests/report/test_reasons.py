from makna.report.blocks import Cases, Heading, Words
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.reasons import errors_section, words_section

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


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
