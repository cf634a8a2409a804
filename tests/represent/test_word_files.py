"""Word vectors from files: those that gensim writes come back, and what is broken is refused in plain words."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError
from makna.represent import word_files
from makna.represent.word_files import read_vectors
from makna.represent.words import Words

WORDS = ["yang", "dan", "harga", "murah", "日本", "don't", "2010", "bagus"]
MATRIX = np.random.default_rng(0).normal(size=(len(WORDS), 5)).astype(np.float32)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / "cache"))


def _kept() -> Any:
    vectors = pytest.importorskip("gensim.models").KeyedVectors(5)
    vectors.add_vectors(WORDS, MATRIX)
    return vectors


def _line(word: str, row: np.ndarray) -> str:
    return f"{word} {' '.join(repr(float(value)) for value in row)}\n"


def _text(header: bool = True) -> str:
    body = "".join(_line(word, row) for word, row in zip(WORDS, MATRIX, strict=True))
    return (f"{len(WORDS)} 5\n" if header else "") + body


def _refused(path: Path, content: str | bytes, **further: Any) -> DataError:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        read_vectors(path, **further)
    assert str(path) in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("name", "binary"), [("a.vec", False), ("a.txt", False), ("a.bin", True)])
def test_what_gensim_writes_is_read(tmp_path: Path, name: str, binary: bool) -> None:
    _kept().save_word2vec_format(str(tmp_path / name), binary=binary)
    found = read_vectors(tmp_path / name, 5)
    assert found.words == WORDS
    np.testing.assert_allclose(found.matrix, MATRIX, atol=0 if binary else 1e-7)
    assert isinstance(found.matrix, np.memmap)
    assert found.origin["words"] == len(WORDS)
    assert found.origin["file"] == name


@pytest.mark.parametrize("name", ["a.txt", "a.vec.gz"])
@pytest.mark.parametrize("header", [True, False])
def test_text_with_and_without_a_first_line_of_counts(tmp_path: Path, name: str, header: bool) -> None:
    data = _text(header).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    found = read_vectors(tmp_path / name)
    assert found.words == WORDS
    np.testing.assert_array_equal(found.matrix, MATRIX)


def test_many_rows_go_through_the_buffers(tmp_path: Path) -> None:
    words = [f"kata{i}" for i in range(9001)]
    matrix = np.random.default_rng(1).normal(size=(9001, 40)).astype("<f4")
    records = b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(words, matrix, strict=True))
    (tmp_path / "a.bin").write_bytes(b"9001 40\n" + records)
    found = read_vectors(tmp_path / "a.bin")
    assert found.words == words
    np.testing.assert_array_equal(found.matrix, matrix)


def test_a_word_with_spaces_and_one_that_comes_twice(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("4 2\n. . . 1 2\nsatu 3 4\nsatu 5 6\nat x@y.id 7 8\n\n", "utf-8")
    found = read_vectors(tmp_path / "a.txt")
    assert found.words == [". . .", "satu", "at x@y.id"]
    assert found.matrix.tolist() == [[1, 2], [3, 4], [7, 8]]
    assert found.origin["repeated"] == 1


def test_a_file_is_laid_out_once_and_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.vec"
    path.write_text(_text(), "utf-8")
    before = read_vectors(path).origin["sha256"]
    with monkeypatch.context() as patched:
        patched.setattr(word_files, "_lay_out", lambda *_: pytest.fail("read again"))
        assert read_vectors(path).words == WORDS
    path.write_text(_text().replace("yang", "yank"), "utf-8")
    os.utime(path, (1, 1))
    after = read_vectors(path)
    assert after.words[0] == "yank"
    assert after.origin["sha256"] != before


def test_a_broken_layout_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.vec"
    path.write_text(_text(), "utf-8")
    read_vectors(path)
    (matrix,) = (tmp_path / "cache").rglob("matrix.npy")
    matrix.write_bytes(matrix.read_bytes()[:100])
    np.testing.assert_array_equal(read_vectors(path).matrix, MATRIX)
    assert len(list((tmp_path / "cache" / "vectors").iterdir())) == 1


def test_layouts_used_longest_ago_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(("a.vec", "b.vec", "c.vec")):
        (tmp_path / name).write_text(_text().replace("yang", f"yang{number}"), "utf-8")
        read_vectors(tmp_path / name)
        for about in (tmp_path / "cache").rglob("about.json"):
            os.utime(about, (number, number) if f"yang{number}" in (about.parent / "words.json").read_text() else None)
    monkeypatch.setattr(word_files, "MOST_BYTES", 1)
    (tmp_path / "d.vec").write_text(_text(False), "utf-8")
    assert read_vectors(tmp_path / "d.vec").words == WORDS
    assert len(list((tmp_path / "cache").rglob("about.json"))) == 1


@pytest.mark.parametrize(
    ("content", "key", "n"),
    [
        ("", "vectors_empty", None),
        ("\n\n", "vectors_empty", None),
        ("0 5\n", "vectors_empty", None),
        ("<html>tidak ada</html>\n", "vectors_format", None),
        ("teks,label\nbagus,1\n", "vectors_format", None),
        ("satu 0.1 0.2\ndua 0.1\n", "vectors_line", 2),
        ("satu 0.1 0.2\ndua 0.1 0.2 0.3\n", "vectors_line", 2),
        ("2 2\nsatu 0.1 0.2\ndua 0.1 x\n", "vectors_line", 3),
        ("satu 0.1 0.2\ndua nan 1\n", "vectors_line", 2),
        ("satu 0.1 0.2\ndua 1e39 1\n", "vectors_line", 2),
        ("satu 0.1 0.2\n\ndua 0.1 1\n", "vectors_line", 3),
        ("satu 0.1 0.2\ndua 0.1", "vectors_last_line", 2),
        ("3 2\nsatu 0.1 0.2\ndua 0.1 0.2\n", "vectors_count", None),
        ("1 2\nsatu 0.1 0.2\ndua 0.1 0.2\n", "vectors_count", None),
    ],
)
def test_a_broken_text_file_is_refused(tmp_path: Path, content: str, key: str, n: int | None) -> None:
    problem = _refused(tmp_path / "a.txt", content)
    assert problem.key == f"represent.{key}"
    assert problem.fields.get("n") == n
    assert not list((tmp_path / "cache").rglob("*.npy")), "nothing half made stays"


_ROW = np.arange(1, 4, dtype="<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "vectors_empty"),
        (b"2 3\nsatu " + _ROW + b"dua " + _ROW[:-1], "vectors_cut"),
        (b"2 3\nsatu " + _ROW + b"du", "vectors_cut"),
        (b"2 3\nsatu " + _ROW, "vectors_count"),
        (b"1 3\nsatu " + _ROW + b"dua " + _ROW, "vectors_count"),
        (b"2 3\nsatu " + _ROW + b"dua " + np.array([1, np.inf, 2], "<f4").tobytes(), "vectors_record"),
        (b"9 3\n" + b"x" * 9000, "vectors_record"),
        (b"2 3\nsatu 0.125 0.25 0.75\ndua 0.1 0.2 0.3\n", "vectors_format"),
        (b"satu 0.125 0.25 0.75\n", "vectors_format"),
    ],
)
def test_a_broken_binary_file_is_refused(tmp_path: Path, content: bytes, key: str) -> None:
    assert _refused(tmp_path / "a.bin", content).key == f"represent.{key}"


def test_a_packed_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    long = "".join(_line(f"kata{i}", row) for i, row in enumerate(np.random.default_rng(0).normal(size=(20_000, 5))))
    for name, text in (("a.vec.gz", _text()), ("c.vec.gz", long)):
        packed = gzip.compress(text.encode(), 1)
        assert _refused(tmp_path / name, packed[: len(packed) // 2]).key == "represent.vectors_packed"
    assert _refused(tmp_path / "b.vec.gz", b"not packed").key == "represent.vectors_packed"


@pytest.mark.parametrize(
    ("name", "loading"), [("a.kv", "KeyedVectors"), ("a.model", "Word2Vec"), ("a.bin", "KeyedVectors")]
)
def test_pickles_are_refused_with_the_command_that_converts_them(tmp_path: Path, name: str, loading: str) -> None:
    path = tmp_path / name
    problem = _refused(path, pickle.dumps({"satu": [1.0]}))
    assert problem.key == "represent.vectors_pickled"
    assert f"{loading}.load({str(path)!r})" in str(problem)
    assert f"save_word2vec_format({str(path.with_suffix('.vec'))!r})" in str(problem)


def test_the_command_that_converts_works(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.kv"
    _kept().save(str(path))
    with pytest.raises(DataError) as caught:
        read_vectors(path)
    command = str(caught.value).split("\n")[1]
    code = command.removeprefix('python -c "').removesuffix('"')
    exec(code, {})
    assert read_vectors(path.with_suffix(".vec")).words == WORDS


def test_a_whole_fasttext_model_is_refused_with_the_command(tmp_path: Path) -> None:
    problem = _refused(tmp_path / "a.bin", (793712314).to_bytes(4, "little") + bytes(60))
    assert problem.key == "represent.vectors_fasttext"
    assert "load_facebook_vectors" in str(problem)


def test_other_files_are_refused(tmp_path: Path) -> None:
    assert _refused(tmp_path / "a.csv", _text()).key == "represent.vectors_ending"
    for path in (tmp_path / "none.vec", tmp_path):
        with pytest.raises(DataError) as caught:
            read_vectors(path)
        assert caught.value.key == "represent.vectors_missing"


def test_another_width_is_refused(tmp_path: Path) -> None:
    assert _refused(tmp_path / "a.vec", _text(), size=100).fields == {
        "path": str(tmp_path / "a.vec"), "came": 5, "expected": 100,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("most", "kept"),
    [(0, {"harga", "bagus"}), (3, {"harga", "bagus", "yang"}), (50, set(WORDS))],
)
def test_a_step_keeps_what_its_texts_have_and_the_commonest(tmp_path: Path, most: int, kept: set[str]) -> None:
    path = tmp_path / "a.vec"
    path.write_text(_text(), "utf-8")
    step = Words(str(path), size=5, most_words=most).fit(["harga bagus", "harga asing"])
    assert set(step.words_) == kept
    path.unlink()
    expected = (MATRIX[WORDS.index("harga")] + (MATRIX[0] if "yang" in kept else 0)) / (1 + ("yang" in kept))
    np.testing.assert_allclose(step.transform(["harga yang asing"])[0], expected, atol=1e-6)
    told = step.facts_["words"]
    assert told["vectors"] == "file"
    assert told["file"]["file"] == "a.vec"
    assert told["unknown_share"] == 1 / 4
