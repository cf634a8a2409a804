"""The published schema is the code's, and accepts what makna accepts."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest
import yaml

from makna.recipe.json_schema import json_schema
from makna.recipe.recipe import load_recipe, studies
from makna.recipe.written import to_yaml

PUBLISHED = json.loads((resources.files("makna.recipe") / "recipe.schema.json").read_text("utf-8"))


def test_the_published_schema_is_up_to_date():
    assert json_schema() == PUBLISHED, "python -m makna.recipe.json_schema > makna/recipe/recipe.schema.json"


@pytest.mark.parametrize("name", list(studies()))
def test_every_study_fits_as_written_and_as_resolved(name):
    checker = jsonschema.Draft202012Validator(PUBLISHED)
    written = (resources.files("makna") / "studies" / f"{name}.yaml").read_text("utf-8")
    for text in (written, to_yaml(load_recipe(name).resolved)):
        assert list(checker.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "{collect: {dataset: smsa}, systems: {s: {represent: counts, learn: svn}}}",
        "{collect: {dataset: smsa}, systems: {s: {represent: counts, learn: {svm: {C: -1}}}}}",
        "{collect: {dataset: smsa}, systems: {s: {represent: {counts: {wrods: [1, 2]}}, learn: svm}}}",
        "{collect: {dataset: smsa}, splitt: {folds: 3}, systems: {s: {represent: counts, learn: svm}}}",
        "{collect: {dataset: smsa}, clean: [lowercse], systems: {s: {represent: counts, learn: svm}}}",
    ],
)
def test_mistakes_do_not_fit(wrong):
    assert not jsonschema.Draft202012Validator(PUBLISHED).is_valid(yaml.safe_load(wrong))
