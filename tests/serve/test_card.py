import ast
import re

import pytest
import yaml

from makna.core.messages import LANGUAGES, catalogue
from makna.core.model_folder import SavedModel
from makna.core.task import Task
from makna.serve.card import hub_licence, model_card


def score(value, n=150):
    return {"value": value, "pooled": value, "low": None if value is None else value - 0.05,
            "high": None if value is None else value + 0.05, "n": n, "why": None}  # fmt: skip


ABOUT = {
    "name": "counts-svm",
    "title": "Ujaran kebencian: uji",
    "study": "hate-speech",
    "makna": "0.1.0",
    "trained_on": {
        "title": "Twit", "rows": 900, "source": "https://example.org", "licence": "CC BY-NC-SA 4.0",
        "citation": "A | B (2019).", "notes": "duplikat", "languages": ["id"],
    },
    "tables": [{"name": "kamus-alay", "licence": "none stated", "source": "https://example.org/k"}],
    "scores": {
        "valid": {"f1_macro": score(0.7)},
        "test": {"accuracy": score(0.8), "f1_macro": score(0.75), "f1_1": score(None), "support_1": score(70)},
    },
}  # fmt: skip


def parsed(saved, lang="en"):
    card = model_card(saved, lang)
    _, front, body = card.split("---\n", 2)
    return yaml.safe_load(front), body


def test_front_matter_is_what_the_hub_reads():
    front, _ = parsed(SavedModel(None, Task(), {"": ["0", "1"]}, about=ABOUT))
    assert front["language"] == ["id"]
    assert front["license"] == "cc-by-nc-sa-4.0"
    assert front["library_name"] == "makna"
    assert front["pipeline_tag"] == "text-classification"
    assert "makna" in front["tags"]
    (entry,) = front["model-index"]
    assert entry["name"] == "counts-svm"
    test, valid = entry["results"]
    assert test["dataset"] == {"name": "Twit", "type": "hate-speech", "split": "test"}
    assert test["metrics"] == [
        {"type": "accuracy", "name": "accuracy", "value": 0.8},
        {"type": "f1", "name": "f1_macro", "value": 0.75},
    ]
    assert valid["dataset"]["split"] == "valid"


def test_scores_stand_with_interval_and_n_the_test_part_first():
    _, body = parsed(SavedModel(None, Task(), {"": ["0", "1"]}, about=ABOUT))
    rows = re.findall(r"^\| (test|valid) .*$", body, re.M)
    assert rows == ["test", "test", "test", "valid"]
    assert "| test | f1_macro | 0.750 | 0.700 – 0.800 | 150 |" in body
    assert "| test | f1_1 | – | – – – | 150 |" in body
    assert "support_1" not in body
    assert "150 rows only" in body
    assert "(CC BY-NC-SA 4.0) limits" in body
    assert "kamus-alay (none stated), https://example.org/k" in body


def test_scores_without_parts_are_those_of_the_test():
    front, body = parsed(SavedModel(None, Task(), {"": ["0", "1"]}, about={"scores": {"accuracy": score(0.5, 5000)}}))
    assert front["model-index"][0]["results"][0]["dataset"]["split"] == "test"
    assert "rows only" not in body


def test_a_model_of_which_nothing_is_known_has_a_card_that_says_so():
    front, body = parsed(SavedModel(None, Task("pair", "number", scale=(0.0, 5.0)), {}))
    assert "model-index" not in front
    assert "language" not in front
    assert front["license"] == "other"
    assert "without scores" in body
    assert "between 0.0 and 5.0" in body
    assert "not recorded" in body


def test_what_should_warn_does():
    about = {**ABOUT, "weak_labels": True, "beats_baseline": False}
    _, body = parsed(SavedModel(None, Task(), {"": ["0", "1"]}, about=about))
    assert "by rules or a machine" in body
    assert "trivial baselines" in body


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("inputs", ["text", "pair"])
@pytest.mark.parametrize("target", ["class", "classes", "number"])
def test_every_task_has_a_card_with_python_that_parses(lang, inputs, target):
    saved = SavedModel(None, Task(inputs, target), {"": ["0"]} if target != "number" else {}, about=ABOUT)
    body = parsed(saved, lang)[1]
    (code,) = re.findall(r"```python\n(.*?)```", body, re.S)
    assert ast.parse(code)
    assert len([line for line in code.splitlines() if line]) <= 4
    assert "makna predict" in body
    assert "None" not in body
    headings = re.findall(r"^## (.+)$", body, re.M)
    assert headings[0] == catalogue("serve")["card_what"][lang]
    assert len(headings) == 5


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", "mit"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("cc-by-sa-4.0", "cc-by-sa-4.0"),
        ("MIT / CC BY 4.0", "other"),
        ("", "other"),
    ],
)
def test_licences_get_the_hubs_names(licence, expected):
    assert hub_licence(licence) == expected
