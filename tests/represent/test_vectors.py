"""Vectors on disk: looked up bit for bit, never trusted when broken, capped, and safe for two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from makna.core.files import scratch_of
from makna.represent import vectors
from makna.represent.vectors import WORTH_KEEPING, Shelf, scratch_array, tidy

N = WORTH_KEEPING + 10
TEXTS = [f"teks {i}" for i in range(N)]
ROWS = np.random.default_rng(4).normal(size=(N, 5)).astype(np.float32)
ONES = np.ones(N, dtype=np.int64)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def shelf(**further: object) -> Shelf:
    return Shelf({"encoder": "a", "pooling": "mean", **further}, 5, np.float32)


def filled() -> Shelf:
    made = shelf()
    assert made.missing(TEXTS) == TEXTS
    made.add(TEXTS, ONES, ROWS)
    return made


def files(cache: Path) -> list[Path]:
    return sorted((cache / "vectors").glob("*/*"))


def test_another_process_finds_the_same_bits(cache: Path) -> None:
    filled()
    again = shelf()
    assert again.missing([*TEXTS, "baru", "baru"]) == ["baru"]
    order = np.random.default_rng(1).permutation(N)
    np.testing.assert_array_equal(again.gather([TEXTS[i] for i in order]), ROWS[order])
    assert len(files(cache)) == 1


def test_texts_may_have_many_rows_or_none() -> None:
    made = Shelf({"pooling": "tokens"}, 3, np.float16)
    lengths = np.random.default_rng(2).integers(0, 6, N)
    rows = np.random.default_rng(3).normal(size=(int(lengths.sum()), 3)).astype(np.float16)
    made.add(TEXTS, lengths, rows)
    for found in (made, Shelf({"pooling": "tokens"}, 3, np.float16)):
        assert found.missing(TEXTS) == []
        ends = np.cumsum(lengths)
        for i, one in enumerate(found.each(TEXTS)):
            np.testing.assert_array_equal(one, rows[ends[i] - lengths[i] : ends[i]])


def test_other_settings_are_another_shelf() -> None:
    filled()
    assert shelf(pooling="cls").missing(TEXTS) == TEXTS
    assert shelf(precision="bf16").missing(TEXTS) == TEXTS


def test_few_texts_are_kept_in_memory_alone(cache: Path) -> None:
    made = shelf()
    few = TEXTS[: WORTH_KEEPING - 1]
    made.add(few, ONES[: len(few)], ROWS[: len(few)])
    assert made.missing(few) == []
    assert files(cache) == []
    assert shelf().missing(few) == few


def test_off_disk_nothing_is_read_or_written(cache: Path) -> None:
    filled()
    before = files(cache)
    made = Shelf({"encoder": "a", "pooling": "mean"}, 5, np.float32, on_disk=False)
    assert made.missing(TEXTS) == TEXTS
    made.add(TEXTS, ONES, ROWS + 1)
    np.testing.assert_array_equal(made.gather(TEXTS), ROWS + 1)
    assert files(cache) == before


@pytest.mark.parametrize("place", [3, 60, -1, -40])
def test_a_changed_bit_is_noticed_and_the_file_dropped(cache: Path, place: int) -> None:
    filled()
    (path,) = files(cache)
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(bytes(data))
    assert shelf().missing(TEXTS) == TEXTS
    assert files(cache) == []
    filled()
    assert shelf().missing(TEXTS) == []


@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data[:200], lambda data: b"\xff" * 40])
def test_another_content_is_dropped(cache: Path, change: Callable[[bytes], bytes]) -> None:
    filled()
    (path,) = files(cache)
    path.write_bytes(change(path.read_bytes()))
    assert shelf().missing(TEXTS) == TEXTS
    assert files(cache) == []


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    made = filled()
    np.testing.assert_array_equal(made.gather(TEXTS), ROWS)
    made.tidy()


def test_a_full_disk_is_left_alone(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors.shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    made = filled()
    assert files(cache) == []
    np.testing.assert_array_equal(made.gather(TEXTS), ROWS)


def test_what_was_used_longest_ago_goes_first(cache: Path) -> None:
    for i, name in enumerate("abcd"):
        made = shelf(encoder=name)
        made.add(TEXTS, ONES, ROWS + i)
        (path,) = made.folder.iterdir()
        os.utime(path, (1000 + i, 1000 + i))
    shelf(encoder="a").missing(TEXTS)  # used now
    size = path.stat().st_size
    half = scratch_of(path)
    half.write_bytes(b"x")
    os.utime(half, (1000, 1000))
    tidy(cache / "vectors", 2 * size + 10)
    assert {name for name in "abcd" if shelf(encoder=name).missing(TEXTS) == []} == {"a", "d"}
    assert not half.exists()


def test_reading_goes_on_while_another_process_tidies(cache: Path) -> None:
    filled()
    made = shelf()
    made.missing(TEXTS)
    tidy(cache / "vectors", 0)
    assert files(cache) == []
    np.testing.assert_array_equal(made.gather(TEXTS), ROWS)


_OTHER = """
import sys, numpy as np
from makna.represent.vectors import Shelf
seed = int(sys.argv[1])
for turn in range(15):
    texts = [f"teks {i}" for i in range(turn * 20, turn * 20 + 90)]
    made = Shelf({"encoder": "a"}, 4, np.float32)
    new = made.missing(texts)
    made.add(new, np.ones(len(new), int), np.array([[hash_ * 1.0] * 4 for hash_ in map(len, new)], dtype=np.float32))
    assert np.array_equal(made.gather(texts)[:, 0], list(map(len, texts)))
    made.tidy()
"""


def test_two_processes_write_at_a_time(cache: Path) -> None:
    env = {**os.environ, "MAKNA_CACHE": str(cache), "PYTHONPATH": str(Path(vectors.__file__).parents[2])}
    runs = [subprocess.Popen([sys.executable, "-c", _OTHER, str(i)], env=env) for i in range(2)]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    texts = [f"teks {i}" for i in range(90)]
    made = Shelf({"encoder": "a"}, 4, np.float32)
    assert made.missing(texts) == []
    assert made.gather(texts)[:, 0].tolist() == [len(text) for text in texts]
    assert not [path for path in files(cache) if path.name.startswith(".")]


def test_a_scratch_array_is_zero_where_rows_end(cache: Path) -> None:
    rows = [np.arange(n, dtype=np.float32) for n in (0, 3, 6, 1)]
    found = scratch_array((5, 6), np.float16, iter(rows))
    expected = np.zeros((5, 6), dtype=np.float16)
    for i, row in enumerate(rows):
        expected[i, : len(row)] = row
    np.testing.assert_array_equal(found, expected)
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable
    assert list((cache / "vectors").iterdir()) == []
