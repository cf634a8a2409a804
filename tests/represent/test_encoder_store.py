"""Weights in torch's own format are converted once, without running anything that hides in them."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from makna.core.errors import ModelError
from makna.represent import encoder_store
from makna.represent.encoder_folder import cargo, fingerprint
from makna.represent.encoder_source import describe, load_network, locate_encoder
from makna.represent.encoder_store import MOST_FOLDERS, unpacked
from tests.encoders import kept_encoder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "encoders"


@pytest.fixture
def torch_folder(tmp_path: Path) -> Path:
    """The tiny encoder as pytorch_model.bin, two of its weights tied."""
    import torch

    folder = Path(shutil.copytree(kept_encoder(), tmp_path / "bin"))
    state = load_network(locate_encoder(str(folder))).state_dict()
    state["cls.decoder.weight"] = state["embeddings.word_embeddings.weight"]
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    return folder


def test_torch_weights_are_converted_once(torch_folder: Path, cache: Path) -> None:
    first = locate_encoder(str(torch_folder))
    assert first.folder.parent == cache
    assert first.kind == "folder"
    network, expected = load_network(first), load_network(locate_encoder(str(kept_encoder())))
    for (name, weight), (_, other) in zip(network.named_parameters(), expected.named_parameters(), strict=True):
        np.testing.assert_array_equal(weight.detach(), other.detach(), err_msg=name)
    assert describe(first)["layers"] == 2
    written = (first.folder / "model.safetensors").stat().st_mtime_ns
    assert locate_encoder(str(torch_folder)) == first
    assert (first.folder / "model.safetensors").stat().st_mtime_ns == written


class _Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (os.environ["EVIL"],)


def test_a_file_that_runs_code_is_refused(
    torch_folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setenv("EVIL", str(tmp_path / "was-run"))
    torch.save({"weight": _Evil()}, torch_folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*mkdir") as refused:
        locate_encoder(str(torch_folder))
    assert "weights_only" not in str(refused.value)
    (torch_folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Evil()))
    with pytest.raises(ModelError, match=r"pytorch_model\.bin"):
        locate_encoder(str(torch_folder))
    assert not (tmp_path / "was-run").exists()
    assert list(cache.iterdir()) == []


def test_an_old_torch_is_not_trusted_with_it(torch_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(ModelError, match=r"torch>=2\.6"):
        locate_encoder(str(torch_folder))


def test_what_a_model_carries_is_unpacked_once_and_again_when_changed(cache: Path) -> None:
    mark = fingerprint(kept_encoder())
    files = {path.name: path.read_bytes() for path in cargo(kept_encoder())}
    folder = unpacked(files, mark)
    assert fingerprint(folder) == mark
    assert unpacked({}, mark) == folder, "found as it is"
    (folder / "model.safetensors").write_bytes(b"broken")
    assert fingerprint(unpacked(files, mark)) == mark
    (folder / "config.json").unlink()
    assert fingerprint(unpacked(files, mark)) == mark


def test_without_a_cache_it_lasts_as_long_as_the_process(cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    mark = fingerprint(kept_encoder())
    folder = unpacked({path.name: path.read_bytes() for path in cargo(kept_encoder())}, mark)
    assert fingerprint(folder) == mark
    assert cache.parent not in folder.parents
    shutil.rmtree(folder)


def test_the_folder_used_longest_ago_goes_first(cache: Path) -> None:
    files = {path.name: path.read_bytes() for path in cargo(kept_encoder())}
    made = []
    for i in range(MOST_FOLDERS + 1):
        made.append(encoder_store._made("unpacked", f"{i:064d}"[::-1], lambda to: _write(to, files)))
        os.utime(made[-1], (1000 + i, 1000 + i))
    encoder_store._made("unpacked", f"{1:064d}"[::-1], lambda to: _write(to, files))
    encoder_store._made("unpacked", "f" * 64, lambda to: _write(to, files))
    assert [folder.exists() for folder in made[:4]] == [False, True, False, True]


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)
