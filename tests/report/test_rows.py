from makna.report.blocks import Box, Cases, Heading, Paragraph, Picture, Table
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.rows import cleaning_section, data_section, shortened, target_section

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def printed(table):
    return [[cell.text for cell in row] for row in table.cells()]


def test_the_data_statement_says_where_rows_come_from_and_go(run_folder):
    section = data_section(read_run(run_folder("text")), EN)
    facts = dict(section.blocks[0].pairs)
    assert facts["Licence"] == "CC BY-NC-SA 4.0"
    assert (facts["Rows read"], facts["Rows kept"]) == ("13,169", "13,021 (98.9%)")
    assert facts["Length of texts"].startswith("mean 17.2 words; median 15; 95% have at most 41 words")
    assert printed(of(section, Table)[0])[2] == ["duplicates (duplicates)", "13,159", "138", "13,021"]
    assert printed(of(section, Table)[1]) == [["exact", "120", "146"], ["normalised", "250", "319"]]


def test_conflicts_show_their_texts_and_labels(run_folder):
    section = data_section(read_run(run_folder("text")), EN)
    assert any("37 texts" in block.text for block in of(section, Paragraph))
    case = of(section, Cases)[-1].items[0]
    assert case.texts == [("text", "USER dasar kampret lu")]
    assert case.facts == [("0", "1 times"), ("1", "2 times")]


def test_leaks_are_told_part_by_part(run_folder):
    section = data_section(read_run(run_folder("pair")), EN)
    rows = printed(of(section, Table)[-1])
    assert rows[0] == ["the same when normalised", "training data and test data", "3"]
    assert of(section, Cases)[-1].items[0].facts == [("id", "411")]


def test_no_leaks_is_only_said_of_parts(run_folder):
    none = "No held-out row was found in the training data."
    parts = data_section(read_run(run_folder("pair", {"data": {"leaks": []}})), EN)
    assert none in [block.text for block in of(parts, Paragraph)]
    folds = data_section(read_run(run_folder("number")), EN)
    told = [block.text for block in of(folds, Paragraph)]
    assert none not in told
    assert any("different folds" in text for text in told)  # one normalised duplicate is still there
    dropped = data_section(read_run(run_folder("text")), EN)
    assert not any("different folds" in block.text for block in of(dropped, Paragraph))


def test_class_balance_counts_every_part(run_folder):
    section = target_section(read_run(run_folder("pair")), EN)
    assert of(section, Picture)[0].name == "classes"
    table = of(section, Table)[0]
    assert list(table.columns) == ["Class", "Rows", "Share", "Training data", "Validation data", "Test data"]
    assert printed(table) == [["0", "260", "52.0%", "156", "52", "52"], ["1", "240", "48.0%", "144", "48", "48"]]
    assert of(section, Box) == []


def test_unbalanced_classes_are_pointed_out(run_folder):
    section = target_section(read_run(run_folder("text", {"data": {"classes": {"": {"0": 900, "1": 100}}}})), EN)
    assert "9.0 times" in of(section, Box)[0].text


def test_numbers_have_a_distribution_in_place_of_a_balance(run_folder):
    folder = run_folder("number")
    section = target_section(read_run(folder), EN)
    assert of(section, Picture)[0].name == "numbers"
    assert printed(of(section, Table)[0]) == [["240", "2.90", "1.44", "0.00", "5.00"]]
    (folder / "predictions.parquet").unlink()
    assert of(target_section(read_run(folder), EN), Picture) == []


def test_cleaning_shows_before_and_after(run_folder):
    section = cleaning_section(read_run(run_folder("text")), EN)
    assert printed(of(section, Table)[0])[0] == ["parts of tweets (tweet)", "11,873"]
    assert [block.text for block in of(section, Heading)][-1] == "Slang (slang)"
    assert of(section, Cases)[-1].items[0].texts == [
        ("before", "gw gak ngerti knp dia bgitu"),
        ("after", "saya tidak mengerti kenapa dia begitu"),
    ]
    assert cleaning_section(read_run(run_folder("number")), EN) is None


def test_long_texts_are_cut_with_a_note_and_empty_ones_named():
    assert shortened("a" * 600, EN) == "a" * 600
    cut = shortened("a" * 100_000, EN)
    assert cut == "a" * 600 + "… (cut; the original has 100,000 characters)"
    assert shortened("  \n", EN) == shortened(None, EN) == "(empty text)"


def test_without_data_and_manifest_there_is_no_statement(run_folder):
    folder = run_folder("text")
    (folder / "data.json").unlink()
    (folder / "manifest.json").unlink()
    assert data_section(read_run(folder), EN) is None
    assert target_section(read_run(folder), EN) is None
