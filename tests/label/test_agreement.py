"""Coefficients against the worked examples of the papers, against libraries, and against the definitions."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from makna.core.errors import UserError
from makna.label.agreement import Agreement, AgreementSettings, measure_agreement
from makna.label.coefficients import alpha, cohen, fleiss, gwet, observed
from makna.label.ratings import SCALES, RatingSettings, Scale, ratings_of_columns

POINT = AgreementSettings(resamples=0)
CLOSE = 1e-6

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", part C: 4 observers, 12 units, missing data.
# https://repository.upenn.edu/asc_papers/43
TWELVE_UNITS = pd.DataFrame(
    {
        "A": ["1", "2", "3", "3", "2", "1", "4", "1", "2", ".", ".", "."],
        "B": ["1", "2", "3", "3", "2", "2", "4", "1", "2", "5", ".", "3"],
        "C": [".", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", "."],
        "D": ["1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", "."],
    }
)

# Fleiss (1971), table 1: 30 patients, 6 psychiatrists, 5 diagnoses.
DIAGNOSES = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)

# https://en.wikipedia.org/wiki/Fleiss%27_kappa#Worked_example: 10 subjects, 14 raters, 5 categories.
WIKIPEDIA = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]


def measured(table: pd.DataFrame, scale: Scale = "nominal", settings: AgreementSettings = POINT) -> Agreement:
    raters = [str(name) for name in table.columns]
    named = table.set_axis(raters, axis=1)
    return measure_agreement(ratings_of_columns(named, raters, RatingSettings(scale, missing=(".",))), settings)


def value(found: Agreement, *key: str) -> float:
    one = found[key].value
    assert one is not None
    return one


def from_counts(counts: list[list[int]]) -> pd.DataFrame:
    """Write out a table of counts: which rater gave which label does not matter to the coefficients of many raters."""
    return pd.DataFrame([[str(k) for k, n in enumerate(row) for _ in range(n)] for row in counts])


def from_matrix(matrix: list[list[int]]) -> pd.DataFrame:
    """Write out the cross table of two raters."""
    rows = [(str(i), str(j)) for i, row in enumerate(matrix) for j, n in enumerate(row) for _ in range(n)]
    return pd.DataFrame(rows, columns=["first", "second"])


def fleiss_by_definition(counts: list[list[int]]) -> Fraction:
    n, m = len(counts), sum(counts[0])
    shares = [Fraction(sum(row[k] for row in counts), n * m) for k in range(len(counts[0]))]
    seen = sum(Fraction(sum(c * (c - 1) for c in row), m * (m - 1)) for row in counts) / n
    chance = sum(p * p for p in shares)
    return (seen - chance) / (1 - chance)


def alpha_by_definition(table: pd.DataFrame, scale: Scale) -> Fraction | None:
    """Krippendorff (2011), parts C and D: the matrix of coincidences and the difference functions, in fractions."""
    units = [[int(cell) for cell in row if cell != "."] for row in table.to_numpy().tolist()]
    units = [unit for unit in units if len(unit) > 1]
    labels = sorted({label for unit in units for label in unit})
    o = {(c, k): Fraction(0) for c in labels for k in labels}
    for unit in units:
        for i, c in enumerate(unit):
            for j, k in enumerate(unit):
                if i != j:
                    o[c, k] += Fraction(1, len(unit) - 1)
    n = {c: sum(o[c, k] for k in labels) for c in labels}
    total = sum(n.values())

    def apart(c: int, k: int) -> Fraction:
        if scale == "nominal":
            return Fraction(c != k)
        if scale == "interval":
            return Fraction(c - k) ** 2
        low, high = min(c, k), max(c, k)
        return (sum((n[g] for g in labels if low <= g <= high), Fraction(0)) - (n[c] + n[k]) / 2) ** 2

    expected = sum(n[c] * n[k] * apart(c, k) for c in labels for k in labels)
    if not expected:
        return None
    return 1 - (total - 1) * sum(o[c, k] * apart(c, k) for c in labels for k in labels) / expected


def test_fleiss_1971() -> None:
    counts = [[int(digit) for digit in row] for row in DIAGNOSES.split()]
    assert np.sum(counts, axis=0).tolist() == [26, 26, 30, 55, 43], "as the margins of the paper"
    found = measured(from_counts(counts))
    assert value(found, "overall", "fleiss_kappa") == pytest.approx(0.430, abs=5e-4)
    assert value(found, "overall", "fleiss_kappa") == pytest.approx(float(fleiss_by_definition(counts)), abs=CLOSE)
    by_diagnosis = [value(found, "label", label, "fleiss_kappa") for label in "01234"]
    assert by_diagnosis == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=5e-4)


def test_fleiss_of_wikipedia() -> None:
    found = measured(from_counts(WIKIPEDIA))
    assert value(found, "overall", "agreement") == pytest.approx(0.378, abs=5e-4)
    assert value(found, "overall", "fleiss_kappa") == pytest.approx(0.210, abs=5e-4)
    assert value(found, "overall", "fleiss_kappa") == pytest.approx(float(fleiss_by_definition(WIKIPEDIA)), abs=CLOSE)


@pytest.mark.parametrize(
    ("scale", "printed", "exact"),
    [("nominal", 0.743, 0.743421), ("ordinal", 0.815, 0.815388), ("interval", 0.849, 0.849107)],
)
def test_krippendorff_2011(scale: Scale, printed: float, exact: float) -> None:
    found = value(measured(TWELVE_UNITS, scale), "overall", "krippendorff_alpha")
    assert found == pytest.approx(printed, abs=5e-4)
    assert found == pytest.approx(exact, abs=CLOSE)
    assert alpha_by_definition(TWELVE_UNITS, scale) == pytest.approx(found, abs=1e-12)


def test_gwet_with_missing_labels() -> None:
    """Gwet (2014), Handbook of inter-rater reliability, and the overview of his irrCAC: the same 12 units."""
    found = measured(TWELVE_UNITS)
    assert value(found, "overall", "agreement") == pytest.approx(0.8181818, abs=CLOSE)
    assert value(found, "overall", "gwet_ac1") == pytest.approx(0.77544, abs=5e-6)
    assert value(found, "overall", "fleiss_kappa") == pytest.approx(0.76117, abs=5e-6)


def test_gwet_2008() -> None:
    """Gwet (2008): 125 subjects, the paradox of kappa: 118 + 0 agree, 5 and 2 do not."""
    found = measured(from_matrix([[118, 5], [2, 0]]))
    assert value(found, "overall", "agreement") == pytest.approx(0.944, abs=CLOSE)
    assert value(found, "overall", "cohen_kappa") == pytest.approx(-0.0234, abs=5e-5)
    assert value(found, "overall", "gwet_ac1") == pytest.approx(0.9408, abs=5e-5)
    # p_e = 2 π (1 - π) with π = (123 + 120) / 250.
    chance = 2 * Fraction(243, 250) * Fraction(7, 250)
    exact = (Fraction(118, 125) - chance) / (1 - chance)
    assert value(found, "overall", "gwet_ac1") == pytest.approx(float(exact), abs=CLOSE)


def test_three_abstractors() -> None:
    """The overview of irrCAC prints seven digits for 100 pregnancies (Gwet 2014).

    https://cran.r-project.org/web/packages/irrCAC/vignettes/overview.html
    """
    found = measured(from_matrix([[13, 0, 0], [0, 20, 7], [0, 4, 56]]))
    assert value(found, "overall", "cohen_kappa") == pytest.approx(0.7964094, abs=CLOSE)
    assert value(found, "overall", "fleiss_kappa") == pytest.approx(0.7962397, abs=CLOSE), "of two raters: Scott's pi"
    assert value(found, "overall", "gwet_ac1") == pytest.approx(0.8493305, abs=CLOSE)
    assert value(found, "overall", "krippendorff_alpha") == pytest.approx(0.7972585, abs=CLOSE)


def test_cohen_1960() -> None:
    """Cohen (1960): 200 subjects, p_o = .70, p_e = .41, kappa = .492."""
    found = measured(from_matrix([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))
    assert value(found, "overall", "agreement") == pytest.approx(0.70, abs=CLOSE)
    assert value(found, "overall", "cohen_kappa") == pytest.approx(0.492, abs=5e-4)
    assert value(found, "overall", "cohen_kappa") == pytest.approx(0.29 / 0.59, abs=CLOSE)


pairs_of_marks = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)


@settings(max_examples=60, deadline=None)
@given(pairs_of_marks)
def test_both_kappas_are_those_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    first, second = zip(*rows, strict=True)
    if len({*first, *second}) < 2:
        return
    # Positions among all five marks, as scikit-learn takes them where `labels` is given.
    eye = np.eye(5)
    one, other, weights = eye[list(first)], eye[list(second)], np.ones((1, len(rows)))
    labels = list(range(5))
    plain = cohen_kappa_score(first, second, labels=labels)
    squared = cohen_kappa_score(first, second, labels=labels, weights="quadratic")
    assert cohen(one, other, weights)[0] == pytest.approx(plain, abs=1e-9, nan_ok=True)
    assert cohen(one, other, weights, np.arange(5.0))[0] == pytest.approx(squared, abs=1e-9, nan_ok=True)


def test_quadratic_kappa_by_position_or_by_number() -> None:
    table = pd.DataFrame({"one": ["1", "2", "10", "2", "10"], "two": ["1", "2", "2", "1", "10"]})
    by_position = cohen_kappa_score([0, 1, 2, 1, 2], [0, 1, 1, 0, 2], weights="quadratic")
    assert value(measured(table, "ordinal"), "overall", "quadratic_kappa") == pytest.approx(by_position, abs=1e-12)
    # All eleven numbers as labels: positions are the numbers.
    by_number = cohen_kappa_score(
        [1, 2, 10, 2, 10], [1, 2, 2, 1, 10], labels=list(range(11)), weights="quadratic"
    )  # fmt: skip
    assert value(measured(table, "interval"), "overall", "quadratic_kappa") == pytest.approx(by_number, abs=1e-12)


cells = st.sampled_from(["1", "2", "3", "5", "."])
tables = st.integers(2, 4).flatmap(lambda raters: st.lists(st.tuples(*[cells] * raters), min_size=2, max_size=12))


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from(SCALES))
def test_alpha_is_that_of_the_coincidences(rows: list[tuple[str, ...]], scale: Scale) -> None:
    table = pd.DataFrame(rows)
    if not any(sum(cell != "." for cell in row) > 1 for row in rows):
        return
    exact = alpha_by_definition(table, scale)
    found = measured(table, scale)["overall", "krippendorff_alpha"]
    assert (found.value is None) == (exact is None)
    if exact is None:
        assert found.why == "one_label"
    else:
        assert found.value == pytest.approx(float(exact), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order_of_items_or_raters(rows: list[tuple[str, ...]], random: object) -> None:
    if not any(sum(cell != "." for cell in row) > 1 for row in rows):
        return
    table = pd.DataFrame(rows)
    turned = table.iloc[::-1, ::-1]
    one, other = measured(table, "ordinal"), measured(turned, "ordinal")
    for measure in ("agreement", "cohen_kappa", "quadratic_kappa", "fleiss_kappa", "gwet_ac1", "krippendorff_alpha"):
        assert one["overall", measure].value == pytest.approx(other["overall", measure].value, abs=1e-9)


def test_of_two_raters_all_parts_say_the_same() -> None:
    found = measured(from_matrix([[10, 3], [1, 6]]), "ordinal")
    for measure in ("agreement", "cohen_kappa", "quadratic_kappa"):
        overall = value(found, "overall", measure)
        assert value(found, "pair", "first", "second", measure) == pytest.approx(overall, abs=1e-12)
        assert value(found, "rater", "first", measure) == pytest.approx(overall, abs=1e-12)
        assert value(found, "rater", "second", measure) == pytest.approx(overall, abs=1e-12)


def test_a_rater_against_the_others() -> None:
    table = TWELVE_UNITS
    found = measured(table)
    without = measured(table.drop(columns="C"))
    assert found["rater", "C", "alpha_without"].value == value(without, "overall", "krippendorff_alpha")
    # C's agreement by hand: over the items that C and others labelled, the share of the others who say the same.
    shares = []
    for row in table.to_dict("records"):
        others = [row[name] for name in "ABD" if row[name] != "."]
        if row["C"] != "." and others:
            shares.append(np.mean([other == row["C"] for other in others]))
    assert found["rater", "C", "agreement"].n == len(shares) == 10
    assert value(found, "rater", "C", "agreement") == pytest.approx(np.mean(shares), abs=1e-12)
    worst = min("ABCD", key=lambda name: value(found, "rater", name, "cohen_kappa"))
    assert worst == "C"


def test_specific_agreement_of_a_label() -> None:
    found = measured(from_matrix([[118, 5], [2, 0]]))
    # Of two raters: 2 a / (2 a + b + c), the Dice coefficient.
    assert value(found, "label", "0", "specific") == pytest.approx(236 / 243, abs=1e-12)
    assert value(found, "label", "1", "specific") == 0.0


def test_counts_of_what_was_compared() -> None:
    found = measured(TWELVE_UNITS)
    assert found.overlap.tolist() == [[9, 9, 8, 9], [9, 11, 9, 10], [8, 9, 10, 10], [9, 10, 10, 11]]
    assert found.by_raters == {1: 1, 2: 1, 3: 2, 4: 8}
    assert found["overall", "agreement"].n == 11
    assert found["pair", "A", "C", "agreement"].n == 8
    assert found.given.sum() == 41
    assert found.given[0].tolist() == [3, 3, 2, 1, 0]


def test_intervals_are_those_of_a_plain_bootstrap() -> None:
    table = from_matrix([[30, 6, 2], [4, 20, 5], [1, 3, 9]])
    found = measured(table, "ordinal", AgreementSettings(2000, seed=1))
    codes = table.to_numpy().astype(int)
    generator = np.random.default_rng(99)
    plain = []
    for _ in range(2000):
        one, other = codes[generator.integers(len(codes), size=len(codes))].T
        chance = np.bincount(one, minlength=3) @ np.bincount(other, minlength=3) / len(codes) ** 2
        plain.append(((one == other).mean() - chance) / (1 - chance))
    plain = np.quantile(plain, [0.025, 0.975])
    kappa = found["overall", "cohen_kappa"]
    assert [kappa.low, kappa.high] == pytest.approx(plain, abs=0.02)
    assert kappa.low < kappa.value < kappa.high  # type: ignore[operator]


def test_the_seed_decides_about_the_intervals() -> None:
    one, again, other = (
        measured(TWELVE_UNITS, "ordinal", AgreementSettings(200, seed=seed)).measures for seed in (3, 3, 4)
    )
    assert one == again
    assert one != other
    assert [(m.part, m.name, m.value) for m in one] == [(m.part, m.name, m.value) for m in other]


def test_weights_stand_for_repeated_units() -> None:
    generator = np.random.default_rng(5)
    counts = generator.integers(0, 4, size=(9, 3)).astype(float)
    times = generator.integers(1, 4, size=9)
    written_out, ones = np.repeat(counts, times, axis=0), np.ones((1, times.sum()))
    for coefficient in (observed, fleiss, gwet):
        assert coefficient(counts, times[None].astype(float)) == pytest.approx(coefficient(written_out, ones))
    for scale in SCALES:
        values = np.array([1.0, 2.0, 7.0])
        weighted = alpha(counts, times[None].astype(float), scale, values)
        assert weighted == pytest.approx(alpha(written_out, ones, scale, values))


def test_what_is_undefined_says_why() -> None:
    same = measured(pd.DataFrame({"a": ["x", "x"], "b": ["x", "x"]}))
    assert same["overall", "agreement"].value == 1.0
    for measure in ("cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"):
        assert (same["overall", measure].value, same["overall", measure].why) == (None, "one_label")
    apart = measured(pd.DataFrame({"a": ["x", "y", "."], "b": ["x", "x", "."], "c": [".", ".", "y"]}))
    assert [(m.name, m.other) for m in apart.measures if m.part == "pair"] == [("a", "b")] * 2
    assert (apart["rater", "c", "agreement"].n, apart["rater", "c", "agreement"].why) == (0, "no_overlap")
    assert apart["rater", "a", "alpha_without"].why == "no_overlap"


def test_json_has_all_of_it() -> None:
    found = json.loads(json.dumps(measured(TWELVE_UNITS, "interval").to_json(), allow_nan=False))
    assert found["overall"]["krippendorff_alpha"]["value"] == pytest.approx(0.849107, abs=CLOSE)
    assert found["labels"] == ["1", "2", "3", "4", "5"]
    assert set(found["rater"]) == set("ABCD")
    assert len(found["pair"]) == 6
    assert found["pair"][0]["raters"] == ["A", "B"]
    assert found["items_by_labels_given"] == {"1": 1, "2": 1, "3": 2, "4": 8}


@pytest.mark.parametrize("bad", [{"resamples": -1}, {"level": 1.0}, {"seed": -2}])
def test_wrong_settings_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(UserError):
        AgreementSettings(**bad)  # type: ignore[arg-type]
