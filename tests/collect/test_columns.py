import numpy as np
import pandas as pd
import pytest

from makna.collect.columns import count_unlabelled, to_corpus
from makna.collect.files import read_table
from makna.core.errors import DataError
from makna.core.task import Task

TABLE = pd.DataFrame(
    {"Ulasan": ["bagus", "", "jelek"], "Kelas": ["0", "", " 1"], "produk": ["a", "a", "b"], "no": ["7", "8", "9"]}
)


def refused(table, *args, **options):
    with pytest.raises(DataError) as error:
        to_corpus(table, *args, **options)
    assert str(error.value)
    return error.value


def test_columns_get_their_fixed_names_and_labels_stay_as_they_are():
    corpus = to_corpus(TABLE, Task(), {"text": "Ulasan", "label": "Kelas", "group": "produk", "kota": "no"})
    assert corpus.to_dict("list") == {
        "id": ["1", "2", "3"],
        "text": ["bagus", "", "jelek"],
        "label": ["0", "", " 1"],
        "group": ["a", "a", "b"],
        "kota": ["7", "8", "9"],
    }
    assert count_unlabelled(corpus, Task()) == {"label": 1}


def test_ids_come_from_the_argument_or_the_column_and_are_unique():
    mapping = {"text": "Ulasan", "label": "Kelas"}
    assert to_corpus(TABLE, Task(), {**mapping, "id": "no"})["id"].tolist() == ["7", "8", "9"]
    assert to_corpus(TABLE, Task(), mapping, ids=["x", "y", "z"])["id"].tolist() == ["x", "y", "z"]
    error = refused(TABLE, Task(), {**mapping, "id": "produk"})
    assert (error.key, error.fields["n"], error.fields["examples"]) == ("collect.duplicate_ids", 1, "'a'")
    assert refused(TABLE, Task(), mapping, ids=["x"]).key == "collect.ids_count"


def test_missing_column_offers_the_nearest_and_never_applies_it():
    error = refused(TABLE, Task(), {"text": "ulasn", "label": "Kelas"})
    assert error.key == "collect.missing_column"
    assert "'Ulasan'" in error.fields["hint"]
    assert error.fields["columns"] == "Ulasan, Kelas, produk, no"
    assert refused(TABLE, Task(), {"text": "Ulasan"}).fields["name"] == "label"


def test_number_cells_of_a_users_own_frame_become_the_labels_they_look_like():
    corpus = to_corpus(pd.DataFrame({"text": ["a", "b", "c"], "label": [0, 1, 1]}), Task(), {})
    assert corpus["label"].tolist() == ["0", "1", "1"]
    floats = pd.DataFrame({"text": ["a", None], "label": ["x", np.nan]})
    assert to_corpus(floats, Task(), {}).to_dict("list") == {"id": ["1", "2"], "text": ["a", ""], "label": ["x", ""]}


def test_scores_are_numbers_and_empty_ones_missing():
    task = Task("pair", "number", scale=(0.0, 5.0))
    table = pd.DataFrame({"a": ["x", "y"], "b": ["k", "k"], "nilai": [" 2.5 ", ""]})
    corpus = to_corpus(table, task, {"text_a": "a", "text_b": "b", "score": "nilai"})
    assert corpus["score"].dtype == float
    assert corpus["score"].tolist()[0] == 2.5
    assert count_unlabelled(corpus, task) == {"score": 1}


@pytest.mark.parametrize("cell", ["lima", "nan", "inf", "1_0", "2,5", "1e999"])
def test_bad_scores_are_listed_with_their_lines(tmp_path, cell):
    file = tmp_path / "a.csv"
    file.write_text(f'text,nilai\n"dua\nbaris",1\nx,"{cell}"\n', encoding="utf-8")
    error = refused(read_table(file), Task("text", "number"), {"score": "nilai"})
    assert (error.key, error.fields["n"]) == ("collect.bad_scores", 1)
    assert error.fields["examples"] == f"baris 4: '{cell}'"


def test_scores_outside_the_scale_are_listed_by_row():
    table = pd.DataFrame({"text": ["a", "b"], "score": ["5", "5.5"]})
    error = refused(table, Task("text", "number", scale=(0.0, 5.0)), {})
    assert (error.key, error.fields["examples"]) == ("collect.outside_scale", "data ke-2: '5.5'")


def test_class_map_renames_and_refuses_what_it_does_not_know():
    mapping = {"text": "Ulasan", "label": "Kelas"}
    corpus = to_corpus(TABLE, Task(), mapping, classes={"0": "negatif", " 1": "positif"})
    assert corpus["label"].tolist() == ["negatif", "", "positif"]
    error = refused(TABLE, Task(), mapping, classes={"0": "negatif"})
    assert (error.key, error.fields["came"]) == ("collect.unknown_labels", "' 1' (1)")


def test_several_columns_make_one_group_but_not_one_text():
    corpus = to_corpus(TABLE, Task(), {"text": "Ulasan", "label": "Kelas", "group": ["produk", "no"]})
    assert corpus["group"].tolist() == ["a / 7", "a / 8", "b / 9"]
    assert refused(TABLE, Task(), {"text": ["Ulasan", "no"], "label": "Kelas"}).key == "collect.one_column"


def test_part_is_taken_along_unless_it_is_something_else():
    table = TABLE.assign(part=["train", "train", "test"])
    mapping = {"text": "Ulasan", "label": "Kelas"}
    assert to_corpus(table, Task(), mapping)["part"].tolist() == ["train", "train", "test"]
    task = Task("text", "classes", outputs=("part",))
    assert "part" not in to_corpus(table, task, {"text": "Ulasan", "label_part": "part"})


def test_several_outputs_have_a_column_each():
    task = Task("text", "classes", outputs=("harga", "mutu"))
    table = pd.DataFrame({"t": ["x"], "h": ["pos"], "m": ["neg"]})
    corpus = to_corpus(table, task, {"text": "t", "label_harga": "h", "label_mutu": "m"})
    assert list(corpus.columns) == ["id", "text", "label_harga", "label_mutu"]
