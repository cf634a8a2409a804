"""What `predict` gives back: the user's own columns, order, values and types, in every format and for every program."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.dummy import DummyClassifier

from makna.collect.files import read_table
from makna.core.model_folder import SavedModel
from makna.core.task import Task
from makna.serve.predictor import Model

ADDED = ["prediction", "probability_negatif", "probability_positif"]
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
MOMENT, DAY = datetime(2024, 5, 17, 8, 30, 15), datetime(1999, 12, 31)
HEAD = ["no", "teks", "NIK", "kode", "nilai", "tanggal", "jam", "aktif", "ekstra"]
ROWS = [
    [1, "bagus sekali", "3201234567890001", "007", 2.5, MOMENT, time(8, 5), True, None],
    [2, "=cmd|' /C calc'!A0 \"x\"; a, b", "0000000000000000", "00", -1e-7, DAY, time(23, 59, 59), False, "+62 812"],
    [3, "baris satu\nbaris dua\ttab 😡 é “x”", None, "1e5", 10**14, MOMENT, time(0, 1), True, "- strip"],
    [4, None, "12", "", 0, DAY, time(12), False, "'kutip"],
]


@pytest.fixture
def model():
    system = DummyClassifier(strategy="prior").fit(["a", "b", "c"], ["positif", "positif", "negatif"])
    return Model(SavedModel(system, Task(), {"": ["negatif", "positif"]}, {"text": "teks", "label": "x"}))


@pytest.fixture
def workbook(tmp_path):
    book = openpyxl.Workbook()
    for row in [HEAD, *ROWS]:
        book.active.append([None] * len(row))
        for cell, value in zip(book.active[book.active.max_row], row, strict=True):
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a text that starts with = is a text here
    book.save(tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


def cells_of(path):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]


def test_xlsx_to_xlsx_keeps_every_value_and_its_type(model, workbook, tmp_path):
    summary = model.predict_file(workbook, tmp_path / "b.xlsx")
    head, *rows = cells_of(tmp_path / "b.xlsx")
    assert head == HEAD + ADDED
    expected = [[value if value != "" else None for value in row] for row in ROWS]
    assert [row[: len(HEAD)] for row in rows] == expected
    assert [[type(value) for value in row[: len(HEAD)]] for row in rows] == [list(map(type, row)) for row in expected]
    assert [row[len(HEAD)] for row in rows] == ["positif"] * 4
    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    assert (summary.rows, summary.empty, summary.guarded, summary.cut) == (4, 1, 0, 0)


def test_xlsx_to_csv_writes_what_the_cells_mean(model, workbook, tmp_path):
    summary = model.predict_file(workbook, tmp_path / "b.csv")
    with (tmp_path / "b.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream)
    assert head == HEAD + ADDED
    assert rows[0][: len(HEAD)] == [
        "1", "bagus sekali", "3201234567890001", "007", "2.5", "2024-05-17T08:30:15", "08:05:00", "true", "",
    ]  # fmt: skip
    assert rows[1][1:6] == ["'" + ROWS[1][1], "0000000000000000", "00", "-1e-07", "1999-12-31"]
    assert [row[8] for row in rows] == ["", "'+62 812", "'- strip", "'kutip"]
    assert summary.guarded == 3


def test_whole_numbers_are_whole_however_the_program_wrote_them(model, tmp_path):
    pd.DataFrame({"teks": ["a", "b"], "NIK": [111111, 222222]}).to_excel(tmp_path / "a.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as changed:
        for name in book.namelist():
            xml = book.read(name).replace(b"<v>111111</v>", b"<v>3.201234567890001E+15</v>")
            changed.writestr(name, xml.replace(b"<v>222222</v>", b"<v>5.0</v>"))
    assert read_table(tmp_path / "b.xlsx")["NIK"].tolist() == ["3201234567890001", "5"]
    model.predict_file(tmp_path / "b.xlsx", tmp_path / "c.xlsx")
    assert [row[1] for row in cells_of(tmp_path / "c.xlsx")[1:]] == ["3201234567890001", 5]


def test_csv_to_every_format_keeps_leading_zeros_long_numbers_and_empty_cells(model, tmp_path):
    columns = {"teks": ["bagus", "", "NA", "1,5"], "NIK": ["3201234567890001", "", "0", "00"], "": ["a", "b", "c", "d"]}
    table = pd.DataFrame(columns, dtype=str)
    table.to_csv(tmp_path / "a.csv", index=False, sep=";")
    for ending in ("csv", "tsv", "xlsx", "jsonl", "parquet"):
        model.predict_file(tmp_path / "a.csv", tmp_path / f"b.{ending}")
        back = read_table(tmp_path / f"b.{ending}")
        assert list(back.columns) == [*table.columns, *ADDED]
        pd.testing.assert_frame_equal(back[list(table.columns)].reset_index(drop=True), table)
    assert (tmp_path / "b.csv").read_text(encoding="utf-8-sig").startswith("teks;NIK;;")
    assert [type(value) for value in cells_of(tmp_path / "b.xlsx")[1][:2]] == [str, str]


def test_jsonl_to_jsonl_keeps_values_types_and_order(model, tmp_path):
    rows = [
        {"z": 1, "teks": "=a", "NIK": 3201234567890001, "benar": True, "daftar": [1, {"x": None}], "besar": 10**30},
        {"z": 2.0, "teks": "b", "NIK": None, "benar": False, "daftar": [], "besar": -1},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    model.predict_file(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    back = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in back] == [[*rows[0], *ADDED]] * 2
    assert [{name: row[name] for name in rows[0]} for row in back] == rows
    assert type(back[1]["z"]) is float
    model.predict_file(tmp_path / "a.jsonl", tmp_path / "b.xlsx")
    assert cells_of(tmp_path / "b.xlsx")[1][:6] == [1, "=a", "3201234567890001", True, '[1, {"x": null}]', str(10**30)]


def test_parquet_to_parquet_keeps_the_schema(model, tmp_path):
    table = pa.table({
        "n": pa.array([1, None, 3], pa.int16()), "teks": ["a", None, "=c"], "t": pa.array([0, 1, 2], pa.date32()),
        "w": pa.array([1, 2, None], pa.timestamp("us", "Asia/Jakarta")), "b": pa.array([True, None, False]),
        "d": pa.array([None, 1, 2], pa.decimal128(20, 3)), "k": pa.array(["x", "y", "x"]).dictionary_encode(),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    model.predict_file(tmp_path / "a.parquet", tmp_path / "b.parquet", chunk=2)
    back = pq.read_table(tmp_path / "b.parquet")
    assert back.column_names == [*table.column_names, *ADDED]
    for name in set(table.column_names) - {"k"}:
        assert back[name].equals(table[name]), name
    assert back["k"].to_pylist() == ["x", "y", "x"]
    model.predict_file(tmp_path / "a.parquet", tmp_path / "b.xlsx")
    found = cells_of(tmp_path / "b.xlsx")[1:]
    assert [row[0] for row in found] == [1, None, 3]
    assert [row[2] for row in found] == [datetime(1970, 1, day) for day in (1, 2, 3)]
    assert [row[4] for row in found] == [True, None, False]


def test_a_long_text_is_cut_in_xlsx_alone_and_said(model, tmp_path):
    pd.DataFrame({"teks": ["kata " * 20_000, "pendek"]}).to_csv(tmp_path / "a.csv", index=False)
    summary = model.predict_file(tmp_path / "a.csv", tmp_path / "b.xlsx")
    assert summary.cut == 1
    assert "32.767" in str(summary)
    assert [len(text) for text in read_table(tmp_path / "b.xlsx")["teks"]] == [32_767, 6]
    summary = model.predict_file(tmp_path / "a.csv", tmp_path / "b.csv")
    assert summary.cut == 0
    assert [len(text) for text in read_table(tmp_path / "b.csv")["teks"]] == [100_000, 6]


def office_csv(path: Path, out: Path) -> list[list[str]]:
    """Let LibreOffice open a table and save it as csv, every cell as it is shown."""
    filters = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    # -1: every sheet to a file of its own, named after it.
    command = [
        str(OFFICE),
        f"-env:UserInstallation={(out / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        filters,
    ]
    if path.suffix == ".csv":
        command.append("--infilter=Text - txt - csv (StarCalc):44,34,76,1,,0,false,false")
    done = subprocess.run([*command, "--outdir", str(out), str(path)], capture_output=True, text=True, timeout=120)
    (made,) = list(out.glob("*.csv"))
    assert done.returncode == 0, done.stderr
    with made.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed")
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_libreoffice_opens_it_without_repair_and_runs_nothing(model, workbook, tmp_path, ending):
    model.predict_file(workbook, tmp_path / f"b.{ending}")
    (tmp_path / "out").mkdir()
    head, *rows = office_csv(tmp_path / f"b.{ending}", tmp_path / "out")
    assert head == HEAD + ADDED
    assert len(rows) == len(ROWS)
    texts = [row[1] for row in rows]
    guard = "'" if ending == "csv" else ""
    assert texts == ["bagus sekali", guard + ROWS[1][1], ROWS[2][1], ""]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    if ending == "xlsx":  # Excel and LibreOffice guess the types of a csv themselves
        assert [row[2] for row in rows] == ["3201234567890001", "0000000000000000", "", "12"]
        assert [row[3] for row in rows] == ["007", "00", "1e5", ""]
        assert [row[5] for row in rows] == ["2024-05-17 08:30:15", "1999-12-31", "2024-05-17 08:30:15", "1999-12-31"]
        assert [row[7] for row in rows] == ["TRUE", "FALSE", "TRUE", "FALSE"]
    assert [row[len(HEAD)] for row in rows] == ["positif"] * 4


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed")
def test_what_libreoffice_saves_is_read(workbook, tmp_path):
    command = [str(OFFICE), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to"]
    subprocess.run([*command, "xlsx", "--outdir", str(tmp_path / "out"), str(workbook)], check=True, timeout=120)
    pd.testing.assert_frame_equal(read_table(tmp_path / "out" / "a.xlsx"), read_table(workbook))
    assert read_table(workbook)["tanggal"].tolist()[1] == date(1999, 12, 31).isoformat()
