import csv
import errno
import json
import resource
from datetime import UTC, date, datetime, time

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.collect.cells import looks_like_formula
from makna.collect.files import read_table
from makna.collect.sinks import DelimitedSink
from makna.collect.stream import TableStream
from makna.collect.writer import TableWriter
from makna.core.errors import DataError

ENDINGS = ["csv", "tsv", "xlsx", "jsonl", "parquet"]
FRAME = pd.DataFrame({"teks": ["bagus", "", 'a "b", c\nd;\t| é😡', "NA"], "peluang": [0.25, 1.0, 1 / 3, 1e-7]})


def write(path, *frames, **options):
    with TableWriter.open(path, list(frames[0].columns), **options) as writer:
        for frame in frames:
            writer.write(frame)
    return writer


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_is_read_back(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    writer = write(path, FRAME, FRAME.iloc[:1])
    table = read_table(path)
    assert writer.rows == 5
    assert table["teks"].tolist() == [*FRAME["teks"], "bagus"]
    assert [float(value) for value in table["peluang"]] == [*FRAME["peluang"], 0.25]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_csv_opens_in_excel_and_formulas_are_harmless(tmp_path):
    cells = ["=1+1", "+62 812", "-5", "+3.2", "-1.000,50", "-2e-3", "- bagus", "@nama", "\tx", "\rx", "a=1", "-", "+-1"]
    writer = write(tmp_path / "a.csv", pd.DataFrame({"=x": cells, "n": range(len(cells))}))
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    expected = ["'=1+1", "'+62 812", "-5", "+3.2", "-1.000,50", "-2e-3", "'- bagus", "'@nama", "'\tx", "'\rx", "a=1",
                "'-", "'+-1"]  # fmt: skip
    assert rows[0] == ["'=x", "n"]
    assert [row[0] for row in rows[1:]] == expected
    assert writer.guarded == 9


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_are_never_taken_for_formulas(number):
    assert not looks_like_formula(str(number))
    assert not looks_like_formula(f"+{abs(number)}")


def sheet_of(path):
    sheet = openpyxl.load_workbook(path).active
    return [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=2)]


def test_xlsx_texts_are_texts_not_formulas_links_or_numbers(tmp_path):
    cells = ["=1+1", "http://example.org", "007", "5", "'x", "3201234567890001"]
    writer = write(tmp_path / "a.xlsx", pd.DataFrame({"t": cells}))
    assert sheet_of(tmp_path / "a.xlsx") == [[(cell, "s")] for cell in cells]
    assert all(cell.hyperlink is None for row in openpyxl.load_workbook(tmp_path / "a.xlsx").active for cell in row)
    assert (writer.guarded, writer.cut) == (0, 0)


def test_xlsx_keeps_numbers_dates_and_truth_values_but_no_number_that_excel_would_change(tmp_path):
    moment, day = datetime(2024, 5, 17, 8, 30), date(1999, 12, 31)
    cells = [0.5, 7, True, moment, day, time(8, 5), 10**15 - 1, 10**15, None, float("nan"), float("inf"), pd.NaT]
    cells += [datetime(2024, 1, 1, tzinfo=UTC), date(1600, 1, 1), pd.Timestamp("2024-05-17 08:30:00.000001")]
    write(tmp_path / "a.xlsx", pd.DataFrame({"x": pd.Series(cells, dtype=object), "n": 1}))
    found = [row[0] for row in sheet_of(tmp_path / "a.xlsx")]
    assert found[:8] == [
        (0.5, "n"), (7, "n"), (True, "b"), (moment, "d"), (datetime(1999, 12, 31), "d"), (time(8, 5), "d"),
        (10**15 - 1, "n"), (str(10**15), "s"),
    ]  # fmt: skip
    assert [value for value, _ in found[8:12]] == [None, None, "inf", None]
    assert found[12:] == [
        ("2024-01-01T00:00:00+00:00", "s"), ("1600-01-01", "s"), ("2024-05-17T08:30:00.000001", "s"),
    ]  # fmt: skip


def test_control_characters_and_what_looks_like_their_escapes_are_read_back(tmp_path):
    cells = ["a\x01b\x00", "_x0041_", "_x005F_x0041_", "x_x_y", "\ufffe\uffff", "baris\r\nbaru\ttab"]
    write(tmp_path / "a.xlsx", pd.DataFrame({"t": cells}))
    assert read_table(tmp_path / "a.xlsx")["t"].tolist() == cells


@pytest.mark.parametrize(("character", "kept"), [("y", 32_767), ("😡", 16_383)])
def test_a_text_too_long_for_a_cell_of_xlsx_is_cut_and_counted(tmp_path, character, kept):
    texts = [character * 32_768, character * 10, "x" * 32_767]
    writer = write(tmp_path / "a.xlsx", pd.DataFrame({"t": texts}))
    # An emoji takes two of the units that Excel counts.
    assert read_table(tmp_path / "a.xlsx")["t"].tolist() == [character * kept, *texts[1:]]
    assert writer.cut == 1


