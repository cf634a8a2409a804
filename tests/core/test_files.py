"""Files that appear whole or not at all, and what a killed process leaves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from makna.core.files import DAY, replacing, scratch_of, sweep, write_text


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "metrics.json"
    write_text(target, "old")

    def fill() -> None:
        with replacing(target) as scratch:
            scratch.write_text("ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        fill()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_same_made_by_another_process_meanwhile_stays(tmp_path):
    theirs = tmp_path / "encoder"
    theirs.mkdir()
    (theirs / "config.json").write_text("theirs")

    def ours(is_there: Callable[[], bool]) -> None:
        with replacing(theirs, is_there) as scratch:
            scratch.mkdir()
            (scratch / "config.json").write_text("ours")

    ours((theirs / "config.json").is_file)
    with pytest.raises(OSError, match="not empty"):
        ours(lambda: False)
    assert (theirs / "config.json").read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [theirs]


def test_a_folder_takes_its_place_whole(tmp_path):
    with replacing(tmp_path / "model") as scratch:
        scratch.mkdir()
        (scratch / "model.json").write_text("{}")
        assert not (tmp_path / "model").exists()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/model.json"]


def test_what_a_killed_process_had_begun_is_swept_and_nothing_else(tmp_path):
    (tmp_path / "models").mkdir()
    halves = [scratch_of(tmp_path / "data.json"), scratch_of(tmp_path / "models" / "counts")]
    halves[0].write_text("{")
    halves[1].mkdir()
    (halves[1] / "model.json").write_text("{")
    kept = [tmp_path / ".last", tmp_path / ".film.mkv.part", tmp_path / "data.json.0123abcd.part", tmp_path / "a.csv"]
    for path in kept:
        path.write_text("mine")
    sweep(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    assert list((tmp_path / "models").iterdir()) == []


def test_what_another_process_may_be_writing_is_left(tmp_path):
    fresh, old = scratch_of(tmp_path / "a"), scratch_of(tmp_path / "b")
    for path in (fresh, old):
        path.write_text("")
    os.utime(old, (time.time() - 2 * DAY,) * 2)
    sweep(tmp_path, DAY)
    assert list(tmp_path.iterdir()) == [fresh]


def test_a_text_with_half_a_surrogate_is_written(tmp_path: Path):
    write_text(tmp_path / "a.txt", "a\ud800")
    assert (tmp_path / "a.txt").read_bytes() == b"a\xed\xa0\x80"
