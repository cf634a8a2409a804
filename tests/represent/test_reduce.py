from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import decomposition
from sklearn.base import clone

from makna.core.errors import DataError
from makna.represent import decompose, reduce
from makna.represent.reduce import PCA

rng = np.random.default_rng(0)
# Two hundred rows, of which thirty directions stand out.
X = rng.normal(size=(200, 30)) @ (rng.normal(size=(30, 90)) / np.arange(1, 31)[:, None]) + 0.01 * rng.normal(
    size=(200, 90)
)
X += 3


def test_full_solver_is_that_of_scikit_learn() -> None:
    ours, theirs = PCA(20).fit(X), decomposition.PCA(20, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.components_, _signed(theirs.components_), atol=1e-6)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-8)
    np.testing.assert_allclose(ours.mean_, theirs.mean_)
    np.testing.assert_allclose(np.abs(ours.transform(X)), np.abs(theirs.transform(X)), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_random_search_finds_the_same_directions(dtype: Any) -> None:
    rows = X.astype(dtype)
    found, exact = PCA(20, solver="randomised").fit(rows), PCA(20).fit(rows)
    np.testing.assert_allclose(found.explained_variance_, exact.explained_variance_, rtol=1e-3)
    np.testing.assert_allclose(found.explained_variance_ratio_, exact.explained_variance_ratio_, rtol=1e-3)
    # The cosines of the angles between both subspaces.
    assert np.linalg.svd(found.components_ @ exact.components_.T)[1].min() > 0.999
    np.testing.assert_allclose(found.components_ @ found.components_.T, np.eye(20), atol=1e-6)


def test_random_search_follows_its_seed() -> None:
    first, again = (PCA(5, solver="randomised", random_state=3).fit(X) for _ in range(2))
    np.testing.assert_array_equal(first.components_, again.components_)
    assert (PCA(5, solver="randomised", random_state=4).fit(X).components_ != first.components_).any()


def test_solver_goes_by_the_number_of_features(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PCA(2).fit(X).solver_ == "full"
    monkeypatch.setattr(reduce, "_MOST_FOR_COVARIANCE", 89)
    assert PCA(2).fit(X).solver_ == "randomised"


@pytest.mark.parametrize("solver", ["full", "randomised"])
def test_a_smaller_size_is_the_beginning_of_a_larger(solver: Any) -> None:
    large, small = PCA(50, solver=solver).fit(X), PCA(10, solver=solver).fit(X)
    np.testing.assert_array_equal(small.components_, large.components_[:10])
    np.testing.assert_array_equal(small.transform(X), large.transform(X)[:, :10])
    np.testing.assert_array_equal(small.explained_variance_ratio_, large.explained_variance_ratio_[:10])


def test_sizes_of_one_family_share_a_fit() -> None:
    family = PCA(10).family()
    assert repr(family) == repr(PCA(50).family()) == repr(PCA(64).family())
    assert repr(family) != repr(PCA(65).family())
    assert repr(family) != repr(PCA(10, random_state=1).family())
    fitted = clone(family).fit(X)
    wide = fitted.transform(X)
    assert wide.shape == (200, 64)
    for size in (10, 50):
        member, alone = PCA(size).member_of(fitted), PCA(size).fit(X)
        assert type(member) is PCA
        assert member.get_params() == alone.get_params()
        assert member.basis_ is fitted.basis_
        np.testing.assert_array_equal(PCA(size).narrow(wide), alone.transform(X))
        np.testing.assert_array_equal(member.transform(X), alone.transform(X))
        assert member.facts_ == alone.facts_


def test_a_family_takes_fewer_features_than_its_width() -> None:
    fitted = PCA(5).family().fit(X[:, :7])
    assert PCA(5).narrow(fitted.transform(X[:, :7])).shape == (200, 5)
    with pytest.raises(DataError) as caught:
        PCA(8).member_of(fitted)
    assert caught.value.fields == {"came": 8, "most": 7, "rows": 200, "features": 7}


@pytest.mark.parametrize("solver", ["full", "randomised"])
def test_share_of_the_variance_takes_the_fewest_components(solver: Any) -> None:
    model = PCA(2, variance=0.9, solver=solver).fit(X)
    kept = np.cumsum(PCA(60).fit(X).explained_variance_ratio_)
    assert model.size_ == int((kept < 0.9).sum()) + 1
    assert model.explained_variance_ratio_.sum() >= 0.9
    assert model.transform(X).shape == (200, model.size_)
    family = model.family().fit(X)
    member = clone(model).member_of(family)
    np.testing.assert_array_equal(clone(model).narrow(family.transform(X)), member.transform(X))


def test_share_that_needs_more_than_the_search_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = rng.normal(size=(150, 150))
    doubled = PCA(variance=0.9, solver="randomised").fit(noise)
    assert 64 < doubled.size_ < 150
    monkeypatch.setattr(reduce, "_WIDEST_SEARCH", 64)
    with pytest.raises(DataError) as caught:
        PCA(variance=0.9, solver="randomised").fit(noise)
    assert caught.value.fields["most"] == 64
    assert 0 < caught.value.fields["reached"] < 0.9


@pytest.mark.parametrize("solver", ["full", "randomised"])
def test_blocks_change_nothing_but_rounding(solver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PCA(10, solver=solver).fit(X)
    monkeypatch.setattr(decompose, "_BLOCK_BYTES", 7 * 8 * 90)
    blocks = PCA(10, solver=solver).fit(X)
    np.testing.assert_allclose(blocks.components_, whole.components_, atol=1e-10)
    np.testing.assert_allclose(blocks.transform(X), whole.transform(X), atol=1e-10)


def test_half_precision_in_a_file_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompose, "_BLOCK_BYTES", 500_000)
    shape = (2000, 600)
    rows = np.memmap(tmp_path / "rows", dtype=np.float16, mode="w+", shape=shape)
    rows[:] = rng.normal(size=(2000, 5)) @ rng.normal(size=(5, 600)) + 0.1 * rng.normal(size=shape)
    tracemalloc.start()
    model = PCA(5, solver="randomised").fit(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A block weighs .5 MB, the 80 directions that are carried .4 MB; all rows would weigh 4.8 MB in single precision.
    assert peak < 4_000_000
    coordinates = model.transform(rows)
    exact = decomposition.PCA(5, svd_solver="full").fit(rows.astype(float))
    np.testing.assert_allclose(model.explained_variance_ratio_, exact.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(np.abs(coordinates), np.abs(exact.transform(rows.astype(float))), atol=0.02)


def test_sparse_features_are_refused() -> None:
    with pytest.raises(DataError, match="counts"):
        PCA(2).fit(sp.csr_matrix(X))


def test_more_components_than_there_are() -> None:
    with pytest.raises(DataError) as caught:
        PCA(50).fit(X[:20])
    assert caught.value.fields == {"came": 50, "most": 20, "rows": 20, "features": 90}
    assert "20" in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_what_is_no_number_is_refused(dtype: Any) -> None:
    broken = X.astype(dtype)
    broken[150, 3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        PCA(2).fit(broken)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        PCA(2).fit(X.astype(dtype)).transform(broken)


def test_facts_for_the_report() -> None:
    model = PCA(3).fit(X)
    facts = model.facts_
    assert facts["explained"] == model.explained_variance_ratio_.tolist()
    assert {k: v for k, v in facts.items() if k != "explained"} == {
        "rows": 200,
        "features": 90,
        "size": 3,
        "solver": "full",
    }
    assert not hasattr(PCA(3), "facts_")


def test_features_that_never_vary() -> None:
    model = PCA(2).fit(np.ones((10, 4)))
    assert model.explained_variance_ratio_.tolist() == [0, 0]
    assert PCA(variance=0.9).fit(np.ones((10, 4))).size_ == 4


def _signed(components: np.ndarray) -> np.ndarray:
    largest = components[np.arange(len(components)), np.abs(components).argmax(axis=1)]
    return components * np.sign(largest)[:, None]
