"""Files as students bring them, through the commands: what is wrong is said in both languages, and nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from makna.cli.main import run_command
from makna.core.messages import set_language

GOOD = [
    (f"{text} nomor {i}", label)
    for i in range(3)
    for label, texts in (
        ("positif", ("bagus sekali barangnya", "murah dan cepat", "suka sama produk ini", "mantap pokoknya")),
        ("negatif", ("jelek dan rusak", "kecewa sama penjual", "lambat datangnya", "barang tidak sesuai")),
    )
    for text in texts
]
HEAD = ("ulasan", "kelas")
RECIPE = """\
title: uji
task: {{inputs: text, target: class}}
collect: {{{collect}}}
clean: [lowercase, {{rows: {{min_words: 1, duplicates: keep}}}}]
split: {{folds: 2}}
systems: {{bayes: {{represent: counts, learn: naive-bayes}}}}
evaluate: {{metrics: [accuracy], resamples: 100}}
explain: []
report: {{page: false}}
"""


def table(rows, head=HEAD, delimiter=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([head, *rows])
    return stream.getvalue()


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def rewrite(path, part, change):
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    changed = change(parts[part].decode())
    assert changed != parts[part].decode()
    with zipfile.ZipFile(path, "w") as book:
        for name, data in {**parts, part: changed.encode()}.items():
            book.writestr(name, data)


def put(name: str, data: str | bytes) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return name

    return write


def ole(stream: str) -> bytes:
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(900) + stream.encode("utf-16-le") + bytes(900)


def accented(encoding: str) -> bytes:
    return table([(text.replace("dan", "é “dan”"), label) for text, label in GOOD]).encode(encoding)


def mixed() -> bytes:
    lines = accented("utf-8").split(b"\n")
    lines[4] = b"caf\xe9 enak,positif"
    return b"\n".join(lines)


def sheets(folder: Path) -> str:
    workbook(folder / "dua.xlsx", Catatan=[["isi"], ["catatan saja"]], Ulasan=[HEAD, *GOOD])
    return "dua.xlsx"


def empty_sheet(folder: Path) -> str:
    workbook(folder / "kosong.xlsx", Sampul=[], Ulasan=[HEAD, *GOOD])
    return "kosong.xlsx"


def formulas(folder: Path) -> str:
    workbook(folder / "rumus.xlsx", Ulasan=[HEAD, *GOOD, ['=A2&" sekali"', "positif"]])
    return "rumus.xlsx"


def folder_of_nothing(folder: Path) -> str:
    put("map/gambar.png", b"\x89PNG")(folder)
    return "map"


def folder_of_both(folder: Path) -> str:
    put("map/positif/1.txt", "bagus")(folder)
    put("map/a.csv", table(GOOD))(folder)
    return "map"


def folder_of_parts_only(folder: Path) -> str:
    put("map/train/1.txt", "bagus")(folder)
    put("map/test/1.txt", "jelek")(folder)
    return "map"


def folder_of_unequal_tables(folder: Path) -> str:
    put("map/a.csv", table(GOOD))(folder)
    put("map/b.csv", table(GOOD, head=("ulasan", "label")))(folder)
    return "map"


@dataclass(frozen=True)
class Bad:
    """A file that cannot be used: how it is made, and what each language must say of it."""

    make: Callable[[Path], str]
    both: tuple[str, ...]
    id: tuple[str, ...]
    en: tuple[str, ...]


# What came, and what to do.
BAD = {
    "mixed": Bad(put("a.csv", mixed()), ("a.csv", "0xE9", "UTF-8", "--encoding"), ("baris 5",), ("line 5",)),
    "nul": Bad(
        put("a.csv", table(GOOD).replace("murah", "mu\0rah", 1)), ("a.csv", "NUL", "CSV UTF-8"), ("Baris 3",),
        ("Line 3",),
    ),
    "bare quote": Bad(
        put("a.csv", "ulasan,kelas\n" + "".join(f'"dia "{text}" ya",{label}\n' for text, label in GOOD)),
        ("a.csv", '""'), ("baris 2", "tanda kutip"), ("line 2", "Double the quotes"),
    ),
    "open quote": Bad(
        put("a.csv", table(GOOD) + '"tidak ditutup,positif\n'), ("a.csv", '""'), ("baris 26", "Tutup"),
        ("line 26", "Close it"),
    ),
    "ragged": Bad(
        put("a.csv", table(GOOD) + "a,b,c\n"), ("a.csv", "3", "2", "--delimiter"), ("Baris 26",), ("Line 26",),
    ),
    "column twice": Bad(
        put("a.csv", table([(*row, "x") for row in GOOD], (*HEAD, "kelas"))), ("a.csv", "'kelas'"),
        ("lebih dari sekali", "hapus"), ("more than once", "remove"),
    ),
    "columns without a name": Bad(
        put("a.csv", table([(*row, "", "") for row in GOOD], (*HEAD, "", ""))), ("a.csv", "3, 4"),
        ("judul", "hapus"), ("no name", "delete"),
    ),
    "empty": Bad(put("a.csv", ""), ("a.csv",), ("kosong", "judul kolom"), ("is empty", "column names")),
    "blank lines only": Bad(put("a.csv", "\n \n\n"), ("a.csv",), ("kosong",), ("is empty",)),
    "header only": Bad(
        put("a.csv", "ulasan,kelas\n"), ("a.csv",), ("hanya berisi judul kolom", "Periksa"),
        ("column names only", "Check"),
    ),
    "no such kind": Bad(put("a.docx", "x"), ("a.docx", ".csv", ".xlsx"), ("Simpan Sebagai",), ("Save As",)),
    "not there": Bad(
        lambda folder: put("ulasan.csv", "x\n1\n")(folder).replace("ulasan", "ulsan"), ("ulsan.csv", "'ulasan.csv'"),
        ("tidak ada", "Maksudnya"), ("There is no file", "Did you mean"),
    ),
    "password": Bad(
        put("a.xlsx", ole("EncryptedPackage")), ("a.xlsx",), ("kata sandi", "simpan ulang"), ("password", "save again"),
    ),
    "old excel": Bad(put("a.xlsx", ole("Workbook")), ("a.xlsx", ".xls)"), ("simpan sebagai",), ("save it as",)),
    "no workbook": Bad(put("a.xlsx", table(GOOD)), ("a.xlsx",), ("bukan buku kerja Excel",), ("no Excel workbook",)),
    "empty sheet": Bad(
        empty_sheet, ("kosong.xlsx", "'Sampul'", "'Ulasan'", "--sheet"), ("kosong",), ("is empty",),
    ),
    "formula without result": Bad(
        formulas, ("rumus.xlsx", "26", "=A2&"), ("rumus tanpa hasil", "simpan"), ("formula without", "save it"),
    ),
    "no json": Bad(put("a.jsonl", '{"ulasan": "a"\n'), ("a.jsonl", '{"text":'), ("Baris 1",), ("Line 1",)),
    "json too deep": Bad(put("a.jsonl", "[" * 200_000), ("a.jsonl", "1"), ("Baris 1",), ("Line 1",)),
    "no parquet": Bad(put("a.parquet", table(GOOD)), ("a.parquet",), ("Periksa",), ("Check",)),
    "folder of nothing": Bad(
        folder_of_nothing, ("map", "gambar.png", ".txt", "csv"), ("tidak ada yang dapat dibaca",), ("nothing to read",),
    ),
    "folder of texts and tables": Bad(
        folder_of_both, ("map", "positif/1.txt", "a.csv"), ("Pisahkan",), ("two folders",),
    ),
    "folder of parts without classes": Bad(
        folder_of_parts_only, ("map", "test/1.txt"), ("KELAS/berkas.txt",), ("CLASS/file.txt",),
    ),
    "folder of unequal tables": Bad(
        folder_of_unequal_tables, ("b.csv", "kelas", "label"), ("Samakan judul",), ("same column names",),
    ),
}  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAKNA_CACHE", str(tmp_path / ".cache"))
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "a.csv").write_text(table(GOOD), encoding="utf-8")
    (folder / "a.yaml").write_text(RECIPE.format(collect="file: a.csv, text: ulasan, label: kelas"), encoding="utf-8")
    assert run_command(["run", str(folder / "a.yaml"), "--out", str(folder / "run")]) == 0
    return folder / "run" / "models" / "bayes"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def say(words, lang, capsys):
    """Run a command and return its exit code and what it wrote to stderr."""
    set_language(None)
    capsys.readouterr()
    code = run_command([*words, "--lang", lang])
    told = capsys.readouterr()
    assert code == 0 or told.out == ""
    return code, told.err


def recipe_for(file: str, more: str = "text: ulasan, label: kelas") -> str:
    key = "folder" if Path(file).is_dir() else "file"
    Path("resep.yaml").write_text(RECIPE.format(collect=f"{key}: {file}, {more}"), encoding="utf-8")
    return "resep.yaml"


def commands(file: str, model: Path) -> dict[str, list[str]]:
    return {
        "run": ["run", recipe_for(file), "--out", "hasil"],
        "init": ["init", file, "--out", "baru.yaml"],
        "predict": ["predict", str(model), file, "--out", "jawaban.csv"],
    }


@pytest.mark.parametrize("command", ["run", "init", "predict"])
@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_and_nothing_is_left(name, command, here, model, capsys):
    bad = BAD[name]
    words = commands(bad.make(here), model)[command]
    Path("jawaban.csv").write_text("hasil lama", encoding="utf-8")
    before = contents(here)
    told = {lang: say(words, lang, capsys) for lang in ("id", "en")}
    for lang, pieces in (("id", bad.id), ("en", bad.en)):
        code, text = told[lang]
        assert code == 2, text
        assert "Traceback" not in text
        for piece in (*bad.both, *pieces):
            assert piece in text, (piece, text)
    assert told["id"][1] != told["en"][1]
    assert contents(here) == before
    assert not Path("hasil").exists()


def long_cells() -> str:
    return table([*GOOD, ("kata " * 20_000, "positif"), ("y" * 100_000, "negatif")])


FINE = {
    "good": put("a.csv", table(GOOD)),
    "mark": put("a.csv", b"\xef\xbb\xbf" + table(GOOD).encode()),
    "utf-16": put("a.csv", table(GOOD).encode("utf-16")),
    "utf-16 without mark": put("a.csv", table(GOOD).encode("utf-16-le")),
    "semicolons": put("a.csv", table(GOOD, delimiter=";")),
    "windows": put("a.csv", accented("cp1252")),
    "quotes in quotes": put("a.csv", table([(f'dia, "{text}", ya', label) for text, label in GOOD])),
    "quotes in tabs": put("a.tsv", "ulasan\tkelas\n" + "".join(f'"{text}" ya\t{label}\n' for text, label in GOOD)),
    "long": put("a.csv", long_cells()),
    "surrogates": put("a.jsonl", "".join(json.dumps({"ulasan": t + "\ud83d", "kelas": k}) + "\n" for t, k in GOOD)),
    "control characters": put("a.csv", table([(f"{t} \x01\x0b\x1f\x7f\x85\u2028x", k) for t, k in GOOD])),
    "formulas": put("a.csv", table([(f"=cmd|' /C calc'!A0 {t}", k) for t, k in GOOD])),
    "wide": put("a.csv", table([(*(["1"] * 298), *row) for row in GOOD], (*(f"k{i}" for i in range(298)), *HEAD))),
    "numbers": put("a.csv", table([(f"{i} {i}", label) for i, (_, label) in enumerate(GOOD)])),
    "a class of one": put("a.csv", table([*GOOD, ("biasa saja", "netral")])),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_is_odd_but_fine_goes_all_the_way(name, here, model, capsys):
    file = FINE[name](here)
    before = contents(here)[file]
    for command, words in commands(file, model).items():
        code, text = say(words, "en", capsys)
        assert code == 0, (command, text)
    assert contents(here)[file] == before
    rows = json.loads(Path("hasil/data.json").read_text(encoding="utf-8"))["rows"]["read"]
    said = pd.read_csv("jawaban.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=None, engine="python")
    assert len(said) == rows >= len(GOOD)


def test_a_guessed_encoding_is_told(here, model, capsys):
    put("a.csv", accented("cp1252"))(here)
    for words in commands("a.csv", model).values():
        _, text = say(words, "en", capsys)
        assert "was read as cp1252" in text
    put("b.csv", mixed())(here)
    assert say(["predict", str(model), "b.csv", "--out", "b2.csv", "--encoding", "latin-1"], "en", capsys)[0] == 0
    assert "café enak" in Path("b2.csv").read_text(encoding="utf-8-sig")
    code, text = say(["predict", str(model), "b.csv", "--out", "b3.csv", "--encoding", "utf-8"], "en", capsys)
    assert (code, "0xE9" in text, Path("b3.csv").exists()) == (2, True, False)


@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_missing_column_offers_the_nearest_and_never_applies_it(here, model, capsys, lang):
    put("a.csv", table(GOOD, head=("Ulasan", "kelas")))(here)
    code, text = say(["run", recipe_for("a.csv"), "--out", "hasil"], lang, capsys)
    assert code == 2
    for piece in ("'ulasan'", "'Ulasan'?", "Ulasan, kelas"):
        assert piece in text
    code, text = say(["predict", str(model), "a.csv", "--out", "b.csv"], lang, capsys)
    assert code == 2
    for piece in ("'Ulasan'?", "--text"):
        assert piece in text
    code, text = say(["predict", str(model), "a.csv", "--out", "b.csv", "--text", "ulasn"], lang, capsys)
    assert (code, "'Ulasan'?" in text) == (2, True)
    assert not Path("b.csv").exists()
    assert not Path("hasil").exists()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(text, "positif") for text, _ in GOOD], ("'positif'", "one class", "collect.label")),
        ([*((t, "positif") for t, _ in GOOD), ("jelek", "negatif")], ("negatif", "one row only", "Add examples")),
        ([(text, "") for text, _ in GOOD], ("24",)),
        ([("", label) for _, label in GOOD], ("24",)),
    ],
    ids=["one class", "a class of one and another", "no labels", "no texts"],
)
def test_too_little_to_learn_from_is_told(here, capsys, rows, told):
    put("a.csv", table(rows))(here)
    code, text = say(["run", recipe_for("a.csv"), "--out", "hasil"], "en", capsys)
    assert code == 2, text
    for piece in told:
        assert piece in text
    assert say(["run", "resep.yaml", "--out", "hasil"], "id", capsys)[1] not in ("", text)
    assert not Path("hasil").exists()


def test_a_class_of_one_row_is_warned_of(here, capsys):
    put("a.csv", table([*GOOD, ("biasa saja", "netral")]))(here)
    code, text = say(["run", recipe_for("a.csv"), "--out", "hasil"], "en", capsys)
    assert code == 0
    assert "'netral' has only 1 row" in text


def test_missing_values_are_empty_and_numbers_are_labels(here, capsys):
    frame = pd.DataFrame(GOOD, columns=HEAD).assign(kelas=lambda f: (f["kelas"] == "positif").astype(float))
    frame.loc[0, "kelas"], frame.loc[1, "ulasan"] = float("nan"), None
    frame.to_parquet("a.parquet")
    code, text = say(["run", recipe_for("a.parquet"), "--out", "hasil"], "en", capsys)
    assert code == 0, text
    account = json.loads(Path("hasil/data.json").read_text(encoding="utf-8"))
    assert account["rows"] == {"read": 24, "kept": 22}
    assert set(account["classes"][""]) == {"0.0", "1.0"}


@pytest.mark.parametrize("cell", ["nan", "lima", "2,5"])
def test_a_score_that_is_no_number_is_told_with_its_line(here, capsys, cell):
    put("a.csv", table([(text, str(i % 5)) for i, (text, _) in enumerate(GOOD)] + [("jawaban", cell)]))(here)
    recipe = RECIPE.replace("target: class", "target: number").replace("naive-bayes", "ridge")
    recipe = recipe.replace("accuracy", "rmse").format(collect="file: a.csv, text: ulasan, score: kelas")
    Path("resep.yaml").write_text(recipe, encoding="utf-8")
    code, text = say(["run", "resep.yaml", "--out", "hasil"], "en", capsys)
    assert (code, f"line 26: '{cell}'" in text, "decimal point" in text) == (2, True, True)
    assert not Path("hasil").exists()


def test_the_sheet_that_was_read_is_said_and_another_can_be_chosen(here, model, capsys):
    file = sheets(here)
    for words in commands(file, model).values():
        for lang in ("id", "en"):
            code, text = say(words, lang, capsys)
            assert code == 2
            for piece in ("'Catatan'", "'Ulasan'", "--sheet", "collect: {sheet:"):
                assert piece in text, text
        assert say([*words, "--sheet", "Ulasan"], "en", capsys)[0] == 0
        code, text = say([word.replace("hasil", "h2").replace("baru", "b2") for word in words] + ["--sheet", "ulasn"],
                         "en", capsys)  # fmt: skip
        assert (code, "'Ulasan'?" in text) == (2, True)
    assert 'sheet: "Ulasan"' in Path("baru.yaml").read_text(encoding="utf-8")
    assert say(["run", "baru.yaml", "--out", "h3"], "en", capsys)[0] == 0
    manifest = json.loads(Path("h3/manifest.json").read_text(encoding="utf-8"))
    assert any("'Catatan'" in warning for warning in manifest["warnings"])
    Path("resep.yaml").write_text(Path("resep.yaml").read_text().replace("dua.xlsx", "dua.xlsx, sheet: Ulasan"))
    assert say(["run", "resep.yaml", "--out", "h4"], "en", capsys)[0] == 0
    put("a.csv", table(GOOD))(here)
    code, text = say(["predict", str(model), "a.csv", "--out", "c.csv", "--sheet", "Ulasan"], "en", capsys)
    assert (code, "not xlsx" in text) == (2, True)


def test_hidden_sheets_are_passed_over_and_stored_results_of_formulas_are_read(here, model, capsys):
    import xlsxwriter

    book = xlsxwriter.Workbook("a.xlsx")
    book.add_worksheet("rahasia").write_row(0, 0, ["x"])
    sheet = book.add_worksheet("Ulasan")
    sheet.activate()
    sheet.set_first_sheet()
    book.worksheets()[0].hide()
    for number, row in enumerate([("ulasan", "catatan"), *GOOD]):
        sheet.write_row(number, 0, row)
    sheet.write_formula(1, 0, '="bagus"&" sekali"', None, "bagus sekali")
    sheet.write_formula(2, 1, '=IF(1=1,"","x")', None, "")
    book.close()
    # Excel marks a result that is the empty text, as XlsxWriter does not.
    rewrite(here / "a.xlsx", "xl/worksheets/sheet2.xml", lambda xml: xml.replace('<c r="B3">', '<c r="B3" t="str">'))
    code, text = say(["predict", str(model), "a.xlsx", "--out", "b.csv"], "en", capsys)
    assert code == 0, text
    assert Path("b.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("bagus sekali,")


def test_a_folder_in_place_of_a_file_says_how_to_read_all_of_it(here, capsys):
    put("map/a.csv", table(GOOD))(here)
    Path("resep.yaml").write_text(RECIPE.format(collect="file: map, text: ulasan, label: kelas"), encoding="utf-8")
    for lang in ("id", "en"):
        code, text = say(["run", "resep.yaml", "--out", "hasil"], lang, capsys)
        assert code == 2
        for piece in ("map", "a.csv", "collect: {folder:"):
            assert piece in text
    assert not Path("hasil").exists()


def test_results_never_go_where_the_data_are(here, model, capsys):
    put("map/a.csv", table(GOOD))(here)
    before = contents(here)
    for words in (["map", "--out", "map/b.csv"], ["map/a.csv", "--out", "map/a.csv"]):
        code, text = say(["predict", str(model), *words], "en", capsys)
        assert (code, "your data stay as they are" in text) == (2, True)
    assert contents(here) == before


def test_a_folder_of_texts_is_a_study_and_a_table_to_predict(here, model, capsys):
    for number, (text, label) in enumerate(GOOD):
        put(f"map/{label}/{number}.txt", text + "\n")(here)
    put("map/.DS_Store", b"\0")(here)
    code, text = say(["run", recipe_for("map", "id: source"), "--out", "hasil"], "en", capsys)
    assert code == 0, text
    account = json.loads(Path("hasil/data.json").read_text(encoding="utf-8"))
    assert account["classes"][""] == {"negatif": 12, "positif": 12}
    assert [f["name"] for f in json.loads(Path("hasil/manifest.json").read_text())["data"]["files"]] == ["map/"]
    assert say(["init", "map"], "en", capsys)[0] == 0
    assert say(["run", "map.yaml", "--out", "h2"], "en", capsys)[0] == 0
    assert say(["predict", str(model), "map", "--out", "b.csv"], "en", capsys)[0] == 0
    said = pd.read_csv("b.csv", dtype=str, encoding="utf-8-sig")
    assert said["source"].tolist()[:2] == ["negatif/12.txt", "negatif/13.txt"]
    assert dict(zip(said["source"], said["text"], strict=True))["positif/0.txt"] == GOOD[0][0]
    put("datar/1.txt", "bagus")(here)
    code, text = say(["run", recipe_for("datar", "text: text"), "--out", "h5"], "en", capsys)
    assert (code, "have no labels" in text, "sub-folder" in text) == (2, True, True)


def test_a_folder_of_tables_is_joined_with_their_names(here, model, capsys):
    put("map/a.csv", table(GOOD[:12]))(here)
    workbook(here / "map" / "b.xlsx", Ulasan=[HEAD, *GOOD[12:]])
    put("map/catatan.pdf", "x")(here)
    code, text = say(["run", recipe_for("map"), "--out", "hasil"], "en", capsys)
    assert code == 0, text
    assert "catatan.pdf" in text
    manifest = json.loads(Path("hasil/manifest.json").read_text(encoding="utf-8"))
    assert ([f["name"] for f in manifest["data"]["files"]], manifest["data"]["rows"]) == (["a.csv", "b.xlsx"], 24)
    assert say(["run", "resep.yaml", "--out", "h2", "--data", "map"], "en", capsys)[0] == 0
    assert say(["predict", str(model), "map", "--out", "b.csv"], "en", capsys)[0] == 0
    said = pd.read_csv("b.csv", dtype=str, encoding="utf-8-sig")
    assert said[["ulasan", "source"]].to_numpy().tolist() == [
        [text, "a.csv" if i < 12 else "b.xlsx"] for i, (text, _) in enumerate(GOOD)
    ]


def test_init_names_columns_whatever_stands_in_their_heading(here, capsys):
    head = ('isi\nulasan "asli": {x}', "kelas")
    workbook(here / "a.xlsx", Data=[head, *GOOD])
    assert say(["init", "a.xlsx"], "en", capsys)[0] == 0
    code, text = say(["run", "a.yaml", "--out", "hasil"], "en", capsys)
    assert code == 0, text


def test_a_list_of_words_is_no_data_to_learn_from(here, capsys):
    recipe = RECIPE.format(collect="dataset: stif, text: informal, label: formal")
    Path("resep.yaml").write_text(recipe, encoding="utf-8")
    for lang in ("id", "en"):
        code, text = say(["run", "resep.yaml", "--out", "hasil"], lang, capsys)
        assert code == 2
        for piece in ("'stif'", "hate-speech", "sample-tweets"):
            assert piece in text.partition("makna: ")[2]
    assert not Path("hasil").exists()
