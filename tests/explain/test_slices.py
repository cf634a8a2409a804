import numpy as np
import pytest
from scipy import stats

from makna.core.task import Task
from makna.explain.judged import Interval, mean_score
from makna.explain.settings import LengthSettings, RaritySettings, SliceSettings
from makna.explain.slices import slices
from tests.explain.said import pairs, said, texts

PAIRS = Task("pair", "class", positive="1")
LENGTH = LengthSettings(width=2, least=2)


def corpus():
    """Short pairs are labelled 1 and long ones 0; the first four rows are for training."""
    short, long = ("anjing lari", "kucing", "1"), ("anjing lari cepat sekali", "kucing tidur pulas", "0")
    return pairs([short, long, short, long] + [short] * 6 + [long] * 4)


TRUTH = ["1"] * 6 + ["0"] * 4
ROWS = np.arange(4, 14)


def test_every_bin_has_its_rows_and_every_system_its_accuracy_there():
    answers = {"a": said(ROWS, ["1"] * 10), "b": said(ROWS, ["0", *TRUTH[1:]])}
    found = slices(corpus(), PAIRS, answers, np.arange(4), SliceSettings(LENGTH, None))
    bins = found["length"]["bins"]
    assert [(one["low"], one["high"], one["n"]) for one in bins] == [(2, 4, 6), (4, 6, 0), (6, 8, 4)]
    a, b = found["length"]["systems"]["a"], found["length"]["systems"]["b"]
    assert [one["value"] for one in a] == [1.0, None, 0.0]
    assert [one["value"] for one in b] == [pytest.approx(5 / 6), None, 1.0]
    wanted = stats.binomtest(5, 6).proportion_ci(0.95, method="wilson")
    assert (b[0]["low"], b[0]["high"]) == pytest.approx((wanted.low, wanted.high))
    assert (a[1]["n"], a[1]["why"]) == (0, "no_rows")
    assert found["measure"] == "accuracy"


def test_the_share_of_each_label_is_told_by_length():
    found = slices(corpus(), PAIRS, {"a": said(ROWS, TRUTH)}, np.arange(4), SliceSettings(LENGTH, None))
    shares = [{label: one["share"] for label, one in bin_["labels"].items()} for bin_ in found["length"]["bins"]]
    assert shares == [{"0": 0.0, "1": 1.0}, {"0": None, "1": None}, {"0": 1.0, "1": 0.0}]


@pytest.mark.parametrize(
    ("length", "excludes", "better"),
    [(TRUTH, True, True), (["1"] * 10, False, False), (["0"] * 10, False, False), (["0"] * 6 + ["1"] * 4, True, False)],
)
def test_length_alone_stands_beside_the_majority(length, excludes, better):
    answers = {"length": said(ROWS, length), "majority": said(ROWS, ["1"] * 10), "a": said(ROWS, TRUTH)}
    told = slices(corpus(), PAIRS, answers, np.arange(4), SliceSettings(LENGTH, None))["shortcut"]
    assert (told["excludes"], told["better"]) == (excludes, better)
    assert told["majority"]["value"] == pytest.approx(0.6)
    assert told["length"]["n"] == 10


def test_without_the_baselines_nothing_is_said_of_a_shortcut():
    assert "shortcut" not in slices(corpus(), PAIRS, {"a": said(ROWS, TRUTH)}, np.arange(4), SliceSettings())


def test_a_system_of_one_fold_is_judged_on_its_rows_alone():
    answers = {"a": said(ROWS, TRUTH), "b": said(ROWS[:3], ["1", "0", "1"])}
    found = slices(corpus(), PAIRS, answers, np.arange(4), SliceSettings(LENGTH, None))["length"]
    assert [one["n"] for one in found["systems"]["b"]] == [3, 0, 0]
    assert found["systems"]["b"][0]["value"] == pytest.approx(2 / 3)
    assert [one["n"] for one in found["bins"]] == [6, 0, 4]


