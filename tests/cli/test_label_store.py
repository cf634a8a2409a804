"""`makna label serve|user|project|import|export` as words in, files and plain messages out."""

from __future__ import annotations

import getpass
import io
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from makna.cli.main import run_command
from makna.collect.files import read_table
from makna.core import optional
from makna.label.store import people as people_module
from makna.label.store.answers import Given, save_answer
from makna.label.store.connect import open_store
from makna.label.store.people import add_person, check_password, find_person, people
from makna.label.store.projects import find_project
from makna.label.store.queue import next_item

PASSWORD = "tempat yang teduh"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAKNA_LANG", "en")
    monkeypatch.setattr(people_module, "_COSTS", (2**4, 8, 1))
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str | Path) -> tuple[int, str, str]:
        sys.stdin.seek(0)
        code = run_command(["label", *(str(word) for word in words)])
        out, err = capsys.readouterr()
        return code, " ".join(out.split()), " ".join(err.split())

    return run


@pytest.fixture
def store() -> Any:
    """A store with an admin, two annotators and an adjudicator, in the place that the commands look at."""
    opened = open_store("labels.db")
    for name in ("ani", "budi", "citra"):
        add_person(opened, name, PASSWORD)
    add_person(opened, "kepala", PASSWORD, "admin")
    yield opened
    opened.close()


@pytest.fixture
def reviews() -> str:
    pd.DataFrame({"ulasan": ["enak", "=1+1", "mahal"], "toko": ["a", "b", "c"]}).to_csv("ulasan.csv", index=False)
    return "ulasan.csv"


def answer_all(store: Any, name: str, project: str, labels: list[str | None]) -> None:
    found, person = find_project(store, project), find_person(store, name)
    for label in labels:
        item = next_item(store, person, found.id)
        assert item is not None
        save_answer(store, person, item.id, Given(label, skipped=label is None), found.labels_version)


