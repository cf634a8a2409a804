"""The teacher's desk: the same file with marks, a promise that is kept, and what a teacher should see herself."""

from importlib import resources
from zipfile import ZipFile

import numpy as np
import openpyxl
import openpyxl.chart
import pandas as pd
import pytest

from makna.core.errors import DataError
from makna.core.messages import set_language
from makna.learn.risk import Promise
from makna.serve.desk import ClassFile, DeskSettings, grade, needed
from makna.serve.desk_checks import surroundings, warnings_of
from makna.serve.desk_columns import find_columns, marks_of
from makna.serve.desk_features import Texts
from makna.serve.desk_file import DeskFile, grade_file
from makna.serve.desk_key import Key
from makna.serve.desk_marker import Class, MarkerSettings, mark_class

QUICK = DeskSettings(marker=MarkerSettings(trees=10, folds=4))


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def essays() -> pd.DataFrame:
    with resources.as_file(resources.files("makna.samples") / "essays.csv") as path:
        return pd.read_csv(path, dtype=str, keep_default_na=False)


def class_file(path, marked=20, rows=40, change=None):
    """Write a class of 40 as a teacher has it: names, a formula, another sheet; return the table."""
    table = essays().iloc[:rows].reset_index(drop=True)
    keep = np.random.default_rng(3).permutation(rows)[:marked]
    table["nilai"] = [float(mark) if i in keep else None for i, mark in enumerate(table["nilai"])]
    table.insert(0, "Nama", [f"Siswa {i}" for i in range(rows)])
    if change is not None:
        change(table)
    book = openpyxl.Workbook()
    page = book.active
    page.title = "X IPA 1"
    page.append(list(table))
    for row in table.astype(object).itertuples(index=False):
        page.append([None if cell is None or cell != cell else cell for cell in row])
    page["A1"].font = openpyxl.styles.Font(bold=True, color="FF0000")
    other = book.create_sheet("rumus")
    other["A1"], other["A2"] = 3, "=A1*2"
    book.save(path)
    return table


def test_the_same_file_comes_back_with_columns_beside(tmp_path):
    table = class_file(tmp_path / "kelas.xlsx")
    found = grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx"), QUICK)
    before, after = (openpyxl.load_workbook(tmp_path / name) for name in ("kelas.xlsx", "hasil.xlsx"))
    assert after.sheetnames == ["X IPA 1", "rumus", "please read", "promise"]
    for name in before.sheetnames:
        for row in before[name].iter_rows():
            for cell in row:
                copy = after[name][cell.coordinate]
                assert (copy.value, copy.data_type, copy.font.color) == (cell.value, cell.data_type, cell.font.color)
    page = after["X IPA 1"]
    heads = [cell.value for cell in page[1]]
    assert heads[: len(table.columns)] == list(table)
    assert tuple(heads[len(table.columns) :]) == found.added
    marks = [row[len(table.columns)] for row in page.iter_rows(min_row=2, values_only=True)]
    hers = table["nilai"].notna()
    assert [mark for mark, own in zip(marks, hers, strict=True) if own] == table.loc[hers, "nilai"].tolist()
    assert all(0 <= mark <= 5 for mark in marks)
    assert after["please read"].max_row == 1 + found.graded.read.sum()
    assert not list(tmp_path.glob(".*"))


def test_a_csv_becomes_a_workbook_and_formulas_stay_text(tmp_path):
    table = essays().iloc[:30].copy()
    table["nilai"] = table["nilai"].where(np.arange(30) % 3 > 0, "")
    table.loc[0, "jawaban"] = "=1+1 hujan \x07 turun"
    table.to_csv(tmp_path / "kelas.csv", index=False)
    grade_file(DeskFile(tmp_path / "kelas.csv", tmp_path / "hasil.xlsx"), QUICK)
    page = openpyxl.load_workbook(tmp_path / "hasil.xlsx").worksheets[0]
    assert (page["C2"].value, page["C2"].data_type) == ("=1+1 hujan   turun", "s")
    with ZipFile(tmp_path / "hasil.xlsx") as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_the_promise_is_kept_over_draws():
    table = essays()
    marks = table["nilai"].astype(float).to_numpy()
    texts = Texts(table["jawaban"], table["kunci"], table["soal"])
    rng, wrong, kept = np.random.default_rng(0), [], []
    for _ in range(4):
        hidden = np.where(rng.random(len(marks)) < 0.5, marks, np.nan)
        found = grade(ClassFile(texts, hidden), QUICK)
        stands = ~found.by_teacher & ~found.read
        wrong += (np.abs(found.mark - marks) > 1)[stands].tolist()
        kept.append(stands.sum() / (~found.by_teacher).sum())
    assert np.mean(kept) > 0.05
    assert np.mean(wrong) <= 0.1 + 2 * np.sqrt(0.09 / len(wrong))