def test_xlsx_refuses_more_rows_than_a_sheet_can_hold_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("makna.collect.workbook_sink.SHEET_ROWS", 3)
    with pytest.raises(DataError) as error:
        write(tmp_path / "a.xlsx", pd.DataFrame({"t": ["x", "y", "z"]}))
    assert error.value.key == "collect.sheet_full"
    assert list(tmp_path.iterdir()) == []


def test_parquet_types_travel_through_unchanged(tmp_path):
    table = pa.table({
        "n": pa.array([1, None, 3], pa.int16()), "t": ["=1", None, "c"], "w": pa.array([1, 2, 3], pa.timestamp("ms")),
        "l": [[1.5], None, []],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "in.parquet")
    write(tmp_path / "out.parquet", *TableStream.open(tmp_path / "in.parquet").chunks(2))
    assert pq.read_table(tmp_path / "out.parquet").equals(table)


def test_jsonl_values_travel_through_unchanged(tmp_path):
    rows = [{"t": "=1", "n": 1, "x": None, "y": {"a": ["é", 2.5]}}, {"t": "b", "n": True, "x": 0.1, "y": []}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    write(tmp_path / "out.jsonl", *TableStream.open(tmp_path / "in.jsonl").chunks(1))
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_mixed_json_values_become_text_in_parquet(tmp_path):
    frames = [pd.DataFrame({"x": pd.Series([value], dtype=object)}) for value in (1, "dua", None, [3])]
    write(tmp_path / "a.parquet", *frames)
    assert pq.read_table(tmp_path / "a.parquet")["x"].to_pylist() == ["1", "dua", "", "[3]"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_table_without_rows_has_its_columns(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    with TableWriter.open(path, ["a", "b"]) as writer:
        pass
    assert writer.rows == 0
    assert path.exists()
    if ending == "parquet":
        assert pq.read_table(path).column_names == ["a", "b"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("problem", [KeyboardInterrupt, DataError])
def test_an_interrupted_run_leaves_the_old_file_and_nothing_else(tmp_path, ending, problem):
    path = tmp_path / f"a.{ending}"
    path.write_text("lama")

    def run():
        with TableWriter.open(path, list(FRAME.columns)) as writer:
            writer.write(FRAME)
            raise problem("collect.empty_file", path="x") if problem is DataError else problem

    with pytest.raises(problem):
        run()
    assert path.read_text() == "lama"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def small_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_may_not_grow_is_said_in_plain_words(tmp_path, ending, small_files):
    path = tmp_path / f"a.{ending}"
    path.write_text("lama")
    words = pd.DataFrame({"t": [f"{i * 7919 % 100_003} teks {i * 104_729}" for i in range(20_000)]})
    with pytest.raises(DataError) as error:
        write(path, *[words] * 3)
    assert error.value.key == "core.file_too_big"
    assert str(path) in str(error.value)
    assert path.read_text() == "lama"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (errno.ENOSPC, "core.disk_full"),
        (errno.EACCES, "core.no_permission"),
        (errno.EROFS, "core.no_permission"),
        (errno.EIO, "collect.broken"),
    ],
)
def test_errors_of_the_system_are_said_in_plain_words(tmp_path, monkeypatch, number, key):
    def fail(*args):
        raise OSError(number, "reason")

    monkeypatch.setattr(DelimitedSink, "write", fail)
    with pytest.raises(DataError) as error:
        write(tmp_path / "a.csv", FRAME)
    assert error.value.key == key
    assert list(tmp_path.iterdir()) == []


def test_targets_that_cannot_be_are_refused_before_any_work(tmp_path):
    (tmp_path / "map.csv").mkdir()
    for path, key in [
        (tmp_path / "map.csv", "collect.not_a_file"),
        (tmp_path / "tidak" / "a.csv", "collect.no_folder"),
        (tmp_path / "a.doc", "collect.unknown_format"),
        (tmp_path / "a.csv.gz", "collect.unknown_format"),
    ]:
        with pytest.raises(DataError) as error:
            TableWriter.open(path, ["a"])
        assert error.value.key == key
    with pytest.raises(DataError) as error:
        TableWriter.open(tmp_path / "a.csv", ["a", "a"])
    assert error.value.key == "collect.duplicate_columns"
    with pytest.raises(ValueError, match="columns"):
        write(tmp_path / "a.csv", FRAME, FRAME[["teks"]])


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6), st.sampled_from([",", ";", "\t"]))
def test_csv_brings_back_every_cell_but_for_the_quote_in_front(tmp_path_factory, rows, delimiter):
    path = tmp_path_factory.mktemp("w") / "a.csv"
    write(path, pd.DataFrame(rows, columns=["a", "b"], dtype=str), delimiter=delimiter)
    safe = [tuple("'" + cell if looks_like_formula(cell) else cell for cell in row) for row in rows]
    assert [tuple(row) for row in read_table(path).to_numpy().tolist()] == safe
