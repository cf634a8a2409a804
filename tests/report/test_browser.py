"""The page as a browser shows it: no line wider than the window, figures that say what they are, and paper."""

import re
import shutil
from pathlib import Path

import pytest

from makna.core.messages import catalogue
from makna.report.page import make_page

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
KINDS = ("text", "pair", "number", "outputs", "reviews", "tuned", "grid")
SETTINGS = ("pca", "learning_rate")  # axes that are settings have their names
AXES = sorted(name for name in catalogue("report") if name.startswith("axis_"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

WIDER = """() => [...document.querySelectorAll("body *")]
  .filter(e => !e.closest(".scroll") && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.tagName + "." + e.className)"""
FIGURES = """() => [...document.querySelectorAll("figure.picture svg")].map(svg => {
  const frame = svg.getBoundingClientRect();
  const inside = r => r.left >= frame.left - 1 && r.right <= frame.right + 1
    && r.top >= frame.top - 1 && r.bottom <= frame.bottom + 1;
  const texts = [...svg.querySelectorAll("text")];
  return {alt: svg.getAttribute("aria-label"), role: svg.getAttribute("role"),
          caption: svg.closest("figure").querySelector("figcaption").innerText,
          said: texts.map(t => t.textContent.trim()).join(" "),
          cut: texts.filter(t => !inside(t.getBoundingClientRect())).map(t => t.textContent.trim())};
})"""


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as player:
        found = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def shown(browser, run_folder):
    """Return a function that opens a run's page at a width; requests for anything else fail the test."""
    asked, pages = [], []

    def show(kind: str, width: int, changes=None, lang: str = "id"):
        path = make_page(run_folder(kind, changes), lang)
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: asked.append(message.text))
        page.goto(path.as_uri())
        pages.append((page, path))
        return page

    yield show
    allowed = {path.as_uri() for _, path in pages} | {"data:,"}
    assert [url for url in asked if url not in allowed and not url.startswith("data:")] == []
    for page, _ in pages:
        page.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_the_window(shown, kind, width):
    page = shown(kind, width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(WIDER) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_long_names_stay_inside_too(shown, width):
    long = "sangat" * 12
    table = {part: {long: {long: 3, "1": 2}, "b": {"1": 1}} for part in ("train", "valid", "test")}
    changes = {
        "manifest": {"title": long * 2, "data>source": "https://contoh.example/" + long * 4},
        "data": {
            "table": {"": table},
            "common_words": {"": {long: [[long, 3]], "1": [["a", 1]]}},
            "unknown_words": [[long, 4, long * 3]],
            "steps": [{"name": long, "before": 9, "after": 8, "examples": [{"id": "1", "text": long * 5}]}],
        },
        "metrics": {"reference": [{"system": long, "metric": "f1_macro", "value": 0.5, "source": long * 2}]},
    }
    page = shown("text", width, changes)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(WIDER) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["id", "en"])
def test_every_figure_has_words_for_those_who_cannot_see_it_and_names_its_axes(shown, kind, lang):
    figures = shown(kind, 1280, lang=lang).evaluate(FIGURES)
    words = [catalogue("report")[name][lang] for name in AXES]
    named = [re.escape(word) for word in (*words, *SETTINGS) if "{" not in word]
    assert figures
    for figure in figures:
        assert figure["role"] == "img"
        assert figure["alt"]
        assert figure["alt"] in figure["caption"]
        assert any(re.search(rf"(^|\s){name}(\s|$)", figure["said"]) for name in named), figure["caption"]
        assert figure["cut"] == [], figure["caption"]


@pytest.mark.parametrize("kind", KINDS)
def test_on_paper_nothing_is_cut_off(shown, kind, tmp_path):
    page = shown(kind, 665)  # the text width of an A4 page, in CSS pixels
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(WIDER.replace('!e.closest(".scroll") && ', "")) == []
    path = Path(tmp_path) / "page.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    assert path.read_bytes().startswith(b"%PDF")
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([\d. ]+)\]", path.read_bytes())}
    assert boxes
    assert {(round(width), round(height)) for _, _, width, height in boxes} <= {(595, 842), (596, 842), (595, 841)}
