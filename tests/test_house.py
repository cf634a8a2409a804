"""The house suite, run on every public estimator of clean, represent and learn, and scikit-learn's own checks."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from makna.core.compute import Compute, computing
from makna.learn.balance import Balanced
from makna.learn.baseline import Majority, MeanScore
from makna.learn.bayes import NaiveBayes
from makna.learn.bounded import Bounded
from makna.learn.calibrate import Calibrated
from makna.learn.forest import Forest, ForestRegressor
from makna.learn.kernels import KernelSVM, KernelSVR
from makna.learn.linear import LeastSquares, LinearSVM, LinearSVR, Logistic, Ridge
from makna.learn.neighbours import Neighbours
from makna.learn.outputs import PerOutput
from makna.learn.svm import SVM
from makna.represent.lengths import LengthFeatures
from makna.represent.pairs import OverlapFeatures
from makna.represent.reduce import PCA
from makna.represent.scale import Standardise
from tests.encoders import kept_encoder
from tests.house_suite import CHECKS, Case, check_house, house_classes

N = 36
_rng = np.random.default_rng(7)
THREE = np.array(["negatif", "netral", "positif"] * (N // 3), dtype=object)
TWO = np.array(["0", "1"] * (N // 2), dtype=object)
UNEVEN = np.array(["negatif", "netral", "negatif", "positif", "negatif", "positif"] * (N // 6), dtype=object)
X = _rng.gamma(1.0, size=(N, 5)) + 2 * (np.arange(5) == np.arange(N)[:, None] % 3)
SPARSE = sp.csr_matrix(np.where(X > 1.2, X, 0))
SCORES = X @ np.arange(5) + _rng.normal(size=N)
BOTH = np.column_stack([THREE, np.where(X[:, 0] > 1, "ada", "tidak"), np.repeat("tetap", N)]).astype(object)
_WORDS = np.array(["bagus", "buruk", "sekali", "tidak", "suka", "harga", "murah", "kirim", "2 hari", "don't"])
TEXTS = np.array([*(" ".join(_rng.choice(_WORDS, 1 + i % 6)) for i in range(N - 1)), ""], dtype=object)
PAIRS = pd.DataFrame({"text_a": TEXTS, "text_b": TEXTS[::-1]})

CASES: dict[str, list[Case]] = {
    "learn.LinearSVM": [
        Case(LinearSVM, X, THREE, change={"C": 0.3}),
        Case(LinearSVM, X, TWO, change={"class_weight": "balanced"}),
        Case(lambda: LinearSVM(loss="hinge", class_weight={"0": 1.0, "1": 3.0}), SPARSE, TWO, change={"C": 2.0}),
    ],
    "learn.Logistic": [Case(Logistic, X, THREE, change={"C": 0.3}), Case(Logistic, SPARSE, TWO, change={"C": 0.3})],
    "learn.LeastSquares": [
        Case(LeastSquares, X, SCORES, change={"positive": True}),
        Case(LeastSquares, SPARSE, SCORES),
    ],
    "learn.Ridge": [Case(Ridge, X, SCORES, change={"alpha": 3.0}), Case(Ridge, SPARSE, SCORES, change={"alpha": 3.0})],
    "learn.LinearSVR": [
        Case(LinearSVR, X, SCORES, change={"epsilon": 0.2}),
        Case(lambda: LinearSVR(C=0.01, loss="epsilon_insensitive"), SPARSE, SCORES, change={"C": 0.02}),
    ],
    "learn.KernelSVM": [
        Case(KernelSVM, X, THREE, change={"C": 0.3}),
        Case(lambda: KernelSVM("poly", degree=2, gamma=0.5), X, TWO, change={"kernel": "linear"}),
        Case(lambda: KernelSVM("linear", class_weight="balanced"), SPARSE, THREE, change={"gamma": "auto"}),
        Case(KernelSVM, SPARSE, TWO, change={"kernel": "linear"}),
    ],
    "learn.SVM": [
        Case(SVM, X, THREE, change={"C": 0.3}),
        Case(lambda: SVM(loss="hinge", class_weight={"0": 1.0, "1": 3.0}), X, TWO, change={"kernel": "poly"}),
        Case(lambda: SVM(kernel="rbf", gamma=0.5), SPARSE, THREE, change={"loss": "hinge"}),
    ],
    "learn.KernelSVR": [
        Case(KernelSVR, X, SCORES, change={"C": 0.3}),
        Case(lambda: KernelSVR("linear"), SPARSE, SCORES, change={"epsilon": 0.3}),
    ],
    "learn.NaiveBayes": [
        Case(NaiveBayes, X, THREE, change={"kind": "multinomial"}),
        Case(lambda: NaiveBayes("multinomial", alpha=0.1), SPARSE, TWO, change={"alpha": 2.0}),
    ],
    "learn.Neighbours": [Case(Neighbours, X, THREE, change={"k": 1}), Case(Neighbours, SPARSE, TWO, change={"k": 3})],
    "learn.Forest": [
        Case(lambda: Forest(n_estimators=4), X, THREE, change={"max_depth": 2}),
        Case(lambda: Forest(n_estimators=4, max_features=0.5), SPARSE, TWO, change={"class_weight": "balanced"}),
    ],
    "learn.ForestRegressor": [
        Case(lambda: ForestRegressor(n_estimators=4), X, SCORES, change={"max_depth": 2}),
        Case(lambda: ForestRegressor(n_estimators=4), SPARSE, SCORES, change={"max_depth": 2}),
    ],
    "learn.Majority": [Case(Majority, TEXTS, THREE, takes="anything"), Case(Majority, PAIRS, TWO, takes="anything")],
    "learn.MeanScore": [Case(MeanScore, TEXTS, SCORES, takes="anything")],
    "learn.Calibrated": [
        Case(lambda: Calibrated(LinearSVM()), X, THREE, change={"estimator__C": 0.3}),
        Case(lambda: Calibrated(LinearSVM(), "isotonic", folds=3), SPARSE, TWO, change={"method": "temperature"}),
        Case(lambda: Calibrated(NaiveBayes(), "temperature"), X, THREE, change={"folds": 3}),
        Case(
            lambda: Calibrated(make_pipeline(LengthFeatures(), LinearSVM())),
            TEXTS,
            TWO,
            change={"estimator__linearsvm__C": 0.3},
        ),
    ],
    "learn.PerOutput": [
        Case(lambda: PerOutput(Logistic()), X, BOTH, change={"estimator__C": 0.3}),
        Case(lambda: PerOutput(Calibrated(LinearSVM())), SPARSE, BOTH, change={"estimator__estimator__C": 0.3}),
    ],
    "learn.Bounded": [
        Case(lambda: Bounded(Ridge(), 0, 10), X, SCORES, change={"step": 0.5}),
        Case(lambda: Bounded(LinearSVR(), 0.0, 10.0, 1.0), SPARSE, SCORES, change={"estimator__C": 0.5}),
    ],
    "represent.PCA": [
        Case(lambda: PCA(3), X, change={"size": 2}),
        Case(lambda: PCA(variance=0.8, solver="randomised"), X, change={"variance": 0.5}),
    ],
    "represent.Standardise": [
        Case(Standardise, X, change={"with_mean": False}),
        Case(lambda: Standardise(with_mean=False), SPARSE),
    ],
    "represent.LengthFeatures": [
        Case(LengthFeatures, TEXTS, takes="texts or pairs"),
        Case(LengthFeatures, PAIRS, takes="texts or pairs"),
    ],
    "represent.OverlapFeatures": [Case(OverlapFeatures, PAIRS, takes="pairs")],
}


def _later(path: str, *arguments: Any, **settings: Any) -> Any:
    """Return a constructor that imports its class when it is called."""
    module, _, name = path.partition(":")
    return lambda: getattr(import_module(module), name)(*arguments, **settings)


_MARKED = "makna.learn.marked:MarkedAnswers"
_COUNTS = "makna.represent.counts:Counts"
_CLEAN = "makna.clean.text:CleanText"
CASES |= {
    "represent.Counts": [
        Case(_later(_COUNTS, words=(1, 2)), TEXTS, takes="texts or pairs", change={"min_df": 2}),
        Case(_later(_COUNTS, chars=(2, 4), sublinear=True), PAIRS, takes="texts or pairs", change={"max_features": 9}),
        Case(_later(_COUNTS, weight="binary", pairs="ordered"), PAIRS, takes="texts or pairs"),
    ],
    "clean.CleanText": [
        Case(_later(_CLEAN, ["lowercase", "alphanumeric"]), TEXTS, takes="texts or pairs", change={"steps": ["slang"]}),
        Case(_later(_CLEAN, ["tweet", "slang"]), PAIRS, takes="texts or pairs"),
        Case(_later(_CLEAN, ["stem", {"stopwords": ["id", "en"]}]), TEXTS, takes="texts or pairs"),
    ],
}
CASES |= {
    "learn.Balanced": [
        Case(lambda: Balanced(Calibrated(LinearSVM(), folds=3)), X, UNEVEN, change={"method": "under"}),
        Case(lambda: Balanced(Logistic(), "under", 0.5), SPARSE, UNEVEN, change={"share": 1.0}),
        Case(
            lambda: Balanced(make_pipeline(_later(_COUNTS, words=(1, 2))(), LinearSVM()), "augment"),
            TEXTS,
            UNEVEN,
            takes="texts or pairs",
            change={"operations": ["drop"]},
        ),
    ],
}
_ORDER, _COMPARE = "makna.learn.order", "makna.represent.compare:Compare"
CASES |= {
    "learn.SortedSides": [Case(_later(f"{_ORDER}:SortedSides"), PAIRS, takes="pairs")],
    "learn.Ordered": [
        Case(_later(f"{_ORDER}:Ordered", make_pipeline(LengthFeatures(), Logistic())), PAIRS, TWO, "pairs",
             {"how": "both"}),
        Case(_later(f"{_ORDER}:Ordered", make_pipeline(OverlapFeatures(), Logistic()), "both", {"0": "1"}), PAIRS, TWO,
             "pairs", {"estimator__logistic__C": 0.3}),
    ],
    "represent.Compare": [
        Case(_later(_COMPARE, LengthFeatures(), by=["difference"]), PAIRS, takes="pairs", change={"by": ["cosine"]}),
        Case(lambda: _later(_COMPARE, _later(_COUNTS, chars=(1, 3))())(), PAIRS, takes="pairs"),
    ],
}  # fmt: skip
_RECURRENT = "makna.learn.recurrent:Recurrent"
_TINY = {"width": 4, "vector_size": 4, "epochs": 1}
CASES |= {
    # Sums over a batch and over a row alone differ in the last bits.
    "learn.Recurrent": [
        Case(_later(_RECURRENT, **_TINY), TEXTS, THREE, "texts", {"cell": "gru"}, 1e-6),
        Case(_later(_RECURRENT, bidirectional=True, vectors="word2vec", **_TINY), TEXTS, TWO, "texts", {}, 1e-6),
    ],
}

_WORD_VECTORS = "makna.represent.words:Words"
_CLOSENESS = "makna.represent.closeness:Closeness"
_CNN = "makna.learn.cnn:WordsCNN"
_NARROW = {"vector_size": 4, "filters": 2, "max_words": 5, "widths": (2, 3), "epochs": 1}
CASES |= {
    "represent.Words": [
        Case(_later(_WORD_VECTORS, size=4, epochs=1), TEXTS, takes="texts", change={"pooling": "max"}),
        Case(_later(_WORD_VECTORS, "fasttext", size=4, epochs=1, buckets=99, pooling="idf"), TEXTS, takes="texts"),
    ],
    "represent.Closeness": [
        Case(_later(_CLOSENESS, by=["avgcos", "centroid", "sif"], size=4, epochs=1), PAIRS, takes="pairs",
             change={"common": 0}),
        Case(_later(_CLOSENESS, "fasttext", size=4, epochs=1, buckets=99), PAIRS, takes="pairs",
             change={"by": ["wmd"]}),
    ],
    "learn.WordsCNN": [
        Case(_later(_CNN, **_NARROW), TEXTS, THREE, "texts or pairs", {"widths": (2,)}, 1e-6),
        Case(_later(_CNN, merge="concat", hidden="sqrt", vectors="word2vec", **_NARROW), PAIRS, TWO, "texts or pairs",
             {}, 1e-6),
    ],
}  # fmt: skip


def _encoder(kind: str, **settings: Any) -> Any:
    return lambda: _later("makna.represent.encoder:Encoder", str(kept_encoder(kind)), **settings)()


def _alignment(kind: str, **settings: Any) -> Any:
    return lambda: _later("makna.represent.alignment:Alignment", str(kept_encoder(kind)), **settings)()


CASES |= {
    "represent.Alignment": [
        Case(_alignment("bert", max_length=16), PAIRS, takes="pairs", change={"weighted": False}, tolerance=1e-5),
        Case(_alignment("albert", layers=[0, 1]), PAIRS, takes="pairs", tolerance=1e-3),
    ],
    "represent.Encoder": [
        Case(_encoder("bert", max_length=16), TEXTS, takes="texts", change={"pooling": "cls"}, tolerance=1e-5),
        Case(_encoder("albert", pooling="tokens", max_length=6), TEXTS, takes="texts", tolerance=1e-3),
        Case(_encoder("distilbert", pooling="max", layer=1), TEXTS, takes="texts", tolerance=1e-5),
    ],
}


def _finetune(name: str, **settings: Any) -> Any:
    # Frozen but for the head and the pooler: what is checked here is not how well it learns.
    quick = {"epochs": 1, "max_length": 16, "learning_rate": 1e-3, **settings}
    module = {"FineTune": "finetune", "FineTuneOutputs": "finetune_outputs", "FineTuneRegressor": "finetune_number"}[
        name
    ]
    return lambda: _later(f"makna.learn.{module}:{name}", str(kept_encoder("bert")), **quick)()


CASES |= {
    "learn.FineTune": [
        Case(_finetune("FineTune", freeze="all"), TEXTS, THREE, "texts or pairs", {"pooling": "mean"}, 1e-5),
        Case(
            _finetune("FineTune", long="windows", class_weight="balanced"), TEXTS, TWO, "texts or pairs", tolerance=1e-5
        ),
        Case(_finetune("FineTune", freeze="all", pair="bi"), PAIRS, TWO, "texts or pairs", {"pair": "cross"}, 1e-5),
    ],
    "learn.FineTuneOutputs": [
        Case(_finetune("FineTuneOutputs", freeze="all"), TEXTS, BOTH, "texts or pairs", {"pooling": "mean"}, 1e-5),
    ],
    "learn.FineTuneRegressor": [
        Case(_finetune("FineTuneRegressor", freeze=1), TEXTS, SCORES, "texts or pairs", {"long": "head+tail"}, 1e-4),
        Case(
            _finetune("FineTuneRegressor", pooling="bilstm", loss="ordinal", freeze="all"),
            PAIRS,
            SCORES,
            "texts or pairs",
            {"loss": "squared"},
            1e-4,
        ),
    ],
}


def _chain(**counts: Any) -> Any:
    return make_pipeline(_later(_COUNTS, **counts)(), Logistic())


def _composed(path: str, *arguments: Any, **settings: Any) -> Any:
    return lambda: _later(path, *(made() for made in arguments), **settings)()


_CASCADE = "makna.learn.cascade:Cascade"
_DISTILLED = "makna.learn.distil:Distilled"
CASES |= {
    "learn.Cascade": [
        Case(
            _composed(_CASCADE, lambda: [("small", _chain()), ("large", _chain(chars=(1, 3)))], validation=0.3),
            TEXTS,
            THREE,
            takes="texts or pairs",
            change={"small__logistic__C": 0.3, "combine": False},
        ),
        Case(
            _composed(
                _CASCADE,
                lambda: [("a", _chain()), ("b", _chain(words=(1, 2))), ("c", _chain(chars=(1, 2)))],
                cost=1.2,
                band=(0.4, 0.6),
                prices=[1.0, 2.0, 4.0],
            ),
            PAIRS,
            TWO,
            takes="texts or pairs",
        ),
    ],
    "learn.Distilled": [
        Case(
            _composed(_DISTILLED, _chain, lambda: _chain(chars=(1, 3))),
            TEXTS,
            THREE,
            takes="texts or pairs",
            change={"weight": 0.9, "estimator__logistic__C": 0.3, "teacher__logistic__C": 3.0},
        ),
        Case(
            _composed(_DISTILLED, _chain, lambda: _chain(chars=(1, 3)), teacher_rows="out-of-fold"),
            PAIRS,
            TWO,
            takes="texts or pairs",
        ),
    ],
}
_BLEND = "makna.learn.blend:Blend"
_SECOND_KEY = "makna.learn.second_key:SecondKey"
_PER_KEY = "makna.learn.per_key:PerKey"


def _marks(**counts: Any) -> Any:
    return make_pipeline(_later(_COUNTS, **counts)(), Ridge())


def _overlaps() -> Any:
    return make_pipeline(OverlapFeatures(), Ridge())


CASES |= {
    "learn.Blend": [
        Case(
            _composed(_BLEND, lambda: [("small", _marks()), ("large", _marks(chars=(1, 3)))], folds=3),
            TEXTS,
            SCORES,
            takes="texts or pairs",
            change={"small__ridge__alpha": 9.0, "folds": 2},
        ),
        Case(
            _composed(_BLEND, lambda: [("a", _marks()), ("b", _marks(words=(1, 2)))]), PAIRS, SCORES, "texts or pairs"
        ),
    ],
    "learn.SecondKey": [
        Case(_composed(_SECOND_KEY, _marks, answer="max", full=0.0), PAIRS, SCORES, "pairs", {"answer": "mean"}),
    ],
    "learn.PerKey": [
        Case(_composed(_PER_KEY, _marks), PAIRS, SCORES, "pairs", {"shrink": 0.5}),
        Case(_composed(_PER_KEY, _overlaps, marked=True), PAIRS, SCORES, "pairs", {"within": False}),
    ],
    "learn.MarkedAnswers": [
        Case(_later(_MARKED), PAIRS, SCORES, takes="pairs"),
        Case(lambda: _later(_MARKED, str(kept_encoder("bert")))(), PAIRS, SCORES, "pairs", {"encoder": None}, 1e-5),
    ],
}
# Made elsewhere; their cases are skipped as long as they are missing.
LATER = {"represent.Counts", "clean.CleanText"}
_ALL = [(name, place) for name, cases in CASES.items() for place in range(len(cases))]


@pytest.fixture(autouse=True)
def _one_thread(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    with computing(Compute("cpu", "fp32", 1)):
        yield


def test_every_estimator_has_a_case() -> None:
    there = set(house_classes())
    assert there - set(CASES) == set(), "give each new estimator a case in CASES"
    assert set(CASES) - there <= LATER, "these estimators are gone"


def test_every_estimator_with_parameters_has_one_changed() -> None:
    for name, cases in CASES.items():
        if name in house_classes() and cases[0].make().get_params():
            assert any(case.change for case in cases), name


@pytest.mark.parametrize("check", list(CHECKS))
@pytest.mark.parametrize(("name", "place"), _ALL)
def test_house(name: str, place: int, check: str, tmp_path: Any) -> None:
    if name not in house_classes():
        pytest.skip(f"{name} does not exist yet")
    CHECKS[check](CASES[name][place], tmp_path)


def test_check_house_runs_every_check(tmp_path: Any) -> None:
    case = CASES["learn.Logistic"][0]
    check_house(case.make, case.X, case.y, folder=tmp_path, change=case.change)
    assert (tmp_path / "saved_and_loaded" / "fitted" / "model.json").is_file()


class _Drifting(Ridge):
    """Breaks three rules: predictions depend on the batch, the state is not kept, fit returns nothing."""

    def predict(self, X: Any) -> Any:
        return super().predict(X) + len(X) + getattr(self, "drift", 0)

    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)
        self.drift = getattr(self, "drift", 0) + 1


@pytest.mark.parametrize("check", ["one_row_equals_batch", "refit", "fit_returns_self", "clone"])
def test_the_suite_finds_broken_estimators(check: str, tmp_path: Any) -> None:
    with pytest.raises((AssertionError, AttributeError, TypeError)):
        CHECKS[check](Case(_Drifting, X, SCORES), tmp_path)


_WEIGHTS = "the solver does not treat a weight of two as the row repeated (scikit-learn's own class says the same)"
_EXPECTED: dict[type, dict[str, str]] = {
    **{
        cls: {f"check_sample_weight_equivalence_on_{kind}_data": _WEIGHTS for kind in ("dense", "sparse")}
        for cls in (LinearSVM, LinearSVR, SVM, KernelSVM, KernelSVR, Forest, ForestRegressor)
    },
    Ridge: {"check_non_transformer_estimators_n_iter": "solved in closed form: there are no iterations to count"},
    Calibrated: {"check_classifiers_train": "the class printed is that of the calibrated probabilities; the decision "
                 "values are the classifier's own, and the curve moves the border between classes"},
}  # fmt: skip
_EXPECTED[Forest]["check_class_weight_classifiers"] = "sets a parameter that this class has not"

# PerOutput is left out: scikit-learn checks give one column of numbers, and compare predictions as numbers.
NUMERIC = [
    LinearSVM(),
    Logistic(),
    LeastSquares(),
    LeastSquares(positive=True),
    Ridge(),
    LinearSVR(),
    SVM(),
    SVM(loss="hinge"),
    KernelSVM(),
    KernelSVM("linear"),
    KernelSVM("poly"),
    KernelSVR(),
    NaiveBayes(),
    NaiveBayes("multinomial"),
    Neighbours(),
    Forest(n_estimators=5),
    ForestRegressor(n_estimators=5),
    Majority(),
    MeanScore(),
    Calibrated(LinearSVM(), folds=3),
    Balanced(Logistic()),
    Balanced(Logistic(), "under"),
    Bounded(Ridge(), -1000, 1000),
    PCA(1),
    Standardise(),
]


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    # scikit-learn looks for English words in messages.
    monkeypatch.setenv("MAKNA_LANG", "en")


@pytest.mark.usefixtures("english")
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(NUMERIC, expected_failed_checks=lambda estimator: _EXPECTED.get(type(estimator), {}))
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
