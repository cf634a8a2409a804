"""What a table unpacks to is known without unpacking it."""

from __future__ import annotations

import pandas as pd
import pytest

from makna.collect.unpacked import unpacked_size
from makna.core.errors import DataError

TABLE = pd.DataFrame({"teks": ["bagus sekali " * 100] * 2_000, "nilai": range(2_000)})
TEXTS = int(TABLE["teks"].str.len().sum())


def test_tables_as_they_are_weigh_their_bytes(tmp_path):
    TABLE.to_csv(tmp_path / "a.csv")
    TABLE.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for name in ("a.csv", "a.jsonl"):
        assert unpacked_size(tmp_path / name) == (tmp_path / name).stat().st_size


def test_packed_tables_weigh_what_they_hold(tmp_path):
    TABLE.to_parquet(tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < TEXTS / 20
    assert TEXTS + 8 * len(TABLE) <= unpacked_size(tmp_path / "a.parquet") < 1.1 * TEXTS
    different = TABLE.assign(teks=[f"{text} {row}" for row, text in enumerate(TABLE["teks"])])
    different.to_excel(tmp_path / "a.xlsx", index=False)
    assert (tmp_path / "a.xlsx").stat().st_size < TEXTS / 5
    assert TEXTS <= unpacked_size(tmp_path / "a.xlsx") < 1.2 * TEXTS


def test_missing_texts_weigh_nothing(tmp_path):
    pd.DataFrame({"teks": ["abc", None]}).to_parquet(tmp_path / "a.parquet")
    assert 3 <= unpacked_size(tmp_path / "a.parquet") < 30


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.exe"])
def test_what_is_no_table_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK not a table")
    with pytest.raises(DataError, match=r"a\."):
        unpacked_size(tmp_path / name)
