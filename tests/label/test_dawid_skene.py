"""The label model on votes whose truth is known, and what EM promises."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from makna.core.errors import DataError, UserError
from makna.label.dawid_skene import DawidSkene

CLASSES = np.array(["neg", "neu", "pos"], dtype=object)


def simulated(
    accuracies: list[float], n: int = 1200, missing: float = 0.2, seed: int = 1
) -> tuple[pd.DataFrame, np.ndarray]:  # fmt: skip
    """Votes of independent sources, each right with its own chance and else wrong at random."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(3, n, p=[0.5, 0.3, 0.2])
    votes = {}
    for source, accuracy in enumerate(accuracies):
        wrong = (truth + generator.integers(1, 3, n)) % 3
        said = np.where(generator.random(n) < accuracy, truth, wrong)
        votes[f"s{source}"] = np.where(generator.random(n) < missing, "", CLASSES[said])
    return pd.DataFrame(votes), CLASSES[truth]


def majority(votes: pd.DataFrame) -> np.ndarray:
    counts = np.stack([(votes == name).sum(axis=1) for name in CLASSES], axis=1)
    return CLASSES[counts.argmax(axis=1)]


def test_the_accuracies_of_sources_are_recovered() -> None:
    accuracies = [0.9, 0.8, 0.7, 0.6, 0.5]
    votes, _ = simulated(accuracies, n=3000)
    found = DawidSkene().fit(votes)
    assert [source["accuracy"] for source in found.facts_["sources"]] == pytest.approx(accuracies, abs=0.04)
    assert found.priors_ == pytest.approx([0.5, 0.3, 0.2], abs=0.04)
    assert np.diagonal(found.confusion_, axis1=1, axis2=2).mean(axis=1) == pytest.approx(accuracies, abs=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_better_than_the_majority_where_sources_are_unequal(seed: int) -> None:
    votes, truth = simulated([0.9, 0.6, 0.5, 0.5, 0.45], seed=seed)
    ours = (DawidSkene().fit(votes).predict(votes, "neg") == truth).mean()
    theirs = (majority(votes) == truth).mean()
    assert ours > theirs + 0.03


def test_a_source_that_is_always_wrong_the_same_way_is_of_use() -> None:
    votes, truth = simulated([0.75, 0.75, 0.75], missing=0.0)
    turned = {"neg": "pos", "neu": "neg", "pos": "neu"}
    votes["turned"] = [turned[label] for label in truth]
    found = DawidSkene().fit(votes)
    assert (found.predict(votes) == truth).mean() > 0.98
    assert found.facts_["sources"][3]["accuracy"] < 0.05


votes_of_few = st.integers(2, 4).flatmap(
    lambda sources: st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", ""])] * sources), min_size=3, max_size=25)
)


@settings(max_examples=60, deadline=None)
@given(votes_of_few, st.sampled_from([1e-9, 0.1, 2.0]))
def test_every_round_raises_the_objective(rows: list[tuple[str, ...]], smoothing: float) -> None:
    if len({cell for row in rows for cell in row} - {""}) < 2:
        return
    found = DawidSkene(smoothing=smoothing, max_iter=60).fit(pd.DataFrame(rows))
    steps = np.diff(found.objective_)
    assert (steps >= -1e-7).all()
    chances = found.predict_proba(pd.DataFrame(rows))
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert found.confusion_.sum(axis=2) == pytest.approx(1.0)


def test_with_hardly_any_smoothing_it_is_the_likelihood_that_rises() -> None:
    votes, _ = simulated([0.8, 0.7, 0.6], n=200)
    likelihoods = [DawidSkene(smoothing=1e-12, max_iter=n, tol=0).fit(votes).log_likelihood_ for n in range(1, 12)]
    assert (np.diff(likelihoods) > -1e-9).all()
    assert likelihoods[-1] > likelihoods[0] + 1


def test_the_likelihood_is_that_of_the_formula() -> None:
    votes, _ = simulated([0.8, 0.7, 0.6], n=40)
    found = DawidSkene().fit(votes)
    total = 0.0
    for row in votes.to_numpy().tolist():
        chance = found.priors_.copy()
        for source, vote in enumerate(row):
            if vote:
                chance = chance * found.confusion_[source][:, list(CLASSES).index(vote)]
        total += np.log(chance.sum())
    assert found.log_likelihood_ == pytest.approx(total)


def test_rows_of_a_table_do_not_depend_on_one_another_once_fitted() -> None:
    votes, _ = simulated([0.8, 0.7, 0.6], n=60)
    found = DawidSkene().fit(votes)
    whole = found.predict_proba(votes)
    assert found.predict_proba(votes.iloc[7:8]) == pytest.approx(whole[7:8])
    assert found.predict_proba(votes.iloc[::-1]) == pytest.approx(whole[::-1])
    assert found.predict_proba(votes.to_numpy()) == pytest.approx(whole)


def test_nothing_is_random() -> None:
    votes, _ = simulated([0.8, 0.7, 0.6], n=100)
    one, again = DawidSkene().fit(votes), clone(DawidSkene()).fit(votes)
    assert one.facts_ == again.facts_
    order = np.random.default_rng(0).permutation(len(votes))
    assert DawidSkene().fit(votes.iloc[order]).confusion_ == pytest.approx(one.confusion_)


def test_an_item_without_votes() -> None:
    votes = pd.DataFrame({"a": ["x", "y", None], "b": ["x", "y", np.nan], "c": ["x", "y", ""]})
    found = DawidSkene().fit(votes)
    assert found.predict(votes).tolist() == ["x", "y", ""]
    assert found.predict(votes, "none").tolist()[2] == "none"
    assert found.predict_proba(votes)[2] == pytest.approx(found.priors_)
    assert found.facts_["without_votes"] == 1


def test_facts_are_json() -> None:
    votes, _ = simulated([0.9, 0.6, 0.5, 0.5], n=300)
    facts = json.loads(json.dumps(DawidSkene().fit(votes).facts_, allow_nan=False))
    assert facts["items"] == 300
    assert facts["converged"] is True
    assert facts["enough_sources"] is True
    assert facts["conflicts"] > facts["against_majority"] > 0
    assert [source["votes"] for source in facts["sources"]] == (votes != "").sum().tolist()
    assert DawidSkene().fit(votes.iloc[:, :2]).facts_["enough_sources"] is False
    assert DawidSkene(max_iter=1).fit(votes).facts_["converged"] is False


def test_classes_may_be_given() -> None:
    votes = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]})
    assert DawidSkene(classes=["z", "y", "x"]).fit(votes).predict_proba(votes).shape == (2, 3)
    with pytest.raises(DataError) as problem:
        DawidSkene(classes=["x", "z"]).fit(votes)
    assert problem.value.key == "label.unknown_vote"


