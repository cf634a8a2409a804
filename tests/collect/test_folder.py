import pytest

from makna.collect.files import read_table, whole
from makna.collect.folder import open_folder, open_table
from makna.collect.own import read_own
from makna.collect.stream import Reading
from makna.core.errors import DataError


def make(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def refused(call, *args):
    with pytest.raises(DataError) as error:
        call(*args)
    assert str(error.value)
    return error.value


def test_sub_folders_are_classes_and_every_file_is_a_row(tmp_path):
    files = {"pos/2.txt": "dua\nbaris\n", "pos/1.txt": "", "neg/a, b.txt": 'kata "x"', "neg/.tersembunyi": "x"}
    table = whole(open_folder(make(tmp_path, files)))
    assert table.to_dict("list") == {
        "text": ['kata "x"', "", "dua\nbaris"], "label": ["neg", "pos", "pos"],
        "source": ["neg/a, b.txt", "pos/1.txt", "pos/2.txt"],
    }  # fmt: skip


def test_parts_above_the_classes_are_a_column(tmp_path):
    files = {f"{part}/{label}/1.txt": f"{part} {label}" for part in ("train", "test") for label in ("a", "b")}
    table = whole(open_folder(make(tmp_path, files)))
    assert table["part"].tolist() == ["test", "test", "train", "train"]
    assert table["label"].tolist() == ["a", "b", "a", "b"]


def test_texts_without_sub_folders_have_no_label_and_it_is_said(tmp_path):
    stream = open_folder(make(tmp_path, {"1.txt": "a", "2.txt": "b"}))
    assert stream.columns == ("text", "source")
    assert len(stream.notes) == 1


@pytest.mark.parametrize("size", [1, 2, 100])
def test_tables_are_joined_in_the_order_of_their_names(tmp_path, size):
    stream = open_folder(make(tmp_path, {"b.csv": "t,k\nx,1\n", "a.tsv": "k\tt\n2\ty\n3\tz\n"}))
    rows = [row for chunk in stream.chunks(size) for row in chunk.to_numpy().tolist()]
    assert stream.columns == ("k", "t", "source")
    assert rows == [["2", "y", "a.tsv"], ["3", "z", "a.tsv"], ["1", "x", "b.csv"]]
    assert stream.added == ("source",)


def test_tables_named_like_parts_are_parts_and_a_source_of_ones_own_stays(tmp_path):
    table = whole(open_folder(make(tmp_path, {"Train.csv": "t,source\nx,s\n", "test.csv": "t,source\ny,s\n"})))
    assert table.to_dict("list") == {
        "t": ["x", "y"], "source": ["s", "s"], "part": ["train", "test"], "source_makna": ["Train.csv", "test.csv"],
    }  # fmt: skip


def test_what_is_no_table_of_texts_is_told(tmp_path):
    assert refused(open_folder, tmp_path / "tidak").key == "collect.not_a_folder"
    assert refused(open_folder, tmp_path).key == "collect.folder_empty"
    assert refused(open_folder, make(tmp_path / "a", {"x/1.txt": "", "b.csv": "a\n1\n"})).key == "collect.folder_mixed"
    for files in ({"x/1.txt": "", "2.txt": ""}, {"x/y/1.txt": ""}, {"train/1.txt": "", "test/1.txt": ""}):
        assert (
            refused(open_folder, make(tmp_path / str(len(files)) / min(files)[0], files)).key == "collect.folder_shape"
        )
    assert (
        refused(open_folder, make(tmp_path / "d", {"a.csv": "a\n1\n", "b.csv": "b\n1\n"})).key == "collect.parts_differ"
    )
    assert (
        "kosong.csv" in refused(open_folder, make(tmp_path / "e", {"a.csv": "a\n1\n", "kosong.csv": ""})).fields["path"]
    )


def test_a_file_in_the_way_of_reading_is_named(tmp_path):
    make(tmp_path, {"a/1.txt": "baik", "a/2.txt": "baik"})
    (tmp_path / "a" / "2.txt").write_bytes(b"x\0y")
    error = refused(whole, open_table(tmp_path))
    assert (error.key, error.fields["path"]) == ("collect.nul", str(tmp_path / "a" / "2.txt"))


def test_own_data_name_their_files_and_many_files_are_named_as_one(tmp_path):
    files = {f"{label}/{i}.txt": f"{i}" for i in range(11) for label in ("a", "b")}
    own = read_own(str(make(tmp_path / "teks", files)), folder=True)
    assert [file["name"] for file in own.files] == ["teks/"]
    before = own.files[0]["sha256"]
    (tmp_path / "teks" / "a" / "0.txt").write_text("lain")
    assert read_own(str(tmp_path / "teks"), folder=True).files[0]["sha256"] != before
    make(tmp_path, {"t.csv": "a\n1\n", "v.csv": "a\n2\n"})
    own = read_own({"train": str(tmp_path / "t.csv"), "valid": str(tmp_path / "v.csv")})
    assert own.table.to_dict("list") == {"a": ["1", "2"], "part": ["train", "valid"]}
    assert [file["name"] for file in own.files] == ["t.csv", "v.csv"]
    assert read_own(str(tmp_path / "t.csv")).mapping == {}


def test_what_was_decided_is_shown_below_an_error(tmp_path):
    (tmp_path / "a.csv").write_bytes("é,b\n“1,2\n3\n".encode("cp1252"))
    with pytest.raises(DataError) as error:
        read_own(str(tmp_path / "a.csv"))
    assert error.value.key == "collect.ragged"
    assert "cp1252" in error.value.__notes__[0]
    assert read_own(str(make(tmp_path, {"b.csv": "a\n1\n"}) / "b.csv"), reading=Reading("latin-1")).notes == ()
    assert read_table(tmp_path / "b.csv", encoding="latin-1")["a"].tolist() == ["1"]