@pytest.mark.parametrize(("pair", "n"), [("mean", 10), ("max", 10), ("token", 6 * 3 + 4 * 7)])
def test_rarity_counts_rows_or_tokens(pair, n):
    settings = SliceSettings(None, RaritySettings(pair=pair, stopwords="keep", least=1))
    found = slices(corpus(), PAIRS, {"a": said(ROWS, ["1"] * 10)}, np.arange(4), settings)
    rarity = found["rarity"]
    assert sum(one["n"] for one in rarity["bins"]) == n
    scores = rarity["systems"]["a"]
    assert all(one["n"] == bin_["rows"] for one, bin_ in zip(scores, rarity["bins"], strict=True))
    right = sum(one["value"] * bin_["n"] for one, bin_ in zip(scores, rarity["bins"], strict=True) if bin_["n"])
    assert right == pytest.approx(6 if pair != "token" else 18)
    assert (rarity["unseen"], rarity["without"]) == (0, 0)
    assert found["tokens"]["total"] == 2 * 3 + 2 * 7


def test_rows_of_stop_words_alone_and_new_words_are_counted_apart():
    corpus = texts([("the dog", "x"), ("the cat", "y"), ("is the", "x"), ("new word", "y")])
    settings = SliceSettings(None, RaritySettings(languages=("en",), least=1))
    answers = {"a": said([1, 2, 3], ["y", "x", "y"])}
    about = slices(corpus, Task("text", "class"), answers, np.array([0, 1]), settings)["rarity"]
    assert (about["without"], about["unseen"]) == (1, 1)


def test_numbers_have_their_mean_error_with_a_seeded_bootstrap():
    task = Task("text", "number", scale=(0, 5))
    corpus = texts([(f"kata {'lagi ' * (i % 3)}", float(i % 6)) for i in range(30)], "score")
    answers = {"a": said(np.arange(30), [2.5] * 30), "mean": said(np.arange(30), [2.0] * 30)}
    settings = SliceSettings(LengthSettings(width=1, least=1), None, seed=3)
    found = slices(corpus, task, answers, np.arange(30), settings)
    assert found["measure"] == "mae"
    first = found["length"]["systems"]["a"][0]
    errors = np.abs(np.array([i % 6 for i in range(0, 30, 3)]) - 2.5)
    assert first["value"] == pytest.approx(errors.mean())
    assert first["low"] < first["value"] < first["high"]
    assert found == slices(corpus, task, answers, np.arange(30), settings)
    assert found["length"]["bins"][0]["truth"]["value"] == pytest.approx(np.mean([i % 6 for i in range(0, 30, 3)]))


def test_the_bootstrap_is_near_the_normal_interval():
    rng = np.random.default_rng(0)
    values = rng.normal(3, 1, 400)
    found = mean_score(values, np.arange(400), True, Interval(resamples=4000))
    half = 1.96 * values.std() / 20
    assert (found["low"], found["high"]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_tokens_of_one_row_do_not_narrow_the_interval():
    few = mean_score(np.array([1.0, 0.0]), np.arange(2), False, Interval())
    many = mean_score(np.repeat([1.0, 0.0], 50), np.repeat([0, 1], 50), False, Interval())
    assert many == few


def test_several_outputs_count_by_their_share():
    task = Task("text", "classes", outputs=("harga", "mutu"))
    corpus = texts([("a b", "1")] * 4).rename(columns={"label": "label_harga"})
    corpus["label_mutu"] = "0"
    answer = said(np.arange(4), [["1", "0"], ["1", "1"], ["0", "1"], ["1", "0"]])
    found = slices(corpus, task, {"a": answer}, np.arange(4), SliceSettings(LengthSettings(least=1), None))
    assert found["length"]["systems"]["a"][0]["value"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert "labels" not in found["length"]["bins"][0]


def test_no_rows_no_slices():
    assert slices(corpus(), PAIRS, {}, np.arange(4), SliceSettings()) == {}
