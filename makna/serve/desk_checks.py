"""Answers that look better than they are: what a teacher should see with her own eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from makna.clean.language import language_of, word_list
from makna.clean.stopwords import own_words
from makna.core.corpus import normalised
from makna.serve.desk_key import Coverage, Key, content_words, has_word

CHECKS = ("no_key", "empty", "copied_question", "stuffed", "empty_talk", "off_topic", "other_language", "too_long")
"""The warnings, in the order in which they are told."""
LONG = 1000
"""Words from which an answer is too long to be one."""
_LANGUAGES = ("id", "en")
_HEAD = 5000  # characters by which a language is told
_FEW = 5  # answers
_RUN = 3  # words


@dataclass(frozen=True)
class Surroundings:
    """What the class wrote about a question.

    Parameters
    ----------
    question : str
        The question; may be empty.
    usual : frozenset of str
        Stems that at least two different answers have.
    language : str
        The one that most answers are in, the key's where they do not say.
    """

    question: str
    usual: frozenset[str]
    language: str = "unknown"


def surroundings(question: str, answers: Sequence[str], language: str) -> Surroundings:
    """Return what the answers to a question have in common.

    Parameters
    ----------
    question : str
        The question.
    answers : sequence of str
        All answers to it.
    language : str
        Of the key; its words are cut to stems accordingly.
    """
    counts = Counter(word for text in set(answers) for word in set(content_words(text, language)))
    told = Counter(code for text in answers if (code := language_of(text[:_HEAD]).code) in _LANGUAGES)
    usual = frozenset(word for word, n in counts.items() if n > 1)
    return Surroundings(question, usual, told.most_common(1)[0][0] if told.total() >= _FEW else language)


def warnings_of(answer: str, key: Key, coverage: Coverage, around: Surroundings) -> tuple[str, ...]:
    """Return what is odd about an answer, as names from `CHECKS`.

    Parameters
    ----------
    answer : str
        A pupil's answer.
    key : Key
        Its key; without a word in it only ``no_key`` is told.
    coverage : Coverage
        What the answer has of the key.
    around : Surroundings
        The question and the other answers.

    Examples
    --------
    >>> key = Key("Akar menyerap air dan mineral dari dalam tanah.", "Apa fungsi akar bagi tumbuhan?")
    >>> around = Surroundings("Apa fungsi akar bagi tumbuhan?", frozenset({"serap", "air"}))
    >>> answer = "fungsi akar bagi tumbuhan adalah fungsi akar bagi tumbuhan"
    >>> warnings_of(answer, key, key.held_against(answer), around)
    ('copied_question',)
    """
    if not key.text.strip():
        return ("no_key",)
    if not normalised(answer):
        return ("empty",)
    words = normalised(answer).split()
    content = content_words(answer, key.language)
    asked = frozenset(content_words(around.question, key.language))
    runs = frozenset(_runs(normalised(around.question).split()))
    seen = _Seen(words, content, asked, key, coverage, around.usual, runs)
    found = [name for name, check in _CHECKS if check(seen)]
    if "copied_question" in found or "empty_talk" in found:
        found = [name for name in found if name != "off_topic"]
    if _other_language(answer, words, around.language):
        found = [name for name in found if name not in ("off_topic", "empty_talk")] + ["other_language"]
    if len(words) > LONG:
        found.append("too_long")
    return tuple(found)


@dataclass(frozen=True)
class _Seen:
    words: list[str]
    content: list[str]
    asked: frozenset[str]
    key: Key
    coverage: Coverage
    usual: frozenset[str]
    question_runs: frozenset[tuple[str, ...]]


def _copied_question(seen: _Seen) -> bool:
    """The question's own words in its own order, and at most one word of one's own."""
    if not seen.asked or seen.coverage.share > 0.2 or len(seen.words) < _RUN:
        return False
    runs = _runs(seen.words)
    copied = sum(run in seen.question_runs for run in runs)
    own = {word for word in seen.content if word not in seen.asked}
    return len(own) <= 1 and copied >= 0.4 * len(runs)


def _stuffed(seen: _Seen) -> bool:
    """Words of the key in a row without a sentence around them, or the same few words over and over."""
    if len(seen.words) >= 12 and len(set(seen.words)) < 0.4 * len(seen.words):
        return True
    if len(seen.content) < 6 or _joints(seen.key.text) < 0.2:
        return False
    joints = 1 - len(seen.content) / len(seen.words)
    own = frozenset(seen.key.words) | seen.asked
    hits = sum(has_word(word, own) for word in seen.content)
    return joints < 0.1 and hits >= 0.75 * len(seen.content)


def _empty_talk(seen: _Seen) -> bool:
    """Many words, none of the key's, and hardly one that is not an everyday word or the question's."""
    if len(seen.words) < 15 or seen.coverage.share > 0.05:
        return False
    everyday = _everyday()
    telling = [word for word in seen.content if word not in seen.asked and word not in everyday]
    return len(telling) <= 0.2 * len(seen.words) and sum(word in seen.usual for word in telling) <= 2


def _off_topic(seen: _Seen) -> bool:
    """Nothing of the key, of the question, or of what others answered."""
    if len(seen.content) < 3 or seen.coverage.share > 0:
        return False
    if any(word in seen.asked for word in seen.content):
        return False
    return sum(word in seen.usual for word in seen.content) <= 0.25 * len(seen.content)


_CHECKS = (
    ("copied_question", _copied_question),
    ("stuffed", _stuffed),
    ("empty_talk", _empty_talk),
    ("off_topic", _off_topic),
)


def _other_language(answer: str, words: Sequence[str], usual: str) -> bool:
    found = language_of(answer[:_HEAD])
    told = len(words) >= 5 and found.code in _LANGUAGES and found.known >= 0.3
    return told and usual in _LANGUAGES and found.code != usual


def _runs(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)]


def _joints(text: str) -> float:
    """Return the share of words that only hold a sentence together."""
    words = normalised(text).split()
    stop = _function_words()
    return sum(word in stop for word in words) / len(words) if words else 0.0


@cache
def _function_words() -> frozenset[str]:
    return frozenset(word for language in _LANGUAGES for word in own_words(language))


@cache
def _everyday() -> frozenset[str]:
    return _function_words() | word_list("id") | word_list("en")
