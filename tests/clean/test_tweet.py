"""The tweet step and the decoding of escapes, entities and misread text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.clean.escapes import decode_entities, decode_escapes, drop_escapes, repair_mojibake
from makna.clean.tweet import Tweet


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        ({}, "RT USER: siapa @budi_1 tau?", ": siapa tau?"),
        ({}, "jaUSER siUSER. USERUSER USERnewsIDN USERNAME PUSER", "ja si . newsIDN USERNAME PUSER"),
        ({}, "surel a@b.id tetap", "surel a@b.id tetap"),
        ({"users": "keep"}, "USER @budi", "USER @budi"),
        ({}, "Warga RT 05 RW 02, RT.6; RT tolong", "Warga RT 05 RW 02, RT.6; RT tolong"),
        ({}, 'RT 05 banjir RT"USER: x', 'RT 05 banjir " : x'),
        ({"retweets": "keep"}, "RT USER: ya", "RT : ya"),
        ({}, r"lihat https:\/\/t.co\/v2GR URL www.x.id/a t.co/b https… CURLY", "lihat CURLY"),
        ({"urls": "keep"}, "URL http://a.id", "URL http://a.id"),
        ({}, "#2019GantiPresiden #DebatFinalJKT", "2019 Ganti Presiden Debat Final JKT"),
        ({}, "#Freeport51 ##anak2 #a_b a#b", "Freeport 51 anak2 a b a#b"),
        ({"hashtags": "join"}, "#GantiMenu ya", "GantiMenu ya"),
        ({"hashtags": "drop"}, "#GantiMenu ya", "ya"),
        ({"hashtags": "keep"}, "#GantiMenu ya", "#GantiMenu ya"),
        ({}, r"kunyuk!\n\nAyo \xf0\x9f\x98\x82\xf0\x9f\x98 \u00e9 \'x\' C:\/", "kunyuk! Ayo é 'x' C:/"),
        ({"emoji": "keep"}, r"\xf0\x9f\x98\x82 \ud83d\ude02", "😂 😂"),
        ({"emoji": "name"}, r"ha\xf0\x9f\x98\x82", "ha wajah gembira berurai air mata"),
        ({"escapes": "drop", "emoji": "keep"}, r"a\xf0\x9f\x98\x82b\nc", "a b c"),
        ({"escapes": "keep"}, r"a\nb", r"a\nb"),
        ({}, "Bank &amp; Roti &gt;&amp;lt;", "Bank & Roti ><"),
        ({"entities": "keep"}, "Bank &amp; Roti", "Bank &amp; Roti"),
        ({}, "oke ð??\xad ya doið???ð??½; â??Politikâ??.", "oke ya doi ; Politik ."),
        ({"mojibake": "keep"}, "ð??", "ð??"),
        ({"elongation": 2}, "baguuus", "baguus"),
        ({"elongation": 0}, "baguuus", "baguuus"),
    ],
)  # fmt: skip
def test_settings(settings, before, after):
    assert Tweet(**settings).apply(before) == after


@given(st.text(st.characters(min_codepoint=0xA0, exclude_categories=("Cs",)), min_size=1))
def test_escaped_bytes_come_back(text):
    escaped = "".join(f"\\x{byte:02x}" for byte in text.encode())
    assert decode_escapes(f"a{escaped}b") == f"a{text}b"
    assert drop_escapes(f"a{escaped}b") == "a b"


@given(st.text(st.characters(min_codepoint=0xA0, exclude_categories=("Cs",)), min_size=1))
def test_escaped_units_come_back(text):
    units = text.encode("utf-16-be")
    escaped = "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
    assert decode_escapes(f"a{escaped}b") == f"a{text}b"


def test_escape_cut_at_the_end_vanishes():
    assert decode_escapes("akhir\\xf0\\x9f\\x9'") == "akhir '"
    assert decode_escapes("akhir\\ud83") == "akhir "
    assert decode_escapes("\\x00\\x5cn!") == "  n!"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["keren 😂", "“ya” … é", "Kafé, 5 €"])
def test_misread_text_is_read_again(text, encoding):
    misread = "".join(
        bytes([b]).decode(encoding) if encoding == "latin-1" or b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b)
        for b in text.encode()
    )
    assert misread != text
    assert repair_mojibake(misread) == text


@pytest.mark.parametrize("text", ["CAFÉ” dan voilà», Über…", "það? Ðetta", "naïve — “biasa”", "٣ مرحبا"])
def test_text_that_was_read_right_stays(text):
    assert repair_mojibake(text) == text


def test_bytes_that_are_no_utf8_are_remains():
    assert repair_mojibake("a ð\x80\x80\x80 b") == "a   b"


def test_entities_need_their_semicolon():
    assert decode_entities("?a=1&copy=2&reg=3 AT&T &nosuch; &amp;amp;lt;") == "?a=1&copy=2&reg=3 AT&T &nosuch; <"
