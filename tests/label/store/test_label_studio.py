"""Label Studio's tasks: what makna writes comes back the same, what Label Studio writes is understood."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from makna.core.errors import DataError
from makna.label.store import tables
from makna.label.store.given import all_given, all_items
from makna.label.store.gold import decide, gold_of
from makna.label.store.items import NewItem, add_items, delete_item
from makna.label.store.label_studio import labeling_config, write_tasks
from makna.label.store.label_studio_tasks import TaskFields, read_tasks
from makna.label.store.members import members, set_member
from makna.label.store.projects import LabelChoice, Project, ProjectSettings, create_project
from makna.label.store.taken_in import import_tasks

TEXTS = ["=1+1", 'a "b"', "dua\nbaris", "😀", "'; DROP TABLE answer; --", "<b>x</b>", " x ", "&amp;"]


def choice(name: str, *labels: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "t", "type": "choices", "value": {"choices": list(labels)}}


def task(number: int, text: str, *annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": number, "data": {"text": text}, "annotations": list(annotations), **more}


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(value: Any) -> Path:
        path = tmp_path / "tasks.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return path

    return write


def said(scene: Any, project: Project) -> list[tuple[Any, ...]]:
    return [
        (one.item, one.person, one.label, one.skipped, one.flagged, one.note, one.seconds, one.at)
        for one in all_given(scene.store, project.id)
    ]


def shown(scene: Any, project: Project) -> list[tuple[Any, ...]]:
    return [
        (one.name, one.text_a, one.text_b, one.context, one.doubt, one.suggested, one.extra)
        for one in all_items(scene.store, project.id)
    ]


def annotated(scene: Any, settings: ProjectSettings, labels: list[str]) -> Project:
    """Return a project in which two people labelled, skipped, flagged and noted."""
    project = create_project(scene.store, settings)
    second = None if settings.kind == "text" else "kedua"
    context = "soal?" if settings.kind == "answer" else None
    items = [
        NewItem(f"k{i}", text, second, context, None if i % 3 else i / 10, labels[0] if i % 2 else None, {"asal": text})
        for i, text in enumerate(TEXTS)
    ]
    add_items(scene.store, project.id, items)
    chance = random.Random(4)
    for name in ("ani", "budi@kampus.ac.id"):
        set_member(scene.store, project.id, scene.person(name).id, "annotator")
        while (item := scene.next(name, project)) is not None:
            scene.clock.pass_by(3)
            label = chance.choice([*labels, None])
            more = {"flagged": chance.random() < 0.3, "note": chance.choice(["", TEXTS[2]]), "seconds": 1.5}
            scene.say(name, item, label, **more)
    return project


class TestRoundTrip:
    @pytest.mark.parametrize("kind", ["text", "pair", "answer"])
    @pytest.mark.parametrize("by", ["labels", "marks"])
    def test_all_of_it_comes_back(self, scene: Any, tmp_path: Path, kind: str, by: str) -> None:
        labels = ['sangat "baik"', "1", "=x"] if by == "labels" else ["0", "2.5", "5"]
        how: dict[str, Any] = {"labels": labels} if by == "labels" else {"scale": (0, 5, 0.5)}
        project = annotated(scene, ProjectSettings("satu", kind, **how), labels)
        path = tmp_path / "tasks.json"
        assert write_tasks(scene.store, project.id, path) == len(TEXTS)
        cancelled = [
            given["was_cancelled"] for one in json.loads(path.read_text("utf-8")) for given in one["annotations"]
        ]
        assert cancelled == [one.skipped for one in all_given(scene.store, project.id)]
        tasks = read_tasks(path)
        assert (tasks.kind, tasks.marks, tasks.repeated) == (kind, by == "marks", 0)
        assert set(tasks.labels) <= set(labels)
        other = create_project(scene.store, ProjectSettings("dua", tasks.kind, columns=tasks.columns, **how))
        people = {who: scene.person(who) for who in tasks.answers}
        done = import_tasks(scene.store, other.id, tasks, people)
        assert (done.added, done.known, done.answers, done.kept) == (len(TEXTS), 0, 2 * len(TEXTS), 0)
        assert shown(scene, other) == shown(scene, project)
        assert said(scene, other) == said(scene, project)
        assert {one.name for one, role in members(scene.store, other.id).values() if role == "annotator"} == set(people)
        assert gold_of(scene.store, other.id).keys() == {
            one + len(TEXTS) for one in gold_of(scene.store, project.id)
        }, "agreed here, agreed there"
        again = import_tasks(scene.store, other.id, tasks, people)
        assert (again.added, again.known, again.answers, again.kept) == (0, len(TEXTS), 0, 2 * len(TEXTS))
        assert said(scene, other) == said(scene, project)

    def test_gold_goes_along_and_names_need_not(self, scene: Any, tmp_path: Path) -> None:
        project = scene.project(n=2, annotators="ani budi")
        for name in ("ani", "budi"):
            scene.say(name, scene.next(name, project), "pos")
        decide(scene.store, scene.person("citra"), all_items(scene.store, project.id)[1].id, "neg", 1)
        path = tmp_path / "tasks.json"
        write_tasks(scene.store, project.id, path, names=False)
        tasks = json.loads(path.read_text("utf-8"))
        assert [one["meta"] for one in tasks] == [
            {"gold": "pos", "gold_how": "agreed"},
            {"gold": "neg", "gold_how": "decided"},
        ]
        assert "ani" not in json.dumps(tasks).replace("annotations", "")
        assert list(read_tasks(path).answers) == ["annotator-1", "annotator-2"]

    def test_what_was_imported_is_in_the_history_and_in_the_queue(self, scene: Any, file: Any) -> None:
        project = scene.project(n=0, annotators="ani budi", overlap=2)
        path = file([task(1, "satu", {"completed_by": {"email": "ani"}, "result": [choice("l", "pos")]}), task(2, "x")])
        import_tasks(scene.store, project.id, read_tasks(path), {"ani": scene.person("ani")})
        assert [row["kind"] for row in scene.rows(tables.change)] == ["imported"]
        assert {row["name"]: row["answers"] for row in scene.rows(tables.item)} == {"1": 1, "2": 0}
        assert scene.next("ani", project).name == "2"
        scene.say("budi", scene.next("budi", project), "pos")
        assert [label for label, _ in gold_of(scene.store, project.id).values()] == ["pos"]

    @pytest.mark.parametrize("kind", ["text", "pair", "answer"])
    def test_the_labelling_interface(self, scene: Any, kind: str) -> None:
        labels = (LabelChoice('a & "b"', about="bila\n<ragu>"), LabelChoice("lain"))
        project = create_project(scene.store, ProjectSettings("p", kind, labels))
        view = ElementTree.fromstring(labeling_config(project))
        texts = {one.get("name"): one.get("value") for one in view.findall("Text")}
        assert all(value == f"${name}" for name, value in texts.items())
        controls = [one for one in view if one.get("toName")]
        assert {one.get("toName") for one in controls} <= set(texts)
        assert [one.get("value") for one in view.findall("Choices[@name='label']/Choice")] == ['a & "b"', "lain"]
        assert view.find("Choices[@name='label']/Choice").get("hotkey") == "1"  # type: ignore[union-attr]
        marks = create_project(scene.store, ProjectSettings("m", kind, scale=(0, 5, 0.5)))
        number = ElementTree.fromstring(labeling_config(marks)).find("Number")
        assert number is not None
        assert (number.get("min"), number.get("max"), number.get("step")) == ("0", "5", "0.5")


# As Label Studio 1.x exports a project of text classification.
EXPORTED = [
    {
        "id": 17,
        "data": {"ulasan": "Bagus sekali", "toko": "A"},
        "annotations": [
            {
                "id": 901, "completed_by": 3, "was_cancelled": False, "ground_truth": False, "lead_time": 4.288,
                "created_at": "2026-03-09T22:16:08.728353Z", "updated_at": "2026-03-09T22:16:08.728378Z", "task": 17,
                "result": [{"id": "Dx_a", "from_name": "sentiment", "to_name": "text", "type": "choices",
                            "origin": "manual", "value": {"choices": ["Positive"]}}],
                "result_count": 1, "unique_id": "7f", "project": 83, "import_id": None, "parent_prediction": None,
            },
            {"id": 902, "completed_by": {"id": 4, "email": "budi@kampus.ac.id", "first_name": "Budi"},
             "was_cancelled": True, "lead_time": 1.0, "created_at": "2026-03-10T22:16:08Z", "result": []},
        ],
        "drafts": [], "file_upload": "a.json", "meta": {}, "inner_id": 1, "total_annotations": 1,
        "predictions": [{"model_version": "m", "score": 0.75, "result": [
            {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": ["Negative"]}}]}],
    },
    {"id": 18, "data": {"ulasan": "Biasa", "toko": "B"}, "annotations": [], "predictions": [3, 4]},
]  # fmt: skip
# The same as JSON-MIN, with a second annotation; what was skipped is not in there.
MIN = [
    {"ulasan": "Bagus sekali", "toko": "A", "id": 17, "sentiment": "Positive", "annotator": 3, "annotation_id": 901,
     "created_at": "2026-03-09T22:16:08.728353Z", "updated_at": "2026-03-09T22:16:08.728378Z", "lead_time": 4.288},
    {"ulasan": "Bagus sekali", "toko": "A", "id": 17, "sentiment": "Negative", "annotator": "budi@kampus.ac.id",
     "annotation_id": 902, "created_at": "2026-03-10T22:16:08Z", "lead_time": 1.0},
    {"ulasan": "Biasa", "toko": "B", "id": 18},
]  # fmt: skip


class TestReading:
    def test_an_export(self, file: Any) -> None:
        found = read_tasks(file(EXPORTED), TaskFields(texts=("ulasan",)))
        assert [(one.name, one.text_a, one.extra) for one in found.items] == [
            ("17", "Bagus sekali", {"toko": "A"}),
            ("18", "Biasa", {"toko": "B"}),
        ]
        assert [(one.suggested, one.doubt) for one in found.items] == [("Negative", 0.25), (None, None)]
        assert (found.kind, found.marks, found.labels) == ("text", False, ("Positive", "Negative"))
        (first,), (second,) = found.answers["3"], found.answers["budi@kampus.ac.id"]
        assert (first.item, first.label, first.skipped, first.seconds) == ("17", "Positive", False, 4.288)
        assert first.at == pytest.approx(1773094568.728, abs=0.01)
        assert (second.label, second.skipped) == (None, True)

    def test_json_min(self, file: Any) -> None:
        found = read_tasks(file(MIN), TaskFields(texts=("ulasan",), label="sentiment"))
        assert [(one.name, one.extra) for one in found.items] == [("17", {"toko": "A"}), ("18", {"toko": "B"})]
        given = {who: (one.item, one.label, one.seconds) for who, (one,) in found.answers.items()}
        assert given == {"3": ("17", "Positive", 4.288), "budi@kampus.ac.id": ("17", "Negative", 1.0)}
        with pytest.raises(DataError) as problem:
            read_tasks(file(MIN), TaskFields(texts=("ulasan",)))
        assert (problem.value.key, problem.value.fields["fields"]) == ("label.tasks_which_field", "toko, sentiment")
        found = read_tasks(
            file([{**one, "toko": 1} for one in MIN[:1]]), TaskFields(texts=("ulasan", "toko"), kind="pair")
        )
        assert found.answers["3"][0].label == "Positive", "the one field that is left"

    def test_makna_s_own_tasks_as_json_min(self, file: Any) -> None:
        # What Label Studio's converter makes of a task that makna wrote: its number stands where the id was.
        entry = {"id": 7, "makna_id": "k0", "text_a": "a", "text_b": "b", "asal": "x", "label_file": "z",
                 "label": "pos", "flag": "flag", "note": "ragu", "annotator": "ani", "annotation_id": None,
                 "created_at": "2026-11-22T22:37:30+00:00", "updated_at": None, "lead_time": 2.0}  # fmt: skip
        found = read_tasks(file([entry, {**entry, "annotator": "budi", "label": [{"number": 2.5}], "note": None}]))
        (item,), (ani,), (budi,) = found.items, found.answers["ani"], found.answers["budi"]
        assert (item.name, item.extra) == ("k0", {"asal": "x", "label_file": "z"})
        assert (ani.item, ani.label, ani.flagged, ani.note, ani.seconds) == ("k0", "pos", True, "ragu", 2)
        assert (budi.flagged, budi.note) == (True, "")
        theirs = {"id": 7, "text": "a", "label": "pos", "flag": "merah", "note": "n", "annotator": 1}
        found = read_tasks(file([theirs]), TaskFields(label="label"))
        assert found.items[0].extra == {"flag": "merah", "note": "n"}
        assert (found.answers["1"][0].flagged, found.answers["1"][0].note) == (False, "")

    @pytest.mark.parametrize("value", [[{"rating": 4}], {"rating": 4}, [{"number": 4}], 4, 4.0])
    def test_marks_of_json_min(self, file: Any, value: Any) -> None:
        found = read_tasks(file([{"text": "a", "id": 1, "mark": value, "annotator": 1, "annotation_id": 2}]))
        assert (found.marks, found.answers["1"][0].label) == (True, "4")

    @pytest.mark.parametrize(("kind", "value"), [("rating", 4), ("number", 4), ("number", 4.0)])
    def test_marks(self, file: Any, kind: str, value: float) -> None:
        result = {"from_name": "m", "to_name": "t", "type": kind, "value": {kind: value}}
        found = read_tasks(file([task(1, "a", {"completed_by": 1, "result": [result]})]))
        assert (found.marks, found.answers["1"][0].label) == (True, "4")

    def test_the_last_answer_of_a_person_counts(self, file: Any) -> None:
        late = {"completed_by": 1, "created_at": "2026-02-02T00:00:00Z", "result": [choice("l", "b")]}
        early = {"completed_by": 1, "created_at": "2026-01-02T00:00:00Z", "result": [choice("l", "a")]}
        found = read_tasks(file([task(1, "x", late, early)]))
        assert ([one.label for one in found.answers["1"]], found.repeated) == (["b"], 1)

    def test_texts_that_no_database_takes(self, file: Any) -> None:
        path = file('[{"id": 1, "data": {"text": "a\\u0000b\\ud83d"}, "annotations": []}]')
        assert read_tasks(path).items[0].text_a == "a\ufffdb\ufffd"

    def test_plain_tasks(self, file: Any) -> None:
        found = read_tasks(file([{"text": "a"}, {"text": "b"}]))
        assert ([one.name for one in found.items], found.answers, found.labels) == (["1", "2"], {}, ())

    @pytest.mark.parametrize(
        ("content", "key", "part"),
        [
            ("", "collect.empty_file", ""),
            ("{oops", "label.tasks_not_json", "line 1"),
            ("[" * 100_000, "label.tasks_not_json", ""),
            ('{"tasks": []}', "label.tasks_not_list", "dict"),
            ("[]", "label.tasks_not_list", "list"),
            ("[1, 2]", "label.tasks_not_task", "1"),
            ('[{"data": "teks"}]', "label.tasks_not_task", "teks"),
            ('[{"data": {"text": "x"}, "annotations": [7]}]', "label.tasks_not_task", "7"),
            ('[{"data": {"text": "x"}, "annotations": {"a": 1}}]', "label.tasks_not_task", ""),
            ('[{"data": {"text": "x"}, "annotations": [{"result": {"a": 1}}]}]', "label.tasks_not_task", ""),
            ('[{"data": {"ulasan": "x", "toko": "y"}}]', "label.tasks_no_text", "ulasan, toko"),
            ('[{"id": 1, "data": {"text": "x"}}, {"id": 1, "data": {"text": "y"}}]', "label.tasks_repeated", "1"),
            ('[{"id": 1, "text": "x"}, {"id": 1, "text": "y"}]', "label.tasks_repeated", "1"),
        ],
    )
    def test_files_that_are_none(self, file: Any, content: str, key: str, part: str) -> None:
        with pytest.raises(DataError) as problem:
            read_tasks(file(content))
        assert problem.value.key == key
        assert part in str(problem.value)

    def test_a_file_of_200_megabytes_is_refused_unread(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "big.json"
        with path.open("wb") as stream:
            stream.truncate(200 * 2**20)
        monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read"))
        with pytest.raises(DataError, match="200 MB"):
            read_tasks(path)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(DataError):
            read_tasks(tmp_path / "x.json")

    @pytest.mark.parametrize(
        ("results", "key", "part"),
        [
            ([choice("topic", "a"), choice("sentiment", "b")], "label.tasks_which_field", "topic (choices), sentiment"),
            ([{"from_name": "tag", "type": "rectanglelabels", "value": {"rectanglelabels": ["x"]}}],
             "label.tasks_bad_type", "rectanglelabels"),
            ([{"from_name": "why", "type": "textarea", "value": {"text": ["x"]}}], "label.tasks_bad_type", "textarea"),
            ([choice("l", "a", "b")], "label.tasks_several", "a, b"),
        ],
    )  # fmt: skip
    def test_annotations_that_are_no_label(self, file: Any, results: list[Any], key: str, part: str) -> None:
        with pytest.raises(DataError) as problem:
            read_tasks(file([task(1, "x", {"completed_by": 1, "result": results})]))
        assert problem.value.key == key
        assert part in str(problem.value)

    def test_one_control_of_several(self, file: Any) -> None:
        path = file([task(1, "x", {"completed_by": 1, "result": [choice("topic", "a"), choice("sentiment", "b")]})])
        assert read_tasks(path, TaskFields(label="sentiment")).answers["1"][0].label == "b"
        with pytest.raises(DataError, match="topic"):
            read_tasks(path, TaskFields(label="sentimen"))
        with pytest.raises(DataError, match="text"):
            read_tasks(path, TaskFields(texts=("teks",)))


class TestTakingIn:
    def test_labels_people_texts_and_kinds_that_do_not_fit(self, scene: Any, file: Any) -> None:
        project = scene.project(n=1, annotators="ani")
        ani = {"7": scene.person("ani")}

        def refused(tasks: list[Any], key: str, people: Any = None) -> None:
            with pytest.raises(DataError) as problem:
                import_tasks(scene.store, project.id, read_tasks(file(tasks)), ani if people is None else people)
            assert problem.value.key == key
            assert len(all_items(scene.store, project.id)) == 1, "all or nothing"

        refused([task(1, "x", {"completed_by": 7, "result": [choice("l", "baru")]})], "label.import_labels")
        refused([task(1, "x", {"completed_by": 7, "result": [choice("l", "pos")]})], "label.import_no_account", {})
        refused([{"id": "t1", "data": {"text": "lain"}}], "label.import_other_texts")
        refused([{"data": {"text_a": "a", "text_b": "b"}}], "label.import_kind")
        note = {"from_name": "note", "type": "textarea", "value": {"text": ["x" * 2001]}}
        refused([task(1, "x", {"completed_by": 7, "result": [choice("l", "pos"), note]})], "label.store_note_long")
        assert scene.count(tables.answer) == 0

    def test_marks_off_the_scale(self, scene: Any, file: Any) -> None:
        project = scene.project(n=0, annotators="ani", scale=(0, 5, 1))
        result = {"from_name": "m", "type": "number", "value": {"number": 7}}
        with pytest.raises(DataError) as problem:
            import_tasks(
                scene.store, project.id, read_tasks(file([task(1, "x", {"completed_by": 1, "result": [result]})])),
                {"1": scene.person("ani")},
            )  # fmt: skip
        assert problem.value.key == "label.store_bad_mark"

    def test_an_own_answer_is_not_replaced_nor_a_deleted_item_brought_back(self, scene: Any, file: Any) -> None:
        project = scene.project(n=2, annotators="ani")
        first, second = all_items(scene.store, project.id)
        scene.say("ani", first, "neg")
        delete_item(scene.store, second.id)
        theirs = {"completed_by": "ani", "result": [choice("l", "pos")]}
        path = file([{"id": f"t{i}", "data": {"text": f"teks {i}"}, "annotations": [theirs]} for i in (1, 2)])
        done = import_tasks(scene.store, project.id, read_tasks(path), {"ani": scene.person("ani")})
        assert (done.added, done.known, done.answers, done.kept) == (0, 2, 0, 2)
        assert [(one.item, one.label) for one in all_given(scene.store, project.id)] == [("t1", "neg")]
