from makna.report.blocks import Table
from makna.report.language import Locale
from makna.report.reading import read_run
from makna.report.rows import data_section, example_text, shortened

EN = Locale("en")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def printed(table):
    return [[cell.text for cell in row] for row in table.cells()]


def test_the_data_statement_says_where_rows_come_from_and_go(run_folder):
    section = data_section(read_run(run_folder("text")), EN)
    facts = dict(section.blocks[0].pairs)
    assert facts["Licence"] == "CC BY-NC-SA 4.0"
    assert (facts["Rows read"], facts["Rows kept"]) == ("13,169", "13,021 (98.9%)")
    assert facts["Length of texts"].startswith("mean 17.2 words; median 15; 95% have at most 41 words")
    assert "Groups" not in facts


def test_licence_and_citation_may_stand_outside_the_data(run_folder):
    run = read_run(run_folder("reviews"))
    assert dict(data_section(run, EN).blocks[0].pairs)["Licence"] == "CC BY 4.0"
    assert run.about["citation"].startswith("Penulis, A.")
    inner = read_run(run_folder("text", {"manifest": {"licence": "other"}}))
    assert inner.about["licence"] == "CC BY-NC-SA 4.0"


def test_languages_are_counted_row_by_row(run_folder):
    run = read_run(run_folder("reviews"))
    facts = dict(data_section(run, EN).blocks[0].pairs)
    assert facts["Language of each row"] == (
        f"Indonesian 14,510 ({14510 / 15292:.1%}); mixed 602 ({602 / 15292:.1%}); "
        f"English 121 ({121 / 15292:.1%}); unknown 59 ({59 / 15292:.1%})"
    )
    assert facts["Groups"] == "3"
    folder = run.folder
    data = (folder / "data.json").read_text(encoding="utf-8")
    (folder / "data.json").write_text(data.replace('"languages"', '"other"'), encoding="utf-8")
    assert dict(data_section(read_run(folder), EN).blocks[0].pairs)["Languages"] == "Indonesian"


def test_unknown_words_stand_with_their_context(run_folder):
    table = of(data_section(read_run(run_folder("reviews")), EN), Table)[0]
    assert list(table.columns) == ["Word", "Times", "Example"]
    assert printed(table)[1] == ["breakouttt", "37", "malah breakouttt parah padahal baru dua kali pakai"]
    assert printed(table)[3] == ["shopeefood", "2", "–"]
    many = {"data": {"unknown_words": [[f"w{i}", 9] for i in range(30)] + [["odd"], None, ["x", None, ""]]}}
    table = of(data_section(read_run(run_folder("text", many)), EN), Table)[0]
    assert list(table.columns) == ["Word", "Times"]
    assert len(table.rows) == 20
    assert table.note.endswith("20 of 30 are shown.")


def test_long_texts_are_cut_with_a_note_and_empty_ones_named():
    assert shortened("a" * 600, EN) == "a" * 600
    cut = shortened("a" * 100_000, EN)
    assert cut == "a" * 600 + "… (cut; the original has 100,000 characters)"
    assert shortened("  \n", EN) == shortened(None, EN) == "(empty text)"


def test_without_data_and_manifest_there_is_no_statement(run_folder):
    folder = run_folder("text")
    (folder / "data.json").unlink()
    (folder / "manifest.json").unlink()
    assert data_section(read_run(folder), EN) is None


def test_both_sides_of_a_pair_stand_on_one_line():
    assert example_text({"text_a": "a", "text_b": "b"}, EN) == "a ⟷ b"
    assert example_text({"id": "1"}, EN) == "(empty text)"
