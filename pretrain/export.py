"""From a run to the data package: encoder in int8, word vectors in int8, settings, head, card's figures.

``python -m pretrain.export --out RUN --package mini/makna_mini [--weights checkpoint]``

Every matrix is kept as int8 with one float16 scale a row (the greatest number of the row is 127); vectors (biases,
layer norms) stay float16. Reading it back needs nothing but a product: ``int8 · scale``.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

LOG = logging.getLogger(__name__)
SCALE = ".scale"
INT8 = "model.int8.safetensors"
HEAD = "head.int8.safetensors"


def packed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return matrices as int8 with a scale a row, everything else as float16."""
    result: dict[str, torch.Tensor] = {}
    for name, value in tensors.items():
        if value.dim() == 2 and value.shape[0] > 2:
            scale = (value.abs().amax(dim=1) / 127).clamp(min=1e-8).to(torch.float16)
            result[name] = torch.round(value / scale.float()[:, None]).clamp(-127, 127).to(torch.int8)
            result[name + SCALE] = scale
        else:
            result[name] = value.to(torch.float16)
    return {name: value.contiguous() for name, value in result.items()}


def unpacked(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return float32 tensors from packed ones."""
    return {
        name: value.float() * tensors[name + SCALE].float()[:, None] if name + SCALE in tensors else value.float()
        for name, value in tensors.items()
        if not name.endswith(SCALE)
    }


def export(out: Path, package: Path, weights: str = "checkpoint") -> dict[str, int]:
    """Write the data package's model and vectors; return its files with their sizes in bytes."""
    model = package / "model"
    model.mkdir(parents=True, exist_ok=True)
    held = load_file(str(out / weights / "model.safetensors"))
    encoder = {name.removeprefix("bert."): value for name, value in held.items() if name.startswith("bert.")}
    head = {name: value for name, value in held.items() if name.startswith("cls.")}
    save_file(packed(encoder), str(model / INT8))
    save_file(packed(head), str(model / HEAD))
    config = json.loads((out / "start/config.json").read_text("utf-8"))
    config["architectures"] = ["BertModel"]
    (model / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", "utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(out / "tokenizer" / name, model / name)
    if (out / "vectors").is_dir():
        shutil.copytree(out / "vectors", package / "vectors", dirs_exist_ok=True)
    return {
        str(path.relative_to(package)): path.stat().st_size for path in sorted(package.rglob("*")) if path.is_file()
    }


def main() -> None:
    """Export from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--package", type=Path, default=Path("mini/makna_mini"))
    parser.add_argument("--weights", default="checkpoint", help="checkpoint, or start for the network before learning")
    choice = parser.parse_args()
    sizes = export(choice.out, choice.package, choice.weights)
    LOG.info("%s\n%.1f MB in all", json.dumps(sizes, indent=1), sum(sizes.values()) / 1e6)


if __name__ == "__main__":
    main()
