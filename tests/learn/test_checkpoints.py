"""Checkpoints: nothing is lost, nothing half-written is believed."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.learn import checkpoints
from makna.learn.checkpoints import DiskCheckpoints, MemoryCheckpoints, Progress, fit_key
from makna.learn.optimise import make_optimiser
from tests.learn.networks_for_tests import assert_same_bits, layered, rows, weights

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("one_thread")
OUTPUTS = np.arange(6, dtype=np.float32).reshape(3, 2)


def _step(network: Any, optimiser: Any, part: Any = None) -> None:
    part = part or rows()
    optimiser.zero_grad()
    said = network(**part.batch(np.arange(48)))
    torch.nn.functional.cross_entropy(said, torch.from_numpy(part.targets)).backward()
    optimiser.step()


def _made(name: Any = "adamw", seed: int = 0) -> tuple[Any, Any]:
    network = layered(seed)
    return network, make_optimiser(network, name, 0.05, 0.01)


def _after(folder: Path, epochs: int, best: int | None = None) -> tuple[DiskCheckpoints, Any, Any]:
    kept = DiskCheckpoints(folder)
    network, optimiser = _made()
    for epoch in range(1, epochs + 1):
        _step(network, optimiser)
        chosen = epoch if best is None else min(best, epoch)
        kept.save(Progress(epoch, [{"epoch": epoch}], chosen), network, optimiser, OUTPUTS * epoch)
    return kept, network, optimiser


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "adadelta"])
def test_network_and_optimiser_come_back_bit_by_bit(name: str, tmp_path: Path) -> None:
    network, optimiser = _made(name)
    for _ in range(3):
        _step(network, optimiser)
    progress = Progress(3, [{"epoch": 3, "loss": 0.1 + 0.2, "pearson": None}], 3, {"loss": 1 / 3}, 2)
    DiskCheckpoints(tmp_path / "a").save(progress, network, optimiser, OUTPUTS)
    other, its = _made(name, seed=7)
    assert DiskCheckpoints(tmp_path / "a").resume(other, its) == progress
    assert_same_bits(weights(other), weights(network))
    _step(network, optimiser)
    _step(other, its)
    assert_same_bits(weights(other), weights(network))


def test_only_the_last_and_the_best_stay(tmp_path: Path) -> None:
    kept, network, _ = _after(tmp_path / "a", 4, best=2)
    assert sorted(p.name for p in kept.folder.iterdir()) == ["best-0002", "last-0004"]
    other = layered(5)
    np.testing.assert_array_equal(kept.restore_best(Progress(4, [], 2), other), OUTPUTS * 2)
    assert not np.array_equal(weights(other)["head.weight"], weights(network)["head.weight"])
    kept.finish(Progress(4, [], 2))
    assert sorted(p.name for p in kept.folder.iterdir()) == ["best-0002", "done.json"]
    assert kept.finished() == Progress(4, [], 2)
    shutil.rmtree(kept.folder / "best-0002")
    assert kept.finished() is None
    kept.forget()
    assert not kept.folder.exists()


def test_the_beginning_is_where_nothing_was_kept(tmp_path: Path) -> None:
    network, optimiser = _made()
    for kept in (DiskCheckpoints(tmp_path / "none"), MemoryCheckpoints()):
        assert kept.finished() is None
        assert kept.newest() is None
        assert kept.resume(network, optimiser) == Progress()
    assert not (tmp_path / "none").exists()


def test_what_is_half_written_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, network, optimiser = _after(tmp_path / "a", 1)
    before = weights(network)
    write = checkpoints._write
    for broken in ("network", "optimiser"):
        _step(network, optimiser)

        def cut(path: Path, tensors: Any, broken: str = broken) -> None:
            write(path, tensors)
            if path.name == broken:
                raise KeyboardInterrupt

        monkeypatch.setattr(checkpoints, "_write", cut)
        with pytest.raises(KeyboardInterrupt):
            kept.save(Progress(2, [], 2), network, optimiser, None)
        monkeypatch.setattr(checkpoints, "_write", write)
        other, its = _made(seed=7)
        assert DiskCheckpoints(tmp_path / "a").resume(other, its).epoch == 1
        assert_same_bits(weights(other), before)
    kept.save(Progress(2, [], 2), network, optimiser, None)
    assert sorted(p.name for p in kept.folder.iterdir()) == ["best-0002", "last-0002"]


def test_a_kill_between_the_best_and_the_last_goes_back_to_the_older_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, network, optimiser = _after(tmp_path / "a", 1)
    before = weights(network)
    _step(network, optimiser)
    put = DiskCheckpoints._put

    def killed(self: Any, scratch: Path, kind: str, epoch: int) -> None:
        if kind == "last":
            raise SystemExit
        put(self, scratch, kind, epoch)

    monkeypatch.setattr(DiskCheckpoints, "_put", killed)
    with pytest.raises(SystemExit):
        kept.save(Progress(2, [], 2), network, optimiser, None)
    monkeypatch.undo()
    assert sorted(p.name for p in kept.folder.iterdir()) == [".last", "best-0001", "best-0002", "last-0001"]
    found = DiskCheckpoints(tmp_path / "a")
    other, its = _made(seed=7)
    assert found.resume(other, its).best_epoch == 1
    found.restore_best(Progress(1, [], 1), other)
    assert_same_bits(weights(other), before)


@pytest.mark.parametrize("file", ["state.json", "network.safetensors", "optimiser.safetensors"])
@pytest.mark.parametrize("damage", ["cut", "gone", "empty"])
def test_a_damaged_checkpoint_is_the_beginning(file: str, damage: str, tmp_path: Path) -> None:
    kept, _, _ = _after(tmp_path / "a", 2)
    path = kept.folder / "last-0002" / file
    whole = path.read_bytes()
    path.unlink()  # the best epoch may share the file
    if damage != "gone":
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    network, optimiser = _made()
    before = weights(network)
    assert kept.resume(network, optimiser) == Progress()
    assert_same_bits(weights(network), before)


def test_the_memory_keeps_the_best_apart_from_the_network() -> None:
    kept = MemoryCheckpoints()
    network, optimiser = _made()
    kept.save(Progress(1, [], 1), network, optimiser, OUTPUTS)
    before = weights(network)
    _step(network, optimiser)
    kept.save(Progress(2, [], 1), network, optimiser, OUTPUTS * 2)
    np.testing.assert_array_equal(kept.restore_best(Progress(2, [], 1), network), OUTPUTS)
    assert_same_bits(weights(network), before)


def test_tied_weights_are_kept(tmp_path: Path) -> None:
    network, _ = _made()
    network.second.weight = network.first.weight = torch.nn.Parameter(torch.ones(8, 6))
    kept = DiskCheckpoints(tmp_path / "a")
    kept.save(Progress(1, [], 1), network, make_optimiser(network, "sgd", 0.1, 0.0), None)
    before = weights(network)
    torch.nn.init.zeros_(network.first.weight)
    kept.restore_best(Progress(1, [], 1), network)
    assert_same_bits(weights(network), before)


def test_too_little_space_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 10**9))
    kept = DiskCheckpoints(tmp_path / "a")
    kept.check_space(20_000_000, 20_000_000, 2)  # 0.6 GB
    with pytest.raises(DataError, match=r"3[.,]\d GB"):
        kept.check_space(110_000_000, 110_000_000, 2)
    kept.check_space(66_000_000, 1000, 2)


def test_a_full_disk_is_said_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import safetensors.torch
    from safetensors import SafetensorError

    def full(tensors: Any, path: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    kept, network, optimiser = _after(tmp_path / "a", 1)
    monkeypatch.setattr(safetensors.torch, "save_file", full)
    with pytest.raises(DataError) as caught:
        kept.save(Progress(2, [], 2), network, optimiser, None)
    assert caught.value.key == "core.disk_full"
    assert kept.newest() == Progress(1, [{"epoch": 1}], 1)


def test_a_key_changes_with_everything() -> None:
    parts = ["FineTune", {"epochs": 3, "class_weight": {"1": 2.0}}, "fingerprint", [np.int64(4), None]]
    key = fit_key(*parts)
    assert key == fit_key(*parts)
    assert len(key) == 32
    others = [[*parts[:1], {**parts[1], "epochs": 4}, *parts[2:]], parts[::-1], parts[:-1], [*parts, None]]
    assert len({key, *(fit_key(*other) for other in others)}) == 5
    assert fit_key({"a": 1, "b": 2}) == fit_key({"b": 2, "a": 1})
