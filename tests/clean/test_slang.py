"""Slang: tokens, case, precedence, reduplication, and tables from files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makna.clean.chain import resolve_steps
from makna.clean.slang import RULE, Slang
from makna.clean.slang_tables import PUBLIC, SlangTable, load_table
from makna.core.errors import DataError, RecipeError

FIRST = SlangTable(
    "first",
    {
        "gw": ("saya", "pronoun"),
        "yg": ("yang", "abbreviation"),
        "makasih": ("terima kasih", ""),
        "baju'a": ("bajunya", ""),
    },
)
SECOND = SlangTable(
    "second", {"gw": ("aku", ""), "org": ("orang", ""), "saya": ("hamba", ""), "apa2": ("apa saja", "")}
)
SLANG = Slang(loaded=(FIRST, SECOND))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("gw,yg (org)!", "saya,yang (orang)!"),
        ("gwe ygx gw_yg", "gwe ygx saya_yang"),
        ("Gw YG GW Y", "Saya YANG SAYA Y"),
        ("makasih\t ya", "terima kasih\t ya"),
        ("baju'a gw'yg", "bajunya saya'yang"),
        ("gwé égw", "gwé égw"),
        ("hati2 Hati2 HATI2", "hati-hati Hati-hati HATI-HATI"),
        ("org2nya org2ny org2x", "orang-orangnya orang-orangnya orang-orangnya"),
        ("sok2an ikut2annya buku²", "sok-sokan ikut-ikutannya buku-buku"),
        ("apa2", "apa saja"),
        ("co2 ps2 3x k212 anak22 anak2muda 2019", "co2 ps2 3x k212 anak22 anak2muda 2019"),
        ("", ""),
    ],
)  # fmt: skip
def test_tokens(before, after):
    assert SLANG.apply(before) == after


def test_first_table_decides_and_nothing_is_looked_up_twice():
    assert SLANG.apply("gw") == "saya"
    assert Slang(loaded=(SECOND, FIRST)).apply("gw saya") == "aku hamba"


def test_reduplication_can_be_left_alone():
    assert Slang(loaded=(FIRST, SECOND), reduplication=False).apply("hati2 apa2 org2") == "hati2 apa saja org2"


def test_changes_name_table_and_kind():
    assert SLANG.changes("Gw liat org2 hati2, baju'a") == [
        {"token": "Gw", "to": "Saya", "table": "first", "kind": "pronoun"},
        {"token": "org2", "to": "orang-orang", "table": "second", "kind": RULE},
        {"token": "hati2", "to": "hati-hati", "table": RULE, "kind": RULE},
        {"token": "baju'a", "to": "bajunya", "table": "first", "kind": ""},
    ]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(["gw", "YG", "org2", "hati2", "baju'a", "lain", " ", ", ", "'", "-"])).map("".join))
def test_changes_tell_all_that_apply_does(text):
    changes = SLANG.changes(text)
    rest = SLANG.apply(text)
    position = 0
    for change in changes:
        position = rest.index(change["to"], position) + len(change["to"])
    assert bool(changes) == (rest != text)


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.tsv", "slang\tstandard\tkind\n\"gitu\tbegitu\t\nyg\tyang\tabbreviation\nanget\"\thangat\t\n", "utf-8"),
        ("a.csv", "Slang,Formal,category1\r\nyg,yang,abbreviation\r\n\"anget\"\"\",hangat,\r\n", "utf-8-sig"),
        ("a.csv", "kind;slang;baku\nabbreviation;yg;yang\n;anget'';hangat\n", "latin-1"),
        ("a.txt", "note\tstandard\tslang\tkind\n-\tyang\tyg\tabbreviation\n", "utf-8"),
    ],
)  # fmt: skip
def test_own_files(tmp_path, name, text, encoding):
    table = load_table(write(tmp_path, name, text, encoding))
    assert table.name == name
    assert table.entries["yg"] == ("yang", "abbreviation")
    assert len(table.entries) == text.count("\n") - 1


def test_two_columns_without_header(tmp_path):
    assert load_table(write(tmp_path, "b.csv", "yg,yang\ncafé,kafe\n", "latin-1")).entries == {
        "yg": ("yang", ""),
        "café": ("kafe", ""),
    }


def test_most_frequent_standard_form_wins(tmp_path):
    rows = "gw,saya,a\ngw,gue,b\nGw,gue,c\ngw,gue,b\nsama,sama,\ntgg jwb,tanggung jawab,\n,kosong,\nx,,\n"
    rows += "mo,mau,\nmo,moga,\n"
    table = load_table(write(tmp_path, "c.csv", f"slang,standard,kind\n{rows}"))
    assert table.entries == {"gw": ("gue", "b"), "mo": ("mau", "")}


def test_changed_file_is_read_again(tmp_path):
    path = write(tmp_path, "d.csv", "slang,standard\nyg,yang\n")
    assert load_table(path).entries["yg"][0] == "yang"
    write(tmp_path, "d.csv", "slang,standard\nyg,yang itu\n")
    assert load_table(path).entries["yg"][0] == "yang itu"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "clean.table_columns"),
        ("slang,arti\nyg,yang\n", "clean.table_columns"),
        ("a,b,c\n1,2,3\n", "clean.table_columns"),
        ("slang,standard\n", "clean.table_empty"),
        (f"slang,standard\nyg,{'a' * 200_000}\n", "clean.table_unreadable"),
    ],
)
def test_unusable_files(tmp_path, text, key):
    with pytest.raises(DataError) as error:
        load_table(write(tmp_path, "bad.csv", text))
    assert error.value.key == key
    assert "bad.csv" in str(error.value)


def test_missing_tables_say_where_they_were_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKNA_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"colloquial-indonesian-lexicon\.csv"):
        resolve_steps([{"slang": ["kamus-alay"]}])
    monkeypatch.delenv("MAKNA_DATA")
    with pytest.raises(DataError, match=r"MAKNA_DATA.*https://") as error:
        load_table("new-kamusalay")
    assert error.value.key == "clean.table_no_folder"
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        load_table("nowhere.csv")
    with pytest.raises(RecipeError, match="'kamus-alay'"):
        load_table("kamus-alai")


def test_public_tables_are_found_under_makna_data(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKNA_DATA", str(tmp_path))
    for public in PUBLIC.values():
        (tmp_path / public.file).parent.mkdir(exist_ok=True)
    write(
        tmp_path / "slang",
        "colloquial-indonesian-lexicon.csv",
        'slang,formal,In-dictionary,context,category1\nyg,yang,1,"a\nb",abreviasi\n',
    )
    write(tmp_path / "hate-speech", "new_kamusalay.csv", "yg,yang\r\ncaf\xe9,kafe\r\n", "latin-1")
    alay, new = (load_table(name) for name in PUBLIC)
    assert alay.entries == {"yg": ("yang", "abreviasi")}
    assert new.entries["café"] == ("kafe", "")
    assert new.licence == "CC BY-NC-SA 4.0"
    assert alay.licence == "not stated"


def test_own_table_is_used_by_default():
    # The table itself has its own tests; here only that its name leads to it.
    try:
        table = load_table("makna")
    except DataError as missing:
        assert missing.fields["path"].endswith("slang.tsv")  # noqa: PT017
    else:
        assert table.name == "makna"
        assert table.licence == "CC0 1.0"
        assert Slang().resolve().loaded == (table,)


@pytest.mark.data
def test_public_tables_as_published():
    import os

    if not os.environ.get("MAKNA_DATA"):
        pytest.skip("MAKNA_DATA is not set")
    alay, new = load_table("kamus-alay"), load_table("new-kamusalay")
    # 4,331 slang words, some of which stand for themselves, and 15,167 rows without a header.
    assert 4200 < len(alay.entries) <= 4331
    assert 13000 < len(new.entries) <= 15167
    assert alay.entries["yg"] == ("yang", "abreviasi")
    assert alay.entries["gw"][0] == "gue"
    assert new.entries["anakjakartaasikasik"] == ("anak jakarta asyik asyik", "")
