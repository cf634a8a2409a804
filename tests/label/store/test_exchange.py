"""Items from tables and answers into tables: nothing changes on the way, whatever the texts are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from makna.cli.main import run_command
from makna.collect.datasets import read_dataset
from makna.collect.files import read_table
from makna.core.errors import DataError, UserError
from makna.label.store.exchange import ItemColumns, corpus_of, export_table, read_items
from makna.label.store.given import all_items
from makna.label.store.gold import decide, disagreements
from makna.label.store.items import NewItem, add_items
from makna.label.store.members import set_member
from makna.label.store.projects import ProjectSettings, create_project
from makna.label.store.tables_out import table_of

NASTY = [
    'kata "kutip", koma; titik koma', "dua\nbaris", "=1+1", "+62 812", "@ani", "😀👍🏽", "'; DROP TABLE answer; --",
    "tab\tdi tengah", "<script>alert(1)</script>", "100% \\ %s {x}", "سلام", "  spasi  ",
]  # fmt: skip
ENDINGS = ["csv", "tsv", "xlsx", "jsonl", "parquet"]


def written(path: Path, table: pd.DataFrame) -> Path:
    makers = {
        ".csv": lambda: table.to_csv(path, index=False),
        ".tsv": lambda: table.to_csv(path, index=False, sep="\t"),
        ".xlsx": lambda: table.to_excel(path, index=False),
        ".jsonl": lambda: path.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_dict("records")), encoding="utf-8"
        ),
        ".parquet": lambda: table.to_parquet(path, index=False),
    }
    makers[path.suffix]()
    return path


def finished(scene: Any, project: Any, said: dict[str, Any]) -> None:
    """Let people answer all items of a project; `said` is person → a label for all, or a list by position."""
    for name, labels in said.items():
        scene.person(name)
        set_member(scene.store, project.id, scene.person(name).id, "annotator")
        while (item := scene.next(name, project)) is not None:
            label = labels if isinstance(labels, str) else labels[item.position - 1]
            scene.say(name, item, label)


class TestReading:
    @pytest.mark.parametrize("ending", ENDINGS)
    def test_texts_come_as_they_are(self, tmp_path: Path, ending: str) -> None:
        table = pd.DataFrame({"kode": [f"k{i}" for i in range(len(NASTY))], "teks": NASTY, "asal": NASTY[::-1]})
        path = written(tmp_path / f"butir.{ending}", table)
        if ending == "xlsx":
            # pandas writes the second cell that begins with = as a formula, which has no value here.
            table = table[~table["teks"].str.startswith("=") & ~table["asal"].str.startswith("=")]
            written(path, table)
        items = read_items(path, ItemColumns("teks", name="kode"))
        assert [item.text_a for item in items] == table["teks"].tolist()
        assert [item.name for item in items] == table["kode"].tolist()
        assert [item.extra for item in items] == [{"asal": text} for text in table["asal"]]
        assert {(item.text_b, item.context, item.doubt, item.suggested) for item in items} == {(None,) * 4}

    def test_names_of_rows(self, tmp_path: Path) -> None:
        table = pd.DataFrame({"teks": ["satu", "dua"]})
        path = written(tmp_path / "ulasan toko.csv", table)
        assert [item.name for item in read_items(path, ItemColumns("teks"))] == ["ulasan toko-1", "ulasan toko-2"]
        written(path, table.assign(id=["x", " y "]))
        items = read_items(path, ItemColumns("teks"))
        assert [(item.name, item.extra) for item in items] == [("x", {}), ("y", {})]
        written(path, table.assign(id=["x", "x"]))
        with pytest.raises(DataError, match="--id") as problem:
            read_items(path, ItemColumns("teks"))
        assert problem.value.fields["names"] == "x"
        written(path, table.assign(id=["x", "y" * 401]))
        with pytest.raises(DataError, match="400"):
            read_items(path, ItemColumns("teks"))

    def test_answers_with_key_and_question(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.csv", pd.DataFrame({"soal": ["s"], "kunci": ["k"], "jawaban": ["j"]}))
        (item,) = read_items(path, ItemColumns("jawaban", "kunci", "soal"))
        assert (item.text_a, item.text_b, item.context, item.extra) == ("j", "k", "s", {})

    def test_a_model_s_doubt_and_its_label(self, tmp_path: Path) -> None:
        table = pd.DataFrame(
            {"teks": ["a", "b", "c"], "prediction": ["pos", "neg", ""], "ragu": ["0", "0,5", ""],
             "probability_pos": [0.9, 0.4, None], "probability_neg": [0.1, 0.6, None]}
        )  # fmt: skip
        path = written(tmp_path / "p.csv", table)
        items = read_items(path, ItemColumns("teks"))
        assert [item.doubt for item in items] == [pytest.approx(0.1), pytest.approx(0.4), None]
        assert [item.suggested for item in items] == ["pos", "neg", None]
        items = read_items(path, ItemColumns("teks", doubt="ragu", suggested="teks"))
        assert [item.doubt for item in items] == [0, 0.5, None]
        assert [item.suggested for item in items] == ["a", "b", "c"]
        for bad in ("1.5", "-0.1", "banyak"):
            written(path, table.assign(ragu=["0", bad, "1"]))
            with pytest.raises(DataError, match="3") as problem:
                read_items(path, ItemColumns("teks", doubt="ragu"))
            assert problem.value.fields["came"] == bad

    def test_what_cannot_be_used(self, tmp_path: Path) -> None:
        path = written(tmp_path / "b.csv", pd.DataFrame({"teks": ["a", " ", "c"], "lain": ["x", "y", ""]}))
        with pytest.raises(DataError, match="teks"):
            read_items(path, ItemColumns("Teks"))
        assert [item.name for item in read_items(path, ItemColumns("teks"))] == ["b-1", "b-3"]
        assert [item.name for item in read_items(path, ItemColumns("lain", "teks"))] == ["b-1"]
        written(path, pd.DataFrame({"teks": [" ", "\n"], "lain": ["x", "y"]}))
        with pytest.raises(DataError) as problem:
            read_items(path, ItemColumns("teks"))
        assert problem.value.key == "label.items_empty"
        with pytest.raises(DataError):
            read_items(tmp_path / "tidak-ada.csv", ItemColumns("teks"))

    def test_a_data_set_by_its_name(self) -> None:
        items = read_items("sample-citation-pairs", ItemColumns("text1", "text2"))
        assert (len(items), items[0].name, items[0].extra["year"]) == (300, "c001", "2018")

    def test_the_same_file_again_adds_nothing(self, scene: Any, tmp_path: Path) -> None:
        path = written(tmp_path / "a.csv", pd.DataFrame({"teks": ["satu", "dua"]}))
        project = create_project(scene.store, ProjectSettings("p", labels=("x", "y")))
        assert add_items(scene.store, project.id, read_items(path, ItemColumns("teks"))).added == 2
        again = add_items(scene.store, project.id, read_items(path, ItemColumns("teks")))
        assert (again.added, again.known) == (0, 2)


@pytest.fixture
def nasty(scene: Any) -> Any:
    """A project of nasty texts, labels and people, answered by two."""
    labels = ("=cmd()", 'a "b"', "<b>", "ok")
    columns = {"text_a": "ulasan", "name": "kode"}
    project = create_project(scene.store, ProjectSettings("=p", labels=labels, columns=columns))
    items = [NewItem(f"k{i}", text, extra={"gold": text, "=x": "1"}) for i, text in enumerate(NASTY)]
    add_items(scene.store, project.id, items)
    first = [labels[i % 3] for i in range(len(NASTY))]
    second = [labels[0], *first[1:-1], None]
    finished(scene, project, {"ani": first, 'O\'Brien "x"': second})
    return project


class TestWriting:
    @pytest.mark.parametrize("where", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("ending", ENDINGS)
    @pytest.mark.parametrize("form", ["wide", "long", "corpus"])
    def test_what_is_written_is_read_again(
        self, scene: Any, nasty: Any, tmp_path: Path, ending: str, form: str
    ) -> None:
        path = tmp_path / f"out.{ending}"
        done = export_table(scene.store, nasty.id, path, form)
        table = table_of(scene.store, nasty.id, form)
        back = read_table(path)
        assert (done.rows, len(back), done.cut) == (len(table), len(table), 0)
        text = "text" if form == "corpus" else "ulasan"
        texts = back[text].tolist()
        if ending in ("csv", "tsv"):
            assert done.guarded > 0
            assert "'=1+1" in texts
            texts = [cell.removeprefix("'") if cell[1:2] in "=+-@" else cell for cell in texts]
        else:
            assert list(back.columns) == list(table.columns)
        assert texts == table[text].tolist()
        assert set(texts) <= set(NASTY)

    def test_wide(self, scene: Any, nasty: Any) -> None:
        table = table_of(scene.store, nasty.id)
        assert list(table.columns) == [
            "kode", "ulasan", "gold", "=x", "label_ani", "label_O'Brien \"x\"", "gold_makna", "gold_how", "agreement",
            "flags", "notes",
        ]  # fmt: skip
        assert table["ulasan"].tolist() == NASTY
        assert table["gold"].tolist() == NASTY, "the file's own column keeps its name"
        assert table["label_ani"].tolist() == ["=cmd()", 'a "b"', "<b>"] * 4
        assert table["gold_makna"].tolist()[:3] == ["=cmd()", 'a "b"', "<b>"]
        assert table["gold_how"].tolist() == ["agreed"] * 11 + [""]
        assert table["agreement"].tolist()[:11] == [1.0] * 11
        assert pd.isna(table["agreement"].tolist()[11])

    def test_flags_notes_and_decisions(self, scene: Any) -> None:
        project = scene.project(n=2, annotators="ani budi")
        for name, label, more in (("ani", "pos", {"flagged": True, "note": "ragu"}), ("budi", "neg", {"note": "=1"})):
            scene.say(name, scene.next(name, project), label, **more)
        table = table_of(scene.store, project.id)
        assert table["agreement"].tolist()[0] == 0
        assert (table["flags"][0], table["notes"][0]) == ("ani", "ani: ragu; budi: =1")
        assert (table["gold"][0], table["gold_how"][0]) == ("", "")
        decide(scene.store, scene.person("citra"), all_items(scene.store, project.id)[0].id, "net", 1)
        table = table_of(scene.store, project.id)
        assert (table["gold"][0], table["gold_how"][0]) == ("net", "decided")
        assert corpus_of(scene.store, project.id)["label"].tolist() == ["net"]

    def test_long(self, scene: Any) -> None:
        project = scene.project(n=1, annotators="ani budi")
        scene.say("ani", scene.next("ani", project), "pos", seconds=2.5)
        scene.say("budi", scene.next("budi", project), None, note="?")
        table = table_of(scene.store, project.id, "long")
        assert table.drop(columns=["labels_version"]).to_dict("records") == [
            {"id": "t1", "text": "teks 1", "annotator": "ani", "label": "pos", "skipped": False, "flagged": False,
             "note": "", "seconds": 2.5, "at": "2027-01-15T08:00:00+00:00"},
            {"id": "t1", "text": "teks 1", "annotator": "budi", "label": "", "skipped": True, "flagged": False,
             "note": "?", "seconds": pytest.approx(float("nan"), nan_ok=True), "at": "2027-01-15T08:00:00+00:00"},
        ]  # fmt: skip

    def test_without_names(self, scene: Any) -> None:
        project = scene.project(n=1, annotators="budi ani")
        for name in ("ani", "budi"):
            scene.say(name, scene.next(name, project), "pos", flagged=True, note="x")
        for form in ("wide", "long", "corpus"):
            if form != "corpus":
                table = table_of(scene.store, project.id, form, names=False)
                whole = table.to_csv()
                assert "annotator-1" in whole
                assert "annotator-2" in whole
                assert "ani" not in whole.replace("annotator", "")
                assert "budi" not in whole

    def test_marks_go_into_a_corpus_with_each_rater_s(self, scene: Any, tmp_path: Path) -> None:
        columns = {"text_a": "jawaban", "text_b": "kunci", "context": "soal"}
        settings = ProjectSettings("nilai", "answer", scale=(0, 5, 0.5), columns=columns)
        project = create_project(scene.store, settings)
        add_items(scene.store, project.id, [NewItem(f"j{i}", f"jawab {i}", "kunci", "soal?") for i in range(3)])
        finished(scene, project, {"ani": ["3", "4,5", "0"], "budi": ["3.5", "4.5", "5"]})
        corpus = corpus_of(scene.store, project.id)
        assert list(corpus.columns) == ["id", "text_a", "text_b", "score", "rater_ani", "rater_budi", "context"]
        assert corpus["score"].tolist() == [3.25, 4.5]
        assert corpus["rater_budi"].tolist() == [3.5, 4.5]
        wide = table_of(scene.store, project.id)
        assert list(wide.columns)[:4] == ["id", "jawaban", "kunci", "soal"]
        assert wide["agreement"].tolist() == [0, 1, 0]
        assert wide["gold"].tolist() == ["3.25", "4.5", ""]

    def test_a_corpus_keeps_its_own_names(self, scene: Any) -> None:
        project = create_project(scene.store, ProjectSettings("p", labels=("x", "y"), overlap=1))
        add_items(scene.store, project.id, [NewItem("a", "teks", extra={"label": "z", "text": "lain", "id": "9"})])
        finished(scene, project, {"ani": "x"})
        (row,) = corpus_of(scene.store, project.id).to_dict("records")
        assert row == {"id": "a", "text": "teks", "label": "x", "label_file": "z", "text_file": "lain", "id_file": "9"}

    def test_what_cannot_be_written(self, scene: Any, tmp_path: Path) -> None:
        project = scene.project(n=2)
        with pytest.raises(DataError) as problem:
            export_table(scene.store, project.id, tmp_path / "a.csv", "corpus")
        assert (problem.value.key, problem.value.fields["items"]) == ("label.export_no_gold", 2)
        with pytest.raises(UserError, match="wide"):
            export_table(scene.store, project.id, tmp_path / "a.csv", "wode")
        with pytest.raises(DataError):
            export_table(scene.store, project.id, tmp_path / "a.doc")
        with pytest.raises(DataError):
            export_table(scene.store, 99, tmp_path / "a.csv")
        assert list(tmp_path.glob("a.*")) == []
        assert len(table_of(scene.store, project.id)) == 2, "nothing is answered yet"


def test_commands_reach_either_database(scene: Any, where: str, tmp_path: Path) -> None:
    project = scene.project(n=2, annotators="ani")
    target = tmp_path / "out.jsonl"
    assert run_command(["label", "export", project.name, "--out", str(target), "--store", where]) == 0
    assert read_table(target)["text"].tolist() == ["teks 1", "teks 2"]
    assert run_command(["label", "project", "list", "--store", where]) == 0


RECIPE = """title: pasangan
task: {{inputs: pair, target: class}}
collect: {{file: {file}, text_a: text_a, text_b: text_b, label: label}}
split: {{folds: 2}}
systems:
  counts: {{represent: {{counts: {{chars: [2, 3]}}}}, learn: naive-bayes}}
