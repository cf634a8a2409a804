"""The figures of a run: which ones it has, and how they are written as SVG and PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from makna.core.messages import language
from makna.report.agreement import agreement_figures
from makna.report.cascade import cascade_figures
from makna.report.cellscores import cell_figures
from makna.report.charts import Dot, bars, dots, histogram, matrices, shares, styled
from makna.report.components import component_figures
from makna.report.confusions import confusion_panels
from makna.report.curves import NAME as CURVE
from makna.report.curves import curves_drawn, draw_curves
from makna.report.groups import NAME as GROUPS
from makna.report.groups import group_dots
from makna.report.language import Locale, is_number
from makna.report.naming import per_system
from makna.report.reading import Run, branch, read_run
from makna.report.slices import slice_figures
from makna.report.training import training_figures
from makna.report.trend import trend_figures
from makna.report.trials import trial_figures

FOLDER = "figures"
_MOST_DOTS = 40
_MOST_BARS = 40
_MOST_IN_ORDER = 10  # classes; more are drawn by size
_PNG_DPI = 160
_NO_DATE = {"Date": None, "Creator": None}
_TAG = re.compile(r"<[^<>]*>")
_ID = re.compile(r'(\bid="|href="#|url\(#)')
_PREAMBLE = re.compile(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_WIDTH = re.compile(r'<svg[^>]* width="([0-9.]+pt)"')
_FONT = "'DejaVu Sans'"
_PAGE_FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans'"

Draw = Callable[[], Figure]


def make_figures(run_dir: Path, lang: str | None = None) -> list[str]:
    """Write the figures of a run as ``figures/NAME.svg`` and ``figures/NAME.png``.

    Parameters
    ----------
    run_dir : Path
        A run folder.
    lang : {"id", "en"} or None
        Language of the axes; the one in force when None.

    Returns
    -------
    list of str
        The names, in the order of the report. The same run gives the same bytes.

    Raises
    ------
    UserError
        The folder holds no run.
    """
    run = read_run(run_dir)
    drawn = figures_of(run, Locale(lang or language()))
    folder = Path(run_dir) / FOLDER
    folder.mkdir(exist_ok=True)
    with styled():
        for name, draw in drawn.items():
            figure = draw()
            (folder / f"{name}.svg").write_text(svg_of(figure), encoding="utf-8")
            FigureCanvasAgg(figure)
            figure.savefig(folder / f"{name}.png", format="png", dpi=_PNG_DPI, metadata={"Software": None})
    return list(drawn)


def figures_of(run: Run, locale: Locale) -> dict[str, Draw]:
    """Return the figures a run has: name → a function that draws it (within `charts.styled`)."""
    found: dict[str, Draw] = {}
    found.update(_systems_figure(run, locale))
    found.update(cell_figures(run, locale))
    found.update(_target_figure(run, locale))
    found.update(component_figures(run, locale))
    found.update(training_figures(run, locale))
    found.update(trial_figures(run, locale))
    found.update(_confusion_figures(run, locale))
    found.update(agreement_figures(run, locale))
    found.update(_curve_figure(run, locale))
    found.update(_groups_figure(run, locale))
    found.update(trend_figures(run, locale))
    found.update(cascade_figures(run, locale))
    found.update(slice_figures(run, locale))
    return found


def svg_of(figure: Figure) -> str:
    """Return a figure as an SVG document, the same for the same figure."""
    stream = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(stream, format="svg", metadata=_NO_DATE)
    return stream.getvalue()


def inline_svg(svg: str, name: str, title: str) -> str:
    """Return an SVG document as an element to put into a page.

    Parameters
    ----------
    svg : str
        As `svg_of` gives it.
    name : str
        Unique on the page; set before all ids, so that figures do not borrow each other's parts.
    title : str
        What a screen reader says.
    """
    element = _PREAMBLE.sub("", svg[svg.index("<svg") :])
    # Only inside tags: a class may be called `id="x"`.
    element = _TAG.sub(lambda tag: _ID.sub(rf"\g<1>{name}-", tag[0]).replace(_FONT, _PAGE_FONT), element)
    width = _WIDTH.search(element)
    attributes = f'role="img" aria-label={quoteattr(title)}' + (f' style="--width:{width[1]}"' if width else "")
    return element.replace("<svg ", f"<svg {attributes} ", 1).strip()


def class_counts(run: Run, output: str) -> dict[str, int]:
    """Return class → rows of an output, in the order of its labels."""
    counts = branch(run.data, "classes", output)
    order = [*(label for label in run.labels(output) if label in counts), *counts]
    return {label: int(counts[label]) for label in dict.fromkeys(order) if is_number(counts[label])}


def _systems_figure(run: Run, locale: Locale) -> Mapping[str, Draw]:
    rows = []
    for name in run.shown[:_MOST_DOTS]:
        score, value = run.score(name), run.value(name)
        if value is not None:
            ends = (score.get("low"), score.get("high"))
            low, high = ends if all(map(is_number, ends)) else (None, None)
            rows.append(Dot(name, value, low, high, bool(run.systems[name].get("baseline"))))
    if not rows:
        return {}
    reference = run.value(run.baselines[0]) if run.baselines else None
    axes = (_score_axis(run, locale), locale.say("axis_system"))
    return {"systems": lambda: dots(rows, axes, locale, reference)}


def _score_axis(run: Run, locale: Locale) -> str:
    return locale.say("axis_with_interval", metric=locale.metric(run.primary), level=locale.level(run.level))


def _target_figure(run: Run, locale: Locale) -> Mapping[str, Draw]:
    if run.is_number:
        if not run.numbers:
            return {}
        truth = next(iter(run.numbers.values()))[0]
        axes = (locale.say("axis_true_number"), locale.say("axis_rows"))
        return {"numbers": lambda: histogram(truth, axes, locale)}
    counts = {output: found for output in run.outputs if (found := class_counts(run, output))}
    if len(counts) > 1:
        return {"classes": lambda: shares(counts, (locale.say("axis_share"), locale.say("axis_output")), locale)}
    if not counts:
        return {}
    only = next(iter(counts.values()))
    shown = dict(sorted(only.items(), key=lambda item: -item[1])[:_MOST_BARS]) if len(only) > _MOST_IN_ORDER else only
    return {"classes": lambda: bars(shown, (locale.say("axis_rows"), locale.say("axis_class")), locale)}


def _confusion_figures(run: Run, locale: Locale) -> Mapping[str, Draw]:
    axes = (locale.say("axis_prediction"), locale.say("axis_truth"))

    def draw(system: str) -> Draw:
        return lambda: matrices(confusion_panels(run, system), axes, locale)

    names = per_system(run, "confusion", lambda system: confusion_panels(run, system))
    return {name: draw(system) for system, name in names.items()}


def _curve_figure(run: Run, locale: Locale) -> Mapping[str, Draw]:
    curves = curves_drawn(run)
    axes = (locale.say("axis_train_rows"), locale.metric(run.primary))
    return {CURVE: lambda: draw_curves(curves, axes, locale)} if curves else {}


def _groups_figure(run: Run, locale: Locale) -> Mapping[str, Draw]:
    rows = group_dots(run)
    if not rows:
        return {}
    axes = (_score_axis(run, locale), locale.say("axis_group"))
    return {GROUPS: lambda: dots(rows, axes, locale, run.value(run.models[0]))}
