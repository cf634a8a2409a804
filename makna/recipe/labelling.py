"""Weak labels in a run: which columns they need, how they reach the corpus, and the gate before anything is learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from makna.clean.language import count_languages
from makna.clean.text import CleanText
from makna.collect.columns import to_classes
from makna.core.corpus import LABEL, TEXT
from makna.core.errors import DataError
from makna.core.messages import language, say
from makna.label.audit import ABOVE, Labelled, against_gold, audit, check_names, verdict_of
from makna.label.inset import InsetScorer
from makna.label.lexicon import POLARITIES, Naming, Scorer, WeakLabels, class_names, label_texts
from makna.label.translate import Translator
from makna.label.vader import VaderScorer
from makna.label.weights import load_lexicon
from makna.recipe.sections import BesideSection, InsetSection, LabelSection, VaderSection

if TYPE_CHECKING:
    from makna.recipe.scoring import PartGuesses

WEAK, GOLD, TRANSLATION = "weak_label", "gold", "translation"
BESIDE = "beside_"
_COVERED, _MIXED = "weak_covered", "weak_mixed"
_VADER_TABLE = {
    "name": "VADER",
    "licence": "MIT",
    "source": "https://github.com/cjhutto/vaderSentiment",
}

Listen = Callable[[str, str, int, int], None]


def ready_to_label(
    section: LabelSection, table: pd.DataFrame, mapping: Mapping[str, str | Sequence[str]]
) -> tuple[pd.DataFrame, dict[str, str | Sequence[str]]]:
    """Return a table and its mapping with the columns that labelling needs, before they become a corpus.

    Parameters
    ----------
    section : LabelSection
        How rows are labelled.
    table : DataFrame of str
        As read.
    mapping : mapping
        Corpus column → the user's column.

    Returns
    -------
    DataFrame, dict
        Where weak labels are learned, the corpus column `label` holds the gold labels until then, or nothing.
    """
    made = dict(mapping)
    if section.vader is not None and section.vader.translate:
        made[TRANSLATION] = section.vader.translate
    made |= {f"{BESIDE}{name}": other.column for name, other in (section.beside or {}).items()}
    if not section.use:
        return table, made | ({GOLD: section.gold} if section.gold else {})
    gold = section.gold or made.get(LABEL) or (LABEL if LABEL in table.columns else None)
    if gold is not None:
        return table, made | {LABEL: gold}
    return table.assign(**{LABEL: ""}), {key: value for key, value in made.items() if key != LABEL}


def weakly_labelled(section: LabelSection, corpus: pd.DataFrame, warnings: list[str], listen: Listen) -> pd.DataFrame:
    """Return the corpus with the column `weak_label`, which becomes `label` where the recipe learns it.

    Parameters
    ----------
    section : LabelSection
        How rows are labelled.
    corpus : DataFrame
        With the columns of `ready_to_label`.
    warnings : list of str
        Gets what the user should know.
    listen : callable
        Told of progress.

    Raises
    ------
    UserError
        A lexicon, a translator or a package is not there.
    """
    gold = corpus[GOLD] if GOLD in corpus else corpus[LABEL]
    texts = corpus[TEXT].tolist()
    if TRANSLATION in corpus:
        texts = corpus[TRANSLATION].tolist()

    def told(done: int, total: int) -> None:
        listen("label", section.source, done, total)

    told(0, 1)
    found, notes = labelled(section.lexicon, texts, gold.tolist(), told)
    warnings.extend(notes)
    made = corpus.assign(
        weak_label=pd.Series(found.labels, dtype=str, index=corpus.index), weak_score=found.compounds,
        weak_covered=found.covered, weak_mixed=found.mixed, gold=gold,
    )  # fmt: skip
    return made.assign(label=made[WEAK]) if section.use else made


def labelled(
    settings: VaderSection | InsetSection, texts: Sequence[str], gold: Sequence[str],
    told: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[WeakLabels, list[str]]:  # fmt: skip
    """Return the weak labels of texts, and what the user should know of them.

    Parameters
    ----------
    settings : VaderSection or InsetSection
        Which lexicon, with which rules.
    texts : sequence of str, shape (n,)
        Texts as they are, or translated by the user.
    gold : sequence of str
        Gold labels, for the names of the classes; '' where there is none.
    told : callable
        Told how many texts are translated.

    Raises
    ------
    UserError
        A lexicon, a translator or a package is not there, or the gold labels are called otherwise.
    """
    read = list(CleanText(settings.after).fit_transform(list(texts))) if settings.after else list(texts)
    notes = []
    if isinstance(settings, VaderSection):
        if settings.translator:
            read = Translator(settings.translator).translate(read, told)
        counts = Counter(count_languages(read[:2000]))
        if counts["id"] > counts["en"]:
            notes.append(say("label.not_english", n=counts["id"], total=sum(counts.values())))
    classes = class_names(set(gold)) | {str(polarity): name for polarity, name in settings.classes.items()}
    check_names({classes.get(polarity, polarity) for polarity in POLARITIES}, {name for name in gold if name.strip()})
    naming = Naming(settings.threshold, classes, settings.abstain)
    return label_texts(_scorer(settings), read, naming), notes


def gate(section: LabelSection, corpus: pd.DataFrame, seed: int, accepted: bool) -> dict[str, Any]:
    """Audit the weak labels of the rows kept, and refuse to learn those that are not above the majority.

    Parameters
    ----------
    section : LabelSection
        How rows were labelled.
    corpus : DataFrame
        The rows kept, with the columns of `weakly_labelled`.
    seed : int
        Of the bootstrap under kappa's interval.
    accepted : bool
        Whether the user takes them as they are.

    Returns
    -------
    dict
        ``weak_labels`` of data.json.

    Raises
    ------
    DataError
        The labels are not above the majority, or there is no gold label to judge them by.
    """
    rows = Labelled(
        section.source, corpus[TEXT].tolist(), corpus[WEAK].tolist(), corpus[GOLD].tolist(),
        corpus[_COVERED].tolist(), corpus[_MIXED].tolist(), section.lexicon.model_dump(exclude_none=True),
    )  # fmt: skip
    found = audit(rows, seed=seed)
    if section.use and not accepted and verdict_of(found) != ABOVE:
        raise refusal(found, say("label.how_run"))
    beside = {name: _beside(corpus, name, other, seed) for name, other in (section.beside or {}).items()}
    return {**found, "used": section.use, "accepted": accepted, **({"beside": beside} if beside else {})}


def _beside(corpus: pd.DataFrame, name: str, other: BesideSection, seed: int) -> dict[str, Any] | None:
    """Return how weak labels agree with other ones of the same rows; None where there are none."""
    labels = to_classes(other.column, corpus[f"{BESIDE}{name}"].tolist(), other.classes or None)
    both = [(weak, label) for weak, label in zip(corpus[WEAK], labels, strict=True) if weak and label]
    return against_gold([weak for weak, _ in both], [label for _, label in both], seed=seed) if both else None


def refusal(found: dict[str, Any], how: str) -> DataError:
    """Return the error that says why labels are not to be learned, with both figures.

    Parameters
    ----------
    found : dict
        An audit.
    how : str
        What to do about it, in the language in force.
    """
    if found["gold"] is None:
        return DataError("label.not_judged", source=found["source"], how=how)
    gold = found["gold"]
    return DataError(
        "label.below" if gold["verdict"] != "unclear" else "label.unclear",
        source=found["source"], n=gold["n"], agreement=_number(gold["agreement"]["value"]),
        majority=_number(gold["majority"]["value"]), label=gold["majority"]["label"],
        low=_number(gold["difference"]["low"]), high=_number(gold["difference"]["high"]), how=how,
    )  # fmt: skip


def against_people(corpus: pd.DataFrame, said: Mapping[str, PartGuesses], seed: int) -> dict[str, Any]:
    """Return how systems that learned weak labels agree with the gold labels of the rows they did not learn from.

    Parameters
    ----------
    corpus : DataFrame
        The rows kept, with the column `gold`.
    said : mapping of str to PartGuesses
        What each system said of held rows.
    seed : int
        Of the bootstrap under kappa's interval.

    Returns
    -------
    dict
        System → as `against_gold`; empty where no held row has a gold label.
    """
    found = {}
    for name, guesses in said.items():
        gold = corpus[GOLD].to_numpy(dtype=object)[guesses.rows]
        known = np.array([bool(label) for label in gold], dtype=bool)
        if known.any():
            said_labels = guesses.prediction[known].tolist()
            found[name] = against_gold(said_labels, gold[known].tolist(), seed=seed)
    return found


def lexicon_tables(section: LabelSection | None) -> list[dict[str, str]]:
    """Return name, licence and source of the lexicons that labels were made with, for the model card."""
    if section is None or not section.use:
        return []
    if isinstance(section.lexicon, VaderSection):
        return [_VADER_TABLE]
    return list(load_lexicon(section.lexicon.lexicon, section.lexicon.clash).tables)


def _scorer(settings: VaderSection | InsetSection) -> Scorer:
    if isinstance(settings, VaderSection):
        return VaderScorer(settings.boost)
    return InsetScorer(load_lexicon(settings.lexicon, settings.clash), settings.boost, settings.rules)


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return text.replace(".", ",") if language() == "id" else text
