from makna.explain.kinds import KINDS
from makna.report.blocks import Cases, Listing, Paragraph, Table
from makna.report.kinds import kinds_section
from makna.report.language import Locale
from makna.report.reading import read_run
from tests.report.made_pairs import change_hand

EN, ID = Locale("en"), Locale("id")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def said(section):
    return " ".join(block.text for block in of(section, Paragraph))


def test_the_table_has_both_systems_all_rows_and_the_paper(run_folder):
    run = read_run(run_folder("questions"))
    told = run.explain["kinds"]
    (table,) = of(kinds_section(run, EN), Table)
    assert list(table.columns) == ["Kind", "n", "Share", "n", "Share", "In all rows", "Paper"]
    assert list(table.over) == [("", 1), ("minilm", 2), ("counts", 2), ("", 2)]
    rows = [[cell.text for cell in row] for row in table.cells()]
    assert len(rows) == len(KINDS)
    for kind, row in zip(told["order"], rows, strict=True):
        assert row[1] == str(told["shares"]["minilm"][kind]["n"])
        assert row[3] == str(told["shares"]["counts"][kind]["n"])
        assert row[5] == (f"{100 * told['rows'][kind]:.1f}%" if kind in told["rows"] else "–")
    assert rows[told["order"].index("length")][6] == "30%"
    assert sum(int(row[1]) for row in rows) == told["errors"]["minilm"]


def test_the_rules_are_told_with_their_lines_in_both_languages(run_folder):
    run = read_run(run_folder("questions"))
    rules = run.explain["kinds"]["rules"]
    (listed,) = of(kinds_section(run, EN), Listing)
    text = " ".join(listed.points)
    assert f"more than {rules['long_words']:.0f} words (longer than 90% of all rows)" in text
    assert "probability of 0.9 or more" in text
    assert "at most 0.1 above" in text
    (listed,) = of(kinds_section(run, ID), Listing)
    assert "paling sedikit 0,9" in " ".join(listed.points)
    rules.clear()
    assert of(kinds_section(run, EN), Listing)


def test_examples_show_both_answers_and_what_speaks_for_the_kind(run_folder):
    run = read_run(run_folder("questions"))
    kind, examples = next((k, e) for k, e in run.explain["kinds"]["examples"].items() if k == "length")
    cases = [case for block in of(kinds_section(run, EN), Cases) for case in block.items]
    case = next(case for case in cases if dict(case.facts)["id"] == examples[0]["id"])
    facts = dict(case.facts)
    assert facts["minilm"].startswith(examples[0]["answers"]["minilm"])
    assert facts["words"] == " + ".join(map(str, examples[0]["why"]["words"]))
    assert [text for _, text in case.texts] == [examples[0]["text_a"], examples[0]["text_b"]]
    assert kind == "length"


def test_what_was_sorted_by_hand_stands_beside_the_rules(run_folder):
    folder = run_folder("questions")
    assert "kind_by_hand" in said(kinds_section(read_run(folder), EN))
    change_hand(folder, ["length", "length", "rare words", "other"])
    section = kinds_section(read_run(folder), EN)
    (table,) = of(section, Table)
    assert table.columns[-1] == "By hand"
    by_kind = dict(zip(KINDS, (row[-1].text for row in table.cells()), strict=True))
    assert (by_kind["length"], by_kind["rare"], by_kind["entity"]) == ("50.0%", "25.0%", "0.0%")
    assert "4 of " in said(section)
    assert "kappa" in said(section)


def test_a_sample_that_cannot_be_read_is_said_to_be_so(run_folder):
    folder = run_folder("questions")
    change_hand(folder, ["nothing like it"])
    text = said(kinds_section(read_run(folder), EN))
    assert "errors-sample.csv cannot be read" in text
    assert "nothing like it" in text


def test_without_kinds_or_paper_nothing_breaks(run_folder):
    run = read_run(run_folder("questions"))
    run.explain["kinds"]["paper"] = {}
    (table,) = of(kinds_section(run, EN), Table)
    assert "Paper" not in table.columns
    run.explain.pop("kinds")
    assert kinds_section(run, EN) is None
