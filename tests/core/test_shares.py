import pytest
from scipy import stats

from makna.core.shares import share_interval, share_of


@pytest.mark.parametrize(("n", "total"), [(130, 1145), (0, 20), (20, 20), (1, 3)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_intervals_are_those_of_wilson(n, total, level):
    wanted = stats.binomtest(n, total).proportion_ci(level, method="wilson")
    assert share_interval(n, total, level) == pytest.approx((wanted.low, wanted.high))


def test_a_share_of_nothing_is_none():
    assert share_of(0, 0, 0.95) == {"n": 0, "share": None, "low": None, "high": None}
    assert share_of(1, 4, 0.95)["share"] == 0.25
