import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.pipeline import Pipeline

from makna.collect.files import read_table
from makna.core.corpus import as_pairs, as_texts, is_pairs
from makna.core.errors import DataError, ModelError
from makna.core.model_folder import SavedModel, save_model
from makna.core.portable import Portable
from makna.core.task import Task
from makna.serve.predictor import Model, load
from makna.serve.tables import free_names, text_columns

WORDS = ["bagus", "jelek", "biasa", "mahal"]


class WordCounts(Portable, TransformerMixin, BaseEstimator):
    """Counts of a few words; of pairs, the difference of both sides."""

    _tensors = ("idf_",)

    def fit(self, X, y=None):
        self.idf_ = np.linspace(1, 2, len(WORDS))
        return self

    def transform(self, X):
        def counts(texts):
            return np.array([[text.split().count(word) for word in WORDS] for text in texts]) * self.idf_

        return np.subtract(*map(counts, as_pairs(X))) if is_pairs(X) else counts(as_texts(X))


class Weights(Portable, ClassifierMixin, BaseEstimator):
    """Softmax of fixed weights; its classes stand in another order than the model's labels."""

    _json = ("classes_",)
    _tensors = ("coef_",)

    def fit(self, X, y):
        self.classes_ = np.array(sorted(set(y), reverse=True), dtype=object)
        self.coef_ = np.random.default_rng(7).normal(size=(len(WORDS), len(self.classes_)))
        return self

    def predict_proba(self, X):
        exps = np.exp(X @ self.coef_)
        return exps / exps.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Outputs(Weights):
    """Two outputs, one array of probabilities each."""

    def fit(self, X, y):
        super().fit(X, y[:, 0])
        self.classes_ = [self.classes_, np.array(["ya"], dtype=object)]
        return self

    def predict_proba(self, X):
        return [super().predict_proba(X), np.ones((len(X), 1))]


class Length(Portable, BaseEstimator):
    """A number: ten times the first count."""

    _json = ("factor_",)

    def fit(self, X, y):
        self.factor_ = 10.0
        return self

    def predict(self, X):
        return X[:, 0] * self.factor_


class Hard(Weights):
    """Labels without probabilities."""

    predict_proba = property()

    def predict(self, X):
        return self.classes_[(X[:, 0] > 0).astype(int)]


CLASSES = {kind.__name__: kind for kind in (WordCounts, Weights, Outputs, Length, Hard)} | {"Pipeline": Pipeline}
TEXTS = ["bagus bagus mahal", "jelek", "", "biasa saja", "mahal jelek bagus"]


def made(learner, task=None, labels=None, columns=None, y=("a", "b", "c", "a", "b")):
    X = pd.DataFrame({"text_a": TEXTS, "text_b": TEXTS[::-1]}) if task and task.inputs == "pair" else TEXTS
    system = Pipeline([("words", WordCounts()), ("learn", learner)]).fit(X, np.array(y, dtype=object))
    labels = {"": ["a", "b", "c"]} if labels is None else labels
    return Model(SavedModel(system, task or Task(), labels, columns or {}, {"name": "uji <1>", "title": "Uji & coba"}))


@pytest.fixture
def model():
    return made(Weights(), columns={"text": "ulasan"})


def test_prediction_is_the_most_probable_class_and_columns_follow_the_labels(model):
    table = model.predict(TEXTS)
    assert list(table.columns) == ["prediction", "probability_a", "probability_b", "probability_c"]
    probability = table.iloc[:, 1:].to_numpy()
    learner = model.saved.system[-1]
    np.testing.assert_allclose(probability, model.saved.system.predict_proba(TEXTS)[:, ::-1])
    assert learner.classes_.tolist() == ["c", "b", "a"]
    assert table["prediction"].tolist() == model.saved.system.predict(TEXTS).tolist()
    assert len(set(table["prediction"])) > 1


