"""A first recipe from a table: which columns are texts, labels, numbers and groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import yaml

from makna.clean.language import count_languages
from makna.collect.names import listed
from makna.core.errors import DataError
from makna.core.messages import say

_LABEL_WORDS = ("label", "kelas", "class", "sentimen", "sentiment", "kategori", "category", "target", "hs", "duplikat",
                "duplicate", "is_duplicate", "type")  # fmt: skip
_SCORE_WORDS = ("score", "nilai", "skor", "mark", "grade", "score_avg")
# Rows that share one of the first know something of each other; of the others one only wants a table by group.
_TOGETHER_WORDS = ("group", "kelompok", "soal", "question", "penulis", "author", "user")
_GROUP_WORDS = (*_TOGETHER_WORDS, "jenis", "kategori", "category", "produk", "product")
_KEY_WORDS = ("kunci", "key", "desired_answer", "answer_key")
_MOST_CLASSES = 30
_LOOKED_AT = 500  # texts that tell the language
_ENCODERS = {"id": "makna-mini", "en": "minilm"}
# A small encoder wants about a thousand steps; with few rows these are many epochs, which take long and bring little.
_STEPS, _BATCH, _LEAST_EPOCHS, _MOST_EPOCHS = 1000, 16, 3, 10


@dataclass(frozen=True)
class Guess:
    """What a table's columns seem to be.

    Parameters
    ----------
    texts : tuple of str
        One text column, or two for pairs.
    label, score, group : str or None
        Target and group columns.
    classes : dict of int
        Label → rows, for a label.
    language : {"id", "en"} or None
        Of most texts, where it can be told.
    """

    texts: tuple[str, ...]
    label: str | None
    score: str | None
    group: str | None
    classes: dict[str, int]
    language: str | None


def guess_columns(table: pd.DataFrame) -> Guess:
    """Guess which column is which.

    Parameters
    ----------
    table : DataFrame of str
        As `read_table` gives it.

    Raises
    ------
    DataError
        No column looks like texts, or none like a target.
    """
    words = {name: table[name].map(lambda text: len(text.split())).mean() for name in table.columns}
    distinct = {name: table[name].nunique() for name in table.columns}
    score = _named(table, _SCORE_WORDS, lambda name: _numeric(pd.Series(table[name])))
    label = None if score else _label(table, distinct, words)
    if label is None and score is None:
        raise DataError("recipe.no_target_guess", columns=listed(table.columns), most=_MOST_CLASSES)
    rest = [name for name in table.columns if name not in (label, score)]
    texts = sorted((name for name in rest if words[name] >= 2), key=lambda name: -words[name])
    if not texts:
        raise DataError("recipe.no_text_guess", columns=listed(table.columns))
    pair = _pair(table, texts, score)
    group = _named(table, _GROUP_WORDS, lambda n: n in rest and n not in pair and 1 < distinct[n] < len(table) / 2)
    classes = table[label].value_counts().to_dict() if label else {}
    language = _language(table[pair[0]].head(_LOOKED_AT))
    return Guess(pair, label, score, group, {str(k): int(v) for k, v in classes.items()}, language)


def commented_recipe(guess: Guess, source: Mapping[str, str]) -> str:
    """Return a commented recipe in the language in force.

    Parameters
    ----------
    guess : Guess
        What the columns seem to be.
    source : mapping of str to str
        ``file`` or ``folder`` as the recipe shall name it, and ``sheet``, ``encoding``, ``delimiter`` where given.
    """
    pair = len(guess.texts) == 2
    target = "number" if guess.score else "class"
    texts = {"text_a": guess.texts[0], "text_b": guess.texts[1]} if pair else {"text": guess.texts[0]}
    columns = {**texts, **({"score": guess.score} if guess.score else {"label": guess.label})}
    if guess.group:
        columns["group"] = guess.group
    collect = ", ".join(f"{key}: {_quoted(str(value))}" for key, value in {**source, **columns}.items())
    together = guess.group is not None and guess.group.strip().lower() in _TOGETHER_WORDS
    grouped = f", group: {str(together).lower()}" if guess.group else ""
    smallest = min(guess.classes.values(), default=10)
    folds = max(2, min(5, smallest))
    positive = f", positive: {_quoted(_rarer(guess.classes))}" if len(guess.classes) == 2 else ""
    systems = (_PAIR_NUMBER if pair else _NUMBER) if guess.score else _PAIR if pair else _TEXT
    main = ("overlaps-ridge" if pair else "counts-ridge") if guess.score else "counts-svm"
    metrics = "rmse, pearson" if guess.score else "f1_macro, accuracy" + (", f1_positive" if positive else "")
    return "\n".join([
        f"# {say('recipe.init_head')}",
        f"title: {_quoted(say('recipe.init_title', file=next(iter(source.values()))))}",
        f"# {say('recipe.init_task')}",
        f"task: {{inputs: {'pair' if pair else 'text'}, target: {target}{positive}}}",
        "seed: 13",
        f"# {say('recipe.init_collect')}",
        f"collect: {{{collect}}}",
        f"# {say('recipe.init_clean')}",
        "clean: [tweet, lowercase, alphanumeric, slang, {rows: {min_words: 1, duplicates: "
        + ("keep" if guess.score else "first") + "}}]",
        f"# {say('recipe.init_split')}",
        f"split: {{folds: {folds}{grouped}}}",
        f"# {say('recipe.init_systems')}",
        systems,
        *([] if guess.score or pair else _encoder(guess, folds)),
        f"# {say('recipe.init_evaluate')}",
        f"evaluate: {{metrics: [{metrics}], compare: {main}}}",
        "explain: [words, errors]",
        f"report: {{page: true, lang: {say('recipe.init_lang')}}}",
        "",
    ])  # fmt: skip


def _encoder(guess: Guess, folds: int) -> list[str]:
    """Return the lines of a fine-tuned encoder that reads the language of the texts."""
    name = _ENCODERS.get(guess.language or "")
    if name is None:
        return []
    rows = sum(guess.classes.values()) * (folds - 1) / folds
    epochs = min(_MOST_EPOCHS, max(_LEAST_EPOCHS, math.ceil(_STEPS * _BATCH / max(rows, 1))))
    return [
        f"  # {say('recipe.init_encoder', name=name)}",
        f"  {name}:",
        "    on_request: true",
        "    clean: []",
        "    learn: {finetune: {encoder: "
        + f"{name}, pooling: mean, class_weight: balanced, epochs: {epochs}, learning_rate: 1.0e-4}}}}",
    ]


_TEXT = """systems:
  counts-svm:
    represent: {union: [{counts: {words: [1, 2]}}, {counts: {chars: [2, 5]}}]}
    learn: {svm: {C: 1}}"""
_PAIR = """systems:
  counts-svm:
    represent: {union: [[overlaps, standardise], {counts: {chars: [2, 4]}}]}
    learn: {svm: {C: 1}}"""
_NUMBER = """systems:
  counts-ridge:
    represent: {counts: {words: [1, 2]}}
    learn: ridge"""
_PAIR_NUMBER = """systems:
  overlaps-ridge:
    represent: [overlaps, standardise]
    learn: ridge"""


def _label(table: pd.DataFrame, distinct: dict[str, int], words: dict[str, float]) -> str | None:
    def fits(name: str) -> bool:
        return 2 <= distinct[name] <= min(_MOST_CLASSES, max(2, len(table) // 2)) and words[name] < 4

    named = _named(table, _LABEL_WORDS, fits)
    if named:
        return named
    fitting = [name for name in table.columns if fits(name)]
    return min(fitting, key=lambda name: distinct[name]) if fitting else None


def _named(table: pd.DataFrame, names: tuple[str, ...], fits: object) -> str | None:
    assert callable(fits)
    for wanted in names:
        for column in table.columns:
            if column.strip().lower() == wanted and fits(column):
                return str(column)
    return None


def _numeric(column: pd.Series) -> bool:
    values = pd.to_numeric(column, errors="coerce")
    return bool(values.notna().mean() > 0.95)


def _pair(table: pd.DataFrame, texts: list[str], score: str | None) -> tuple[str, ...]:
    """Return two columns where names or lengths say that they are sides of a pair, else the longest."""
    key = next((name for name in texts if name.strip().lower() in _KEY_WORDS), None)
    if key:
        answer = next((n for n in texts if n != key and table[n].nunique() > table[key].nunique()), None)
        if answer:
            return (answer, key)
    for first in sorted(texts):
        for second in sorted(texts):
            if first < second and first.rstrip("12abAB_") == second.rstrip("12abAB_"):
                return (first, second)
    return (texts[0],)


def _language(texts: Iterable[str]) -> str | None:
    found = count_languages(texts)
    indonesian, english = found["id"] + found["mixed"], found["en"]
    return None if indonesian == english == 0 else "id" if indonesian >= english else "en"


def _rarer(classes: dict[str, int]) -> str:
    return min(classes, key=lambda name: classes[name])


def _quoted(text: str) -> str:
    """Return a text in YAML's double quotes; a heading may hold line breaks and anything else."""
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))).rstrip("\n")
