"""Small networks and rows for the tests of the training loop, which knows nothing of texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from makna.core.compute import Machine
from makna.learn.epochs import measure_classes
from makna.learn.forward import Rows
from makna.learn.losses import Loss, cross_entropy
from makna.learn.setup import Place, TrainData

CPU = Machine("cpu", "fp32", 1)
WIDTH = 6


def layered(seed: int = 0, dropout: float = 0.0, classes: int = 2) -> Any:
    """Return three dense layers, the first two of which `layers` names."""
    import torch

    class Layered(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = torch.nn.Linear(WIDTH, 8), torch.nn.Linear(8, 8)
            self.norm, self.dropout = torch.nn.LayerNorm(8), torch.nn.Dropout(dropout)
            self.head = torch.nn.Linear(8, classes)

        def forward(self, x: Any) -> Any:
            return self.head(self.dropout(self.norm(torch.tanh(self.second(torch.tanh(self.first(x)))))))

        def layers(self) -> list[Any]:
            return [self.first, self.second]

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Layered()


def rows(n: int = 48, seed: int = 1, shift: float = 1.5) -> Rows:
    """Return rows of two classes that a line almost parts."""
    import torch

    rng = np.random.default_rng(seed)
    codes = np.arange(n) % 2
    x = (rng.normal(size=(n, WIDTH)) + shift * codes[:, None] * (np.arange(WIDTH) < 2)).astype(np.float32)
    return Rows(lambda chosen: {"x": torch.from_numpy(x[chosen])}, rng.integers(1, 9, size=n), codes)


def data(loss: Loss | None = None, valid: bool = True, shift: float = 1.5) -> TrainData:
    judged = rows(24, 2, shift) if valid else None
    return TrainData(rows(shift=shift), judged, loss or Loss(cross_entropy), measure_classes)


def weights(network: Any) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}


def assert_same_bits(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@dataclass
class Listener:
    """Notes what it is told, and raises at the wanted moment."""

    at: tuple[int, int] | None = None
    raises: Callable[[], BaseException] = KeyboardInterrupt
    said: list[str] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)

    def listen(self, detail: str, done: int, total: int) -> None:
        self.said.append(detail)

    def watch(self, epoch: int, figures: Any) -> str | None:
        self.epochs.append(epoch)
        return None

    def place(self, checkpoints: Any) -> Place:
        return Place(CPU, checkpoints, self.listen, self.watch)


def breaking(inner: Rows, at: int, raises: Callable[[], BaseException] = KeyboardInterrupt) -> Rows:
    """Return rows that raise when the batch of this number is asked for."""
    asked = 0

    def batch(chosen: np.ndarray) -> Any:
        nonlocal asked
        asked += 1
        if asked == at:
            raise raises()
        return inner.batch(chosen)

    return Rows(batch, inner.lengths, inner.targets)