def test_a_class_the_learner_never_saw_has_probability_zero():
    table = made(Weights(), labels={"": ["a", "b", "c", "z"]}).predict(TEXTS)
    assert table["probability_z"].tolist() == [0.0] * 5
    assert table.iloc[:, 1:].sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_several_outputs_have_their_names_in_the_columns():
    task = Task("text", "classes", outputs=("harga", "mutu"))
    y = [[label, "ya"] for label in "abcab"]
    table = made(Outputs(), task, {"harga": ["a", "b", "c"], "mutu": ["ya"]}, y=y).predict(TEXTS)
    assert list(table.columns) == [
        "prediction_harga", "probability_harga_a", "probability_harga_b", "probability_harga_c",
        "prediction_mutu", "probability_mutu_ya",
    ]  # fmt: skip
    assert set(table["prediction_mutu"]) == {"ya"}


def test_numbers_have_a_prediction_only_inside_the_scale():
    table = made(Length(), Task("text", "number", scale=(0.0, 15.0)), labels={}).predict(TEXTS)
    assert table.to_dict("list") == {"prediction": [15.0, 0.0, 0.0, 0.0, 10.0]}


def test_a_system_without_probabilities_gives_labels_only():
    table = made(Hard()).predict(TEXTS)
    assert table.to_dict("list") == {"prediction": ["b", "c", "c", "c", "b"]}


def test_pairs_are_a_table_of_two_columns_whatever_their_names():
    model = made(Weights(), Task("pair", "class"))
    X = pd.DataFrame({"q": TEXTS, "p": TEXTS[::-1]}, index=[9, 8, 7, 6, 5])
    pd.testing.assert_frame_equal(model.predict(X), model.predict(X.set_axis(["text_a", "text_b"], axis=1)))
    with pytest.raises(DataError):
        model.predict(TEXTS)


def test_other_shapes_are_refused_and_no_rows_give_no_rows(model):
    for wrong in ("teks", pd.DataFrame({"a": TEXTS}), [["a"]], [None], 5):
        with pytest.raises(DataError):
            model.predict(wrong)
    empty = model.predict([])
    assert len(empty) == 0
    assert tuple(empty.columns) == model.columns


def test_model_survives_its_folder(model, tmp_path):
    save_model(model.saved, tmp_path / "m", "# kartu")
    again = load(tmp_path / "m", CLASSES)
    assert again.labels == {"": ["a", "b", "c"]}
    assert again.task == Task()
    pd.testing.assert_frame_equal(again.predict(TEXTS), model.predict(TEXTS), check_exact=True)
    with pytest.raises(ModelError):
        load(tmp_path / "m", {"Pipeline": Pipeline})


def table_of(n):
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(WORDS, size=rng.integers(0, 4))) for _ in range(n)]
    return pd.DataFrame({"no": [f"{i:03}" for i in range(n)], "ulasan": texts, "prediction": "lama"})


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "jsonl", "parquet"])
@pytest.mark.parametrize("source", ["csv", "parquet"])
def test_file_has_the_users_own_table_with_the_new_columns(model, tmp_path, source, ending):
    table = table_of(23)
    path, out = tmp_path / f"in.{source}", tmp_path / f"out.{ending}"
    table.to_parquet(path) if source == "parquet" else table.to_csv(path, index=False)
    seen = []
    summary = model.predict_file(path, out, chunk=10, progress=lambda done, total: seen.append((done, total)))
    result = read_table(out)
    expected = model.predict(table["ulasan"])
    assert list(result.columns) == [*table.columns, "prediction_makna", *expected.columns[1:]]
    assert result["no"].tolist() == table["no"].tolist()
    assert result["prediction_makna"].tolist() == expected["prediction"].tolist()
    np.testing.assert_allclose(result["probability_b"].astype(float), expected["probability_b"], rtol=1e-12)
    assert seen == [(done, 23 if source == "parquet" else None) for done in (10, 20, 23)]
    assert (summary.rows, summary.text_columns, summary.renamed) == (
        23,
        ("ulasan",),
        {"prediction": "prediction_makna"},
    )
    assert summary.empty == (table["ulasan"] == "").sum() > 0
    assert summary.counts == {"": {k: (expected["prediction"] == k).sum() for k in "abc"}}
    assert "prediction_makna" in str(summary)


