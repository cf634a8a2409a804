from importlib import resources

import pytest

from makna.core.messages import catalogue
from makna.report.blocks import Facts, Formula, Paragraph, Table
from makna.report.language import Locale
from makna.report.procedure import FORMULAS, chain_words, kinds_used, method_section, run_section
from makna.report.reading import read_run

EN, ID = Locale("en"), Locale("id")


def of(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (["tweet", "lowercase"], "tweet → lowercase"),
        ([{"slang": ["makna", "kamus-alay"]}], "slang (makna–kamus-alay)"),
        ([{"tweet": {"hashtags": "keep"}}], "tweet (hashtags = keep)"),
        ([{"kind": "svm", "settings": {"C": 0.3, "loss": None, "balanced": True}}], "svm (C = 0,3; balanced = ya)"),
        (
            [{"kind": "union", "parts": [[{"kind": "counts", "settings": {"words": [1, 2]}}], [{"kind": "lengths"}]]}],
            "counts (words = 1–2) + lengths",
        ),
        ([{"kind": "svm", "settings": {"C": {"grid": [0.1, 1]}}}], "svm (C = {0,1; 1})"),
        ([], ""),
    ],
)
def test_steps_read_as_one_line(chain, words):
    assert chain_words(chain, ID) == words


def test_the_run_is_told_with_seed_versions_machine_and_costs(run_folder):
    section = run_section(read_run(run_folder("text")), EN)
    facts = dict(of(section, Facts)[0].pairs)
    assert facts["Seed"] == "13"
    assert facts["Versions"] == "makna 0.1.0, python 3.11.7, numpy 2.4.6, scikit-learn 1.9.0"
    assert facts["Machine"] == "Linux, x86_64, 2 cores, 7.8\u00a0GB"
    assert facts["Time"] == "31 January 2025, 08:00 UTC – 31 January 2025, 08:11 UTC"
    (costs,) = of(section, Table)
    assert [c.text for c in costs.cells()[0]] == ["counts-svm", "6 min 42 s", "31.0\u00a0s", "400\u00a0MB"]


def test_a_time_may_be_one_number(run_folder):
    changes = {"manifest": {"seconds>systems": {"counts-svm": 125.2, "length": 0.5}}}
    costs = of(run_section(read_run(run_folder("text", changes)), EN), Table)[0]
    assert costs.columns == ["System", "Time", "Peak memory"]
    assert [c.text for c in costs.cells()[0]] == ["counts-svm", "2 min 5 s", "400\u00a0MB"]


def test_cleaning_is_named_without_its_settings(run_folder):
    table = of(method_section(read_run(run_folder("text")), EN), Table)[0]
    cleaned = {row[0].text: row[1].text for row in table.cells()}
    assert cleaned["counts-bayes"] == "tweet → lowercase"


def test_the_method_has_the_formulas_of_the_scores_and_steps_in_use(run_folder):
    found = {
        kind: [b.name for b in of(method_section(read_run(run_folder(kind)), EN), Formula)]
        for kind in ("text", "number")
    }
    assert found["text"] == [
        *("counts_tfidf", "svm_squared_hinge", "calibrate_sigmoid", "logistic", "naive-bayes_complement"),
        *("class", "accuracy", "macro", "weighted", "bootstrap", "mcnemar"),
    ]
    assert {"mae", "rmse", "pearson", "qwk", "ridge"} <= set(found["number"])
    assert not {"class", "macro", "mcnemar", "mse", "svm_hinge"} & set(found["number"])


def test_the_method_says_how_rows_were_parted(run_folder):
    leads = {
        kind: of(method_section(read_run(run_folder(kind)), EN), Paragraph)[0].text
        for kind in ("text", "pair", "number")
    }
    assert "10 folds" in leads["text"]
    assert "Rows of one group" not in leads["text"]
    assert "Rows of one group" in leads["number"]
    assert "set aside" in leads["pair"]


def test_the_method_names_level_and_resamples_of_the_recipe(run_folder):
    folder = run_folder("text")
    path = folder / "recipe.yaml"
    path.write_text(path.read_text().replace("resamples: 1000, level: 0.95", "resamples: 2500, level: 0.9"))
    texts = [b.text for b in of(method_section(read_run(folder), EN), Paragraph)]
    assert any("90% interval" in text and "2,500 times" in text for text in texts)


def test_the_papers_protocol_promises_no_training_data_alone(run_folder):
    run = read_run(run_folder("text", {"manifest": {"protocol": "paper"}}))
    assert "training data alone" not in of(method_section(run, EN), Paragraph)[0].text
    assert dict(of(run_section(run, EN), Facts)[0].pairs)["Protocol"] == "as in the original paper"


def test_every_formula_has_mathml_and_words():
    template = (resources.files("makna.report") / "templates" / "formulas.html").read_text(encoding="utf-8")
    for name in FORMULAS:
        assert f"{{% macro {name.replace('-', '_')}() %}}" in template, name
        said = {f"method_{name}", f"method_{name.partition('_')[0]}", f"score_{name}"}
        assert said & set(catalogue("report")), name


def test_symbols_are_explained_in_the_text_or_below_the_formula(run_folder):
    told_before = {"class", "macro", "mae", "mse", "rmse"}
    for kind in ("text", "number", "reviews"):
        for formula in of(method_section(read_run(run_folder(kind)), EN), Formula):
            assert bool(formula.symbols) != (formula.name in told_before), formula.name


def test_the_test_of_groups_is_explained_where_it_was_made(run_folder):
    formulas = [b.name for b in of(method_section(read_run(run_folder("reviews")), EN), Formula)]
    assert formulas[-1] == "chi2"
    test = {"test": "permutation", "of": "mae", "p": 0.2, "groups": 2, "n": 9, "why": None}
    changes = {"metrics": {"systems>overlap-svm>group_test": {"test": test}}}
    section = method_section(read_run(run_folder("pair", changes)), EN)
    assert "chi2" not in [b.name for b in of(section, Formula)]
    assert "shuffled between the groups" in section.blocks[-1].text


def test_kinds_in_use_include_those_of_cleaning(run_folder):
    used = kinds_used(read_run(run_folder("text")))
    assert {"tweet", "slang", "counts", "svm", "calibrate", "naive-bayes", "majority"} <= used


def test_the_cells_of_a_grid_are_one_line_of_the_method_with_what_was_tried(run_folder):
    table = of(method_section(read_run(run_folder("grid")), EN), Table)[0]
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.cells()}
    assert list(rows) == ["minilm", "counts-svm", "encoder-pca-svm-minilm", "majority"]
    clean, represent, learn = rows["encoder-pca-svm-minilm"]
    assert clean == "tweet"
    assert represent.endswith("→ pca (size = {10; 20; 30; 40; 50})")
    assert learn == "svm (C = 1; kernel = {linear; poly})"


def test_networks_and_components_have_their_formulas(run_folder):
    found = [b.name for b in of(method_section(read_run(run_folder("grid")), EN), Formula)]
    assert {"finetune", "finetune_balanced", "pca", "svm_poly"} <= set(found)


def test_steps_have_their_seconds(run_folder):
    table = of(run_section(read_run(run_folder("tuned")), EN), Table)[-1]
    assert [[cell.text for cell in row] for row in table.cells()][:2] == [
        ["minilm", "learn", "8 min 18 s", "0.0\u00a0s", "9"],
        ["minilm-svm", "encoder", "0.2\u00a0s", "31.5\u00a0s", "2"],
    ]
