"""On which device, in which precision and with how many threads neural networks are run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from makna.core.errors import DataError
from makna.core.optional import require

DeviceName = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "bf16"]
_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16", "asimdbf16"}


@dataclass(frozen=True)
class Compute:
    """What a run asks for.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        Where; "auto" takes the GPU where there is one.
    precision : {"auto", "fp32", "bf16"}
        Of the matrix products; "auto" takes bf16 where the processor or the GPU computes in it.
    threads : int or None
        Processor threads; None takes every core this process may use.
    """

    device: DeviceName = "auto"
    precision: Precision = "auto"
    threads: int | None = None


@dataclass(frozen=True)
class Machine:
    """What was found for a `Compute`.

    Parameters
    ----------
    device : str
        A name torch knows: "cpu" or "cuda".
    precision : {"fp32", "bf16"}
        Of the matrix products.
    threads : int
        Processor threads.
    """

    device: str
    precision: Literal["fp32", "bf16"]
    threads: int


_asked: ContextVar[Compute | None] = ContextVar("makna_compute", default=None)


@contextmanager
def computing(compute: Compute, unless_said: bool = False) -> Iterator[None]:
    """Run neural networks this way inside this context.

    Parameters
    ----------
    compute : Compute
        How.
    unless_said : bool
        Leave it as a surrounding context has it, if there is one.
    """
    token = _asked.set((_asked.get() if unless_said else None) or compute)
    try:
        yield
    finally:
        _asked.reset(token)


def machine_of(purpose: str, compute: Compute | None = None) -> Machine:
    """Return where and how torch computes now, its number of threads set.

    Parameters
    ----------
    purpose : str
        What needs torch, for the message where it is missing.
    compute : Compute or None
        What is asked for; that of the surrounding `computing` where None.

    Raises
    ------
    MissingPackageError
        torch is not installed.
    DataError
        A GPU is asked for and none is there.
    """
    torch = require("torch", purpose)
    compute = compute or _asked.get() or Compute()
    has_gpu = bool(torch.cuda.is_available())
    if compute.device == "cuda" and not has_gpu:
        raise DataError("core.no_gpu")
    device = "cuda" if has_gpu and compute.device != "cpu" else "cpu"
    precision: Literal["fp32", "bf16"] = "bf16" if compute.precision == "bf16" else "fp32"
    if compute.precision == "auto":
        fast = torch.cuda.is_bf16_supported() if device == "cuda" else processor_has_bf16()
        precision = "bf16" if fast else "fp32"
    threads = compute.threads or cores()
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return Machine(device, precision, threads)


def processor_has_bf16() -> bool:
    """Tell whether the processor has instructions for bf16 products; False where the system does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return False
    line = next((line for line in text.splitlines() if line.lower().startswith(("flags", "features"))), "")
    return bool(_BF16_FLAGS & set(line.lower().split()))


def cores() -> int:
    """Return the number of processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
