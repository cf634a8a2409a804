import numpy as np
import pandas as pd
import pytest
from scipy import stats

from makna.core.task import Task
from makna.explain.trend import trend

TASK = Task("pair", "class")


def test_shares_are_by_year_with_their_rows():
    corpus = pd.DataFrame({"year": ["2019", "2020.0", "2020-05-01", "", "x"], "label": ["A", "A", "B", "A", "B"]})
    found = trend(corpus, TASK)
    assert (found["years"], found["n"], found["without"]) == ([2019, 2020], [1, 2], 2)
    assert [share["share"] for share in found["classes"]["A"]] == [1.0, 0.5]
    wanted = stats.binomtest(1, 2).proportion_ci(0.95, method="wilson")
    assert found["classes"]["B"][1]["low"] == pytest.approx(wanted.low)


def test_the_test_is_that_of_cochran_and_armitage_corrected_after_holm():
    rng = np.random.default_rng(4)
    years = rng.integers(2010, 2020, 600)
    labels = np.where(rng.random(600) < 0.2 + 0.03 * (years - 2010), "A", np.where(rng.random(600) < 0.5, "B", "C"))
    found = trend(pd.DataFrame({"year": years, "label": labels}), TASK)["p"]

    def armitage(label):
        x, hit = np.unique(years), labels == label
        n = np.array([(years == year).sum() for year in x])
        r = np.array([hit[years == year].sum() for year in x])
        share = hit.mean()
        T = np.sum(x * (r - n * share))
        variance = share * (1 - share) * (np.sum(n * x**2) - np.sum(n * x) ** 2 / n.sum())
        return 2 * stats.norm.sf(abs(T) / np.sqrt(variance))

    plain = {label: armitage(label) for label in "ABC"}
    smallest = min(plain, key=plain.get)
    assert found[smallest] == pytest.approx(min(1, 3 * plain[smallest]))
    largest = max(plain, key=plain.get)
    assert found[largest] >= plain[largest] * (1 - 1e-9)
    assert found["A"] < 0.001


def test_without_years_or_for_another_target_there_is_no_trend():
    corpus = pd.DataFrame({"year": ["2019"], "label": ["A"]})
    assert trend(corpus.drop(columns="year"), TASK) == {}
    assert trend(corpus.assign(year=""), TASK) == {}
    assert trend(corpus, Task("pair", "number")) == {}
    assert trend(corpus, TASK)["p"] == {"A": None}
