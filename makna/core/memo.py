"""Work shared inside one run: what depends on single texts alone is computed once and looked up in every fold.

Only *stateless* work belongs here (counting n-grams, cleaning): it learns nothing, so sharing it between folds leaks
nothing. Outside `sharing()` every estimator computes for itself, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_memo: ContextVar[dict[Hashable, Any] | None] = ContextVar("makna_memo", default=None)


@contextmanager
def sharing(memo: dict[Hashable, Any] | None = None) -> Iterator[dict[Hashable, Any]]:
    """Share stateless work between all estimators used inside this context; forgotten at its end.

    Parameters
    ----------
    memo : dict or None
        What an earlier context shared, to go on with; empty when None.

    Examples
    --------
    >>> with sharing():
    ...     shared("answer", lambda: [42]) is shared("answer", lambda: [42])
    True
    """
    memo = {} if memo is None else memo
    token = _memo.set(memo)
    try:
        yield memo
    finally:
        _memo.reset(token)


def shared(key: Hashable, make: Callable[[], T]) -> T | None:
    """Return the shared object of this key, made on first use; None outside `sharing()`."""
    memo = _memo.get()
    if memo is None:
        return None
    if key not in memo:
        memo[key] = make()
    return memo[key]
