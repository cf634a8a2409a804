import json
import random
import re
import time
from html.parser import HTMLParser

import pytest

from makna.core.errors import UserError
from makna.report.figures import make_figures
from makna.report.language import Locale
from makna.report.page import make_page, number_blocks, render, sections_of
from makna.report.reading import Run, read_run

KINDS = ("text", "pair", "number", "outputs", "reviews", "tuned", "grid", "questions")
VOID = {"meta", "link", "br", "img", "mspace"}


class Page(HTMLParser):
    """Reads a page: open tags must close, and what it links to and says is kept."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.stack, self.tags, self.ids, self.links, self.said, self.attributes = [], [], [], [], [], set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.attributes |= set(found)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[key] for key in ("href", "src", "xlink:href") if key in found]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack, tag
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] != "style":
            self.said.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.said))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_page_is_whole_and_needs_nothing_else(run_folder, kind, lang):
    folder = run_folder(kind)
    before = {path.name for path in folder.iterdir()}
    path = make_page(folder, lang)
    assert path == folder / "report.html"
    assert {path.name for path in folder.iterdir()} - before == {"report.html"}
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert page.stack == []
    assert len(page.ids) == len(set(page.ids))
    assert all(link == "data:," or link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert not {"script", "img", "iframe", "object"} & set(page.tags)
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    assert f'<html lang="{lang}">' in html
    assert page.tags.count("h1") == 1
    assert page.tags.count("svg") == len(make_figures(folder, lang))


def test_sections_stand_in_order_and_in_the_contents(run_folder):
    html = make_page(run_folder("text"), "id").read_text(encoding="utf-8")
    names = re.findall(r'<section id="([a-z-]+)">', html)
    assert names == [
        *("summary", "skipped", "systems", "reference", "data", "cleaning", "repeats", "target", "choices"),
        *("per-class", "confusion", "folds", "comparisons", "words", "errors", "run", "method", "limits", "cite"),
    ]
    assert re.findall(r'<li><a href="#([a-z-]+)">', html) == names
    whole = {section.name for section in sections_of(read_run(run_folder("reviews")), Locale("id"))}
    assert {"common-words", "curve", "groups", "reference", "repeats"} <= whole
    tuned = {section.name for section in sections_of(read_run(run_folder("tuned")), Locale("id"))}
    assert {"skipped", "notes", "encoders", "tokens", "training", "choices", "one-text", "groups"} <= tuned
    grid = {section.name for section in sections_of(read_run(run_folder("grid")), Locale("id"))}
    assert {"cells", "reference", "notes", "components"} <= grid
    questions = {section.name for section in sections_of(read_run(run_folder("questions")), Locale("id"))}
    assert {"subsets", "trend", "distil", "cascade", "slices", "kinds"} <= questions


def test_texts_stand_under_their_step_and_symbols_below_the_line(run_folder):
    html = make_page(run_folder("reviews"), "id").read_text(encoding="utf-8")
    assert '<tr class="beneath"><td colspan="5">' in html
    assert '<span class="name">sesudah</span> <q dir="auto">suka banget sama teksturnya</q>' in html
    assert "n<sub>c</sub>: banyaknya baris uji kelas c." in html
    assert "figures/ sebagai SVG dan PNG" in html


def test_the_page_speaks_one_language(run_folder):
    folder = run_folder("number")
    said = {lang: Page(render(read_run(folder), Locale(lang))).text for lang in ("id", "en")}
    assert "selang kepercayaan 95 %" in said["id"]
    assert "lipatan" in said["id"]
    assert "0,710" in said["id"]
    assert "0.710" not in said["id"]
    assert "95% interval" in said["en"]
    assert "0.710" in said["en"]
    assert "lipatan" not in said["en"]


def test_the_same_run_gives_the_same_page(run_folder):
    folder = run_folder("pair")
    first = make_page(folder, "id").read_bytes()
    assert make_page(folder, "id").read_bytes() == first
    assert make_page(folder, "en").read_bytes() != first


def test_another_folder_gives_the_same_page(run_folder, tmp_path):
    folder = run_folder("pair")
    first = make_page(folder).read_bytes()
    moved = folder.rename(tmp_path / "elsewhere")
    assert make_page(moved).read_bytes() == first


NASTY = '<script>alert(1)</script> & "quoted" \'</style> {{ 7 * 7 }} \x00\x1b\u202e\ud800 ' + "x" * 100_000


def test_texts_of_the_data_are_only_ever_text(run_folder):
    nasty_name = '<i onload="x">&\x07'
    changes = {
        "manifest": {
            "title": NASTY[:80],
            "data>source": NASTY[:60],
            "skipped": [{"system": nasty_name, "why": NASTY[:40]}],
        },
        "data": {
            "conflicts>examples": [{"text": NASTY, "labels": {nasty_name: 1}}],
            "classes": {"": {nasty_name: 10, "1": 9}},
            "text_steps": [{"name": nasty_name, "changed": 1, "examples": [{"before": NASTY, "after": ""}]}],
        },
        "metrics": {"labels": {"": [nasty_name, "1"]}, "reference": [], "comparisons": []},
        "explain": {
            "words": {"counts-svm": {"": {nasty_name: [[NASTY, 1.0]]}}},
            "errors": {
                "counts-svm": [{"id": NASTY[:30], "text": NASTY, "truth": nasty_name, "prediction": "1", "words": []}]
            },
        },
    }
    html = make_page(run_folder("text", changes), "id").read_text(encoding="utf-8")
    page = Page(html)
    assert "script" not in page.tags
    assert not any(name.startswith("on") for name in page.attributes)
    assert "<script>alert(1)</script>" in page.text
    assert "49" not in re.findall(r"quoted.{0,60}", page.text)[0]
    assert not re.search("[\x00-\x08\x0e-\x1f\ud800-\udfff\u202e]", html)
    assert "panjang aslinya 100." in page.text
    assert "x" * 1000 not in html
    assert page.stack == []


@pytest.mark.parametrize(
    "missing", ["data.json", "explain.json", "manifest.json", "recipe.yaml", "predictions.parquet", "all"]
)
def test_only_the_metrics_must_be_there(run_folder, missing):
    folder = run_folder("number")
    for path in folder.iterdir():
        if path.name == missing or (missing == "all" and path.name != "metrics.json"):
            path.unlink()
    page = Page(make_page(folder).read_text(encoding="utf-8"))
    assert "overlap-ridge" in page.text
    assert page.stack == []


def test_a_run_without_systems_still_has_a_page(tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    assert "Hanya pembanding sederhana" in Page(make_page(tmp_path).read_text(encoding="utf-8")).text


def test_no_page_is_left_where_the_run_cannot_be_read(tmp_path):
    with pytest.raises(UserError):
        make_page(tmp_path)
    (tmp_path / "metrics.json").write_text("[")
    with pytest.raises(UserError):
        make_page(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def paths_of(tree, depth=6):
    if isinstance(tree, dict) and depth:
        for key, value in tree.items():
            yield (key,)
            yield from ((key, *rest) for rest in paths_of(value, depth - 1))


@pytest.mark.parametrize("kind", KINDS)
def test_any_part_may_be_missing(run_folder, kind):
    """Sections are made whatever entry is gone or null (their drawings are tested apart)."""
    folder = run_folder(kind)
    files = {
        n: json.loads((folder / f"{n}.json").read_text(encoding="utf-8"))
        for n in ("metrics", "data", "manifest", "explain")
        if (folder / f"{n}.json").is_file()
    }
    places = [(name, path) for name, tree in files.items() for path in paths_of(tree)]
    for name, path in random.Random(13).sample(places, 120):
        for gone in (True, False):
            trees = {other: json.loads(json.dumps(tree)) for other, tree in files.items()}
            branch = trees[name]
            for key in path[:-1]:
                branch = branch[key]
            if gone:
                del branch[path[-1]]
            else:
                branch[path[-1]] = None
            made = sections_of(Run(folder, recipe={}, **trees), Locale("id"))
            assert {"summary", "run", "method", "limits", "cite"} <= {section.name for section in made}, (name, path)


def test_tables_and_figures_are_numbered_through(run_folder):
    sections = sections_of(read_run(run_folder("text")), Locale("id"))
    numbers = {kind: [b.number for s in sections for b in s.blocks if b.kind == kind] for kind in ("table", "picture")}
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))
    assert number_blocks(sections) == sections


def test_the_papers_protocol_is_stamped(run_folder):
    stamp = "Protokol makalah"
    assert stamp not in make_page(run_folder("pair")).read_text(encoding="utf-8")
    html = make_page(run_folder("text", {"manifest": {"protocol": "paper"}})).read_text(encoding="utf-8")
    assert f'@top-right {{ content: "{stamp}"' in html  # on every printed page
    assert f'<span class="stamp">{stamp}</span>' in html


def test_page_and_figures_of_five_systems_take_less_than_five_seconds(run_folder):
    folder = run_folder("text")
    start = time.process_time()
    make_figures(folder)
    make_page(folder)
    assert time.process_time() - start < 5
