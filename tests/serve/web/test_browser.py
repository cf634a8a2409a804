"""The pages in a real Chromium: two people and an adjudicator, hostile texts, a phone, a server that dies."""

from __future__ import annotations

import csv
import io
import re
import signal
import threading
import time
from importlib import resources

import pytest

from makna.collect.browser import find_chromium
from makna.label.agreement import AgreementSettings, measure_agreement
from makna.label.ratings import RatingSettings, ratings_of_rows
from makna.label.store.answers import Given, save_answer
from makna.label.store.given import all_given
from makna.label.store.gold import gold_of
from makna.label.store.items import NewItem, add_items, delete_item
from makna.label.store.people import set_active
from makna.label.store.projects import change_project
from makna.label.store.relabel import change_labels

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="Chromium is not installed"),
]
PASSWORD = "tempat yang teduh"
SCRIPT = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>{{ 1 + 1 }}"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium():
    with api.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def server(town, serve):
    with serve(town.where) as running:
        yield running


class Reader:
    """Somebody at a page, with all that the page asked for."""

    def __init__(self, browser, server, name, size=None):
        self.server = server
        self.context = browser.new_context(viewport=size or {"width": 1280, "height": 800})
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(f"{server.base}/login?lang=en")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{server.base}/")

    def open(self, path):
        self.page.goto(self.server.base + path)
        self.ready()
        return self.page

    def ready(self):
        self.page.wait_for_function("window.did_handshake && typeof makna === 'object'")

    @property
    def item(self):
        return self.page.get_attribute("#makna-work", "data-item", timeout=5000)

    def press(self, key):
        """Press a key and wait for the next item."""
        before = self.item
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            """before => document.getElementById('makna-work')?.dataset.item !== before
            && !document.querySelector('.is-busy')""",
            arg=before,
        )

    def said(self, text):
        self.page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)


@pytest.fixture
def reader(chromium, server):
    made = []

    def begin(name, **more):
        made.append(Reader(chromium, server, name, **more))
        return made[-1]

    yield begin
    for one in made:
        one.context.close()
        assert one.wrong == []
        outside = [
            url for url in one.asked if not url.startswith((server.base, "data:", server.base.replace("http", "ws")))
        ]
        assert outside == [], "no page asks anybody else for anything"