def test_a_marked_row_is_judged_without_its_mark():
    rng = np.random.default_rng(1)
    n = 30
    views = [np.eye(n)[:, : n // 2] + 0.01]
    given = Class(rng.normal(size=(n, 3)), views, np.zeros(n, dtype=int), rng.integers(0, 6, n).astype(float))
    changed = given.marks.copy()
    changed[7] = 5.0 - changed[7]
    settings = MarkerSettings(trees=5, folds=n)
    first = mark_class(given, 1.0, settings)
    second = mark_class(Class(given.features, views, given.question, changed), 1.0, settings)
    assert first.mark[7] == second.mark[7]
    assert not np.array_equal(first.mark, second.mark)


@pytest.mark.parametrize("marked", [0, 1, 5])
def test_with_too_few_marks_everything_is_read(tmp_path, marked):
    class_file(tmp_path / "kelas.xlsx", marked)
    found = grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx"), QUICK)
    assert found.graded.read.sum() == 40 - marked
    assert "too few" in str(found)
    assert needed(Promise()) == 9


def test_half_marks_and_another_scale(tmp_path):
    def hundred(table):
        table["nilai"] = table["nilai"] * 20

    class_file(tmp_path / "kelas.xlsx", 30, change=hundred)
    file = DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx")
    with pytest.raises(DataError, match=r"outside the scale 0–5.*row|line.*--scale 0 100"):
        grade_file(file, QUICK)
    settings = DeskSettings(Promise(0.1, 20.0), MarkerSettings(0, 100, 5, trees=10))
    found = grade_file(file, settings).graded
    assert set(found.mark % 5) == {0.0}
    assert found.mark.max() <= 100


def test_keys_missing_doubled_and_filled(tmp_path):
    def spoil(table):
        table.loc[1:5, "kunci"] = ""  # written once: taken from the other rows
        table.loc[38, "soal"], table.loc[38, "kunci"] = "Soal tanpa kunci", ""
        table.loc[[40, 41], "soal"] = "Dua kunci"
        table.loc[40, "kunci"], table.loc[41, "kunci"] = "Kunci pertama", "Kunci kedua"

    class_file(tmp_path / "kelas.xlsx", 20, 60, spoil)
    found = grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx"), QUICK)
    assert "5 rows without a key" in str(found)
    assert "1 rows have no key" in str(found)
    assert "several keys (rows 42, 43)" in str(found)
    assert found.graded.warnings[38] == ("no_key",)
    assert found.graded.read[38] or found.graded.by_teacher[38]


def test_equal_answers_with_different_marks_are_told(tmp_path):
    def uneven(table):
        table.loc[[2, 9], "jawaban"] = "Air menguap lalu turun hujan"
        table.loc[2, "nilai"], table.loc[9, "nilai"] = 2.0, 4.0

    class_file(tmp_path / "kelas.xlsx", change=uneven)
    found = grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx"), QUICK)
    assert found.graded.uneven == [[2, 9]]
    assert "line 4: 2, line 11: 4" in str(found)


def test_ten_thousand_words_and_another_language(tmp_path):
    def odd(table):
        table["nilai"] = [2.0] * 37 + [None] * 3
        table.loc[37, "jawaban"] = "air menguap menjadi awan lalu hujan " * 1700
        table.loc[38, "jawaban"] = "The water of the sea is heated by the sun and then it falls down as rain."
        table.loc[39, "jawaban"] = None

    class_file(tmp_path / "kelas.xlsx", 40, change=odd)
    found = grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx"), QUICK).graded
    assert "too_long" in found.warnings[37]
    assert found.warnings[38] == ("other_language",)
    assert found.warnings[39] == ("empty",)
    assert found.mark[39] == 0
    assert found.read[[37, 38]].all()


QUESTION = "Mengapa sampah plastik berbahaya bagi kehidupan di laut?"
KEY = Key(
    "Plastik sulit terurai sehingga bertahan ratusan tahun. Hewan laut memakan plastik atau terjerat lalu mati. "
    "Plastik pecah menjadi mikroplastik yang masuk ke rantai makanan sampai ke manusia.",
    QUESTION,
)


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        ("sampah plastik berbahaya bagi kehidupan di laut", "copied_question"),
        ("Sampah plastik berbahaya bagi kehidupan di laut karena sampah plastik memang berbahaya.", "copied_question"),
        ("plastik terurai tahun hewan terjerat mati mikroplastik rantai makanan manusia", "stuffed"),
        (
            "Kita semua harus selalu menjaga apa yang sudah ada dan jangan pernah membuat hal yang tidak baik, karena "
            "kalau bukan kita siapa lagi dan kalau bukan sekarang kapan lagi.",
            "empty_talk",
        ),
        ("Gaya gravitasi menarik benda menuju pusat planet", "off_topic"),
        ("It takes hundreds of years and the animals eat it and then they die", "other_language"),
        ("  . ", "empty"),
        ("Karena tidak terurai, menjerat satwa, dan masuk rantai makanan.", None),
        ("plastik susah hancur, kemakan ikan terus mati, jadi mikroplastik yang kita makan juga", None),
        ("Hewan laut bisa mati karena memakan plastik yang dikira makanan.", None),
    ],
)
def test_gaming_is_noticed_and_honest_answers_are_not_accused(answer, warning):
    others = ["Hewan laut mati karena makan plastik", "Karena sulit terurai", "Ikan termakan mikroplastik", answer]
    around = surroundings(QUESTION, others, KEY.language)
    found = warnings_of(answer, KEY, KEY.held_against(answer), around)
    assert (warning in found) if warning else found == ()