@pytest.mark.parametrize(
    ("votes", "key"),
    [
        (pd.DataFrame({"a": ["x", "y"]}), "label.one_source"),
        (pd.DataFrame({"a": ["x"], "b": ["x"]}), "label.one_class"),
        (pd.DataFrame({"a": [""], "b": [None]}), "label.no_votes"),
        (["x", "y"], "label.votes_shape"),
    ],
)
def test_votes_that_cannot_be_joined(votes: object, key: str) -> None:
    with pytest.raises(DataError) as problem:
        DawidSkene().fit(votes)
    assert problem.value.key == key


def test_other_votes_than_those_of_fit() -> None:
    votes = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]})
    found = DawidSkene().fit(votes)
    for wrong, key in [
        (votes[["b", "a"]], "label.other_sources"),
        (votes[["a"]], "label.other_sources"),
        (votes.replace("x", "w"), "label.unknown_vote"),
    ]:
        with pytest.raises(DataError) as problem:
            found.predict(wrong)
        assert problem.value.key == key
    with pytest.raises(DataError) as problem:
        DawidSkene().predict(votes)
    assert problem.value.key == "label.not_fitted"


@pytest.mark.parametrize("bad", [{"smoothing": 0}, {"max_iter": 0}, {"tol": -1}])
def test_wrong_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UserError):
        DawidSkene(**bad).fit(pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]}))  # type: ignore[arg-type]
