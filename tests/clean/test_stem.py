"""Stems: what users complained of, colloquial affixes, names, and PySastrawi's own answers everywhere else."""

import csv
import gzip
import os
import random
import re
from importlib import resources
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from sklearn.pipeline import Pipeline

import makna.clean.stem as stem_step
from makna.clean.chain import make_step, resolve_steps
from makna.clean.informal import enclitics
from makna.clean.sastrawi import KNOWN, root_words, version, word_stemmer
from makna.clean.stem import Stem
from makna.clean.stem_tables import load_exceptions, own_exceptions
from makna.clean.text import CleanText
from makna.core.errors import DataError, RecipeError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task

STEM = Stem().resolve()
PLAIN = Stem(table=False, informal=False).resolve()
ROOTS = root_words()
# Word, stem, and the thread where it was reported: PySastrawi (p) and the PHP library that it follows (s).
COMPLAINTS = """
dibelinya beli p4 s48 | dikurangi kurang p4 s48 | menyinari sinar p4 s48 | gerakan gerak p4 | menangis tangis p4
dengerin dengar p4 | aktifis aktivis p4 | relawan relawan p13 | pengering kering p24 | Bekasi Bekasi p3 p26 s59
mengasihi kasih s16 | duniawi dunia s16 | adakan ada s16 | bennypun benny s16 | pergerakan gerak s16 s23
penyelidikan selidik s23 | mengemasnya kemas s23 | berupa rupa s23 | perbankan bank s23 | senilai nilai s23
mengasih kasih s23 | peradangan radang s23 | mengunjungi kunjung s23 | memasuki masuk s23 | belasan belas s23
berikan beri s23 | mengecek cek s23 | beraktifitas aktivitas s23 | berbasis basis s23 | Susi Susi s23 | Bali Bali s23
pemrograman program s52 s60 | perancangan rancang s60 | perancang rancang s60 | pemrosesan proses s67
gemetar getar s68 | menangi menang | ngomongin omong | melainkan lain s15 | bersembunyi sembunyi s5
"""
COMPLAINED = [
    entry.split()[:2] for line in COMPLAINTS.strip().splitlines() for entry in line.split("|") if entry.strip()
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))


def peer(text):
    """Return PySastrawi's own answer."""
    return PEER.stem(text)


PEER = StemmerFactory().create_stemmer()


@pytest.mark.parametrize(("word", "right"), COMPLAINED, ids=[word for word, _ in COMPLAINED])
def test_what_users_complained_of(word, right):
    assert STEM.apply(word) == right.lower()


def test_most_complaints_still_hold_for_the_library():
    assert len(COMPLAINED) >= 39
    assert sum(peer(word) != right.lower() for word, right in COMPLAINED) >= 35


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("dengerin dibukain nyanyiin jalanin mainin benerin ngabisin", "dengar buka nyanyi jalan main benar habis"),
        ("ngomong ngirim ngambil ngopi ngeluarin ngecek ngebom", "omong kirim ambil kopi keluar cek bom"),
        ("nyari nyuci nyuruh nyimpen nyontek nyalahin", "cari cuci suruh simpan contek salah"),
        ("nungguin mikirin nanyain maksain mecahin", "tunggu pikir tanya paksa pecah"),
        ("kedengeran kecepetan kepake ketangkep keinget", "dengar cepat pakai tangkap ingat"),
        ("dipake dibales ditungguin diomongin dingertiin", "pakai balas tunggu omong erti"),
        ("diabisin diitung ilangan ngarep ngidupin", "habis hitung hilang harap hidup"),
        ("omonginnya dengerinlah bilangin temennya", "omong dengar bilang teman"),
    ],
)
def test_colloquial_affixes(text, stems):
    assert STEM.apply(text) == stems


LOOK_AFFIXED = """
yakin dingin main kawin mesin bikin disiplin nyaman nyata ngeri admin login robin berlin bitcoin martin secure indian
internet series keeper darwin puisi nasi kopi polisi ikan makan bulan
"""


@pytest.mark.parametrize("word", LOOK_AFFIXED.split())
def test_words_that_only_look_affixed_stay(word):
    assert STEM.apply(word) == word


NAMES = "Bali Bekasi Kediri Maluku Merapi Pekalongan Susi Dani Rosi Persebaya"


@pytest.mark.parametrize("name", NAMES.split())
def test_names_stay_with_and_without_enclitics(name):
    lowered = name.lower()
    assert STEM.apply(f"{name} {name}nya {name}lah {name}pun") == f"{lowered} {lowered} {lowered} {lowered}"
    assert peer(name) != lowered


