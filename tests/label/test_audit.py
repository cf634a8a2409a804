"""The audit: its intervals against published examples, its verdicts, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support

from makna.collect.datasets import read_dataset
from makna.core.errors import DataError
from makna.label.audit import Labelled, against_gold, audit, cohen_kappa, paired_difference, verdict_of
from makna.label.inset import InsetScorer
from makna.label.lexicon import Naming, label_texts
from makna.label.weights import load_lexicon


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Bentur et al.'s airway data, interval of Newcombe's method in Fagerland, Lydersen and Laake (2014)
        ((1, 1, 7, 12), -0.507, -0.026),
        # Newcombe (1998), method 10
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((20, 12, 2, 16), 0.0562, 0.3292),
    ],
)
def test_the_paired_interval_against_published_ones(counts, low, high):
    found = paired_difference(*counts)
    assert found["low"] == pytest.approx(low, abs=5e-4)
    assert found["high"] == pytest.approx(high, abs=5e-4)
    assert found["value"] == pytest.approx((counts[1] - counts[2]) / sum(counts))


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(sum))
def test_the_paired_interval_holds_its_value_and_turns_with_its_sides(counts):
    both, first, second, neither = counts
    found, turned = paired_difference(both, first, second, neither), paired_difference(both, second, first, neither)
    assert -1 - 1e-9 <= found["low"] <= found["value"] + 1e-12
    assert found["value"] <= found["high"] + 1e-12
    assert turned["low"] == pytest.approx(-found["high"])


def drawn(right: float, n: int = 400) -> tuple[list[str], list[str]]:
    """Labels that are right so often, of gold labels of which 60 % are `a`."""
    rng = np.random.default_rng(3)
    gold = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    labels = np.where(rng.random(n) < right, gold, rng.choice(["a", "b", "c"], n))
    return labels.tolist(), gold.tolist()


def test_scores_are_those_of_scikit_learn():
    labels, gold = drawn(0.5)
    found = against_gold(labels, gold)
    assert found["kappa"]["value"] == pytest.approx(cohen_kappa_score(gold, labels))
    assert found["kappa"]["low"] < found["kappa"]["value"] < found["kappa"]["high"]
    assert found["agreement"]["value"] == pytest.approx(np.mean(np.array(labels) == gold))
    precision, recall, _, support = precision_recall_fscore_support(gold, labels)
    for i, name in enumerate("abc"):
        mine = found["classes"][name]
        assert (mine["precision"], mine["recall"]) == pytest.approx((precision[i], recall[i]))
        assert mine["gold"] == support[i]
    assert found["majority"]["value"] == pytest.approx(gold.count("a") / len(gold))
    assert np.sum(found["confusion"]["counts"]) == len(gold)
    assert against_gold(labels, gold) == found


@pytest.mark.parametrize(("right", "verdict"), [(0.95, "above"), (0.36, "unclear"), (0.1, "below")])
def test_verdicts(right, verdict):
    labels, gold = drawn(right)
    found = against_gold(labels, gold)
    assert found["verdict"] == verdict
    assert (found["difference"]["low"] > 0) == (verdict == "above")


def test_always_the_majority_is_no_better_than_itself():
    found = against_gold(["a"] * 10, ["a"] * 7 + ["b"] * 3)
    assert found["difference"]["value"] == 0
    assert found["verdict"] == "below"
    assert found["kappa"]["value"] == 0


def test_kappa_without_a_choice_is_undefined():
    assert np.isnan(cohen_kappa(np.array([[5, 0], [0, 0]])))
    assert against_gold(["a", "a"], ["a", "a"])["kappa"] == {"value": None, "low": None, "high": None}


def test_coverage_balance_and_conflicts():
    rows = Labelled(
        "kamus", ["Bagus!", "bagus", "rusak", "biasa", "", "!!"], ["p", "n", "n", "", "", "p"],
        covered=[True, True, True, False, False, True], mixed=[False, False, True, False, False, False],
    )  # fmt: skip
    found = audit(rows)
    assert (found["rows"], found["labelled"]["n"], found["coverage"]["n"], found["mixed"]["n"]) == (6, 4, 4, 1)
    assert found["balance"] == {"n": {"n": 2, "share": 0.5}, "p": {"n": 2, "share": 0.5}}
    assert found["conflicts"] == {"texts": 1, "rows": 2}
    assert found["gold"] is None
    assert verdict_of(found) is None
    assert audit(Labelled("kamus", None, ["p", "n"]))["conflicts"] is None


def test_only_rows_with_both_labels_are_judged():
    rows = Labelled("kamus", ["a", "b", "c", "d"], ["p", "", "n", "p"], ["p", "p", "", "n"])
    found = audit(rows)["gold"]
    assert (found["n"], found["without_label"]) == (2, 1)
    assert audit(Labelled("kamus", ["a"], ["p"], [" "]))["gold"] is None


def test_labels_that_cannot_be_audited():
    with pytest.raises(DataError) as wrong:
        audit(Labelled("kamus", ["a"], [""]))
    assert wrong.value.key == "label.no_labels"
    with pytest.raises(DataError) as wrong:
        audit(Labelled("kamus", ["a", "b"], ["p", ""], ["", "p"]))
    assert wrong.value.key == "label.no_overlap"
    with pytest.raises(DataError) as wrong:
        audit(Labelled("bintang", ["a", "b"], ["5", "1"], ["positif", "negatif"]))
    assert wrong.value.key == "label.other_classes"
    assert "'positif'" in str(wrong.value)


@pytest.mark.data
@pytest.mark.parametrize(("rules", "share"), [("sum", 0.436), ("full", 0.489)])
def test_inset_on_the_training_texts_of_smsa(rules, share):
    table = read_dataset("smsa").table
    table = table[table["part"] == "train"]
    found = label_texts(InsetScorer(load_lexicon("inset"), rules=rules), table["text"].tolist(), Naming())
    gold = audit(Labelled("inset", table["text"].tolist(), found.labels, table["label"].tolist()))["gold"]
    assert gold["n"] == 11_000
    assert gold["agreement"]["value"] == pytest.approx(share, abs=2e-3)
    assert gold["majority"]["value"] == pytest.approx(6416 / 11_000)
    assert gold["difference"]["high"] < 0
