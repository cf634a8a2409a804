"""How well an encoder's vocabulary fits texts: unknown pieces, and pieces a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from makna.represent.embed import tokenizer_of
from makna.represent.encoder_source import EncoderSource
from makna.represent.tokens import tokenise


def piece_account(source: EncoderSource, texts: Sequence[str], max_length: int = 128) -> dict[str, Any]:
    """Count what an encoder's tokenizer makes of texts.

    Parameters
    ----------
    source : EncoderSource
        The encoder.
    texts : sequence of str, shape (n,)
        Texts.
    max_length : int
        What longer rows would be cut to, special pieces included.

    Returns
    -------
    dict
        As `Tokenised.account`: rows, cut, max_length, longest, unknown_share, pieces_per_word.
    """
    return tokenise(tokenizer_of(source), texts, max_length).account()


def pieces_by_step(
    source: EncoderSource, texts_by_step: Mapping[str, Sequence[str]], max_length: int = 128
) -> dict[str, dict[str, Any]]:
    """Count the same after every cleaning step, so that what a step costs or saves the encoder is seen.

    Parameters
    ----------
    source : EncoderSource
        The encoder.
    texts_by_step : mapping of str to sequence of str
        The texts after each step, in order; the raw ones under a name of the caller's.
    max_length : int
        What longer rows would be cut to.

    Returns
    -------
    dict of dict
        `piece_account` by step, in the same order.
    """
    tokenizer = tokenizer_of(source)
    return {step: tokenise(tokenizer, texts, max_length).account() for step, texts in texts_by_step.items()}
