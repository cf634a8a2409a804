import csv
import io
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.collect.files import read_parts, read_table
from makna.core.errors import DataError


def write(folder, name, text, encoding="utf-8"):
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def refused(call, *args, **options):
    with pytest.raises(DataError) as error:
        call(*args, **options)
    assert str(error.value)  # the message has all its fields
    return error.value


def test_cells_are_text_exactly_as_in_the_file(tmp_path):
    file = write(tmp_path, "a.csv", " ulasan ,label\n0,NA\n 01 ,\nnull,1.50\n")
    table = read_table(file)
    assert table.to_dict("list") == {"ulasan": ["0", " 01 ", "null"], "label": ["NA", "", "1.50"]}
    assert list(table.index) == [2, 3, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_delimiter_is_detected_whatever_the_ending(tmp_path, delimiter, name):
    stream = io.StringIO()
    rows = [["teks", "kelas", "nilai"], ["bagus, murah; cepat", "1", "2,5"], ['kata "baik"', "0", "baris\nbaru | x"]]
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    table = read_table(write(tmp_path, name, stream.getvalue()))
    assert [list(table.columns), *table.to_numpy().tolist()] == rows


def test_given_delimiter_is_used_also_by_its_name(tmp_path):
    file = write(tmp_path, "a.csv", "a,b\tc\n1,2\t3\n")
    assert list(read_table(file, delimiter="\\t").columns) == ["a,b", "c"]
    assert refused(read_table, file, delimiter=";;").key == "collect.bad_delimiter"


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_csv_writes_is_read_back(tmp_path_factory, rows, delimiter):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *rows])
    file = write(tmp_path_factory.mktemp("t"), "a.csv", stream.getvalue())
    assert [tuple(row) for row in read_table(file).to_numpy().tolist()] == rows


def test_lines_of_rows_count_line_breaks_inside_cells(tmp_path):
    file = write(tmp_path, "a.csv", 'teks,x\n"dua\nbaris",1\n\nsatu,2\n')
    table = read_table(file)
    assert list(table.index) == [2, 5]
    assert table["teks"].tolist() == ["dua\nbaris", "satu"]


def test_ragged_row_is_named_by_its_line(tmp_path):
    error = refused(read_table, write(tmp_path, "a.csv", 'a,b\n"x\ny",1\nz,2,3\n'))
    assert (error.key, error.fields["line"], error.fields["came"], error.fields["expected"]) == (
        "collect.ragged", 4, 3, 2)  # fmt: skip


def test_a_quote_never_closed_is_named_by_its_line(tmp_path):
    error = refused(read_table, write(tmp_path, "a.csv", 'a,b\nx,1\n"y,2\nz,3\n'))
    assert (error.key, error.fields["line"]) == ("collect.open_quote", 3)


def test_a_bare_quote_inside_a_quoted_cell_is_named_not_dropped(tmp_path):
    error = refused(read_table, write(tmp_path, "a.csv", 'a,b\nx,1\n"dia "baik" ya",2\n'))
    assert (error.key, error.fields["line"]) == ("collect.bare_quote", 3)
    assert read_table(write(tmp_path, "a.csv", 'a,b\ndia "baik" ya,2\n'))["a"].tolist() == ['dia "baik" ya']


def test_one_column_keeps_commas_and_blank_lines_between_rows(tmp_path):
    file = write(tmp_path, "a.txt", 'ulasan\nbagus, murah\n\n"kutip" tetap\n\n\n')
    table = read_table(file)
    assert table["ulasan"].tolist() == ["bagus, murah", "", '"kutip" tetap']
    assert list(table.index) == [2, 3, 4]


def test_one_column_csv_may_enclose_cells(tmp_path):
    table = read_table(write(tmp_path, "a.csv", 'ulasan\n"bagus, ""murah"""\njelek, mahal\n'))
    assert table["ulasan"].tolist() == ['bagus, "murah"', "jelek, mahal"]


def test_file_without_header_takes_the_names_given(tmp_path):
    file = write(tmp_path, "a.tsv", "bagus , murah\tpositive\njelek\tnegative\n")
    table = read_table(file, columns=["text", "label"])
    assert table.to_dict("list") == {"text": ["bagus , murah", "jelek"], "label": ["positive", "negative"]}
    assert list(table.index) == [1, 2]


def test_old_mac_line_ends_and_utf16_from_excel(tmp_path):
    assert read_table(write(tmp_path, "a.csv", "a,b\r1,2\r3,4\r"))["b"].tolist() == ["2", "4"]
    table = read_table(write(tmp_path, "b.txt", "teks\tnilai\r\nbagus\t1\r\n", "utf-16"))
    assert table.to_dict("list") == {"teks": ["bagus"], "nilai": ["1"]}


