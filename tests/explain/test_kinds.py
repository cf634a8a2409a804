import numpy as np
import pandas as pd
import pytest
from scipy import stats

from makna.core.errors import DataError
from makna.core.task import Task
from makna.explain.kind_features import names_in, row_features
from makna.explain.kinds import KINDS, error_kinds
from makna.explain.sample import BY_HAND, BY_RULE, error_sample, kind_in_words, read_sorted, write_sample
from makna.explain.settings import KindSettings
from tests.explain.said import pairs, said, texts

TASK = Task("pair", "class", positive="1")
# Each pair is made for one kind; the last for none. The filling makes the lines of "long" and "rare" what they are.
MADE = {
    "entity": ("Is the train to Jakarta late today", "Is the train to Bandung late today", "0"),
    "ambiguous": ("what is the best thing to see there", "which things should we go and visit first", "1"),
    "synonyms": ("how do people lose weight", "what makes somebody thin", "1"),
    "nuance": ("why is my life getting so complicated", "why is my life so complicated", "0"),
    "rare": ("quokka numbat bandicoot bilby", "echidna wombat dugong potoroo", "0"),
    "length": ("the dog " * 12, "the cat " * 12, "1"),
    "other": ("the dog likes the cat very much today", "the cat likes the dog very much here", "1"),
}
FILLING = [("the people like the dog and the cat", "the train and life and weight and best people", "0")] * 40
FLIP = {"0": "1", "1": "0"}
SETTINGS = KindSettings(rare=0.95, long=0.95)


def made(settings=SETTINGS, order=None):
    corpus = pairs([MADE[kind] for kind in order or MADE] + FILLING)
    n = len(corpus)
    wrong = [FLIP[label] for label in corpus["label"][: len(MADE)]] + ["0"] * len(FILLING)
    sure = np.full(n, 0.8)
    sure[list(order or MADE).index("ambiguous")] = 0.95
    answers = {"small": said(np.arange(n), wrong, sure), "large": said(np.arange(n), wrong, np.maximum(sure, 0.9))}
    return corpus, answers, error_kinds(corpus, TASK, answers, np.arange(len(MADE), n), settings)


def test_each_error_gets_the_kind_it_was_made_for():
    _, _, found = made()
    assert dict(zip(MADE, found.kinds, strict=False)) == {kind: kind for kind in MADE}
    assert set(found.kinds[len(MADE) :]) == {""}
    shares = found.facts["shares"]["small"]
    assert {kind: share["n"] for kind, share in shares.items()} == dict.fromkeys(KINDS, 1)
    assert sum(share["share"] for share in shares.values()) == pytest.approx(1)
    assert found.facts["errors"] == {"small": 7, "large": 7}
    assert found.facts["both"] == 7
    wanted = stats.binomtest(1, 7).proportion_ci(0.95, method="wilson")
    assert (shares["rare"]["low"], found.facts["level"]) == (pytest.approx(wanted.low), 0.95)


def test_an_error_that_several_rules_fit_is_the_first_of_them_and_all_are_counted():
    _, _, found = made(KindSettings(rare=0.95, long=0.95, same=0.05))
    shares = found.facts["shares"]["small"]
    assert shares["entity"] == shares["entity"] | {"n": 1, "matching": 1}
    assert shares["nuance"]["matching"] >= 2  # the pair that differs in names has much in common too
    assert found.kinds[0] == "entity"


def test_systems_that_disagree_or_are_unsure_do_not_make_a_label_ambiguous():
    corpus, answers, _ = made()
    place = list(MADE).index("ambiguous")
    for sure in (0.89, 0.95):
        answers["small"].probability[0][place] = [sure, 1 - sure]
        found = error_kinds(corpus, TASK, answers, np.arange(7, 47), SETTINGS)
        assert (found.kinds[place] == "ambiguous") == (sure >= 0.9)
    alone = error_kinds(corpus, TASK, {"small": answers["small"]}, np.arange(7, 47), SETTINGS)
    assert alone.kinds[place] != "ambiguous"
    answers["small"].probability[0][place] = [0.54, 0.46]
    near = error_kinds(corpus, TASK, {"small": answers["small"]}, np.arange(7, 47), SETTINGS)
    assert near.kinds[place] == "ambiguous"


def test_right_answers_are_no_errors():
    corpus, _, _ = made()
    right = {"small": said(np.arange(len(corpus)), corpus["label"].tolist(), np.full(len(corpus), 0.7))}
    found = error_kinds(corpus, TASK, right, np.arange(7, 47), SETTINGS)
    assert set(found.kinds) == {""}
    assert found.facts["shares"]["small"]["length"]["share"] is None
    assert found.facts["examples"] == {}
    assert len(error_sample(corpus, TASK, found)) == 0


def test_the_share_in_all_rows_and_the_lines_stand_beside():
    corpus, _, found = made()
    assert found.facts["rows"]["entity"] == pytest.approx(1 / len(corpus))
    assert "ambiguous" not in found.facts["rows"]
    rules = found.facts["rules"]
    totals = [len(f"{a} {b}".split()) for a, b in zip(corpus["text_a"], corpus["text_b"], strict=True)]
    assert rules["long_words"] == np.quantile(totals, 0.95, method="lower")
    assert rules["sure"] == 0.9