evaluate: {{metrics: [accuracy, f1_macro]}}
report: {{page: false}}
"""


@pytest.mark.parametrize("where", ["sqlite"], indirect=True)
def test_sixty_citation_pairs_run(scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = read_dataset("sample-citation-pairs").table.groupby("label").head(10).head(60)
    names = sorted(known["label"].unique())
    items = read_items("sample-citation-pairs", ItemColumns("text1", "text2"))
    items = [item for item in items if item.name in set(known["id"])]
    truth = dict(zip(known["id"], known["label"], strict=True))
    columns = ItemColumns("text1", "text2").of_texts()
    project = create_project(scene.store, ProjectSettings("sitasi", "pair", names, columns=columns))
    add_items(scene.store, project.id, items)
    first = [truth[item.name] for item in items]
    second = [names[0] if i % 10 == 0 else label for i, label in enumerate(first)]
    finished(scene, project, {"ani": first, "budi": second})
    set_member(scene.store, project.id, scene.person("citra").id, "adjudicator")
    open_ones = disagreements(scene.store, scene.person("citra"), project.id)
    assert 0 < len(open_ones) <= 6
    assert len(corpus_of(scene.store, project.id)) == 60 - len(open_ones)
    for one in open_ones:
        decide(scene.store, scene.person("citra"), one.item.id, truth[one.item.name], project.labels_version)
    monkeypatch.chdir(tmp_path)
    export_table(scene.store, project.id, "sitasi.csv", "corpus")
    assert read_table("sitasi.csv")["label"].tolist() == first
    Path("resep.yaml").write_text(RECIPE.format(file="sitasi.csv"), encoding="utf-8")
    assert run_command(["run", "resep.yaml", "--out", "hasil"]) == 0
    metrics = json.loads(Path("hasil/metrics.json").read_text("utf-8"))
    assert {"majority", "counts"} <= set(metrics["systems"])
    assert metrics["systems"]["counts"]["parts"]["test"]["accuracy"]["n"] == 60
    assert run_command(["init", "sitasi.csv"]) == 0
    recipe = Path("sitasi.yaml").read_text("utf-8")
    assert 'text_a: "text_a", text_b: "text_b", label: "label"' in recipe
