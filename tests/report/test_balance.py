from makna.report.balance import common_words_section, target_section
from makna.report.blocks import Box, Cell, Heading, Paragraph, Picture, Table, Words
from makna.report.language import Locale
from makna.report.reading import read_run

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def printed(table):
    return [[cell.text for cell in row] for row in table.cells()]


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


def test_classes_stand_by_group_and_part(run_folder):
    table = of(target_section(read_run(run_folder("reviews")), EN), Table)[-1]
    columns = ["Group", "Class", "Training data", "Validation data", "Test data", "Total"]
    assert list(table.columns) == columns
    rows = table.cells()
    assert [row[0].text for row in rows] == ["Makeup", "", "", "Skincare", "", "", "Perawatan rambut", "", ""]
    assert [cell.text for cell in rows[0]] == ["Makeup", "negatif", "603", "128", "130", "861"]
    assert rows[0][4] == Cell("130", f"{130 / (130 + 213 + 802):.1%}")
    assert sum(int(row[5].text.replace(",", "")) for row in rows) == 15_292


def test_many_groups_get_a_table_a_part_and_the_largest_are_shown(run_folder):
    groups = {f"g{i:02d}": {"0": i + 1, "1": 1} for i in range(50)}
    table = {"train": groups, "test": {"g00": {"0": 4}}}
    section = target_section(read_run(run_folder("text", {"data": {"table": {"": table}}})), EN)
    _, train, test = of(section, Table)
    assert [len(train.rows), len(test.rows)] == [40, 40]
    assert printed(train)[0] == ["g49", "50", "1", "51"]
    assert printed(train)[-1] == ["g10", "11", "1", "12"]
    assert "(training data)" in train.caption
    assert any("40 largest of 50" in block.text for block in of(section, Paragraph))


def test_many_classes_are_split_over_tables(run_folder):
    classes = {f"k{i}": 2 for i in range(8)}
    section = target_section(read_run(run_folder("text", {"data": {"table": {"": {"all": {"a": classes}}}}})), EN)
    _, first, second = of(section, Table)
    assert list(first.columns) == ["Group", *(f"k{i}" for i in range(6)), "Total"]
    assert list(second.columns) == ["Group", "k6", "k7", "Total"]
    assert printed(second) == [["a", "2", "2", "16"]]


def test_rows_without_groups_have_no_table_of_groups(run_folder):
    changes = {"data": {"table": {"": {"all": {"": {"0": 7427, "1": 5594}}}}}}
    section = target_section(read_run(run_folder("text", changes)), EN)
    assert of(section, Heading) == []


def test_the_commonest_words_stand_class_by_class(run_folder):
    words = of(common_words_section(read_run(run_folder("reviews")), EN), Words)[0]
    assert [title for title, _ in words.lists] == ["negatif", "netral", "positif"]
    word, n, share = words.lists[2][1][1]
    assert (word, n) == ("suka", "1,038")
    assert share == 1038 / 1687
    assert {len(entries) for _, entries in words.lists} == {15}
    assert common_words_section(read_run(run_folder("text")), EN) is None


def test_odd_entries_of_words_are_left_out(run_folder):
    changes = {"data": {"common_words": {"": {"0": [["a", None], "b", ["c", 3]], "1": None}}}}
    words = of(common_words_section(read_run(run_folder("text", changes)), EN), Words)[0]
    assert words.lists == [("0", [("c", "3", 1.0)])]
