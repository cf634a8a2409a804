import codecs
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.collect.encoding import decoded_lines, detect_encoding, repair
from makna.core.errors import DataError

TEXT = "ulasan\nbagus sekali — “mantap” é 😡\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TEXT.encode("utf-8"), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode("utf-8"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        ("ulasan\nharga “murah” é\n".encode("cp1252"), "cp1252"),
        (b"ulasan\nbyte \x81 only in latin-1 \xe9\n", "latin-1"),
    ],
)
def test_encoding_is_detected_and_every_character_comes_back(tmp_path, data, expected):
    file = tmp_path / "a.txt"
    file.write_bytes(data)
    found = detect_encoding(file)
    assert found == expected
    text = "".join(decoded_lines(file, found))
    assert text == data.decode("utf-8-sig" if expected == "utf-8" else expected).removeprefix("\ufeff")


def test_a_byte_outside_utf8_far_behind_the_head_is_seen(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"biasa saja\n" * 200_000 + b"caf\xe9\n")
    assert detect_encoding(file) == "cp1252"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_wrong_encoding_names_the_offset_of_the_first_bad_byte(tmp_path, encoding):
    good = ("kata\n" * 400_000).encode(encoding)  # beyond one block
    bad = b"\xff\xfe" if encoding == "utf-8" else b"\x41"
    file = tmp_path / "a.txt"
    file.write_bytes(good + bad)
    with pytest.raises(DataError) as error:
        list(decoded_lines(file, encoding))
    assert error.value.key == "collect.bad_encoding"
    assert error.value.fields["offset"] == len(good)


@pytest.mark.parametrize("name", ["utf-9", "hex", "rot13", "nu\0ll"])
def test_unknown_encodings_are_refused_by_name(tmp_path, name):
    file = tmp_path / "a.txt"
    file.write_text("a\n")
    with pytest.raises(DataError) as error:
        list(decoded_lines(file, name))
    assert error.value.key == "collect.unknown_encoding"


def test_nul_bytes_are_refused_with_their_line(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"a\nb\r\nc\0d\n")
    with pytest.raises(DataError) as error:
        list(decoded_lines(file, "utf-8"))
    assert (error.value.key, error.value.fields["line"]) == ("collect.nul", 3)


def test_lone_surrogates_become_replacement_characters_and_pairs_their_character(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("a\ud83db\ud83d\ude00\n".encode("utf-8", "surrogatepass"))
    assert detect_encoding(file) == "utf-8"
    assert list(decoded_lines(file, "utf-8")) == ["a\ufffdb😀\n"]


@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_repaired_text_can_be_encoded_and_what_was_whole_is_unchanged(text):
    repaired = repair(text)
    repaired.encode("utf-8")
    assert repair(repaired) == repaired
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert repaired == text


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=8)),
       st.sampled_from(["utf-8", "utf-16", "utf-32"]))  # fmt: skip
def test_lines_are_those_of_python_whatever_the_blocks(tmp_path_factory, pieces, encoding):
    text = "\r\n".join(pieces) + "\r" + "\n".join(pieces)
    file = tmp_path_factory.mktemp("lines") / "a.txt"
    file.write_bytes(text.encode(encoding))
    with file.open(encoding=encoding, newline="") as stream:
        expected = list(stream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("makna.collect.encoding._BLOCK", 5)
        assert list(decoded_lines(file, encoding)) == expected


def test_gz_is_unpacked_on_the_way_and_a_cut_one_is_named(tmp_path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(TEXT.encode()))
    assert "".join(decoded_lines(file, "utf-8")) == TEXT
    file.write_bytes(gzip.compress(TEXT.encode() * 50)[:-12])
    with pytest.raises(DataError) as error:
        list(decoded_lines(file, "utf-8"))
    assert error.value.key == "collect.broken"
