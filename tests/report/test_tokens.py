from makna.report.blocks import Heading, Paragraph, Table
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.tokens import tokens_section

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_what_is_cut_and_unknown_is_told_for_each_system(run_folder):
    table = of(tokens_section(read_run(run_folder("tuned")), EN), Table)[0]
    assert list(table.columns) == ["Aspect", "minilm", "minilm-svm"]
    rows = {row[0].text: row[1:] for row in table.cells()}
    assert [(cell.text, cell.below) for cell in rows["Texts cut"]] == [("150", "1.4%"), ("21", "0.2%")]
    assert [cell.text for cell in rows["Unknown tokens"]] == ["1.04%", "1.04%"]
    assert [cell.text for cell in rows["Tokens a word"]] == ["2.05", "1.61"]
    assert [cell.text for cell in rows["Longest text (tokens)"]] == ["380", "380"]


def test_cells_that_say_the_same_are_told_once(run_folder):
    assert list(of(tokens_section(read_run(run_folder("grid")), EN), Table)[0].columns) == [
        *("Aspect", "minilm", "encoder-pca-svm-minilm"),
    ]


def test_each_step_of_cleaning_is_followed_from_the_raw_text(run_folder):
    table = of(tokens_section(read_run(run_folder("tuned")), EN), Table)[1]
    assert [[cell.text for cell in row] for row in table.cells()] == [
        ["raw text", "2.13%", "2.31", "190", "402"],
        ["lower case", "1.04%", "2.05", "150", "380"],
        ["slang", "0.41%", "1.72", "133", "351"],
    ]


def test_one_text_is_shown_piece_by_piece_and_its_padding_in_words(run_folder):
    section = tokens_section(read_run(run_folder("tuned")), EN)
    assert [block.text for block in of(section, Heading)] == ["One text inside minilm"]  # once an encoder
    assert any("ih bagus banget sih ini" in block.text for block in of(section, Paragraph))
    table = of(section, Table)[-1]
    shown = [[cell.text for cell in row] for row in table.cells()]
    assert shown[:2] == [["1", "[CLS]", "101", "1"], ["2", "i", "1045", "1"]]
    assert shown[-1] == ["12", "[SEP]", "102", "1"]
    assert "2 padding tokens [PAD] (number 0, mask 0)" in table.note


def test_a_long_text_is_cut_and_says_so(run_folder):
    run = read_run(run_folder("tuned"))
    example = {"text": "a", "pieces": ["a"] * 90, "ids": [7] * 80, "mask": []}
    run.explain["steps"]["minilm"][0]["facts"]["example"] = example
    table = of(tokens_section(run, EN), Table)[-1]
    assert len(table.rows) == 40
    assert "40 of 90" in table.note
    assert table.cells()[0][3].text == "–"
    assert table.is_folded
