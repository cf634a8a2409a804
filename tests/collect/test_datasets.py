import hashlib
import os

import pytest

from makna.collect.catalogue import Dataset, FileEntry, Join, dataset, datasets
from makna.collect.columns import count_unlabelled, to_corpus
from makna.collect.datasets import cache_folder, locate, offline, read_dataset
from makna.core.errors import DataError
from makna.core.messages import LANGUAGES
from makna.core.task import Task


@pytest.fixture(autouse=True)
def _own_folders(request, tmp_path, monkeypatch):
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAKNA_OFFLINE", "1")
    if request.node.get_closest_marker("data") is None:
        monkeypatch.delenv("MAKNA_DATA", raising=False)


def made(tmp_path, monkeypatch, files, **more):
    """Put one set of these files (name → text) in place of the catalogue, and the files under MAKNA_DATA."""
    entries = []
    for name, (text, options) in files.items():
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_text(text, encoding="utf-8")
        entries.append(FileEntry(name, sha256=hashlib.sha256(text.encode()).hexdigest(), **options))
    words = {"id": "Judul", "en": "Title"}
    one = Dataset(
        "toy", "dataset", words, "https://example.org", "CC BY 4.0", "Toy", ("id",), tuple(entries), words, **more
    )
    monkeypatch.setattr("makna.collect.catalogue.datasets", lambda: {"toy": one})
    monkeypatch.setenv("MAKNA_DATA", str(tmp_path / "data"))
    return one


@pytest.mark.parametrize("name", list(datasets()))
def test_every_entry_is_complete(name):
    entry = datasets()[name]
    assert set(entry.titles) == set(entry.remarks) == set(LANGUAGES)
    assert entry.licence
    assert entry.citation
    assert entry.languages
    assert len({file.path for file in entry.files}) == len(entry.files)
    for file in entry.files:
        assert file.path == os.path.normpath(file.path)
        assert not os.path.isabs(file.path)  # noqa: PTH117
        assert entry.kind == "sample" or (len(file.sha256) == 64 and file.bytes)
        assert not file.url or file.url.startswith("https://raw.githubusercontent.com/")
        assert file.join is None or file.join.path in {other.path for other in entry.files if other.role == "lookup"}
    if entry.kind != "table":
        assert entry.task is not None
        assert {*entry.task.text_columns, *entry.task.target_columns} <= set(entry.columns)


@pytest.mark.parametrize("name", [name for name, entry in datasets().items() if entry.kind == "sample"])
def test_samples_are_in_the_package_and_make_a_corpus(name):
    found = read_dataset(name)
    corpus = to_corpus(found.table, found.task, found.mapping)
    assert len(corpus) >= 100
    assert sum(count_unlabelled(corpus, found.task).values()) == 0
    assert not found.files[0].changed


def test_unknown_name_offers_the_nearest():
    with pytest.raises(DataError) as error:
        dataset("hate-speach")
    assert error.value.key == "collect.unknown_dataset"
    assert "hate-speech" in error.value.fields["hint"]


def test_absent_set_says_what_it_is_and_how_to_get_it(tmp_path, monkeypatch):
    with pytest.raises(DataError) as error:
        locate("hate-speech")
    message = str(error.value)
    for piece in ("CC BY-NC-SA 4.0", "MAKNA_DATA", str(tmp_path / "cache"), "github.com/okkyibrohim", "re_dataset.csv"):
        assert piece in message
    monkeypatch.setenv("MAKNA_DATA", str(tmp_path / "mine"))
    with pytest.raises(DataError) as error:
        locate("question-pairs")
    assert str(tmp_path / "mine" / "question-pairs" / "train.csv") in error.value.fields["looked"]


def test_data_folder_comes_before_the_cache_and_a_changed_file_is_told(tmp_path, monkeypatch):
    made(tmp_path, monkeypatch, {"a.csv": ("text,label\nx,1\n", {})})
    (file,) = locate("toy")
    assert (file.path, file.changed, file.warning) == (tmp_path / "data" / "a.csv", False, "")
    (cache_folder()).mkdir(parents=True)
    (cache_folder() / "a.csv").write_text("text,label\nother,1\n")
    assert locate("toy")[0].path.parent == tmp_path / "data"
    (tmp_path / "data" / "a.csv").unlink()
    (file,) = locate("toy")
    assert file.path.parent == cache_folder()
    assert file.changed
    assert str(file.path) in file.warning
    assert file.sha256 == hashlib.sha256(b"text,label\nother,1\n").hexdigest()


