"""Marks that may stand: the promise holds over draws, and a small case by hand."""

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.learn.risk import Kept, Known, Promise, keep, p_values


def test_p_values_by_hand():
    # Of five known rows the second and the fourth surest are wrong; (1 + wrong up to the doubt) / (1 + 5).
    known = Known(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([False, True, False, True, False]))
    found = p_values(known, np.array([0.05, 0.15, 0.2, 0.45]), np.ones(4))
    assert found.tolist() == pytest.approx([1 / 6, 1 / 6, 2 / 6, 3 / 6])


def test_what_is_kept_by_hand():
    # 19 known rows, the ten surest right: p = 1/20 below a doubt of 10, more from there. Of four new rows at rate 0.1,
    # Benjamini and Hochberg compare with 0.025, 0.05, 0.075, 0.1: two rows of 0.05 pass, one alone does not.
    known = Known(np.arange(19.0), np.arange(19) >= 10)
    two = keep(known, np.array([1.0, 2.0, 15.0, 16.0]), Promise(0.1))
    assert two.rows.tolist() == [True, True, False, False]
    assert (two.limit, two.among, two.expected) == (2.0, 3, 0.0)
    one = keep(known, np.array([1.0, 14.0, 15.0, 16.0]), Promise(0.1))
    assert one == Kept(one.rows, -np.inf, None, 0)
    assert not one.rows.any()


def test_weights_count_as_copies():
    doubt, wrong = np.array([0.1, 0.2, 0.4, 0.7]), np.array([False, True, False, True])
    times = np.array([3, 1, 2, 1])
    copied = Known(np.repeat(doubt, times), np.repeat(wrong, times))
    new = np.linspace(0, 1, 7)
    weighted = p_values(Known(doubt, wrong, times.astype(float)), new, np.ones(7))
    assert weighted.tolist() == pytest.approx(p_values(copied, new, np.ones(7)).tolist())


def _draws(rng, n, m, certainty=None, rate=0.1):
    """Return the wrong share among the kept (0 where none is) and the kept share of many classes."""
    errors, shares = [], []
    for _ in range(400):
        doubt = rng.random(n + m)
        wrong = rng.random(n + m) < doubt**2
        kept = keep(Known(doubt[:n], wrong[:n]), doubt[n:], Promise(rate, 1.0, certainty)).rows
        errors.append(wrong[n:][kept].mean() if kept.any() else 0.0)
        shares.append(kept.mean())
    return np.array(errors), np.array(shares)


@pytest.mark.parametrize("n", [10, 20, 100, 500])
@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_the_promise_holds_on_average(n, rate):
    errors, _ = _draws(np.random.default_rng(n), n, 40, rate=rate)
    assert errors.mean() <= rate + 2.5 * errors.std() / 20


def test_more_known_rows_keep_more():
    shares = [_draws(np.random.default_rng(1), n, 40)[1].mean() for n in (10, 20, 50, 200)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.4  # an oracle keeps √(3 · 0.1) = 0.55


def test_a_certain_promise_holds_for_most_classes():
    errors, shares = _draws(np.random.default_rng(2), 600, 200, certainty=0.9)
    # The wrong share of the new rows themselves varies around the rate that is bounded.
    assert (errors > 0.1 + 2 * np.sqrt(0.09 / 100)).mean() <= 0.1
    assert shares.mean() > 0.2
    assert _draws(np.random.default_rng(2), 40, 40, certainty=0.9)[1].max() == 0


@pytest.mark.parametrize("certainty", [None, 0.9])
def test_nothing_is_kept_without_ground(certainty):
    promise = Promise(0.1, 1.0, certainty)
    new = np.array([0.0, 0.5])
    for known in (Known(np.array([]), np.array([], dtype=bool)), Known(np.array([0.9]), np.array([False]))):
        assert not keep(known, new, promise).rows.any()
    many = Known(np.zeros(500), np.zeros(500, dtype=bool))
    assert keep(many, np.array([0.0, np.inf]), promise).rows.tolist() == [True, False]
    assert keep(many, np.array([]), promise).rows.shape == (0,)


@pytest.mark.parametrize("promise", [Promise(0.0), Promise(1.0), Promise(0.1, -1.0), Promise(0.1, 1.0, 1.0)])
def test_a_promise_nobody_can_mean_is_refused(promise):
    with pytest.raises(DataError, match=r"\d"):
        keep(Known(np.zeros(3), np.zeros(3, dtype=bool)), np.zeros(2), promise)
