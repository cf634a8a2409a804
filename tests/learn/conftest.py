"""Fixtures for the learners that compute with torch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from makna.core.compute import Compute, computing, machine_of


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Compute in fp32 on one thread of the processor: the same bits everywhere, and no waiting for busy cores."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with computing(Compute("cpu", "fp32", 1)):
        machine_of("test")
        yield
    torch.set_num_threads(before)