def test_chunking_does_not_change_a_single_cell(model, tmp_path):
    table_of(50).to_csv(tmp_path / "in.csv", index=False)
    written = []
    for chunk in (1, 7, 1000):
        model.predict_file(tmp_path / "in.csv", tmp_path / "out.csv", chunk=chunk)
        written.append(read_table(tmp_path / "out.csv"))
    for other in written[1:]:
        assert other.iloc[:, :4].equals(written[0].iloc[:, :4])
        np.testing.assert_allclose(other.iloc[:, 4:].astype(float), written[0].iloc[:, 4:].astype(float), atol=1e-12)


def test_pairs_come_from_two_columns(tmp_path):
    model = made(Weights(), Task("pair", "class"), columns={"text_a": "jawaban", "text_b": "kunci"})
    pd.DataFrame({"kunci": ["bagus", "jelek"], "jawaban": ["mahal", None]}).to_parquet(tmp_path / "in.parquet")
    summary = model.predict_file(tmp_path / "in.parquet", tmp_path / "out.parquet")
    X = pd.DataFrame({"a": ["mahal", ""], "b": ["bagus", "jelek"]})
    assert pq.read_table(tmp_path / "out.parquet")["prediction"].to_pylist() == model.predict(X)["prediction"].tolist()
    assert (summary.text_columns, summary.empty) == (("jawaban", "kunci"), 1)


def test_semicolons_of_the_input_stay_and_formulas_are_counted(model, tmp_path):
    (tmp_path / "in.csv").write_text("ulasan;x\nbagus;=1+1\njelek;2,5\n", encoding="utf-8")
    summary = model.predict_file(tmp_path / "in.csv", tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("ulasan;x;prediction;")
    assert lines[1].startswith("bagus;'=1+1;")
    assert summary.guarded == 1
    model.predict_file(tmp_path / "in.csv", tmp_path / "out.xlsx")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["B2"].value == "=1+1"
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["B2"].data_type == "s"


def test_the_column_asked_for_then_the_trained_then_the_usual_name(model):
    saved = model.saved
    assert text_columns(saved, ["text", "ulasan", "x"]) == ["ulasan"]
    assert text_columns(saved, ["text", "x"]) == ["text"]
    assert text_columns(saved, ["text", "ulasan", "x"], "x") == ["x"]
    with pytest.raises(DataError) as error:
        text_columns(saved, ["Ulasan ", "x"])
    assert (error.value.key, error.value.fields["looked"]) == ("serve.no_text_column", "ulasan, text")
    assert "'Ulasan '" in error.value.fields["hint"]
    with pytest.raises(DataError) as error:
        text_columns(saved, ["ulasan"], "ulsan")
    assert (error.value.key, "'ulasan'" in error.value.fields["hint"]) == ("collect.missing_column", True)
    with pytest.raises(DataError) as error:
        text_columns(saved, ["ulasan", "x"], ["ulasan", "x"])
    assert error.value.key == "serve.text_count"


def test_taken_names_get_a_suffix_until_they_are_free():
    taken = ["prediction", "prediction_makna", "x"]
    assert free_names(["prediction", "x", "x", "y"], taken) == ["prediction_makna_2", "x_makna", "x_makna_2", "y"]


def test_the_table_itself_is_never_overwritten_and_a_bad_row_leaves_nothing(model, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("ulasan,x\n" + "bagus,1\n" * 30 + "jelek\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(DataError) as error:
        model.predict_file(path, path)
    assert error.value.key == "serve.same_file"
    with pytest.raises(DataError) as error:
        model.predict_file(path, tmp_path / "out.csv", chunk=10)
    assert (error.value.key, error.value.fields["line"]) == ("collect.ragged", 32)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


def test_it_shows_itself_small_and_escaped(model):
    assert repr(model) == "Model('uji <1>', text → class, labels=a, b, c)"
    shown = model._repr_html_()
    assert "uji &lt;1&gt;" in shown
    assert "Uji &amp; coba" in shown
    assert "<1>" not in shown
