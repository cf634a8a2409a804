"""The plain steps: what each does, never raises, keeps its promises, and takes linear time."""

import pickle
import time
from copy import deepcopy
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.clean.addresses import Urls, Users
from makna.clean.chain import STEPS, make_step
from makna.clean.emoji import Emoji
from makna.clean.escapes import Escapes
from makna.clean.mask import KINDS, Mask
from makna.clean.punctuation import Punctuation
from makna.clean.slang import Slang
from makna.clean.slang_tables import SlangTable
from makna.clean.stem import Stem
from makna.clean.steps import Alphanumeric, Elongation, Html, Lowercase, Numbers, Whitespace
from makna.clean.stopwords import Stopwords
from makna.clean.treebank import Untokenise
from makna.core.messages import catalogue

TABLE = SlangTable("tiny", {"yg": ("yang", "abbreviation"), "gak": ("tidak", ""), "makasih": ("terima kasih", "")})
# Everything a str can hold, lone surrogates and NUL too, and often what the steps look for.
PIECES = st.sampled_from(
    ["USER", "URL", "RT ", "@a", "#Ab2019", r"\n", r"\xf0\x9f", r"\x98\x82", r"\u00e9", "&amp;", "&lt;", "<b>", "<!--",
     "😂", "👍🏽", "1️⃣", "ð??", "Ã©", "aaa", "III", "www.", "hati2", "yg", "1.500,5", "2010", "İ", "ß", "e\u0301", "_"]
)  # fmt: skip
ANY = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(st.one_of(PIECES, st.characters(exclude_categories=())), max_size=12).map("".join),
)
VARIANTS = [
    Lowercase(), Alphanumeric(), Alphanumeric(keep="!?^-]_"), Html(), Numbers(), Numbers("ANGKA", True, True), Emoji(),
    Emoji("name"), Emoji("name", "en"), Elongation(), Elongation(2), Whitespace(), make_step("tweet"),
    Slang(loaded=(TABLE,)), Punctuation(), Punctuation("shorten"), Punctuation(keep="!'-"),
    Punctuation("shorten", "!."), Urls(), Urls("[URL]"), Users(), Users("USER"), Escapes(), Escapes("drop"), Mask(),
    Mask(KINDS, "en"), Stem(), Stopwords(), Stopwords(("id", "en"), False),
    Untokenise(),
    make_step({"tweet": {"hashtags": "join", "escapes": "drop", "emoji": "name", "elongation": 2}}),
    make_step({"tweet": {"users": "keep", "hashtags": "keep", "escapes": "keep", "emoji": "keep", "elongation": 0}}),
]  # fmt: skip


def name_of(step):
    return f"{step.name}-{'-'.join(map(str, step.settings().values()))}"


def test_every_step_has_a_variant_here_and_a_name_to_show():
    assert {step.name for step in VARIANTS} == set(STEPS)
    assert {f"step_{name}" for name in STEPS} <= set(catalogue("report"))


@pytest.mark.parametrize("step", VARIANTS, ids=name_of)
@settings(max_examples=60, deadline=None)
@given(text=ANY)
def test_never_raises(step, text):
    assert isinstance(step.apply(text), str)
    assert isinstance(step.changes(text), list)


@pytest.mark.parametrize("step", [step for step in VARIANTS if step.idempotent], ids=name_of)
@settings(max_examples=150, deadline=None)
@given(text=ANY)
def test_twice_is_once(step, text):
    once = step.apply(text)
    assert step.apply(once) == once


HARD = [
    "a",
    "@",
    "#",
    "&",
    "<",
    "<a",
    "<!--",
    "<script>",
    "</script ",
    "\\",
    "\\x",
    "\\x4",
    "1,",
    "1.",
    "www",
    "I",
    "x2",
    "a'",
]
HARD += [
    "08",
    "0812 ",
    "62 8123456789012",
    "3201011201900001",
    "1 ",
    "a@",
    "a@b.",
    "rek 1",
    "(021) ",
    "!?",
    "..",
    "no rek ",
]
HARD += ["http", "RT ", "USER", "ð?", "😂", "\u0301", "_", "&amp;", "\ud83d", "Ã", "aB", "2a2", "&#1", "é", "\0", " \t"]


