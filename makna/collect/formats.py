"""JSON lines and parquet, as rows or as batches, values as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.disk import broken_bytes, plain_errors
from makna.collect.encoding import decoded_lines, detect_encoding, repair
from makna.core.errors import DataError

_BATCH = 1024  # rows at a time where a file is only looked over


def json_rows(path: Path, encoding: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON-lines file with their line numbers, values as they are.

    Raises
    ------
    DataError
        A line is not a JSON object (with the line), or the encoding does not fit.
    """
    for number, line in enumerate(decoded_lines(path, encoding or detect_encoding(path)), start=1):
        if not line.strip():
            continue
        try:
            value = _repaired(json.loads(line))
        except (ValueError, RecursionError) as problem:
            raise DataError("collect.bad_json", path=str(path), line=number, reason=str(problem)) from problem
        if not isinstance(value, dict):
            raise DataError("collect.not_object", path=str(path), line=number, came=type(value).__name__)
        yield number, value


def json_columns(path: Path, encoding: str | None = None) -> list[str]:
    """Return every name used in a JSON-lines file, in the order of first use."""
    names: dict[str, None] = {}
    for _, row in json_rows(path, encoding):
        names.update(dict.fromkeys(row))
    return list(names)


def parquet_shape(path: Path) -> tuple[list[str], int]:
    """Return the column names and the number of rows of a parquet file.

    Raises
    ------
    DataError
        The file is not parquet.
    """
    import pyarrow.parquet as pq

    with plain_errors(path), path.open("rb") as stream, broken_bytes(path):
        file = pq.ParquetFile(stream)
        return list(file.schema_arrow.names), int(file.metadata.num_rows)


def parquet_batches(path: Path, size: int) -> Iterator[pd.DataFrame]:
    """Yield a parquet file as tables of at most `size` rows, with Arrow's own types kept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with plain_errors(path), path.open("rb") as stream, broken_bytes(path):
        start = 1
        for batch in pq.ParquetFile(stream).iter_batches(batch_size=size):
            batch.validate(full=True)  # text that is no UTF-8 is told of here, not where it is first used
            table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
            frame = table.to_pandas(types_mapper=pd.ArrowDtype)
            frame.index = pd.RangeIndex(start, start + len(frame), name="row")
            start += len(frame)
            yield frame


def parquet_size(path: Path) -> int:
    """Return the bytes of all values of a parquet file, whose texts are not unpacked for that.

    Raises
    ------
    DataError
        The file is not parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    with plain_errors(path), path.open("rb") as stream, broken_bytes(path):
        # As a dictionary, a long text that stands in a million rows takes the place of one.
        texts = [column.name for column in pq.ParquetFile(stream).schema_arrow if column.type in kinds]
        stream.seek(0)
        batches = pq.ParquetFile(stream, read_dictionary=texts).iter_batches(_BATCH)
        return sum(_column_size(column) for batch in batches for column in batch.columns)


def _column_size(column: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
    return int(column.indices.nbytes) + (pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return repair(value)
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {repair(name): _repaired(item) for name, item in value.items()}
    return value