def test_parts_of_the_key():
    assert [part.text for part in KEY.parts][:2] == ["Plastik sulit terurai", "bertahan ratusan tahun"]
    found = KEY.held_against("plastik itu tdk bisa terurai dan jadi mikroplastik yg masuk rantai makanan")
    assert "Plastik sulit terurai" in found.covered
    assert "masuk ke rantai makanan sampai ke manusia" in " ".join(found.covered)
    assert any("terjerat" in part for part in found.missed)
    assert KEY.held_against("").covered == ()
    assert Key("").held_against("apa saja").share == 0


def test_columns_are_found_by_usual_names_and_near_ones_are_only_offered():
    usual = find_columns(["No", "Pertanyaan", "kunci_jawaban", "Jawaban Siswa", "SKOR"], {})
    assert (usual.question, usual.key, usual.answer, usual.mark) == (
        "Pertanyaan", "kunci_jawaban", "Jawaban Siswa", "SKOR",
    )  # fmt: skip
    with pytest.raises(DataError, match=r"Did you mean 'Jawabn'.*--answer"):
        find_columns(["soal", "kunci", "Jawabn", "nilai"], {})
    with pytest.raises(DataError, match="--mark"):
        find_columns(["kunci", "jawaban", "nilai", "skor"], {})
    assert find_columns(["kunci", "jawaban", "nilai", "skor"], {"mark": "skor"}).mark == "skor"
    with pytest.raises(DataError, match="nothing"):
        find_columns(["kunci", "jawaban", "nilai"], {"mark": "nothing"})


def test_marks_are_numbers_with_point_or_comma():
    table = pd.DataFrame({"nilai": ["2,5", "3.5", "", " 4 "]}, index=[2, 3, 4, 5])
    np.testing.assert_array_equal(marks_of(table, "nilai", (0, 5)), [2.5, 3.5, np.nan, 4])
    with pytest.raises(DataError, match="line 3: 'baik'"):
        marks_of(pd.DataFrame({"nilai": ["1", "baik"]}, index=[2, 3]), "nilai", (0, 5))
    with pytest.raises(DataError, match="line 3: '7'"):
        marks_of(pd.DataFrame({"nilai": ["1", "7"]}, index=[2, 3]), "nilai", (0, 5))


def test_targets_that_are_refused(tmp_path):
    class_file(tmp_path / "kelas.xlsx")
    (tmp_path / "ada.xlsx").write_bytes(b"old")
    for name, told in (("hasil.csv", "xlsx"), ("kelas.xlsx", "table that is read"), ("ada.xlsx", "--overwrite")):
        with pytest.raises(DataError, match=told):
            grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / name), QUICK)
    assert (tmp_path / "ada.xlsx").read_bytes() == b"old"
    (tmp_path / "palsu.xlsx").write_text("no workbook")
    with pytest.raises(DataError, match="no Excel workbook"):
        grade_file(DeskFile(tmp_path / "palsu.xlsx", tmp_path / "hasil.xlsx"), QUICK)


def test_letters_of_multiple_choice_are_no_answers(tmp_path):
    path = tmp_path / "kelas.csv"
    path.write_text("soal,kunci,jawaban,nilai\nApa?,a,b,\n", encoding="utf-8")
    with pytest.raises(DataError) as wrong:
        grade_file(DeskFile(path, tmp_path / "hasil.xlsx"), QUICK)
    assert wrong.value.key == "serve.desk_no_words"


def test_what_a_copy_cannot_hold_is_told(tmp_path):
    class_file(tmp_path / "kelas.xlsx")
    book = openpyxl.load_workbook(tmp_path / "kelas.xlsx")
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(book.worksheets[1], min_col=1, min_row=1, max_row=2))
    book.worksheets[1].add_chart(chart, "C1")
    book.save(tmp_path / "kelas.xlsx")
    found = grade_file(DeskFile(tmp_path / "kelas.xlsx", tmp_path / "hasil.xlsx"), QUICK)
    assert "Charts of the original file are not carried over" in str(found)
