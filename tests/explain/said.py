"""Small corpora, and systems that say what they are told to."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass
class Said:
    """What a system said of some rows."""

    rows: np.ndarray
    prediction: np.ndarray
    probability: list = field(default_factory=list)


def said(rows, prediction, sure=None, labels=("0", "1")):
    """Return predictions, with probabilities where `sure` says how sure."""
    prediction = np.array(prediction, dtype=float if isinstance(prediction[0], float) else object)
    if sure is None:
        return Said(np.array(rows), prediction)
    other = (1 - np.asarray(sure)) / (len(labels) - 1)
    table = np.stack([np.where(prediction == label, sure, other) for label in labels], axis=1)
    return Said(np.array(rows), prediction, [table])


def pairs(rows):
    """Return a corpus of pairs from (text_a, text_b, label)."""
    frame = pd.DataFrame(rows, columns=["text_a", "text_b", "label"])
    frame.insert(0, "id", [f"p{i}" for i in range(len(frame))])
    return frame


def texts(rows, column="label"):
    """Return a corpus of texts from (text, label or score)."""
    frame = pd.DataFrame(rows, columns=["text", column])
    frame.insert(0, "id", [f"t{i}" for i in range(len(frame))])
    return frame
