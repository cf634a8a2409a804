"""A site file: what it may say, and what is told about its mistakes."""

from __future__ import annotations

import pytest

from makna.collect.sites import Site, read_site, site_of
from makna.core.errors import DataError
from makna.core.messages import set_language

SITE = "review: .r\nfields: {text: p}\n"


@pytest.fixture(autouse=True)
def _english():
    set_language("en")


def test_short_forms_and_defaults():
    site = site_of(SITE + "announced: .n\n", "s.yaml")
    assert site.fields["text"].select == "p"
    assert site.announced is not None
    assert site.announced.select == ".n"
    assert (site.users, site.rate, site.scroll, site.next) == ("drop", 2.0, False, None)


def test_columns_are_those_that_are_kept():
    fields = {"text": "p", "user": "b", "rating": "i"}
    site = Site(review="li", fields=fields, columns={"text": "ulasan"})
    assert (site.kept, site.names) == (["text", "rating"], ["ulasan", "rating"])
    assert Site(review="li", fields=fields, users="pseudonym").kept == ["text", "user", "rating"]


def test_the_demo_shop_has_a_site_file():
    assert read_site("demo").names == ["ulasan", "rating", "produk", "jenis", "date", "terjemahan"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("review: .r\nfields: {rating: i}\n", "fields must have text"),
        ("fields: {text: p}\n", "review: is needed"),
        (SITE + "nxt: a\n", "there is no key 'nxt'"),
        (SITE + "nxt: a\n", "next"),
        (SITE + "next: 'a['\n", "next: got 'a['"),
        (SITE + "users: all\n", "'drop', 'pseudonym' or 'keep'"),
        (SITE + "rate: -1\n", "rate: got -1"),
        (SITE + "columns: {txt: ulasan}\n", "columns names fields that are not there: txt"),
        (SITE + "columns: {text: address}\n", "address"),
        ("review: .r\nfields: {text: {select: p, patern: x}}\n", "there is no key 'patern'"),
        ("review: .r\nfields: {text: {select: p, pattern: '('}}\n", "fields.text.pattern"),
        ("- a\n", "must hold keys and values"),
        ("review: [\n", "not valid YAML"),
    ],
)
def test_mistakes_are_told(text, said):
    with pytest.raises(DataError) as wrong:
        site_of(text, "s.yaml")
    assert said in str(wrong.value)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(DataError) as wrong:
        site_of("review: 'a['\nrate: x\nfields: {text: p}\n", "s.yaml")
    assert wrong.value.fields["n"] == 2


def test_a_missing_file_offers_its_neighbour(tmp_path):
    (tmp_path / "toko.yaml").write_text(SITE, encoding="utf-8")
    with pytest.raises(DataError, match=r"toko\.yaml"):
        read_site(tmp_path / "tok.yaml")
