"""`makna grade`: one line, the path last, plain words for what is wrong."""

import pandas as pd
import pytest

from makna.cli.main import run_command
from tests.serve.test_desk import class_file


def test_grade_ends_with_the_workbooks_path(tmp_path, capsys):
    class_file(tmp_path / "kelas.xlsx")
    out = tmp_path / "hasil.xlsx"
    words = ["grade", str(tmp_path / "kelas.xlsx"), "--out", str(out), "--offline", "--step", "0.5"]
    assert run_command(words) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(out)]
    assert "20 dinilai guru, 20 belum" in shown.err
    sheets = pd.read_excel(out, sheet_name=None)
    assert list(sheets) == ["X IPA 1", "rumus", "mohon dibaca", "janji"]
    assert set(sheets["X IPA 1"]["nilai dari"]) == {"guru", "makna"}
    assert (sheets["X IPA 1"]["nilai akhir"] % 0.5 == 0).all()
    assert run_command(words) == 2  # it is there now
    assert "--overwrite" in capsys.readouterr().err
    assert run_command([*words, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--by", "class"], "auto, question, all"),
        (["--promise", "2"], "between 0 and 1"),
        (["--scale", "5", "0"], "wrong way round"),
        (["--mark", "point"], "no column 'point'"),
        (["--step", "0"], "above 0"),
    ],
)
def test_wrong_words_are_told(words, told, tmp_path, capsys):
    class_file(tmp_path / "kelas.xlsx")
    line = ["grade", str(tmp_path / "kelas.xlsx"), "--out", str(tmp_path / "hasil.xlsx"), "--lang", "en", *words]
    assert run_command(line) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "hasil.xlsx").exists()


def test_predict_with_marks_is_the_desk(tmp_path, capsys):
    folder = tmp_path / "run"
    quick = ["--only", "overlaps-ridge", "--set", "evaluate.resamples=100", "--set", "split.folds=2", "--offline"]
    assert run_command(["run", "sample-answers", *quick, "--out", str(folder)]) == 0
    class_file(tmp_path / "kelas.xlsx")
    out = tmp_path / "hasil.xlsx"
    model = str(folder / "models" / "overlaps-ridge")
    words = ["predict", model, str(tmp_path / "kelas.xlsx"), "--out", str(out), "--marks", "nilai", "--lang", "en"]
    assert run_command(words) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    page = pd.read_excel(out)
    assert page["final mark"].between(0, 5).all()
    assert {"doubt", "please read", "key covered"} <= set(page)
