import pytest

from makna.report.cellnames import cell_of, in_order, root_of, same_settings, settings_of


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("C=0.3", {"C": 0.3}),
        ("batch_size=8,learning_rate=3e-05", {"batch_size": 8, "learning_rate": 3e-05}),
        ("words=[1, 2],C=1", {"words": "[1, 2]", "C": 1}),
        ("class_weight={'a': 1, 'b=': 2},C=1", {"class_weight": "{'a': 1, 'b=': 2}", "C": 1}),
        ("class_weight=None", {"class_weight": "None"}),
        ("counts-svm", {}),
        ("", {}),
    ],
)
def test_settings_are_read_back(text, settings):
    assert settings_of(text) == settings


def test_a_cell_has_a_root_and_settings():
    assert (root_of("a[b=1]"), cell_of("a[b=1]")) == ("a", {"b": 1})
    assert (root_of("a[b"), cell_of("a[b")) == ("a[b", {})


def test_numbers_are_the_same_however_they_are_written():
    assert same_settings({"a": "3e-5", "b": None}, {"b": "None", "a": 0.00003})
    assert not same_settings({"a": 1}, {"a": 1, "b": 2})
    assert not same_settings({"a": True}, {"a": 1})


def test_numbers_stand_in_order_and_words_as_they_came():
    assert in_order([30, 5, 30, 10]) == [5, 10, 30]
    assert in_order(["poly", "linear", "poly"]) == ["poly", "linear"]
