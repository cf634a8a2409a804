import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.explain.bins import readable_bins


def test_the_thin_ends_are_joined_and_said_to_be():
    values = np.r_[[1], np.repeat([12, 17, 22, 27], 40), [33, 34, 90]].astype(float)
    bins = readable_bins(values, width=5, least=30, whole=True)
    assert bins.edges.tolist() == [0, 15, 20, 25, 95]
    assert [bins.made_of(place) for place in range(bins.n)] == [3, 1, 1, 14]
    assert np.bincount(bins.places(values)).tolist() == [41, 40, 40, 43]


def test_an_edge_belongs_to_the_bin_that_begins_there():
    bins = readable_bins(np.array([0.0, 0.5, 1.0, 1.5]), width=0.5, least=1)
    assert bins.places(np.array([0.0, 0.49, 0.5, 1.5])).tolist() == [0, 0, 1, 3]


def test_too_few_values_are_one_bin():
    bins = readable_bins(np.array([3.0, 4.0, 9.0]), width=1, least=30)
    assert (bins.n, bins.made_of(0)) == (1, 7)
    assert readable_bins(np.array([5.0])).n == 1


@given(st.lists(st.floats(0, 500), min_size=1, max_size=60), st.integers(1, 20), st.booleans())
def test_every_value_is_in_its_bin_and_the_ends_are_filled(values, least, whole):
    values = np.round(values) if whole else np.array(values)
    bins = readable_bins(values, least=least, whole=whole)
    places = bins.places(values)
    assert (bins.edges[places] <= values).all()
    assert (values < bins.edges[places + 1]).all()
    if bins.n > 1:
        counts = np.bincount(places, minlength=bins.n)
        assert min(counts[0], counts[-1]) >= least
    width = bins.edges[2] - bins.edges[1] if bins.n > 3 else None
    if width is not None:
        assert np.allclose(np.diff(bins.edges)[1:-1], width)


@pytest.mark.parametrize(("spread", "width"), [(100, 10.0), (65, 5.0), (14, 1.0), (2, 1.0)])
def test_widths_are_readable(spread, width):
    bins = readable_bins(np.linspace(0, spread, 2000).round(), least=1, whole=True)
    assert bins.edges[2] - bins.edges[1] == width


def test_values_that_differ_by_rounding_alone_share_a_bin():
    bins = readable_bins(np.array([0.0, 1.1754943508222875e-38]), least=1)
    assert bins.edges.tolist() == [0, 1]


def test_far_values_do_not_ask_for_bins_without_end():
    values = np.r_[np.linspace(0, 1e-6, 1000), 500.0]
    bins = readable_bins(values, least=1)
    assert bins.n < 2100
    assert (bins.edges[bins.places(values)] <= values).all()
