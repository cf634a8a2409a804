import pytest

from makna.report.blocks import Cell, Listing, Picture, Table, spans
from makna.report.groups import group_dots, group_tests, groups_section
from makna.report.language import Locale
from makna.report.reading import read_run

EN, ID = Locale("en"), Locale("id")


def tables(section):
    return [block for block in section.blocks if isinstance(block, Table)]


def lines(section):
    found = [block.points for block in section.blocks if isinstance(block, Listing)]
    return ["".join(piece for piece, _ in spans(line)) for points in found for line in points]


def test_groups_stand_with_n_and_interval(run_folder):
    section = groups_section(read_run(run_folder("pair")), EN)
    groups = [row[0] for row in tables(section)[0].cells()]
    assert groups == [Cell("id", "n\u00a0=\u00a064"), Cell("en", "n\u00a0=\u00a036")]
    assert tables(section)[0].cells()[0][1] == Cell("0.740", "[0.640, 0.840]")
    assert groups_section(read_run(run_folder("text")), EN) is None


def test_only_the_largest_groups_are_shown_and_it_says_so(run_folder):
    groups = {f"g{i:02d}": {"n": i, "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}} for i in range(50)}
    changes = {"metrics": {"systems>overlap-svm>groups": {"test": groups}}}
    section = groups_section(read_run(run_folder("pair", changes)), EN)
    assert tables(section)[0].cells()[0][0].text == "id"  # another system's group of 64 rows
    assert len(tables(section)[0].rows) == 40
    assert "40 largest of 52" in section.blocks[1].text


def test_a_test_that_shows_nothing_claims_nothing(run_folder):
    run = read_run(run_folder("reviews"))
    none, some = lines(groups_section(run, EN))
    assert none == (
        "counts-svm: no difference in the share of right predictions between groups is shown "
        "(chi-square test, p\u00a0=\u00a00.210, n = 2,294, 3 groups)."
    )
    assert "words-bayes: the share of right predictions differs between groups" in some
    assert "p\u00a0=\u00a00.004" in some
    assert "does not say which group" in some
    assert "data ini tidak menunjukkan perbedaan" in lines(groups_section(run, ID))[0]


@pytest.mark.parametrize(("p", "claims"), [(0.0496, False), (0.049, True), (1e-9, True), (0.05, False), (None, None)])
def test_a_difference_is_claimed_below_five_percent_as_printed(run_folder, p, claims):
    test = {"test": "permutation", "of": "mae", "p": p, "groups": 2, "n": 100, "why": None}
    changes = {"metrics": {"systems>overlap-svm>group_test": {"test": test}}}
    found = lines(groups_section(read_run(run_folder("pair", changes)), EN))
    assert found == [] if claims is None else ("differs" in found[0]) == claims


def test_a_test_may_stand_by_output_or_alone(run_folder):
    test = {"test": "chi2", "of": "accuracy", "p": 0.5, "groups": 2, "n": 9, "why": None}
    changes = {"metrics": {"systems>overlap-svm>group_test": {"test": test}}}
    assert group_tests(read_run(run_folder("pair", changes)), "overlap-svm") == {"": test}
    assert set(group_tests(read_run(run_folder("reviews")), "counts-svm")) == {""}
    assert group_tests(read_run(run_folder("text")), "counts-svm") == {}


def test_groups_of_the_best_system_are_drawn_small_ones_hollow(run_folder):
    run = read_run(run_folder("reviews"))
    dots = group_dots(run)
    assert [(dot.name, dot.hollow) for dot in dots] == [
        ("Makeup", False),
        ("Skincare", False),
        ("Perawatan rambut", True),
    ]
    assert any(isinstance(block, Picture) for block in groups_section(run, EN).blocks)
    assert group_dots(read_run(run_folder("text"))) == []
