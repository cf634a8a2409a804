import json
import tracemalloc

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from makna.collect.files import read_table
from makna.collect.stream import TableStream
from makna.core.errors import DataError


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_chunks_are_the_whole_table_in_its_order(tmp_path, size):
    file = tmp_path / "a.csv"
    file.write_text("teks,n\n" + "".join(f'"baris\n{i}",{i}\n' for i in range(7)), encoding="utf-8")
    chunks = list(TableStream.open(file).chunks(size))
    assert all(1 <= len(chunk) <= size for chunk in chunks)
    pd.testing.assert_frame_equal(pd.concat(chunks), read_table(file))


def test_a_stream_can_be_read_twice_and_knows_its_columns(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(" a ;b\n1;2\n", encoding="utf-8")
    stream = TableStream.open(file)
    assert (stream.columns, stream.delimiter, stream.rows) == (("a", "b"), ";", None)
    assert [len(list(stream.chunks())) for _ in range(2)] == [1, 1]


def test_parquet_keeps_types_over_row_groups(tmp_path):
    table = pa.table({
        "n": pa.array([1, None, 3, 4, 5], pa.int32()), "t": ["a", None, "c", "d", "e"],
        "d": pa.array([0, 1, 2, 3, 4], pa.date32()), "l": [[1], [], None, [2, 3], [4]],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    stream = TableStream.open(tmp_path / "a.parquet")
    chunks = list(stream.chunks(2))
    assert stream.rows == 5
    assert max(map(len, chunks)) <= 2
    back = pa.Table.from_pandas(pd.concat(chunks), preserve_index=False)
    assert back.replace_schema_metadata(None).equals(table)


def test_jsonl_keeps_values_and_names_of_later_lines(tmp_path):
    rows = [{"t": "a", "n": 1}, {"n": 2.5, "neu": {"x": [1]}}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    stream = TableStream.open(tmp_path / "a.jsonl")
    (chunk,) = stream.chunks()
    assert stream.columns == ("t", "n", "neu")
    assert chunk.to_dict("list") == {"t": ["a", None], "n": [1, 2.5], "neu": [None, {"x": [1]}]}


def test_no_rows_and_no_size_are_refused(tmp_path):
    pd.DataFrame({"a": []}).to_parquet(tmp_path / "a.parquet")
    stream = TableStream.open(tmp_path / "a.parquet")
    with pytest.raises(DataError) as error:
        list(stream.chunks())
    assert error.value.key == "collect.header_only"
    with pytest.raises(DataError) as error:
        list(stream.chunks(0))
    assert error.value.key == "collect.bad_chunk"


def test_memory_does_not_grow_with_the_rows(tmp_path):
    def peak(rows):
        file = tmp_path / f"{rows}.csv"
        with file.open("w", encoding="utf-8") as stream:
            stream.write("teks,n\n")
            stream.writelines(f"teks ulasan nomor {i} yang cukup panjang,{i}\n" for i in range(rows))
        tracemalloc.start()
        count = sum(len(chunk) for chunk in TableStream.open(file).chunks(500))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return used

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("makna.collect.encoding._BLOCK", 1 << 14)
        peak(1_000)  # first use loads what is loaded lazily
        assert peak(40_000) < 2 * peak(4_000)
