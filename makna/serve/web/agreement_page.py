"""The page that shows how well the annotators agree, as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request

from makna.label.agreement import Agreement, Measure
from makna.report.language import Locale
from makna.serve.web import actions
from makna.serve.web.parts import tag
from makna.serve.web.shell import about, frame
from makna.serve.web.visit import Visit, visit_of

_EVERY = 10.0  # seconds
_PARTS = ("overall", "label", "rater", "pair")


def agreement_page() -> None:
    """Register the page."""

    @ui.page("/projects/{project_id:int}/agreement", response_timeout=60)
    async def agreement(request: Request, project_id: int) -> None:
        visit = visit_of(request)
        with frame(visit, visit.say("serve.site_agreement"), request.url.path):
            place, found = await visit.ask(actions.agreement, project_id)
            about(visit, place, request.url.path)
            tag("h1", visit.say("serve.site_agreement"))
            tag("p", visit.say("serve.site_agreement_more"), classes="soft")
            area = tag("div", id="makna-agreement")
            _show(visit, area, found)

            async def refresh() -> None:
                _, now = await visit.ask(actions.agreement, project_id)
                _show(visit, area, now)

            ui.timer(_EVERY, refresh, immediate=False)


def _show(visit: Visit, area: Element, found: Agreement | None) -> None:
    area.clear()
    with area:
        if found is None:
            tag("p", visit.say("serve.site_no_overlap"), classes="soft")
            return
        compared = sum(n for labels, n in found.by_raters.items() if labels > 1)
        tag("p", visit.say("serve.site_compared", items=compared, people=len(found.ratings.raters)))
        for part in _PARTS:
            measures = [one for one in found.measures if one.part == part]
            if measures:
                _table(visit, part, measures)


def _table(visit: Visit, part: str, measures: Sequence[Measure]) -> None:
    """Put a part's coefficients: what they speak of down, the coefficients across."""
    kinds = list(dict.fromkeys(one.measure for one in measures))
    rows: dict[str, dict[str, Measure]] = {}
    for one in measures:
        rows.setdefault(" – ".join(name for name in (one.name, one.other) if name), {})[one.measure] = one
    tag("h2", visit.say(f"serve.site_part_{part}"), classes="small")
    with tag("div", classes="scroll"), tag("table", classes="figures"):
        with tag("thead"), tag("tr"):
            tag("th", "")
            for kind in kinds:
                tag("th", visit.say(f"label.measure_{kind}"), scope="col")
            tag("th", "n", scope="col")
        with tag("tbody"):
            for name, found in rows.items():
                with tag("tr"):
                    tag("th", name or visit.say("serve.site_everybody"), scope="row")
                    for kind in kinds:
                        _cell(visit, part, name, found.get(kind))
                    tag("td", str(max(one.n for one in found.values())))


def _cell(visit: Visit, part: str, name: str, one: Measure | None) -> None:
    value = None if one is None else one.value
    locale = Locale(visit.lang)
    # The whole figure is in the attribute, for who copies or checks it.
    cell = tag(
        "td", data_part=part, data_name=name, data_measure=None if one is None else one.measure,
        data_value=None if value is None else repr(float(value)),
    )  # fmt: skip
    with cell:
        tag("span", locale.score(value))
        interval = locale.interval(one.low, one.high) if one is not None else ""
        if interval:
            tag("small", interval, classes="interval")
