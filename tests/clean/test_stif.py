"""chrF against values worked by hand and by sacreBLEU, and what the STIF benchmark rests on."""

from __future__ import annotations

import os
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makna.clean.text import explain_text

ROOT = Path(__file__).parents[2]


def _load(name):
    spec = spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHRF = _load("chrf")
chrf = CHRF.chrf


def f_beta(p, r, beta):
    return (1 + beta**2) * p * r / (beta**2 * p + r)


@pytest.mark.parametrize(
    ("texts", "references", "order", "beta", "expected"),
    [
        (["abcd"], ["abc"], 2, 2, f_beta((3 / 4 + 2 / 3) / 2, 1, 2)),
        (["abc"], ["abcd"], 2, 2, f_beta(1, (3 / 4 + 2 / 3) / 2, 2)),
        # common: a, b of 3 and 3 characters; "ab" of 2 and 2 pairs
        (["abx"], ["aby"], 2, 3, f_beta((2 / 3 + 1 / 2) / 2, (2 / 3 + 1 / 2) / 2, 3)),
        # an n-gram counts as often as both sides have it: "aaa" and "aa" share two of three
        (["aaa"], ["aa"], 1, 1, f_beta(2 / 3, 1, 1)),
        # counts are added over lines: 2 of 3 and 2 of 3
        (["ab", "x"], ["ab", "y"], 1, 2, 2 / 3),
        (["halo dunia"], ["halodunia"], 6, 2, 1.0),
        (["abc"], ["xyz"], 6, 2, 0.0),
        ([""], ["abc"], 6, 2, 0.0),
        # sacreBLEU 2.6
        (["abcd"], ["abc"], 6, 2, 0.8984375),
        (["a b"], ["ab c"], 6, 3, 0.6086956521739127),
        (["halo dunia", "x"], ["halo, dunia", "yx"], 6, 2, 0.4743807118807118),
    ],
)
def test_worked_values(texts, references, order, beta, expected):
    assert chrf(texts, references, order, beta) == pytest.approx(expected, abs=1e-12)


lines = st.lists(st.tuples(st.text("ab c", max_size=12), st.text("ab c", max_size=12)), min_size=1, max_size=5)


@given(lines)
def test_between_nothing_and_the_same(pairs):
    texts, references = map(list, zip(*pairs, strict=True))
    assert 0 <= chrf(texts, references) <= 1
    assert chrf(texts, references, beta=1) == pytest.approx(chrf(references, texts, beta=1))
    assert chrf(texts, texts) == (1 if any(text.strip() for text in texts) else 0)


STEPS = [{"slang": ["makna"]}, {"slang": ["makna", "kamus-alay", "new-kamusalay"]}]


def _pairs(part):
    folder = Path(os.environ["MAKNA_DATA"]) / "slang"
    return [(folder / f"stif-{part}.{side}").read_text(encoding="utf-8").splitlines() for side in ("inf", "for")]


@pytest.mark.data
@pytest.mark.parametrize("step", STEPS, ids=lambda step: "+".join(step["slang"]))
def test_normalised_text_is_nearer_to_the_formal_one(step):
    informal, formal = _pairs("dev")
    normal = [explain_text(text, [step])[0]["after"] for text in informal]
    assert chrf(normal, formal) > chrf(informal, formal) + 0.05


def _changed_by_hand(text, changes):
    """Put each change in place of the next token that is written like it."""
    pieces, position = [], 0
    for change in changes:
        token = re.compile(rf"(?<![^\W_]){re.escape(change['token'])}(?![^\W_])")
        found = token.search(text, position)
        assert found is not None, (change, text)
        pieces += [text[position : found.start()], change["to"]]
        position = found.end()
    return "".join(pieces) + text[position:]


@pytest.mark.data
@pytest.mark.parametrize("part", ["train", "dev"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: "+".join(step["slang"]))
def test_the_changes_that_are_told_are_all_there_are(step, part):
    informal, _ = _pairs(part)
    told = 0
    for text in informal:
        (found,) = explain_text(text, [step])
        assert _changed_by_hand(text, found["changes"]) == found["after"]
        assert all(change["table"] and change["to"] != change["token"] for change in found["changes"])
        told += len(found["changes"])
    assert told > len(informal)


@pytest.mark.data
def test_the_benchmark_measures_what_the_table_in_the_guide_says(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    stif = _load("stif")
    monkeypatch.setattr(stif, "TABLES", stif.TABLES[:1])
    found = stif.measure_part(*stif.read_pairs("dev"))
    assert found["before"] < found["after"][0]["chrf"]
    assert found["after"][0]["gain_low"] > 0
    assert f"{found['before']:.3f}" in (ROOT / "docs" / "guide" / "clean.md").read_text(encoding="utf-8")
