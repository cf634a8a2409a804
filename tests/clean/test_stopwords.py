"""Stop words: which go, which stay, and how the words travel."""

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import Pipeline

from makna.clean.chain import make_step, resolve_steps
from makna.clean.stopwords import Stopwords, own_words
from makna.clean.text import CleanText
from makna.core.errors import DataError, RecipeError
from makna.core.model_folder import SavedModel, load_model, save_model
from makna.core.task import Task

NEGATIONS = """
tidak tak bukan belum jangan tanpa nggak gak kurang not no never without isn't don’t cannot
"""


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        ({}, "Barang yang saya beli tidak sesuai", "Barang beli tidak sesuai"),
        ({"keep_negations": False}, "Barang yang saya beli tidak sesuai", "Barang beli sesuai"),
        ({}, "YANG Yang yang penting", "penting"),
        ({}, "yang, itu (ini) bagus!", ", ( ) bagus!"),
        ({}, "the bagus of murah", "the bagus of murah"),
        ({"languages": ["en"]}, "It isn't what I wanted, it’s never yang", "isn't wanted, never yang"),
        ({"languages": "en", "keep_negations": False}, "It isn't what I wanted", "wanted"),
        ({"languages": ["id", "en"]}, "yang the bagus of", "bagus"),
        ({}, "kadang-kadang bagus-bagus seolah-olah", "bagus-bagus"),
        ({}, "sini_di_dalam di2 adikku", "_ _ di2 adikku"),
        ({}, "tanpa  perubahan", "tanpa  perubahan"),
        ({"add": ["Barang", "tidak"], "remove": ["yang"]}, "barang yang tidak bagus", "yang bagus"),
        ({"add": "barang"}, "barang bagus", "bagus"),
        ({"languages": [], "add": ["foo"]}, "foo yang bar", "yang bar"),
        ({}, "", ""),
        ({}, "yang", ""),
    ],
)
def test_which_words_go(settings, before, after):
    assert make_step({"stopwords": settings}).resolve().apply(before) == after


def test_bare_value_is_the_languages():
    assert make_step({"stopwords": ["en"]}).languages == ("en",)
    assert make_step("stopwords").settings() == {
        "languages": ["id"], "keep_negations": True, "add": [], "remove": [], "file": ""
    }  # fmt: skip


@pytest.mark.parametrize("word", NEGATIONS.split())
def test_negations_stay_unless_told_otherwise(word):
    both = {"languages": ["id", "en"]}
    assert make_step({"stopwords": both}).apply(f"{word} yang") == word
    assert make_step({"stopwords": {**both, "keep_negations": False}}).apply(f"{word} yang") == ""


def test_own_lists_are_in_order():
    for language, known in (("id", "yang dan di itu saya untuk"), ("en", "the and of I it to")):
        path = resources.files("makna.clean") / "tables" / f"stopwords-{language}.txt"
        lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
        words = [line.partition("\t")[0] for line in lines]
        assert words == sorted(set(words))
        assert {line.partition("\t")[2] for line in lines} == {"", "negation"}
        assert set(known.lower().split()) <= set(words)
        assert len(own_words(language)) == len(words)
        readme = (resources.files("makna.clean") / "tables" / "README.md").read_text("utf-8")
        assert f"`stopwords-{language}.txt` ({len(words)} words)" in readme


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.txt", "# my own\nBarang\n\n kirim \ntidak\nbagai-mana\n", "utf-8"),
        ("a.csv", "barang,12\nkirim,3\ntidak,1\n", "utf-8-sig"),
        ("a.tsv", "barang\tx\r\nkirim\ty\r\ntidak\tz\r\ncafé\t\r\n", "latin-1"),
    ],
)
def test_a_file_adds_its_words(tmp_path, name, text, encoding):
    path = write(tmp_path, name, text, encoding)
    step = make_step({"stopwords": {"file": path}}).resolve()
    assert step.apply("barang yang kirim tidak rusak") == "tidak rusak"
    assert [source["name"] for source in step.sources()] == ["stopwords-id", name]
    alone = make_step({"stopwords": {"file": path, "languages": [], "keep_negations": False}})
    assert alone.apply("barang yang kirim tidak rusak") == "yang rusak"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "clean.words_missing"),
        ("", "clean.stopwords_empty"),
        ("# nothing\n", "clean.stopwords_empty"),
        ("yang itu\n", "clean.stopwords_rows"),
        ("yang\n!!\n", "clean.stopwords_rows"),
    ],
)
def test_unusable_files(tmp_path, text, key):
    path = str(tmp_path / "mine.txt") if text is None else write(tmp_path, "mine.txt", text)
    with pytest.raises(DataError) as error:
        resolve_steps([{"stopwords": {"file": path}}])
    assert error.value.key == key
    assert "mine.txt" in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"languages": ["fr"]}, {"languages": ["id", "id"]}, {"languages": [1]}, {"languages": [["id"]]},
        {"add": [False]}, {"add": ["dua kata"]}, {"remove": [3]}, {"file": "words.xlsx"}, {"file": None},
        {"keep_negations": "yes"},
    ],
)  # fmt: skip
def test_wrong_settings(wrong):
    with pytest.raises(RecipeError):
        make_step({"stopwords": wrong})


def test_a_saved_model_needs_no_lists(tmp_path, monkeypatch):
    path = write(tmp_path, "mine.txt", "barang\n")
    texts = ["barang yang tidak bagus", "it is"]
    system = Pipeline([("clean", CleanText([{"stopwords": {"file": path, "languages": ["id", "en"]}}]).fit(texts))])
    expected = system.transform(texts).tolist()
    assert expected == ["tidak bagus", ""]
    folder = save_model(SavedModel(system, Task(), {"": ["0", "1"]}), tmp_path / "model", "card")
    Path(path).unlink()
    monkeypatch.setattr("makna.clean.stopwords.own_words", lambda language: {})
    loaded = load_model(folder, {"clean.CleanText": CleanText, "Pipeline": Pipeline}).system
    assert loaded.transform(texts).tolist() == expected
    assert [table["name"] for table in loaded[0].tables()] == ["stopwords-id", "stopwords-en", "mine.txt"]


def test_changes_are_the_words_that_go():
    assert Stopwords().changes("Barang YANG ini") == [
        {"token": "YANG", "to": "", "table": "stopwords", "kind": ""},
        {"token": "ini", "to": "", "table": "stopwords", "kind": ""},
    ]


PIECES = st.one_of(
    st.sampled_from(["yang", "Di", "tidak", "-", "'", "’", "_", " ", "a", "kadang", "İ", "ß"]), st.characters()
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_never_raises_and_twice_is_once(text):
    step = Stopwords(("id", "en"))
    once = step.apply(text)
    assert step.apply(once) == once
    assert (once != text) == bool(step.changes(text))
