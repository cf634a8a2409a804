import numpy as np
import pytest

from makna.report.blocks import Paragraph, Picture, Table
from makna.report.charts import styled
from makna.report.figures import figures_of
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.slices import bin_name, figure_of, slices_section

EN, ID = Locale("en"), Locale("id")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def drawn(run, name):
    with styled():
        figure = figures_of(run, EN)[name]()
        figure.canvas.draw()
    return figure


def test_every_model_has_a_panel_with_its_scores_over_the_sizes_of_the_bins(run_folder):
    run = read_run(run_folder("questions"))
    found = run.explain["slices"]["length"]
    figure = drawn(run, figure_of("length"))
    lines, bars = figure.axes[:2], figure.axes[2:]
    assert [ax.get_title(loc="left") for ax in lines] == ["minilm", "counts"]
    for ax, name in zip(lines, ("minilm", "counts"), strict=True):
        majority, line = ax.lines
        assert np.allclose(line.get_ydata(), [one["value"] for one in found["systems"][name]])
        assert np.allclose(majority.get_ydata(), [one["value"] for one in found["systems"]["majority"]])
        assert ax.get_xlim() == lines[0].get_xlim()
        assert ax.get_ylim() == lines[0].get_ylim()
    for ax in bars:
        assert [bar.get_height() for bar in ax.patches] == [one["n"] for one in found["bins"]]
    names = [text.get_text() for text in lines[0].get_xticklabels()]
    assert len(names) == len(found["bins"])
    assert names[0].startswith("<") == (found["bins"][0]["joined"] > 1)
    assert names[-1].startswith("≥") == (found["bins"][-1]["joined"] > 1)
    assert bars[-1].get_ylabel() == "number of rows"


def test_tables_have_every_system_and_say_what_was_joined(run_folder):
    run = read_run(run_folder("questions"))
    found = run.explain["slices"]["length"]
    table = next(t for t in of(slices_section(run, EN), Table) if "minilm" in t.columns)
    assert list(table.columns) == ["Length (words)", "n", "minilm", "counts", "length", "majority"]
    assert [row[1].text for row in table.cells()] == [str(one["n"]) for one in found["bins"]]
    first = found["systems"]["counts"][0]
    assert table.cells()[0][3].text == f"{first['value']:.3f}"
    joined = [one["joined"] for one in found["bins"] if one["joined"] > 1]
    assert joined
    assert all(f"({n})" in table.note for n in joined)


@pytest.mark.parametrize(
    ("low", "high", "joined", "whole", "ends", "name"),
    [
        (5.0, 10.0, 1, True, (False, False), "5–9"),
        (5.0, 6.0, 1, True, (False, False), "5"),
        (70.0, 160.0, 18, True, (False, True), "≥\u202f70"),
        (0.0, 10.0, 2, True, (True, False), "<\u202f10"),
        (0.0, 10.0, 4, True, (True, True), "0–9"),
        (8.0, 8.5, 1, False, (False, False), "8–8,5"),
    ],
)
def test_bins_are_named_by_their_edges(low, high, joined, whole, ends, name):
    assert bin_name({"low": low, "high": high, "joined": joined}, ID, whole, ends) == name


def test_the_shortcut_is_said_as_it_is(run_folder):
    run = read_run(run_folder("questions"))
    told = run.explain["slices"]["shortcut"]

    def said():
        return " ".join(block.text for block in of(slices_section(run, EN), Paragraph))

    assert "Length alone tells something" in said()
    assert f"{told['length']['value']:.3f}" in said()
    assert f"{told['majority']['value']:.3f}" in said()
    told |= {"better": False, "excludes": False}
    assert "No shortcut through length is shown" in said()
    told |= {"excludes": True}
    assert "length is no shortcut here" in said()
    run.explain["slices"].pop("shortcut")
    assert "shortcut" not in said()


def test_the_tokens_are_told_with_their_plot(run_folder):
    run = read_run(run_folder("questions"))
    tokens = run.explain["slices"]["tokens"]
    section = slices_section(run, EN)
    table = next(t for t in of(section, Table) if "Token" in t.columns)
    rows = [[cell.text for cell in row] for row in table.cells()]
    assert [row[1] for row in rows] == [token for token, *_ in tokens["common"]]
    assert rows[0][3] == f"{tokens['common'][0][2]:.2f}"
    line = drawn(run, "token-frequency").axes[0].lines[0]
    assert np.column_stack(line.get_data()).tolist() == tokens["ranks"]
    text = " ".join(block.text for block in of(section, Paragraph))
    assert f"{tokens['distinct']} of them distinct" in text
    assert "Each token counts by itself" in text


def test_a_part_that_was_not_made_leaves_the_others(run_folder):
    run = read_run(run_folder("questions"))
    run.explain["slices"].pop("rarity")
    assert figure_of("rarity") not in figures_of(run, EN)
    assert [p.name for p in of(slices_section(run, EN), Picture)] == [figure_of("length"), "token-frequency"]
    run.explain["slices"].pop("length")
    run.explain["slices"].pop("tokens")
    assert slices_section(run, EN) is None
    assert "slices-length" not in figures_of(run, EN)


def test_numbers_are_told_as_mean_errors(run_folder):
    run = read_run(run_folder("questions"))
    run.metrics["task"]["target"] = "number"
    for one in run.explain["slices"]["length"]["bins"]:
        one.pop("labels")
        one["truth"] = {"value": 2.5, "low": 2.0, "high": 3.0, "n": 4, "why": None}
    tables = of(slices_section(run, EN), Table)
    truth = next(table for table in tables if "True number" in table.columns)
    assert truth.cells()[0][2].text == "2.500"
    assert "mean absolute error" in tables[0].caption.lower()
