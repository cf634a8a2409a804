"""The page: one HTML file that needs nothing else, read on a screen, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from makna.core.files import write_text
from makna.report.absent import skipped_section
from makna.report.agreement import agreement_section
from makna.report.balance import common_words_section, target_section
from makna.report.blocks import Picture, Section, Table, spans, subscripts
from makna.report.cascade import cascade_section
from makna.report.cellscores import cells_section
from makna.report.charts import styled
from makna.report.citing import cite_section
from makna.report.cleaning import cleaning_section
from makna.report.components import components_section
from makna.report.contrasts import comparisons_section, reference_section
from makna.report.curves import curve_section
from makna.report.distil import distil_section
from makna.report.encoders import encoders_section
from makna.report.figures import figures_of, inline_svg, svg_of
from makna.report.groups import groups_section
from makna.report.kinds import kinds_section
from makna.report.language import Locale
from makna.report.limits import limits_section
from makna.report.marks import marks_section
from makna.report.one_text import one_text_section
from makna.report.procedure import method_section, run_section
from makna.report.protocols import protocols_section
from makna.report.published import notes_section
from makna.report.reading import Run, read_run
from makna.report.reasons import errors_section, words_section
from makna.report.repeats import repeats_section
from makna.report.results import (
    classes_section,
    confusion_section,
    folds_section,
    systems_section,
)
from makna.report.rows import data_section
from makna.report.slices import slices_section
from makna.report.subset import subset_section
from makna.report.tokens import tokens_section
from makna.report.training import training_section
from makna.report.trend import trend_section
from makna.report.trials import trials_section
from makna.report.verdict import summary_section
from makna.report.weak_labels import weak_labels_section

PAGE = "report.html"
_SECTIONS = (
    summary_section,
    skipped_section,
    systems_section,
    cells_section,
    marks_section,
    protocols_section,
    reference_section,
    notes_section,
    data_section,
    weak_labels_section,
    cleaning_section,
    repeats_section,
    target_section,
    common_words_section,
    encoders_section,
    tokens_section,
    components_section,
    training_section,
    trials_section,
    classes_section,
    subset_section,
    confusion_section,
    one_text_section,
    agreement_section,
    folds_section,
    curve_section,
    groups_section,
    trend_section,
    comparisons_section,
    distil_section,
    cascade_section,
    slices_section,
    words_section,
    errors_section,
    kinds_section,
    run_section,
    method_section,
    limits_section,
    cite_section,
)


def make_page(run_dir: Path, lang: str = "id") -> Path:
    """Write the report of a run as one HTML file, `report.html`, from the files of its folder alone.

    Parameters
    ----------
    run_dir : Path
        A run folder; only its `metrics.json` must be there.
    lang : {"id", "en"}
        Language of the report.

    Returns
    -------
    Path
        The page. It loads nothing from elsewhere, runs no script, and is written whole or not at all.

    Raises
    ------
    UserError
        The folder holds no run, a file of it is not what it should be, or the language is unknown.
    """
    locale = Locale(lang)
    run = read_run(run_dir)
    page = render(run, locale)
    target = Path(run_dir) / PAGE
    write_text(target, page)
    return target


def render(run: Run, locale: Locale) -> str:
    """Return the page of a run."""
    sections = sections_of(run, locale)
    environment = Environment(
        loader=PackageLoader("makna.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"spans": spans, "subscripts": subscripts}
    drawings = _drawings(run, locale, sections)
    return environment.get_template("page.html").render(run=run, locale=locale, sections=sections, drawings=drawings)


def sections_of(run: Run, locale: Locale) -> list[Section]:
    """Return the sections that this run has something for, tables and figures numbered through."""
    made = [make(run, locale) for make in _SECTIONS]
    return number_blocks([section for section in made if section is not None])


def number_blocks(sections: Sequence[Section]) -> list[Section]:
    """Return the sections with their tables and figures numbered in order, each from 1."""
    counts: dict[type, int] = {Table: 0, Picture: 0}
    numbered = []
    for section in sections:
        blocks = []
        for block in section.blocks:
            if type(block) in counts:
                counts[type(block)] += 1
                block = replace(block, number=counts[type(block)])
            blocks.append(block)
        numbered.append(replace(section, blocks=blocks))
    return numbered


def _drawings(run: Run, locale: Locale, sections: Sequence[Section]) -> dict[str, Markup]:
    """The figures that the sections show, as SVG elements; matplotlib has escaped every text in them."""
    wanted: dict[str, Any] = {b.name: b for section in sections for b in section.blocks if isinstance(b, Picture)}
    draws = figures_of(run, locale)
    with styled():
        return {
            name: Markup(inline_svg(svg_of(draws[name]()), f"figure{picture.number}", picture.caption))
            for name, picture in wanted.items()
        }