def test_missing_folder_empty_and_header_only_are_told_apart(tmp_path):
    write(tmp_path, "ulasan.csv", "a\n")
    missing = refused(read_table, tmp_path / "ulsan.csv")
    assert missing.key == "collect.no_file"
    assert "ulasan.csv" in missing.fields["hint"]
    (tmp_path / "map.csv").mkdir()
    assert refused(read_table, tmp_path / "map.csv").key == "collect.is_folder"
    assert refused(read_table, write(tmp_path, "b.csv", "")).key == "collect.empty_file"
    assert refused(read_table, write(tmp_path, "b.csv", "\n \n")).key == "collect.empty_file"
    assert refused(read_table, tmp_path / "ulasan.csv").key == "collect.header_only"
    assert refused(read_table, write(tmp_path, "c.doc", "a\n1\n")).key == "collect.unknown_format"


def test_duplicate_column_names_are_refused_by_name(tmp_path):
    error = refused(read_table, write(tmp_path, "a.csv", "teks, teks ,x\n1,2,3\n"))
    assert (error.key, error.fields["columns"]) == ("collect.duplicate_columns", "'teks'")


def test_parquet_and_jsonl_become_text(tmp_path):
    frame = pd.DataFrame({" n ": [0, 1], "f": [2.5, None], "t": ["NA", None], "b": [True, False]})
    frame.to_parquet(tmp_path / "a.parquet")
    expected = {"n": ["0", "1"], "f": ["2.5", ""], "t": ["NA", ""], "b": ["true", "false"]}
    assert read_table(tmp_path / "a.parquet").to_dict("list") == expected
    lines = [{"t": "x\ud83d", "n": 0}, {"n": None, "z": [1, "é"]}]
    write(tmp_path, "a.jsonl", "\n\n".join(json.dumps(line) for line in lines))
    table = read_table(tmp_path / "a.jsonl")
    assert table.to_dict("list") == {"t": ["x\ufffd", ""], "n": ["0", ""], "z": ["", '[1, "é"]']}
    assert list(table.index) == [1, 3]


@pytest.mark.parametrize(("line", "key"), [("{oops", "collect.bad_json"), ("[1]", "collect.not_object")])
def test_bad_json_line_is_named(tmp_path, line, key):
    error = refused(read_table, write(tmp_path, "a.jsonl", f'{{"a": 1}}\n{line}\n'))
    assert (error.key, error.fields["line"]) == (key, 2)


def test_workbook_is_read_as_text_with_short_rows_filled(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in [["teks", "nilai", None], ["bagus", 5, None], [None, None, None], ["-", 2.5, None], [None] * 3]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert table.to_dict("list") == {"teks": ["bagus", "", "-"], "nilai": ["5", "", "2.5"]}
    assert list(table.index) == [2, 3, 4]


@pytest.mark.parametrize(("name", "key"), [("a.xlsx", "collect.not_workbook"), ("a.parquet", "collect.broken")])
def test_a_broken_binary_file_is_named(tmp_path, name, key):
    assert refused(read_table, write(tmp_path, name, "bukan berkas itu")).key == key


def test_parts_get_a_column_and_must_have_the_same_columns(tmp_path):
    train, valid = write(tmp_path, "t.csv", "a,b\n1,2\n"), write(tmp_path, "v.csv", "b,a\n4,3\n")
    table = read_parts({"train": train, "valid": valid})
    assert table.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"], "part": ["train", "valid"]}
    other = write(tmp_path, "o.csv", "a,c\n1,2\n")
    error = refused(read_parts, {"train": train, "test": other})
    assert (error.key, error.fields["missing"], error.fields["extra"]) == ("collect.parts_differ", "b", "c")
    taken = write(tmp_path, "p.csv", "a,part\n1,2\n")
    assert refused(read_parts, {"train": taken}).key == "collect.part_taken"
    assert list(read_parts({"train": taken}, into="part_makna").columns) == ["a", "part", "part_makna"]
    assert refused(read_parts, {}).key == "collect.no_parts"


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.csv.gz"])
def test_bytes_spoilt_in_the_middle_are_a_users_error(tmp_path, name):
    frame = pd.DataFrame({"teks": [f"ulasan {i * 7919 % 1009}" for i in range(300)]})
    path = tmp_path / name
    if name.endswith("xlsx"):
        frame.to_excel(path, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    whole = path.read_bytes()
    keys = set()
    for start in range(4, len(whole) - 8, max(1, len(whole) // 40)):
        path.write_bytes(whole[:start] + b"\xff\x00\xed" + whole[start + 3 :])
        try:
            read_table(path)
        except DataError as error:
            keys.add(error.key)
    assert "collect.broken" in keys