def test_without_rules_and_table_it_is_the_library():
    words = "dengerin ngomong bekasi memasuki liat keliatan"
    assert PLAIN.apply(words) == peer(words)
    assert Stem(informal=False).apply("dengerin bekasi memasuki liat") == "dengerin bekasi masuk liat"
    assert Stem(table=False).apply("dengerin bekasi memasuki") == "dengar bekas pasuk"


def samples():
    for name in ("reviews.csv", "tweets.csv", "answers.csv", "questions.csv"):
        with (resources.files("makna.samples") / name).open(encoding="utf-8", newline="") as stream:
            yield from (" ".join(row) for row in csv.reader(stream))


def test_the_shipped_texts_come_out_as_from_the_library():
    texts = list(samples())
    assert len(texts) > 400
    assert PLAIN.apply_all(texts) == [peer(text) for text in texts]


def assert_only_explained_differences(words):
    """Hold that a stem differs only where the table has the word, or where the library found no root."""
    table = own_exceptions().entries
    differing = 0
    for word, stem in zip(words, STEM.apply_all(words), strict=True):
        theirs = peer(word)
        if stem != theirs:
            differing += 1
            in_table = word in table or theirs in table or any(left in table for left in enclitics(word))
            assert in_table or (theirs not in ROOTS and stem in ROOTS | {s for s, _ in table.values()}), (word, stem)
    return differing


def test_the_words_of_the_samples_differ_only_where_they_should():
    words = sorted({word for text in samples() for word in re.findall("[a-z0-9-]+", text.lower())})
    assert len(words) > 1000
    assert 0 < assert_only_explained_differences(words) < len(words) / 10


@pytest.mark.data
def test_five_thousand_real_words():
    path = Path(os.environ["MAKNA_DATA"]) / "hate-speech" / "re_dataset.csv"
    words = sorted(set(re.findall("[a-z0-9-]+", path.read_text("latin-1").lower())))
    lines = Path(os.environ["MAKNA_DATA"]) / "corpus" / "indonesian-lines.tsv.gz"
    if lines.is_file():
        with gzip.open(lines, "rt", encoding="utf-8") as stream:
            words += sorted({word for line in islice(stream, 20_000) for word in re.findall("[a-z-]+", line)})
    chosen = random.Random(7).sample(sorted(set(words)), 5000)
    assert PLAIN.apply_all(chosen) == [peer(word) for word in chosen]
    assert_only_explained_differences(chosen)


_PREFIXES = "di ke se ber be ter te me mem men meng meny menge pe per pem pen peng peny ku kau memper"
_SUFFIXES = "lah kah pun tah ku mu nya -nya -lah i kan an is isme isasi kannya"
_PREFIX, _SUFFIX = st.sampled_from(_PREFIXES.split()), st.sampled_from(_SUFFIXES.split())
_ROOT = st.sampled_from(sorted(ROOTS)[::7])
_BUILT = st.tuples(st.lists(_PREFIX, max_size=2).map("".join), _ROOT, st.lists(_SUFFIX, max_size=2).map("".join))
_LETTERS = st.text(st.sampled_from("aiuebrmnpktdsgly-"), max_size=10)
WORDS = st.one_of(_BUILT.map("".join), _LETTERS, _BUILT.map(lambda parts: f"{parts[1]}-{''.join(parts)}"))


@settings(max_examples=400, deadline=None)
@given(WORDS)
def test_faster_and_still_the_library(word):
    assert version() in KNOWN, "look at the rules of this version, then add it"
    assert word_stemmer()(word) == PEER.delegatedStemmer.stem_word(word)


@settings(max_examples=200, deadline=None)
@given(st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("ſıİK -\n\x1cabdiknmeu"))))
def test_any_text_is_read_as_the_library_reads_it(text):
    assert PLAIN.apply(text) == peer(text)
    assert isinstance(STEM.apply(text), str)
    assert isinstance(STEM.changes(text), list)


@pytest.mark.parametrize("piece", ["-", "me-", "ku-", "nya-", "lah", "mem", "kan", "ſ", "ng", "in"])
def test_linear_in_hard_words(piece):
    # PySastrawi's own -*(lah|kah)$ takes quadratic time on hyphens.
    STEM.apply((piece * 100_000)[:100_000] + "x")


def test_a_batch_is_its_texts_one_by_one(monkeypatch):
    texts = ["Pelayanannya memuaskan", "", "gak dengerin", "Pelayanannya memuaskan", "di Bali!!"]
    monkeypatch.setattr(stem_step, "_BLOCK", 2)
    assert STEM.apply_all(texts) == [STEM.apply(text) for text in texts]
    assert STEM.apply_all([]) == []