def test_examples_tell_why():
    _, _, found = made()
    example = found.facts["examples"]["entity"][0]
    assert example["id"] == "p0"
    assert example["answers"] == {"small": "1", "large": "1"}
    assert example["why"]["differs"] == ["jakarta", "bandung"]
    assert example["why"]["overlap"] == pytest.approx(6 / 8)
    assert example["why"]["probability"]["small"] == pytest.approx(0.8)


def test_what_a_task_lacks_makes_no_kind():
    relations = Task("pair", "class")
    corpus, answers, _ = made()
    assert "synonyms" not in error_kinds(corpus, relations, answers, np.arange(7, 47)).facts["order"]
    single = texts([("the dog ran", "a"), ("the dog " * 9, "b"), ("the dog sat", "a")])
    found = error_kinds(single, Task("text", "class"), {"s": said([0, 1, 2], ["b", "a", "a"])}, np.array([2]))
    assert found.facts["order"] == ["ambiguous", "rare", "length", "other"]
    assert found.kinds[1] == "length"
    assert error_kinds(single, Task("text", "number"), {"s": said([0], [1.0])}, np.array([2])) is None
    assert error_kinds(corpus, TASK, {}, np.arange(7, 47)) is None


def test_systems_are_compared_on_rows_that_all_were_asked_of():
    corpus, answers, _ = made()
    answers["small"] = said(np.arange(3), ["1", "0", "1"], np.full(3, 0.8))
    found = error_kinds(corpus, TASK, answers, np.arange(7, 47), SETTINGS)
    assert found.facts["n"] == 3
    assert found.facts["errors"] == {"small": 2, "large": 3}


def test_names_are_words_that_are_capitalised_inside_sentences():
    assert names_in(["We saw Bali and the SEA", "the sea. Sea of bali, Bali and the sea"]) == {"bali"}
    pair = pd.DataFrame({"text_a": ["see Mars in 2020", "see it now"], "text_b": ["see Venus in 2021", "see it then"]})
    features = row_features(pair, np.arange(2), np.array([1]))
    assert features.swapped.tolist() == [True, False]
    same = pd.DataFrame({"text_a": ["In Bali"], "text_b": ["In Bali"]})
    assert row_features(same, np.arange(1), np.arange(1)).swapped.tolist() == [False]


def test_the_sample_is_drawn_with_a_seed_and_holds_errors_alone(tmp_path):
    corpus, _, found = made()
    sample = error_sample(corpus, TASK, found, n=5, seed=2)
    assert sample.equals(error_sample(corpus, TASK, found, n=5, seed=2))
    assert not sample.equals(error_sample(corpus, TASK, found, n=5, seed=3))
    assert len(sample) == 5
    assert list(sample.columns) == [
        *("id", "text_a", "text_b", "label", "answer: small", "probability: small", "answer: large"),
        *("probability: large", BY_RULE, BY_HAND),
    ]
    assert (sample["answer: small"] != sample["label"]).all()
    assert set(sample["probability: small"]) <= {"0.8000", "0.9500"}


def test_what_was_sorted_by_hand_is_read_back_with_kappa(tmp_path):
    corpus, _, found = made()
    path = tmp_path / "errors-sample.csv"
    sample = error_sample(corpus, TASK, found)
    assert write_sample(path, sample)
    assert read_sorted(path)["n"] == 0
    # Half agree: kinds by rule are 7 different ones, by hand `entity` for the first 3 and right for the next 3.
    by_rule = [kind for kind in found.kinds if kind]
    by_hand = ["entity"] * 3 + [kind_in_words(kind, "en").upper() for kind in by_rule[3:6]] + [""]
    sample[BY_HAND] = by_hand
    sample.to_csv(path, sep=";", index=False, encoding="utf-8-sig")  # as a spreadsheet saves it
    told = read_sorted(path)
    assert (told["n"], told["of"]) == (6, 7)
    assert told["hand"]["entity"]["n"] == 3
    assert told["rule"]["entity"]["n"] == 1
    agree, chance = 4 / 6, (3 * 1 + 1 + 1 + 1) / 36
    assert told["agree"]["share"] == pytest.approx(agree)
    assert told["kappa"] == pytest.approx((agree - chance) / (1 - chance))


def test_a_sample_that_somebody_has_begun_to_sort_is_not_overwritten(tmp_path):
    corpus, _, found = made()
    path, sample = tmp_path / "errors-sample.csv", error_sample(corpus, TASK, found)
    assert write_sample(path, sample)
    assert write_sample(path, sample.iloc[:3])
    begun = sample.copy()
    begun.loc[2, BY_HAND] = "lainnya"
    assert write_sample(path, begun)
    assert not write_sample(path, sample)
    assert read_sorted(path)["hand"]["other"]["n"] == 1


def test_an_unknown_kind_and_a_missing_column_are_named(tmp_path):
    corpus, _, found = made()
    path, sample = tmp_path / "errors-sample.csv", error_sample(corpus, TASK, found)
    sample[BY_HAND] = ["lenght", *[""] * (len(sample) - 1)]
    sample.to_csv(path, index=False)
    with pytest.raises(DataError, match=r"lenght.*length"):
        read_sorted(path)
    sample.drop(columns=BY_HAND).to_csv(path, index=False)
    with pytest.raises(DataError, match=BY_HAND):
        read_sorted(path)


def test_all_of_one_kind_has_no_kappa(tmp_path):
    path = tmp_path / "x.csv"
    pd.DataFrame({BY_RULE: ["other"] * 3, BY_HAND: ["other"] * 3}).to_csv(path, index=False)
    assert read_sorted(path)["kappa"] is None
