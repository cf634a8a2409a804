import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.core.errors import UserError
from makna.core.messages import catalogue
from makna.report.language import NOTHING, Locale, is_number

ID, EN = Locale("id"), Locale("en")


@pytest.mark.parametrize(
    ("shown", "indonesian", "english"),
    [
        (lambda form: form.score(0.8614), "0,861", "0.861"),
        (lambda form: form.whole(1234567), "1.234.567", "1,234,567"),
        (lambda form: form.number(-1234.5, 1), "−1.234,5", "−1,234.5"),
        (lambda form: form.score(-0.0001), "0,000", "0.000"),
        (lambda form: form.difference(0.25), "+0,250", "+0.250"),
        (lambda form: form.difference(0.0001), "0,000", "0.000"),
        (lambda form: form.percent(0.1234), "12,3\u00a0%", "12.3%"),
        (lambda form: form.level(0.95), "95\u00a0%", "95%"),
        (lambda form: form.level(0.975), "97,5\u00a0%", "97.5%"),
        (lambda form: form.interval(-0.1, 0.25), "[−0,100;\u00a00,250]", "[−0.100,\u00a00.250]"),
        (lambda form: form.p_value(1e-9), "<\u202f0,001", "<\u202f0.001"),
        (lambda form: form.p_value(0.0312), "0,031", "0.031"),
        (lambda form: form.seconds(40.14), "40,1\u00a0s", "40.1\u00a0s"),
        (lambda form: form.seconds(402.1), "6 menit 42 s", "6 min 42 s"),
        (lambda form: form.seconds(7380), "2 jam 3 menit", "2 h 3 min"),
        (lambda form: form.setting(0.3), "0,3", "0.3"),
        (lambda form: form.setting("poly"), "poly", "poly"),
        (
            lambda form: form.moment("2025-08-17T08:05:00+00:00"),
            "17 Agustus 2025 pukul 08.05 UTC",
            "17 August 2025, 08:05 UTC",
        ),
        (lambda form: form.listing("abc"), "a, b, dan c", "a, b, and c"),
        (lambda form: form.listing("ab"), "a dan b", "a and b"),
        (lambda form: form.metric("f1_macro"), "F1 rata-rata makro", "macro-F1"),
        (lambda form: form.metric("harga/f1_netral"), "harga: F1 kelas netral", "harga: F1 of class netral"),
        (lambda form: form.metric("own_thing"), "own_thing", "own_thing"),
    ],
)
def test_every_language_writes_in_its_own_manner(shown, indonesian, english):
    assert (shown(ID), shown(EN)) == (indonesian, english)


@pytest.mark.parametrize("value", [None, "0.5", float("nan"), float("inf"), True])
def test_what_is_not_a_number_is_a_dash(value):
    assert not is_number(value)
    assert (ID.score(value), ID.percent(value), ID.seconds(value), ID.memory(value)) == (NOTHING,) * 4
    assert ID.interval(value, 1.0) == ""


@given(st.floats(-1e9, 1e9))
def test_a_printed_number_reads_back(value):
    plain = ID.number(value, 3).replace(".", "").replace(",", ".").replace("−", "-")
    assert float(plain) == pytest.approx(round(value, 3), abs=1e-3)
    assert EN.number(value, 3).translate(str.maketrans(",.", ".,")) == ID.number(value, 3)


def test_another_language_is_refused_with_what_is_allowed():
    with pytest.raises(UserError, match=r"'de'.*id, en"):
        Locale("de")


def test_every_message_has_both_languages_with_the_same_placeholders():
    def fields(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for name, texts in catalogue("report").items():
        assert set(texts) == {"id", "en"}, name
        if name not in ("length_words",):
            assert fields(texts["id"]) == fields(texts["en"]), name