def test_changes_tell_table_and_kind():
    assert STEM.changes("Pelayanan di Bekasi, dengerin memasuki kedengeran") == [
        {"token": "pelayanan", "to": "layan", "table": "PySastrawi", "kind": ""},
        {"token": "dengerin", "to": "dengar", "table": "makna", "kind": "informal"},
        {"token": "memasuki", "to": "masuk", "table": "makna", "kind": "affix"},
        {"token": "kedengeran", "to": "dengar", "table": "makna", "kind": "informal"},
    ]


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "word\tstem\tkind\nPemilukada\tpilkada\tword\nbali\tbalik\tname\n"),
        ("a.csv", "note;stem;word\n;pilkada;pemilukada\n;balik;bali\n"),
        ("a.txt", "pemilukada,pilkada\nbali,bal\nbali,balik\n\n"),
    ],
)
def test_own_exceptions_come_first(tmp_path, name, text):
    step = make_step({"stem": {"exceptions": write(tmp_path, name, text)}}).resolve()
    assert step.apply("pemilukada bali bekasi") == "pilkada balik bekasi"
    assert step.changes("bali")[0]["table"] == name
    assert step.sources()[0]["name"] == name
    assert STEM.apply("bali") == "bali"


def test_of_several_files_the_first_decides(tmp_path):
    one, two = write(tmp_path, "1.tsv", "foo\tsatu\n"), write(tmp_path, "2.tsv", "foo\tdua\nbar\tdua\n")
    assert make_step({"stem": [one, two]}).apply("foo bar") == "satu dua"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "clean.words_missing"),
        ("", "clean.exceptions_columns"),
        ("kata\tdasar\tjenis\na\tb\tc\n", "clean.exceptions_columns"),
        ("word\tstem\n", "clean.exceptions_empty"),
        ("word\tstem\nter ima\tterima\n", "clean.exceptions_rows"),
        ("word\tstem\nkafé\tkafe\n", "clean.exceptions_rows"),
        ("word\tstem\nmakanan\t\n", "clean.exceptions_rows"),
        (f"word\tstem\nmakanan\t{'a' * 200_000}\n", "clean.words_unreadable"),
    ],
)
def test_unusable_files(tmp_path, text, key):
    path = str(tmp_path / "mine.tsv") if text is None else write(tmp_path, "mine.tsv", text)
    with pytest.raises(DataError) as error:
        resolve_steps([{"stem": {"exceptions": path}}])
    assert error.value.key == key
    assert "mine.tsv" in str(error.value)


def test_an_absent_file_is_told_when_a_system_is_fitted():
    with pytest.raises(DataError, match=r"nowhere\.tsv"):
        CleanText([{"stem": "nowhere.tsv"}]).fit(["a"])


@pytest.mark.parametrize("wrong", [{"exceptions": "mine.xlsx"}, {"exceptions": [1]}, {"table": "no"}, {"informal": 1}])
def test_wrong_settings(wrong):
    with pytest.raises(RecipeError):
        make_step({"stem": wrong})


def test_a_saved_model_stems_alike_without_cache_and_files(tmp_path, monkeypatch):
    mine = write(tmp_path, "mine.tsv", "word\tstem\ngojek\tojek\n")
    texts = ["dengerin gojek di Bekasi", "memasuki pelayanannya"]
    system = Pipeline([("clean", CleanText([{"stem": {"exceptions": mine}}]).fit(texts))])
    expected = system.transform(texts).tolist()
    assert expected == ["dengar ojek di bekasi", "masuk layan"]
    folder = save_model(SavedModel(system, Task(), {"": ["0", "1"]}), tmp_path / "model", "card")
    Path(mine).unlink()
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setattr("makna.clean.stem_vocabulary._IN_USE", {})
    # The table of the makna that loads the model does not matter.
    monkeypatch.setattr(stem_step, "own_exceptions", lambda: load_exceptions("no such file.tsv"))
    loaded = load_model(folder, {"clean.CleanText": CleanText, "Pipeline": Pipeline}).system
    assert loaded.transform(texts).tolist() == expected
    assert {"makna", "mine.tsv", f"PySastrawi {version()}"} == {table["name"] for table in loaded[0].tables()}


def test_the_table_of_exceptions_is_in_order():
    path = resources.files("makna.clean") / "tables" / "stem-exceptions.tsv"
    header, *lines = path.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    assert header == "word\tstem\tkind"
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    assert {row[2] for row in rows} == {"affix", "informal", "name", "spelling", "word"}
    assert all(word == stem for word, stem, kind in rows if kind == "name")
    assert own_exceptions().entries == {word: (stem, kind) for word, stem, kind in rows}
    for word, stem, _ in rows:
        assert STEM.apply(word) == stem
    readme = (path.parent / "README.md").read_text("utf-8") if isinstance(path, Path) else ""
    for kind in ("affix", "informal", "name", "spelling", "word"):
        assert re.search(rf"\| {kind} \| {sum(row[2] == kind for row in rows)} \|", readme), kind