def test_download_goes_to_the_cache_is_checked_and_only_when_online(tmp_path, monkeypatch):
    import pooch

    one = made(tmp_path, monkeypatch, {"a.csv": ("text,label\nx,1\n", {"url": "https://example.org/a.csv"})})
    (tmp_path / "data" / "a.csv").unlink()
    with pytest.raises(DataError, match="MAKNA_OFFLINE"):
        locate("toy")
    asked = []

    def retrieve(url, known_hash, fname, path):
        asked.append((url, known_hash))
        (path / fname).write_text("text,label\nx,1\n")

    monkeypatch.setenv("MAKNA_OFFLINE", "0")
    monkeypatch.setattr(pooch, "retrieve", retrieve)
    assert locate("toy")[0].path == cache_folder() / "a.csv"
    assert asked == [("https://example.org/a.csv", f"sha256:{one.files[0].sha256}")]
    assert locate("toy")[0].changed is False
    assert len(asked) == 1  # the second time it is there
    (cache_folder() / "a.csv").unlink()

    def fail(*args, **options):
        raise OSError("no route to host")

    monkeypatch.setattr(pooch, "retrieve", fail)
    with pytest.raises(DataError) as error:
        locate("toy")
    assert (error.value.key, error.value.fields["reason"]) == ("collect.download_failed", "no route to host")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("", False), ("0", False), ("no", False)])
def test_offline_reads_the_environment(monkeypatch, value, expected):
    monkeypatch.setenv("MAKNA_OFFLINE", value)
    assert offline() is expected


def test_lookups_are_joined_constants_added_and_an_unknown_key_named(tmp_path, monkeypatch):
    join = Join("q.csv", "no", {"soal": "soal", "kunci": "kunci"})
    files = {
        "a.csv": ("no,jawaban,nilai\n2,y,1\n1,x,5\n", {"join": join, "constants": {"mapel": "ipa"}}),
        "q.csv": ("no,soal,kunci\n1,s1,k1\n2,s2,k2\n", {"role": "lookup"}),
    }
    columns = {"text_a": "jawaban", "text_b": "kunci", "score": "nilai", "group": ("mapel", "no")}
    made(tmp_path, monkeypatch, files, task=Task("pair", "number"), columns=columns)
    found = read_dataset("toy")
    corpus = to_corpus(found.table, found.task, found.mapping)
    assert corpus[["text_a", "text_b", "group"]].to_numpy().tolist() == [["y", "k2", "ipa / 2"], ["x", "k1", "ipa / 1"]]
    (tmp_path / "data" / "q.csv").write_text("no,soal,kunci\n1,s1,k1\n")
    with pytest.raises(DataError) as error:
        read_dataset("toy")
    assert (error.value.key, error.value.fields["values"]) == ("collect.no_match", "2")


def test_a_column_called_part_leaves_the_word_to_the_set(tmp_path, monkeypatch):
    files = {n: (f"text,part\n{n},pos\n", {"part": n[0]}) for n in ("t.csv", "v.csv")}
    task = Task("text", "classes", outputs=("part",))
    made(tmp_path, monkeypatch, files, task=task, columns={"text": "text", "label_part": "part"})
    found = read_dataset("toy")
    corpus = to_corpus(found.table, task, found.mapping)
    assert corpus["part"].tolist() == ["t", "v"]
    assert corpus["label_part"].tolist() == ["pos", "pos"]


ROWS = {
    "hate-speech": 13169, "smsa": 12260, "product-reviews": 5400, "casa": 900, "hoasa": 2568, "question-pairs": 67660,
    "alignment-pairs": 6018, "short-answers-en": 2273, "short-answers-id": 7526,
}  # fmt: skip


@pytest.mark.data
@pytest.mark.skipif("MAKNA_DATA" not in os.environ, reason="MAKNA_DATA is not set")
@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_public_sets_have_the_rows_that_were_published(name, rows):
    found = read_dataset(name)
    assert len(to_corpus(found.table, found.task, found.mapping)) == rows
    assert not any(file.changed for file in found.files)
    assert all(file.path.stat().st_size == file.entry.bytes for file in found.files)


@pytest.mark.data
@pytest.mark.skipif("MAKNA_DATA" not in os.environ, reason="MAKNA_DATA is not set")
@pytest.mark.parametrize("name", [name for name, entry in datasets().items() if entry.kind == "table"])
def test_public_tables_are_what_the_catalogue_says(name):
    files = locate(name, download=False)
    assert not any(file.changed for file in files)
    assert [file.path.stat().st_size for file in files] == [file.entry.bytes for file in files]
    if name == "stif":  # line n of one goes with line n of the other
        lines = [len(file.path.read_text(encoding="utf-8").splitlines()) for file in files]
        assert lines == [1922, 1922, 214, 214]


@pytest.mark.data
@pytest.mark.skipif("MAKNA_DATA" not in os.environ, reason="MAKNA_DATA is not set")
def test_lines_of_many_sources_are_read_as_they_stand_though_some_begin_with_a_quote():
    table = read_dataset("indonesian-lines").table
    assert table.shape == (146_389, 2)
    assert table["source"].nunique() == 18
    assert table["text"].str.startswith('"').sum() > 100