class TestPeople:
    def test_made_changed_kept_out_and_listed(self, said: Any) -> None:
        code, out, err = said("user", "add", "kepala", "--role", "admin")
        assert (code, out) == (0, "")
        assert "kepala (admin)" in err
        assert PASSWORD not in err
        assert said("user", "add", "ani")[0] == 0
        store = open_store("labels.db")
        assert check_password(store, "ani", PASSWORD).role == "person"
        sys.stdin = io.StringIO("sandi yang lain\r\n")
        assert said("user", "password", "ANI")[0] == 0
        assert check_password(store, "ani", "sandi yang lain").name == "ani"
        assert said("user", "off", "ani")[0] == 0
        assert [one.active for one in people(store)] == [False, True]
        _, out, _ = said("user", "list")
        assert "│ ani │ person │ no │" in out
        assert "│ kepala │ admin │ yes │" in out
        assert said("user", "on", "ani")[0] == 0
        assert find_person(store, "ani").active
        store.close()

    def test_typed_twice_where_somebody_sits(self, said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        typed = iter([PASSWORD, PASSWORD, PASSWORD, PASSWORD + "!"])
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
        assert said("user", "add", "ani")[0] == 0
        code, _, err = said("user", "add", "budi")
        assert code == 2
        assert "differ" in err

    @pytest.mark.parametrize(
        ("words", "part"),
        [
            (("user", "add", "ani"), "ani"),
            (("user", "add", "dewi", "--role", "raja"), "admin"),
            (("user", "add", "  "), "name"),
            (("user", "password", "siapa"), "siapa"),
            (("user", "off", "kepala"), "kepala"),
            (("user", "add"), "NAME"),
            (("user", "hapus", "ani"), "add"),
        ],
    )
    def test_refused_plainly(self, said: Any, store: Any, words: tuple[str, ...], part: str) -> None:
        code, out, err = said(*words)
        assert (code, out) == (2, "")
        assert err.startswith("makna: ")
        assert part in err
        assert len(people(store)) == 4

    def test_a_short_password(self, said: Any) -> None:
        sys.stdin = io.StringIO("pendek\n")
        code, _, err = said("user", "add", "ani")
        assert code == 2
        assert "10" in err
        assert "pendek" not in err

    @pytest.mark.parametrize(
        "words", [("user", "list"), ("project", "list"), ("export", "p", "--out", "a.csv"), ("serve",)]
    )
    def test_without_a_store(self, said: Any, words: tuple[str, ...]) -> None:
        code, _, err = said(*words, "--store", "lain.db")
        assert code == 2
        assert "makna label user add NAME --role admin --store lain.db" in err
        assert not Path("lain.db").exists()

    def test_without_sqlalchemy(self, said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(optional, "available", lambda package: package != "sqlalchemy")
        code, _, err = said("user", "add", "ani")
        assert code == 2
        assert "makna[web]" in err


class TestProjects:
    def test_from_a_table(self, said: Any, store: Any, reviews: str) -> None:
        Path("pedoman.md").write_text("# Pedoman\nBaca dulu.", encoding="utf-8")
        code, out, err = said(
            "project", "new", "Ulasan", "--file", reviews, "--text", "ulasan", "--labels", "pos, neg,net",
            "--guidelines", "pedoman.md", "--member", "ani,BUDI", "--adjudicator", "citra", "--order", "random",
        )  # fmt: skip
        assert (code, out) == (0, "")
        assert "3 items, each for 2 people; members: 3" in err
        project = find_project(store, "ulasan")
        assert [label.name for label in project.labels] == ["pos", "neg", "net"]
        assert (project.guidelines, project.by, project.columns) == (
            "# Pedoman\nBaca dulu.",
            "random",
            {"text_a": "ulasan"},
        )
        answer_all(store, "ani", "ulasan", ["pos", None, "neg"])
        _, out, _ = said("project", "list")
        assert "│ Ulasan │ text │ 3 │ 3 │ 1 │ 2 │" in out
        code, _, err = said("project", "add", "ulasan", reviews)
        assert (code, "0 items added, 3 there already" in err) == (0, True)

    def test_rows_without_a_text_are_told(self, said: Any, store: Any) -> None:
        Path("u.csv").write_text("teks,toko\nenak,a\n,b\nmahal,c\n", encoding="utf-8")
        code, _, err = said("project", "new", "p", "--file", "u.csv", "--text", "teks", "--labels", "x,y")
        assert code == 0
        assert "1 rows without a text were left out (lines 3)." in err
        assert "2 items" in err

    def test_of_pairs_and_of_answers(self, said: Any, store: Any) -> None:
        pd.DataFrame({"a": ["x"], "b": ["y"], "s": ["z"]}).to_csv("t.csv", index=False)
        assert said("project", "new", "p", "--file", "t.csv", "--pair", "a, b", "--labels", "x,y")[0] == 0
        words = ("--answer", "a,b", "--question", "s", "--scale", "0,5,0.5")
        assert said("project", "new", "n", "--file", "t.csv", *words)[0] == 0
        assert find_project(store, "p").kind == "pair"
        project = find_project(store, "n")
        assert (project.kind, project.scale) == ("answer", (0.0, 5.0, 0.5))
        item = next_item(store, find_person(store, "kepala"), project.id)
        assert item is not None
        assert (item.text_a, item.text_b, item.context) == ("x", "y", "z")

    @pytest.mark.parametrize(
        ("words", "part"),
        [
            ((), "--text"),
            (("--text", "ulasan", "--pair", "a,b"), "--text, --pair"),
            (("--pair", "ulasan"), "--pair"),
            (("--text", "ulasn", "--labels", "x,y"), "ulasan"),
            (("--text", "ulasan"), "scale"),
            (("--text", "ulasan", "--labels", "x,y", "--scale", "0,1"), "scale"),
            (("--text", "ulasan", "--scale", "satu"), "satu"),
            (("--text", "ulasan", "--labels", "satu"), "satu"),
            (("--text", "ulasan", "--labels", "x,y", "--order", "terserah"), "doubt"),
            (("--text", "ulasan", "--labels", "x,y", "--member", "siapa"), "siapa"),
            (("--text", "ulasan", "--labels", "x,y", "--member", "ani", "--adjudicator", "ani"), "ani"),
            (("--text", "ulasan", "--labels", "x,y", "--guidelines", "tidak-ada.md"), "tidak-ada.md"),
            (("--text", "ulasan", "--labels", "x,y", "--overlap", "0"), "--overlap"),
        ],
    )
    def test_refused_plainly(self, said: Any, store: Any, reviews: str, words: tuple[str, ...], part: str) -> None:
        code, out, err = said("project", "new", "p", "--file", reviews, *words)
        assert (code, out) == (2, "")
        assert part in err
        assert "p" not in said("project", "list")[1].split("│"), "nothing half-made"
        assert said("project", "new", "p", "--file", reviews, "--text", "ulasan", "--labels", "x,y")[0] == 0

    def test_labels_change_and_nothing_is_lost(self, said: Any, store: Any, reviews: str) -> None:
        said(
            "project", "new", "p", "--file", reviews, "--text", "ulasan", "--labels", "pos,neg", "--member", "ani,budi"
        )
        answer_all(store, "ani", "p", ["pos", "neg"])
        code, _, err = said("project", "labels", "p", "positif,netral", "--rename", "pos=positif")
        assert code == 2
        assert "pos (1)" in err
        assert "--go-on" in err
        code, out, _ = said("project", "labels", "p", "positif,netral", "--rename", "pos=positif", "--go-on")
        assert code == 0
        assert "│ 1 │ positif │" in out
        assert "│ neg │ │ yes │" in out
        said("export", "p", "--out", "p.csv")
        assert sorted(read_table("p.csv")["label_ani"]) == ["", "neg", "positif"]
        code, _, err = said("project", "labels", "p", "--rename", "positif")
        assert (code, "OLD=NEW" in err) == (2, True)
        code, out, _ = said("project", "labels", "p", "--rename", "positif=bagus", "--go-on")
        assert (code, "│ bagus │" in out) == (0, True)
        code, _, err = said("project", "labels", "q")
        assert (code, "p" in err) == (2, True)


class TestExchange:
    def test_tables_corpus_and_tasks(self, said: Any, store: Any, reviews: str) -> None:
        said(
            "project", "new", "p", "--file", reviews, "--text", "ulasan", "--labels", "pos,neg", "--member", "ani,budi"
        )
        answer_all(store, "ani", "p", ["pos", "neg", None])
        answer_all(store, "budi", "p", ["pos", "neg", "neg"])
        code, out, err = said("export", "p", "--out", "p.csv")
        assert (code, out) == (0, "p.csv")
        assert "3 rows" in err
        assert "formula" in err
        assert read_table("p.csv")["label_budi"].tolist() == ["pos", "neg", "neg"]
        assert said("export", "p", "--out", "c.xlsx", "--form", "corpus")[0] == 0
        assert read_table("c.xlsx")["text"].tolist() == ["enak", "=1+1"]
        assert said("export", "p", "--out", "l.jsonl", "--form", "long", "--no-names")[0] == 0
        assert set(read_table("l.jsonl")["annotator"]) == {"annotator-1", "annotator-2"}
        code, out, err = said("export", "p", "--out", "t.json", "--form", "label-studio")
        assert (code, out) == (0, "t.json")
        assert "t.xml" in err
        assert Path("t.xml").read_text("utf-8").startswith("<View>")
        code, _, err = said("import", "kembali", "t.json")
        assert (code, "3 new items, 0 there already, 6 answers" in err) == (0, True)
        code, _, err = said("import", "kembali", "t.json")
        assert (code, "6 answers were not taken in" in err) == (0, True)
        said("export", "kembali", "--out", "k.csv")
        columns = ["label_ani", "label_budi", "gold"]
        assert read_table("k.csv")[columns].equals(read_table("p.csv")[columns])

    def test_annotators_without_an_account(self, said: Any, store: Any) -> None:
        result = [{"from_name": "s", "to_name": "t", "type": "choices", "value": {"choices": ["A"]}}]
        tasks = [{"id": 1, "data": {"text": "x"}, "annotations": [
            {"completed_by": {"email": who}, "result": result} for who in ("ani@kampus.ac.id", "d")]}]  # fmt: skip
        Path("t.json").write_text(json.dumps(tasks), encoding="utf-8")
        code, _, err = said("import", "p", "t.json", "--labels", "A,B", "--people", "ani@kampus.ac.id=ani")
        assert code == 2
        assert "here: d." in err
        assert said("project", "list")[1].count("│ p │") == 0
        words = ("--labels", "A,B", "--people", "ani@kampus.ac.id=ani", "--add-people")
        assert said("import", "p", "t.json", *words)[0] == 0
        assert not find_person(store, "d").active
        assert find_person(store, "ani").active

    @pytest.mark.parametrize(
        ("value", "words", "part"),
        [
            ({"type": "number", "value": {"number": 4}}, (), "--scale"),
            ({"type": "number", "value": {"number": 4}}, ("--scale", "0,3"), "4"),
            ({"type": "choices", "value": {"choices": ["A"]}}, ("--labels", "B,C"), "A"),
            ({"type": "choices", "value": {"choices": ["A"]}}, ("--field", "x"), "x"),
            ({"type": "choices", "value": {"choices": ["A"]}}, ("--text", "y"), "text"),
            ({"type": "rectanglelabels", "value": {}}, (), "rectanglelabels"),
        ],
    )
    def test_imports_that_do_not_fit_make_nothing(
        self, said: Any, store: Any, value: dict[str, Any], words: tuple[str, ...], part: str
    ) -> None:
        annotation = {"completed_by": "ani", "result": [{"from_name": "s", **value}]}
        Path("t.json").write_text(json.dumps([{"data": {"text": "x"}, "annotations": [annotation]}]), encoding="utf-8")
        code, _, err = said("import", "p", "t.json", *words)
        assert code == 2
        assert part in err
        assert "│ p │" not in said("project", "list")[1]

    def test_exports_that_do_not_fit(self, said: Any, store: Any, reviews: str) -> None:
        said("project", "new", "p", "--file", reviews, "--text", "ulasan", "--labels", "x,y")
        for words, part in (
            (("q", "--out", "a.csv"), "p"),
            (("p", "--out", "a.csv", "--form", "lebar"), "wide"),
            (("p", "--out", "a.csv", "--form", "corpus"), "gold"),
            (("p", "--out", "a.csv", "--form", "label-studio"), ".json"),
            (("p", "--out", "a.doc"), "a.doc"),
            (("p", "--out", "tidak/ada.csv"), "tidak"),
            (("p", "--out", "tidak/ada.json", "--form", "label-studio"), "tidak"),
        ):
            code, out, err = said("export", *words)
            assert (code, out) == (2, ""), words
            assert part in err


class TestServe:
    @pytest.fixture
    def served(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        site = pytest.importorskip("makna.serve.web.site")
        calls: list[Any] = []
        monkeypatch.setattr(site, "serve_site", lambda store, settings: calls.append((store.where, settings)))
        return calls

    def test_the_address_is_the_result(self, said: Any, store: Any, served: list[Any]) -> None:
        port = free_port()
        code, out, err = said("serve", "--port", port)
        assert (code, out) == (0, f"http://127.0.0.1:{port}")
        assert "Ctrl-C" in err
        ((where, settings),) = served
        assert where.endswith("labels.db")
        assert (settings.host, settings.port, settings.proxied, settings.language) == ("127.0.0.1", port, False, "en")

    def test_behind_a_proxy(self, said: Any, store: Any, served: list[Any]) -> None:
        assert said("serve", "--port", free_port(), "--proxied", "--name", "label.kampus.ac.id")[0] == 0
        assert (served[0][1].proxied, served[0][1].names) == (True, ("label.kampus.ac.id",))

    def test_open_to_others_only_when_told(self, said: Any, store: Any, served: list[Any]) -> None:
        code, out, err = said("serve", "--host", "0.0.0.0", "--port", free_port())
        assert (code, out) == (2, "")
        assert "TLS" in err
        code, _, err = said("serve", "--host", "0.0.0.0", "--port", free_port(), "--insecure-http")
        assert (code, "without encryption" in err) == (0, True)
        assert said("serve", "--host", "localhost", "--port", free_port())[0] == 0
        assert len(served) == 2

    def test_nobody_could_come_in(self, said: Any, served: list[Any]) -> None:
        opened = open_store("labels.db")
        add_person(opened, "ani", PASSWORD)
        opened.close()
        code, _, err = said("serve")
        assert code == 2
        assert "makna label user add NAME --role admin --store labels.db" in err
        assert served == []

    def test_an_address_that_is_taken(self, said: Any, store: Any, served: list[Any]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            code, _, err = said("serve", "--port", taken.getsockname()[1])
        assert code == 2
        assert "--port" in err
        assert said("serve", "--host", "tidak.ada.invalid", "--proxied")[0] == 2
        assert served == []

    def test_without_nicegui(self, said: Any, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(optional, "available", lambda package: package != "nicegui")
        code, _, err = said("serve")
        assert (code, "makna[web]" in err) == (2, True)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
