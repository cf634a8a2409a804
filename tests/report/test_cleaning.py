from makna.report.blocks import Cell, Table
from makna.report.cleaning import cleaning_section, steps_in_order
from makna.report.language import Locale
from makna.report.reading import read_run

EN = Locale("en")


def table_of(run_folder, kind="reviews", changes=None):
    return next(b for b in cleaning_section(read_run(run_folder(kind, changes)), EN).blocks if isinstance(b, Table))


def test_every_step_stands_in_one_table_in_its_order(run_folder):
    rows = table_of(run_folder).cells()
    names = [row[0].text.rpartition("(")[2].rstrip(")") for row in rows]
    assert names == ["html", "lowercase", "slang", "empty", "missing_label", "duplicates", "Altogether"]
    changed = rows[1]
    assert [cell.text for cell in changed[1:4]] == ["", "", ""]
    assert changed[4] == Cell("14,820", f"{14820 / 15292:.1%}")
    dropped = rows[5]
    assert [cell.text for cell in dropped[1:]] == ["15,377", "85", "15,292", ""]
    assert dropped[2].below == f"{85 / 15377:.2%}"
    assert [cell.text for cell in rows[-1]][1:4] == ["15,389", "97", "15,292"]
    assert rows[-1][2].below == "0.63%"  # the share that the paper should have printed


def test_each_step_has_one_example(run_folder):
    beneath = table_of(run_folder).beneath
    assert beneath[2] == [("before", "sukaaa bgt sama teksturnya"), ("after", "suka banget sama teksturnya")]
    assert beneath[5] == [("example", "Bagus banget, makasih seller")]
    assert 4 not in beneath  # nothing was dropped


def test_rows_are_judged_where_the_recipe_says(run_folder):
    folder = run_folder("reviews")
    path = folder / "recipe.yaml"
    names = {}
    for clean in (
        "[html, rows, lowercase, slang]",
        "[{rows: {min_words: 2}}, html, lowercase, slang]",
        "[html, lowercase, slang]",
    ):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("clean:")]
        path.write_text("\n".join([*lines, f"clean: {clean}"]))
        names[clean] = [step["name"] for step in steps_in_order(read_run(folder))]
    found = list(names.values())
    drops = ["empty", "missing_label", "duplicates"]
    assert found[0] == ["html", *drops, "lowercase", "slang"]
    assert found[1] == [*drops, "html", "lowercase", "slang"]
    assert found[2] == ["html", "lowercase", "slang", *drops]


def test_without_steps_there_is_no_section(run_folder):
    assert cleaning_section(read_run(run_folder("outputs")), EN) is None
    only_drops = cleaning_section(read_run(run_folder("number")), EN).blocks
    assert [block.kind for block in only_drops] == ["table"]
    assert only_drops[0].beneath[0] == [("example", "(empty text) ⟷ Akar menyerap air dan garam mineral.")]
