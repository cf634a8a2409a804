"""Tables in and out: who may, what names they may have, what is in them."""

from __future__ import annotations

import io
import json
from zipfile import ZIP_DEFLATED, ZipFile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from makna.serve.web.files import own_name

TABLE = "id,teks,lain\nn1,pertama,a\nn2,=1+1,b\nn3,<b>ketiga</b>,c\n"


def send(visitor, name="tabel.csv", content=TABLE, project=1, **fields):
    fields = {"text_a": "teks"} | fields
    return visitor.post(f"/api/projects/{project}/items", files={"file": (name, content)}, data=fields)


def test_an_admin_adds_a_table(visit):
    admin = visit("citra")
    done = send(admin)
    assert (done.status_code, done.json()["added"], done.json()["known"]) == (200, 3, 0)
    assert send(admin).json()["known"] == 3
    assert "3" in done.json()["message"]


@pytest.mark.parametrize("name", ["ani", "dewi"])
def test_nobody_else_does(visit, name):
    assert send(visit(name)).status_code == 403
    assert visit(name).get("/api/projects/1/export").status_code == 403


@pytest.mark.parametrize(
    "name", ["../../x.csv", "..\\..\\x.csv", "/etc/cron.d/x.csv", "C:\\x.csv", "x.csv", "\u202ex.csv", "a b;c$(d).csv"]
)
def test_a_path_in_a_name_leads_nowhere(visit, tmp_path, monkeypatch, name):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    before = {path for path in tmp_path.rglob("*") if path.name.endswith(".csv")}
    assert send(visit("citra"), name).status_code == 200
    assert {path for path in tmp_path.rglob("*") if path.name.endswith(".csv")} == before
    assert not list((tmp_path / "tmp").iterdir()), "nothing is left behind"


@pytest.mark.parametrize(
    ("came", "own"),
    [
        ("../../x.csv", "x.csv"),
        ("..", "table"),
        ("...csv", "csv"),
        ("", "table"),
        ("a/b\\c.csv", "c.csv"),
        ("-x.csv", "x.csv"),
    ],
)
def test_a_name_keeps_its_last_part(came, own):
    assert own_name(came) == own


def test_a_wrong_column_is_told_with_those_there_are(visit):
    done = send(visit("citra"), text_a="txt")
    assert done.status_code == 422
    assert "teks" in done.json()["message"]


@pytest.mark.parametrize(
    ("content", "name"), [("", "a.csv"), ("\0\0\0", "a.xlsx"), ("{", "a.jsonl"), (TABLE, "a.exe"), ("teks\n", "a.csv")]
)
def test_what_is_no_table_is_refused_with_words(visit, content, name):
    done = send(visit("citra"), name, content)
    assert done.status_code == 422, done.text
    assert len(done.json()["message"]) > 10


def test_a_form_without_a_file_or_a_column(visit):
    admin = visit("citra")
    assert admin.post("/api/projects/1/items", data={"text_a": "teks"}).status_code == 422
    assert send(admin, text_a=" ").status_code == 422
    many = {f"f{i}": "x" for i in range(50)}
    assert send(admin, **many).status_code in (400, 422)


def test_what_was_said_comes_out(visit):
    send(visit("citra"))
    for name, label in (("ani", "pos"), ("budi", "neg")):
        visitor = visit(name)
        while item := visitor.get("/api/projects/1/next").json()["item"]:
            visitor.answer(1, item["id"], label, note='=HYPERLINK("x")')
    admin = visit("citra")
    wide = admin.get("/api/projects/1/export?form=wide&ending=csv")
    assert 'filename="Sitasi-wide.csv"' in wide.headers["content-disposition"]
    table = pd.read_csv(io.BytesIO(wide.content), dtype=str)
    assert len(table) == 6
    assert set(table["label_ani"]) == {"pos"}
    assert "'=1+1" in set(table.astype(str).to_numpy().ravel()), "a cell that looks like a formula is guarded"
    long = admin.get("/api/projects/1/export?form=long&ending=jsonl&names=false").text
    assert len(long.splitlines()) == 12
    assert "ani" not in {json.loads(line).get("annotator") for line in long.splitlines()}
    tasks = admin.get("/api/projects/1/export?form=label-studio")
    assert len(tasks.json()) == 6
    assert "budi" in tasks.text
    assert "budi" not in admin.get("/api/projects/1/export?form=label-studio&names=false").text


def test_rows_without_a_text_are_told_and_packed_files_refused(visit):
    admin = visit("citra")
    done = send(admin, content="teks,lain\na,b\n,c\n")
    assert (done.json()["added"], done.json()["left_out"]) == (1, 1)
    assert "3" in done.json()["message"]
    assert send(admin, "x.csv.gz", TABLE).status_code == 422


def big_workbook() -> bytes:
    packed = io.BytesIO()
    pd.DataFrame({"teks": ["a"]}).to_excel(packed, index=False)
    with ZipFile(packed, "a", ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/film.bin", bytes(300 * 1024 * 1024))
    return packed.getvalue()


def big_parquet() -> bytes:
    packed = io.BytesIO()
    texts = pa.array(["a" * 1_000_000]).dictionary_encode().take(pa.array([0] * 1_000))
    pq.write_table(pa.table({"teks": texts}), packed)
    return packed.getvalue()


@pytest.mark.parametrize(("name", "make"), [("x.xlsx", big_workbook), ("x.parquet", big_parquet)])
def test_a_small_file_that_holds_much_is_refused(visit, name, make):
    content = make()
    assert len(content) < 1_000_000
    done = send(visit("citra"), name, content)
    assert done.status_code == 422
    assert "MiB" in done.json()["message"]
    assert name in done.json()["message"]


@pytest.mark.parametrize("query", ["form=../x", "ending=exe", "form=corpus"])
def test_what_cannot_be_written_is_told(visit, query):
    done = visit("citra").get(f"/api/projects/1/export?{query}")
    assert done.status_code == 422
    assert done.json()["message"]