def citations(n):
    with (resources.files("makna.samples") / "citation-pairs.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))[:n]


def test_two_annotators_and_an_adjudicator_label_sixty_citation_pairs(town, reader):
    rows = citations(60)
    truth = {row["id"]: row["label"] for row in rows}
    labels = sorted({row["label"] for row in rows})
    made = town.project("Enam puluh", n=0, kind="pair", labels=labels, guidelines="**Baca** kedua teks.")
    add_items(town.store, made.id, [NewItem(row["id"], row["text1"], row["text2"]) for row in rows])
    keys = {label.name: label.key for label in made.labels}

    pages = [reader("ani"), reader("budi")]
    began = time.monotonic()
    for one in pages:
        one.open(f"/projects/{made.id}/annotate")
    for place, row in enumerate(rows):
        for one, is_off in zip(pages, (False, place % 5 == 0), strict=True):
            assert row["text1"].split()[0] in one.page.inner_text("#makna-work")
            wanted = truth[row["id"]]
            one.press(keys[labels[(labels.index(wanted) + 1) % len(labels)] if is_off else wanted])
    for one in pages:
        one.said("All done")

    judge = reader("dewi")
    judge.open(f"/projects/{made.id}/adjudicate")
    judge.said("12 items wait for a decision")
    for row in rows[::5]:
        assert row["text1"].split()[0] in judge.page.inner_text("#makna-work")
        judge.press(keys[truth[row["id"]]])
    judge.said("Nothing is waiting")
    print(f"60 pairs by two people and an adjudicator: {time.monotonic() - began:.0f} s")

    gold = {row.item: gold_of(town.store, made.id)[row.item_id] for row in all_given(town.store, made.id)}
    assert {name: label for name, (label, _) in gold.items()} == truth
    assert sum(how == "decided" for _, how in gold.values()) == 12

    judge.open(f"/projects/{made.id}/agreement")
    said = [(row.item, row.person, row.label) for row in all_given(town.store, made.id)]
    compare_agreement(judge.page, said, labels)

    admin = reader("citra")
    admin.open(f"/projects/{made.id}")
    with admin.page.expect_download() as download:
        admin.page.click("a[href*='form=corpus'][href*='ending=csv']")
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert {row["id"]: row["label"] for row in table} == truth


def compare_agreement(page, said, labels):
    import pandas as pd

    table = pd.DataFrame(said, columns=["item", "who", "label"])
    ratings = ratings_of_rows(table, "item", "who", "label", RatingSettings("nominal", tuple(labels)))
    expected = measure_agreement(ratings, AgreementSettings(0))
    cells = page.eval_on_selector_all("[data-value]", "all => all.map(cell => ({...cell.dataset}))")
    shown = {(cell["part"], cell["name"], cell["measure"]): float(cell["value"]) for cell in cells}
    wanted = {
        (one.part, " – ".join(name for name in (one.name, one.other) if name), one.measure): one.value
        for one in expected.measures
        if one.value is not None
    }
    assert len(shown) > 20
    assert shown == pytest.approx(wanted, abs=1e-12)
    overall = page.text_content("[data-part=overall][data-measure=krippendorff_alpha]")
    value, low, high = (float(number) for number in re.findall(r"-?\d\.\d{3}", overall))
    assert low <= value <= high
    assert low < high


def test_script_in_anything_stays_a_text(town, reader):
    made = town.project(
        "<script>window.ran = 1</script>", n=0, kind="pair", labels=["<img src=x onerror=ran=1>", "b"],
        guidelines=f"# a\n\n{SCRIPT}\n\n[x](javascript:window.ran=1)\n\n<svg onload='window.ran = 1'>",
        annotators="ani budi",
    )  # fmt: skip
    add_items(town.store, made.id, [NewItem(SCRIPT, SCRIPT, SCRIPT + " b", SCRIPT), NewItem("2", "a", "b")])
    eve = town.person("<script>eve</script>")
    assert eve
    ani = reader("ani")
    page = ani.open(f"/projects/{made.id}/annotate")
    assert page.inner_text("#makna-work").count("<script>") == 3
    assert page.inner_text("#makna-guidelines").count("<script>") == 1
    assert page.query_selector_all("#makna-guidelines script, #makna-guidelines img, #makna-work img") == []
    page.fill("#makna-note", SCRIPT)
    page.click("[data-do=choose] >> nth=0")
    ani.said("Saved: <img src=x")
    page.keyboard.press("2")
    ani.said("All done")
    ani.open(f"/projects/{made.id}/mine")
    ani.said("<script>")
    budi = reader("budi")
    budi.open(f"/projects/{made.id}/annotate")
    budi.press("2")
    dewi = reader("dewi")
    dewi.open(f"/projects/{made.id}/adjudicate")
    dewi.said("<img src=x")
    admin = reader("citra")
    for path in (f"/projects/{made.id}", "/people", "/", f"/projects/{made.id}/agreement"):
        admin.open(path)
    for one in (ani, budi, dewi, admin):
        assert one.page.evaluate("window.ran") is None


def test_a_phone_is_wide_enough_and_buttons_are_large_enough(town, reader):
    pair = town.project("Pasangan dengan nama yang panjang sekali " * 2, kind="pair", guidelines="kata" * 100)
    add_items(town.store, pair.id, [NewItem("lang", "tanpaspasi" * 40, "b" * 400)])
    mark = town.project("Nilai", kind="answer", labels=(), scale=(0, 5, 0.5))
    for name in ("ani", "budi"):
        save_answer(town.store, town.person(name), 1, Given("pos" if name == "ani" else "neg"), 1)
    admin = reader("citra", size=PHONE)
    paths = ["/", "/new", "/people"]
    for project in (1, pair.id, mark.id):
        paths += [f"/projects/{project}{page}" for page in ("", "/annotate", "/mine", "/adjudicate", "/agreement")]
    for path in paths:
        page = admin.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        small = page.evaluate(
            """[...document.querySelectorAll('button, .button, nav a, select, #main input:not([type=checkbox])')]
            .filter(one => one.offsetParent && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""
        )
        assert small == [], path
    page = admin.open("/projects/1/annotate")
    widths = page.evaluate("[...document.querySelectorAll('.choice')].map(one => one.getBoundingClientRect().width)")
    assert min(widths) > PHONE["width"] - 60
    assert not page.is_visible("#makna-guidelines")
    page.click("[data-do=guide] >> visible=true")
    assert page.is_visible("#makna-guidelines")


def test_labels_changed_under_way_are_asked_and_nothing_is_lost(town, reader):
    ani = reader("ani")
    page = ani.open("/projects/1/annotate")
    item = ani.item
    page.fill("#makna-note", "catatan saya")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    change_labels(town.store, 1, ["bagus", "neg", "net"], 1, {"pos": "bagus"})
    page.keyboard.press("1")
    page.wait_for_selector("#makna-changed[open]")
    asked = page.inner_text("#makna-changed")
    assert "pos, neg, net" in asked
    assert "bagus, neg, net" in asked
    page.evaluate("emitEvent('makna-choice', JSON.parse(sessionStorage.getItem('makna-pending')))")
    page.wait_for_timeout(500)
    assert page.inner_text("#makna-changed[open]") == asked, "a choice that comes twice is asked once"
    assert all_given(town.store, 1) == []
    page.click("#makna-changed [data-do=close]")
    assert ani.item == item
    assert page.input_value("#makna-note") == "catatan saya"
    ani.said("You chose: pos")
    ani.press("1")
    (row,) = all_given(town.store, 1)
    assert (row.label, row.note, row.flagged) == ("bagus", "catatan saya", True)


def test_a_choice_among_labels_of_before_a_reload_is_asked_with_those_of_now(town, reader):
    ani = reader("ani")
    page = ani.open("/projects/1/annotate")
    change_labels(town.store, 1, ["bagus", "neg", "net"], 1, {"pos": "bagus"})
    page.keyboard.press("1")
    page.wait_for_selector("#makna-changed[open]")
    page.reload()
    page.wait_for_selector("#makna-changed[open]")
    asked = page.inner_text("#makna-changed")
    assert "bagus, neg, net" in asked
    assert "pos, neg, net" not in asked
    assert all_given(town.store, 1) == []


def test_an_item_deleted_while_open_is_told_and_the_next_comes(town, reader):
    ani = reader("ani")
    ani.open("/projects/1/annotate")
    first = ani.item
    delete_item(town.store, int(first))
    ani.press("1")
    assert ani.item != first
    assert ani.page.inner_text("#makna-said").strip()
    assert all_given(town.store, 1) == []
    ani.press("1")
    assert [row.label for row in all_given(town.store, 1)] == ["pos"]


def test_a_choice_made_while_the_server_is_dead_is_sent_again(town, reader, server):
    ani = reader("ani")
    page = ani.open("/projects/1/annotate")
    server.stop(signal.SIGKILL)
    page.wait_for_selector("#popup[aria-hidden=false]")
    page.wait_for_function("document.getElementById('popup').innerText.includes('kept in this browser')")
    page.keyboard.press("2")
    assert all_given(town.store, 1) == []
    server.start()
    page.wait_for_function("document.getElementById('makna-said')?.innerText.includes('Saved: neg')", timeout=60000)
    assert [row.label for row in all_given(town.store, 1)] == ["neg"]
    assert page.evaluate("sessionStorage.getItem('makna-pending')") is None


def test_who_is_shut_out_while_a_page_is_open_says_nothing_more(town, reader):
    ani = reader("ani")
    page = ani.open("/projects/1/annotate")
    set_active(town.store, town.person("ani").id, False)
    page.keyboard.press("1")
    page.wait_for_url("**/login", timeout=30000)
    assert all_given(town.store, 1) == []


def test_keys_skip_flag_undo_note_and_help(town, reader):
    ani = reader("ani")
    page = ani.open("/projects/1/annotate")
    page.keyboard.press("?")
    page.wait_for_selector("#makna-help[open]")
    page.keyboard.press("1")
    assert all_given(town.store, 1) == []
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("s1f")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    ani.press("s")
    (row,) = all_given(town.store, 1)
    assert (row.skipped, row.flagged, row.note, row.label) == (True, True, "s1f", None)
    page.keyboard.press("u")
    ani.said("taken back")
    assert all_given(town.store, 1) == []


def test_marks_by_keyboard(town, reader):
    made = town.project("Nilai", kind="answer", labels=(), scale=(0, 5, 0.5))
    ani = reader("ani")
    page = ani.open(f"/projects/{made.id}/annotate")
    page.keyboard.type("3,5")
    ani.press("Enter")
    page.click("[data-choice='2']")
    ani.said("Saved: 2")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    page.wait_for_selector("#makna-said.bad")
    assert [row.label for row in all_given(town.store, made.id)] == ["3.5", "2"]


def test_an_own_answer_is_changed_and_a_closed_project_says_so(town, reader):
    ani = reader("ani")
    ani.open("/projects/1/annotate")
    ani.press("1")
    page = ani.open("/projects/1/mine")
    page.click(".list-row")
    ani.said("a new choice takes its place")
    ani.ready()
    ani.press("2")
    assert [row.label for row in all_given(town.store, 1)] == ["neg"]
    change_project(town.store, 1, closed=True)
    ani.open("/projects/1/annotate")
    ani.said("This project is closed")


def test_an_admin_sets_up_a_project_by_the_pages(town, reader, tmp_path):
    admin = reader("citra")
    page = admin.open("/new")
    page.fill("[name=name]", "Baru")
    page.fill("[name=labels]", "pos: memuji\nneg")
    page.click("form[data-form=new] [type=submit]")
    page.wait_for_url("**/projects/2")
    admin.ready()
    (tmp_path / "ulasan.csv").write_text("id,ulasan\na,bagus\nb,jelek\n")
    page.set_input_files("[name=file]", tmp_path / "ulasan.csv")
    page.fill("[name=text_a]", "ulasan")
    page.click("form[data-upload] [type=submit]")
    admin.said("2 items added")
    page.select_option("form[data-form=member] [name=person]", label="ani")
    page.select_option("form[data-form=member] [name=role]", "annotator")
    page.click("form[data-form=member] [type=submit]")
    page.wait_for_function("document.querySelector('.figures')?.innerText.includes('ani')")
    ani = reader("ani")
    ani.open("/projects/2/annotate")
    ani.press("1")
    page.fill("[name=labels]", "positif\nneg")
    page.click("form[data-form=labels] [type=submit]")
    page.wait_for_selector("[name=go_on]")
    assert page.input_value("[name=labels]") == "positif\nneg"
    page.fill("[name=labels]", "pos => positif\nneg")
    page.check("[name=go_on]")
    page.click("form[data-form=labels] [type=submit]")
    admin.said("Saved.")
    assert [row.label for row in all_given(town.store, 2)] == ["positif"]
    page = admin.open("/people")
    page.fill("form[data-form=add] [name=name]", "eko")
    page.fill("form[data-form=add] [name=password]", "pendek")
    page.click("form[data-form=add] [type=submit]")
    page.wait_for_selector("form[data-form=add] .told.bad")
    page.fill("form[data-form=add] [name=password]", PASSWORD)
    page.click("form[data-form=add] [type=submit]")
    page.wait_for_function("document.querySelector('.figures').innerText.includes('eko')")
    assert reader("eko").page.url.endswith("/")


def test_pages_of_others_are_not_shown(town, reader):
    stranger = reader("asing")
    for page in ("", "/annotate", "/mine", "/adjudicate", "/agreement", "/items/1"):
        answer = stranger.page.goto(f"{stranger.server.base}/projects/1{page}")
        assert answer.status == 404, page
        assert "teks 1" not in stranger.page.content()
        assert "Sitasi" not in stranger.page.content()
    assert stranger.page.goto(stranger.server.base + "/not/there").status == 404
    stranger.said("There is no page at '/not/there'.")
    for page in ("/people", "/new"):
        assert stranger.page.goto(stranger.server.base + page).status == 403
    ani = reader("ani")
    for page in ("", "/adjudicate", "/agreement"):
        assert ani.page.goto(f"{ani.server.base}/projects/1{page}").status == 403


def test_the_agreement_page_follows_the_answers(town, reader):
    dewi = reader("dewi")
    page = dewi.open("/projects/1/agreement")
    dewi.said("No item has been answered by two people")

    def answer():
        for name in ("ani", "budi"):
            save_answer(town.store, town.person(name), 1, Given("pos"), 1)

    worker = threading.Thread(target=answer)
    worker.start()
    worker.join()
    page.wait_for_selector("[data-measure=agreement]", timeout=20000)
    assert page.get_attribute("[data-part=overall][data-measure=agreement]", "data-value") == "1.0"
