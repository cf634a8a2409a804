from makna.report.blocks import Table
from makna.report.encoders import encoders_section, encoders_used
from makna.report.language import Locale
from makna.report.reading import read_run

EN, ID = Locale("en"), Locale("id")


def tables(section):
    return [block for block in section.blocks if isinstance(block, Table)]


def test_encoders_stand_side_by_side_with_what_they_are(run_folder):
    run = read_run(run_folder("tuned"))
    other = {"name": "indobert", "type": "bert", "layers": 12, "parameters": None, "kind": "cache"}
    run.explain["steps"]["counts-svm"] = [{"step": "encoder", "facts": {"encoder": other}}]
    table = tables(encoders_section(run, EN))[0]
    assert list(table.columns) == ["Aspect", "minilm", "indobert"]
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.cells()}
    assert rows["Layers"] == ["6", "12"]
    assert rows["Parameters"] == ["22,713,216", "–"]
    assert rows["Taken from"] == ["a Python package", "the Hugging Face downloads of this machine"]
    assert rows["Used by"] == ["minilm, minilm-svm", "counts-svm"]
    millions = next(row[1].below for row in table.cells() if row[0].text == "Parameters")
    assert millions == "22.7 million"
    assert "22.713.216" in [cell.text for row in tables(encoders_section(run, ID))[0].cells() for cell in row]


def test_the_cells_of_a_grid_use_an_encoder_as_one(run_folder):
    known = encoders_used(read_run(run_folder("grid")))["minilm"]
    assert sorted(known["systems"]) == ["encoder-pca-svm-minilm[…]", "minilm"]


def test_layers_stand_with_shapes_and_parameters(run_folder):
    layers = tables(encoders_section(read_run(run_folder("tuned")), EN))[1]
    assert list(layers.columns) == ["Layer", "Input shape", "Output shape", "Parameters"]
    query = layers.cells()[1]
    assert (query[0].text, query[0].below) == ("encoder.layer.0-5.attention.self.query", "Linear × 6")
    assert [cell.text for cell in query[1:]] == ["(N, 128, 384)", "(N, 128, 384)", "147,840"]
    assert query[3].below == "887,040 in all"


def test_runs_without_encoders_have_no_such_section(run_folder):
    assert encoders_section(read_run(run_folder("text")), EN) is None