@pytest.mark.parametrize("step", VARIANTS, ids=name_of)
def test_linear_in_hard_texts(step):
    # Quadratic work on 100,000 characters takes minutes; linear work milliseconds.
    start = time.perf_counter()
    for piece in HARD:
        step.apply((piece * 100_000)[:100_000] + "x")
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("step", VARIANTS, ids=name_of)
def test_pickled_and_copied_after_use(step):
    text = "RT USER yg BAGUUUS sekali2 😂 1.500"
    expected = step.apply(text)
    assert pickle.loads(pickle.dumps(step)).apply(text) == expected
    assert deepcopy(step).apply(text) == expected


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (Lowercase(), "DİYARBAKIR ÀÉ ΣΑΣ Straße", "diyarbakir àé σας straße"),
        (Alphanumeric(), "  bagus_sekali,kak!!! (100%)\n", "bagus sekali kak 100"),
        (Alphanumeric(keep="!?"), "apa?! (ya)", "apa?! ya"),
        (Alphanumeric(keep="_-"), "a_b-c+d", "a_b-c d"),
        (Alphanumeric(), "cafe\u0301s \u0301x सच्ची", "cafe\u0301s x सच्ची"),
        (Alphanumeric(), "bagus❤️sekali 1️⃣", "bagus sekali 1"),
        (Html(), "<p>ba<b>gus</b> &amp;amp; murah<br/>3 < 5 > 2</p><!-- x > y -->!", "bagus & murah 3 < 5 > 2 !"),
        (Html(), "a<script src='x'>if (a<b) c>d</script >b<STYLE>p{}</STYLE>c", "a b c"),
        (Html(), "ada <!-- yang tak ditutup", "ada <!-- yang tak ditutup"),
        (Html(), "?a=1&copy=2 &quot;ya&quot; &lt;strong&gt;x", '?a=1&copy=2 "ya" x'),
        (Numbers(), "harga 1.500,50 di 2010, 3 anak2 50rb", "harga di , anak2 50rb"),
        (Numbers(keep_years=True), "angka 2010 1899 20105", "angka 2010"),
        (Numbers(token="ANGKA"), "no 12, ya", "no ANGKA , ya"),
        (Numbers(inside_words=True), "anak2 50rb 1.5jt", "anak rb jt"),
        (Numbers(), "tanpa  angka", "tanpa  angka"),
        (Emoji(), "lucu😂👍🏽 sekali 👨‍👩‍👧 ❤️ 1️⃣ 🇮🇩!", "lucu sekali !"),
        (Emoji("name"), "ha 😂❤️", "ha wajah gembira berurai air mata hati merah"),
        (Emoji("name", "en"), "ha 😂❤️", "ha face with tears of joy red heart"),
        (Emoji("name"), "👍🏽👍 🇮🇩 1️⃣ ☆ok", "jempol ke atas jempol ke atas bendera indonesia keycap 1 ok"),
        (Emoji(), "tetap  — “biasa” é", "tetap  — “biasa” é"),
        (
            Punctuation(),
            "Bagus!!! (harga: 1.500,- jum'at) a+b=c 😂 — ya_lah",
            "Bagus harga 1.500 jumat a+b=c 😂 ya lah",
        ),
        (Punctuation(), "jam 10:30, 08-12-2020 3/4; 'kutip' don’t", "jam 10:30 08-12-2020 3/4 kutip dont"),
        (Punctuation(keep="!'"), "jum'at... ya!!", "jum'at ya!!"),
        (Punctuation(), "tanpa  tanda", "tanpa  tanda"),
        (
            Punctuation("shorten"),
            "Apa?!?!!! ya.... tapi...saya, ,, -- ~~ www… 1.500",
            "Apa?! ya. tapi. saya, , - ~ www. 1.500",
        ),
        (Punctuation("shorten", "."), "ya... apa!!", "ya... apa!"),
        (Urls(), "lihat https://t.co/a www.x.id/b dan URL CURLY", "lihat dan CURLY"),
        (Urls("TAUTAN"), "lihat https://t.co/a", "lihat TAUTAN"),
        (Users(), "USER kata @budi_1 surel a@b.id USERNAME", "kata surel a@b.id USERNAME"),
        (Users("USER"), "@budi hai", "USER hai"),
        (Escapes(), r"a\n\xf0\x9f\x98\x82 \u00e9", "a 😂 é"),
        (Escapes("drop"), r"a\xf0\x9f\x98\x82b", "a b"),
        (Elongation(), "baguuuus BAaAgus maaf!!! 10000 1️ ...", "bagus BAgus maaf! 10000 1️ ."),
        (Elongation(), "²²² ½½½ ٣٣٣", "²²² ½½½ ٣٣٣"),
        (Elongation(to=2), "maaaaf coool", "maaf cool"),
        (Elongation(), "www.a.id wwww Perang Dunia III, XVIII XIIIX oiii", "www.a.id w Perang Dunia III, XVIII XIX oi"),
        (Whitespace(), "\ufeffa\u00a0 b\n\tc\u200bd ", "a b cd"),
    ],
)
def test_worked_examples(step, before, after):
    assert step.apply(before) == after


@given(st.text(st.sampled_from("&<>\"'é abc")))
def test_html_undoes_escaping(text):
    assert Html().apply(escape(text)).split() == Html().apply(text).split()
