"""A BERT-base with random weights and minilm's word pieces: for measuring time, not accuracy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from makna.collect.datasets import read_dataset
from makna.represent.encoder_source import locate_encoder

CLASSES = {"1": 0, "2": 0, "3": 1, "4": 2, "5": 2}


def random_bert(folder: Path, dropout: float) -> Path:
    """Write a BERT-base (12 layers, width 768) in the layout of a Hugging Face folder.

    Parameters
    ----------
    folder : Path
        Made here.
    dropout : float
        Of the encoder's layers.
    """
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    made = BertModel(BertConfig(hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout))
    made.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(locate_encoder("minilm").folder / name, folder)
    return folder


def reviews(n: int) -> tuple[list[str], Any]:
    """Return the first n product reviews, shuffled by a fixed seed, and their class by the stars (0, 1, 2)."""
    frame: pd.DataFrame = read_dataset("product-reviews").table.sample(n, random_state=13)
    return frame["Customer Review"].astype(str).tolist(), frame["Customer Rating"].astype(str).map(CLASSES).to_numpy()
