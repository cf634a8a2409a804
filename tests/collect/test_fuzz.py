"""Any bytes at all under the name of a table: rows come out, or a `DataError` that can be read."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makna.collect.catalogue import datasets
from makna.collect.datasets import locate
from makna.collect.files import read_table
from makna.collect.stream import TableStream
from makna.collect.writer import TableWriter
from makna.core.errors import DataError

pytestmark = pytest.mark.slow
EXAMPLES = 2_000
fuzz = settings(
    max_examples=EXAMPLES, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
ENDINGS = [".csv", ".tsv", ".txt", ".csv.gz", ".jsonl", ".xlsx", ".parquet"]


def read_whole(path: Path, in_chunks: bool = True) -> pd.DataFrame | None:
    """Read a file, in chunks too; None where it was refused."""
    try:
        table = read_table(path)
    except DataError as problem:
        str(problem)  # fails where the message lacks a field
        return None
    assert len(table) > 0
    assert all(type(cell) is str for name in table.columns for cell in table[name].tolist())
    assert table.map(lambda cell: cell.encode("utf-8") is not None).to_numpy().all()  # no lone surrogate
    if in_chunks:
        assert sum(len(chunk) for chunk in TableStream.open(path).chunks(3)) == len(table)
    return table


# Bytes that mean something to one of the readers come often; others seldom.
telling = st.sampled_from([
    b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xe9",
    b"\xc3\xa9", b"\xed\xa0\x80", b"\xf0\x9f\x98\xa1", b"{", b"}", b'{"a": 1}', b'"\\ud83d"', b"[", b"]", b":", b"NaN",
    b"1e999", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b", b"\x1f", b"=cmd()", b"a", b"b",
])  # fmt: skip
anything = st.one_of(
    st.binary(max_size=60), st.lists(telling, max_size=40).map(b"".join),
    st.lists(st.one_of(telling, st.binary(max_size=5)), max_size=30).map(b"".join),
)  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
@fuzz
@given(data=anything)
def test_any_bytes_are_rows_or_a_users_error(tmp_path, ending, data):
    path = tmp_path / f"a{ending}"
    path.write_bytes(data)
    read_whole(path)


ROWS = [
    ["teks", "kelas", "n"],
    ['bagus, murah; "sekali"', "1", "2.5"],
    ["é😡 baris\nbaru", "", "-1"],
    ["=1+1", "0", ""],
]


@cache
def real(ending: str) -> bytes:
    """Return a small file as other programs write it."""
    stream, text = io.BytesIO(), io.StringIO()
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0]).assign(d=pd.Timestamp("2024-01-02"), i=7, b=True)
    if ending == ".xlsx":
        frame.to_excel(stream, index=False)
    elif ending == ".parquet":
        frame.to_parquet(stream)
    elif ending == ".jsonl":
        text.write("".join(json.dumps(dict(zip(ROWS[0], row, strict=True))) + "\n" for row in ROWS[1:]))
    else:
        csv.writer(text, delimiter="\t" if ending == ".tsv" else ",").writerows(ROWS)
    return stream.getvalue() or text.getvalue().encode()


# (where, how many bytes go, what comes in their place); "where" as a share of the file.
cuts = st.tuples(st.floats(0, 1), st.integers(0, 20), st.one_of(st.binary(max_size=6), telling))


def mutated(whole: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, come in changes:
        at = int(share * len(whole))
        whole = whole[:at] + come + whole[at + gone :]
    return whole


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".xlsx", ".parquet"])
@fuzz
@given(changes=st.lists(cuts, min_size=1, max_size=4))
def test_a_spoilt_file_is_rows_or_a_users_error(tmp_path, ending, changes):
    path = tmp_path / f"a{ending}"
    path.write_bytes(mutated(real(ending), changes))
    read_whole(path)


@fuzz
@given(
    changes=st.lists(cuts, min_size=1, max_size=3),
    part=st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"]),
)
def test_a_workbook_spoilt_inside_is_rows_or_a_users_error(tmp_path, changes, part):
    # The archive itself is whole, so that what is wrong reaches the readers of its parts.
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(io.BytesIO(real(".xlsx"))) as book, zipfile.ZipFile(path, "w") as spoilt:
        for name in book.namelist():
            data = book.read(name)
            spoilt.writestr(name, mutated(data, changes) if name == part else data)
    read_whole(path)


@pytest.mark.data
@fuzz
@given(changes=st.lists(cuts, min_size=1, max_size=4), name=st.sampled_from(sorted(datasets())))
def test_public_files_cut_and_spoilt_are_rows_or_a_users_error(tmp_path, changes, name):
    file = locate(name, download=False)[0]
    ending = "".join(file.path.suffixes) if file.path.suffix in (".gz", ".tsv", ".csv", ".txt") else ".txt"
    path = tmp_path / f"a{ending}"
    path.write_bytes(mutated(_head(file.path), changes))
    read_whole(path)


@cache
def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4_000)


cells = st.one_of(
    st.text(max_size=12), st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.datetimes(),
    st.dates(), st.sampled_from(["=cmd()", "_x0041_", "\0", "\x01", "\ud83d", "'", "007", "3201234567890001"]),
)  # fmt: skip


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".jsonl", ".parquet"])
@settings(fuzz, max_examples=EXAMPLES // 5)  # of up to 15 rows each
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=15))
def test_any_cells_are_written_and_read_back_row_by_row(tmp_path, ending, rows):
    path = tmp_path / f"a{ending}"
    frame = pd.DataFrame(
        {name: pd.Series(column, dtype=object) for name, column in zip("ab", zip(*rows, strict=True), strict=True)}
    )
    frame["p"] = 0.5
    with TableWriter.open(path, list(frame.columns)) as writer:
        writer.write(frame)
    table = read_whole(path, in_chunks=False)
    assert table is not None
    assert len(table) == len(rows)
    assert set(table["p"]) == {"0.5"}
