"""What a training will need: memory against the arithmetic, time against a clock that the test turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from makna.core.messages import set_language
from makna.learn import probe as module
from makna.learn.forward import Rows
from makna.learn.losses import Loss, cross_entropy, squared_error
from makna.learn.probe import Plan, in_words, probe
from tests.learn.networks_for_tests import CPU, layered, rows, weights

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("one_thread")


def _rows(lengths: np.ndarray) -> Rows:
    """Return rows that a network sees as many numbers each as they are long."""

    def batch(chosen: np.ndarray) -> Any:
        return {"x": torch.ones(len(chosen), int(lengths[chosen].max()), 1)}

    return Rows(batch, lengths, np.zeros(len(lengths), dtype=np.float32))


def _dense(after: Any = None) -> Any:
    class Dense(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.head = torch.nn.Linear(1, 50, bias=False), torch.nn.Linear(50, 1, bias=False)

        def forward(self, x: Any) -> Any:
            if after is not None:
                after(x)
            return self.head(torch.tanh(self.wide(x))).sum((1, 2))

    return Dense()


def test_memory_is_weights_gradients_moments_and_activations() -> None:
    lengths = np.array([4, 100, 7, 100])
    needs = probe(_dense(), _rows(lengths), Loss(squared_error), Plan(3, 1, moments=2), CPU)
    # Kept for the way back, a row of 100: its input, 100 numbers, and tanh's outcome, 100 × 50; then the output itself.
    expected = 4 * (4 * 100 + 3 * (100 + 5000) + 3)
    assert needs.memory_mb * 1e6 == pytest.approx(expected, rel=0.02)


def test_every_activation_counts_once_whichever_memory_it_took() -> None:
    class Deep(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stack = torch.nn.ModuleList(torch.nn.Linear(64 if i else 1, 64) for i in range(8))

        def forward(self, x: Any) -> Any:
            for layer in self.stack:
                x = torch.relu(layer(x)).exp().tanh()
            return x.sum((1, 2))

    part, network = _rows(np.full(4, 50)), Deep()
    network.requires_grad_(False)
    network.stack[0].weight.requires_grad_(True)
    size = sum(p.numel() for p in network.parameters())
    found = {probe(network, part, Loss(squared_error), Plan(2, 1), CPU).memory_mb for _ in range(3)}
    # A row keeps its 50 inputs, and the 50 × 64 numbers that three functions gave in each of eight layers.
    assert found == {4 * (size + 3 * 64 + 2 * (50 + 8 * 3 * 50 * 64) + 2) / 1e6}


def test_frozen_weights_need_neither_gradient_nor_moments() -> None:
    part = _rows(np.array([3, 3]))
    free, held = _dense(), _dense()
    held.requires_grad_(False)
    trained, frozen = (probe(n, part, Loss(squared_error), Plan(2, 1), CPU).memory_mb for n in (free, held))
    assert frozen * 1e6 == pytest.approx(4 * 100, abs=20)
    assert trained > 4 * frozen


class _Clock:
    """Time that passes only when a network works: so many seconds for each number it sees, and some for each step."""

    def __init__(self, each: float, step: float = 0.0) -> None:
        self.now, self.each, self.step, self.calls = 0.0, each, step, 0

    def __call__(self) -> float:
        return self.now

    def work(self, x: Any) -> None:
        self.calls += 1
        self.now += self.step + self.each * x.shape[0] * x.shape[1]


def _clocked(monkeypatch: pytest.MonkeyPatch, clock: _Clock, limit: float = 30.0) -> float:
    lengths = np.random.default_rng(0).integers(5, 60, size=1000)
    monkeypatch.setattr(module.time, "perf_counter", clock)
    return probe(_dense(clock.work), _rows(lengths), Loss(squared_error), Plan(10, 3, valid=300), CPU, limit).seconds


def _true(clock: _Clock) -> float:
    from makna.represent.buckets import buckets

    lengths = np.random.default_rng(0).integers(5, 60, size=1000)
    sizes = [len(b) * lengths[b].max() for b in buckets(lengths, 10)]
    return (sum(sizes) * clock.each + len(sizes) * clock.step) * 3 * 1.1


@pytest.mark.parametrize(("each", "step"), [(0.0001, 0.0), (0.003, 0.0), (0.003, 0.3), (0.01, 0.5)])
def test_time_is_that_of_all_steps(each: float, step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _Clock(each, step)
    assert _clocked(monkeypatch, clock) == pytest.approx(_true(clock), rel=0.15)


@pytest.mark.parametrize("each", [0.01, 0.1, 1.0])
def test_the_probe_ends_in_time(each: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _Clock(each)
    seconds = _clocked(monkeypatch, clock, limit=20.0)
    assert clock.now < 20 + 60 * 6 * each, "one row and two are always tried: for memory, and for time"
    assert seconds == pytest.approx(_true(clock), rel=0.3)


def test_the_network_is_as_before() -> None:
    network = layered(dropout=0.2)
    before = weights(network)
    network.train()
    probe(network, rows(), Loss(cross_entropy), Plan(8, 2), CPU)
    assert all(np.array_equal(value, before[name]) for name, value in weights(network).items())
    assert all(p.grad is None for p in network.parameters())
    assert network.training


def test_times_in_words() -> None:
    set_language("en")
    assert [in_words(s) for s in (0.2, 41, 600, 9000)] == ["1 s", "41 s", "10 min", "2.5 h"]
