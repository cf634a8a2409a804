"""Checkpoints: network, optimiser and position in safetensors and JSON, written whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

NAME = "checkpoint"


def save(out: Path, network: torch.nn.Module, optimiser: torch.optim.Optimizer, position: dict[str, Any]) -> None:
    """Replace the run's checkpoint; the one before stays until the new one is whole."""
    scratch = out / f"{NAME}.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    save_file(weights(network), str(scratch / "model.safetensors"))
    moments = {
        f"{place}.{name}": torch.as_tensor(value).detach().cpu().contiguous()
        for place, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }
    save_file(moments, str(scratch / "optimiser.safetensors"))
    (scratch / "position.json").write_text(json.dumps(position, indent=1), "utf-8")
    old = out / f"{NAME}.old"
    shutil.rmtree(old, ignore_errors=True)
    if (out / NAME).exists():
        (out / NAME).rename(old)
    scratch.rename(out / NAME)
    shutil.rmtree(old, ignore_errors=True)


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the network's tensors, each once (the output's table is the embedding's)."""
    return {
        name: value.detach().cpu().contiguous().clone()
        for name, value in network.state_dict().items()
        if "decoder" not in name
    }


def load_weights(network: torch.nn.Module, folder: Path) -> None:
    """Load a folder's tensors into the network; one that is missing or too many is an error."""
    missing, unknown = network.load_state_dict(load_file(str(folder / "model.safetensors")), strict=False)
    if unknown or [name for name in missing if "decoder" not in name]:
        raise ValueError(f"{folder}: missing {missing}, unknown {unknown}")


def found(out: Path) -> Path | None:
    """Return the folder of the newest whole checkpoint."""
    for name in (NAME, f"{NAME}.old"):
        if (out / name / "position.json").is_file():
            return out / name
    return None


def load(folder: Path, network: torch.nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Put a checkpoint back and return its position."""
    load_weights(network, folder)
    held = load_file(str(folder / "optimiser.safetensors"))
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in held.items():
        place, _, what = name.partition(".")
        state.setdefault(int(place), {})[what] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return dict(json.loads((folder / "position.json").read_text("utf-8")))
