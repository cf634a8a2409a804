"""A smaller encoder from a larger one, learned from texts without labels by their hidden relations."""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from makna import __version__
from makna.core.compute import machine_of
from makna.core.corpus import as_rows, texts_hash
from makna.core.errors import DataError
from makna.core.files import replacing
from makna.core.optional import require
from makna.learn.checkpoints import fit_key
from makna.learn.finetune_text import Reading, text_rows
from makna.learn.forward import Rows
from makna.learn.held_back import Holding, held_back
from makna.learn.losses import Loss
from makna.learn.networks import encoder_layers
from makna.learn.relations import PURPOSE, projections, relation_network
from makna.learn.setup import Place, TrainData, TrainSettings
from makna.learn.training import train
from makna.represent.encoder_folder import TOKENIZER_FILES, TOKENIZER_SETTINGS
from makna.represent.encoder_source import describe, load_network, load_tokenizer, locate_encoder

ACCOUNT = "distil.json"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class SmallEncoder:
    """What a student encoder is made of, and how it learns.

    Parameters
    ----------
    layers : int
        Its layers.
    width, heads : int or None
        Its width and attention heads; None as the teacher has them.
    start : {"teacher", "random"} or None
        Its weights at first: the teacher's, of layers evenly spaced and its last (needs the teacher's width), or
        random; None is the first where that can be.
    layer : int
        The teacher's layer whose relations are learned; -1 is the last. Of a large teacher the paper takes one a few
        layers below.
    relation_heads : int or None
        Parts into which queries, keys and values are cut; they divide both widths. None: the most that do, up to the
        teacher's attention heads.
    max_length : int
        Most pieces of a text.
    epochs, batch_size, learning_rate, warmup
        As in `makna.learn.setup.TrainSettings`.
    validation : float
        Share of the texts that epochs are judged by.
    seed : int
        Of weights, order, dropout and the texts held back.
    """

    layers: int
    width: int | None = None
    heads: int | None = None
    start: Literal["teacher", "random"] | None = None
    layer: int = -1
    relation_heads: int | None = None
    max_length: int = 128
    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 3e-4
    warmup: float = 0.1
    validation: float = 0.05
    seed: int = 0


def distil_encoder(teacher: str, texts: Any, folder: str | os.PathLike[str], small: SmallEncoder) -> Path:
    """Make a smaller encoder whose last layer relates the pieces of a text as its teacher's does.

    Parameters
    ----------
    teacher : str
        Name or folder of an encoder (see `makna.represent.encoder_source`).
    texts : sequence of str, or DataFrame of pairs
        Texts without labels.
    folder : path
        A folder that does not exist yet; it appears whole or not at all.
    small : SmallEncoder
        What is wanted.

    Returns
    -------
    Path
        The folder: configuration, weights, the teacher's tokenizer, and ``distil.json`` with the loss of each epoch.
        ``finetune: {encoder: FOLDER}`` and ``encoder: FOLDER`` take it.

    Raises
    ------
    DataError
        The folder exists, there are no texts, or the student's measures do not go together.
    ModelError
        The teacher is not here, or is of a kind whose layers are not known.

    Notes
    -----
    MiniLMv2 (Wang et al. 2021), see `makna.learn.relations`. What follows the last layer's queries, keys and values is
    not learned, there as here: it keeps its first weights until fine-tuning.
    """
    target, rows = Path(folder), as_rows(texts)
    if target.exists():
        raise DataError("learn.folder_exists", path=str(target))
    if len(rows) < 2:
        raise DataError("learn.no_rows", name="distil_encoder")
    torch = require("torch", PURPOSE)
    source, machine = locate_encoder(teacher), machine_of(PURPOSE)
    large = load_network(source)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(small.seed)
        student = _student(large, small)
    heads = _relation_heads(large, student, small.relation_heads)
    projections(large, small.layer)
    ready = text_rows(load_tokenizer(source), rows, Reading(small.max_length, "head")).rows
    known, judged = held_back(Holding(small.validation, small.seed, np.zeros(len(rows), dtype=int)))
    loss = Loss(lambda outputs, targets: outputs.float()[:, 0])
    valid = _part(ready, judged) if len(judged) else None
    data = TrainData(_part(ready, known), valid, loss, lambda outputs, targets: {})
    given = {name: getattr(small, name) for name in ("epochs", "batch_size", "learning_rate", "warmup", "seed")}
    versions = [__version__, *(version(package) for package in ("torch", "transformers", "numpy"))]
    key = fit_key("relations", source.fingerprint, texts_hash(rows), asdict(small), asdict(machine), versions)
    network = relation_network(student, large, heads, small.layer)
    trained = train(network, data, TrainSettings(**given, by="loss"), Place.here(machine, key))
    if trained.interrupted:
        raise KeyboardInterrupt
    account = {
        "teacher": {**describe(source), "fingerprint": source.fingerprint},
        "student": {**asdict(small), "parameters": sum(p.numel() for p in student.parameters())},
        "relation_heads": heads,
        "texts": len(rows),
        "best_epoch": trained.best_epoch,
        "history": trained.history,
    }
    return _write(target, student.to("cpu"), source.folder, account)


def _student(teacher: Any, small: SmallEncoder) -> Any:
    """Return the student before it learns."""
    transformers = require("transformers", PURPOSE)
    config = copy.deepcopy(teacher.config)
    config.num_hidden_layers = small.layers
    width, before = small.width or config.hidden_size, config.hidden_size
    heads = small.heads or config.num_attention_heads
    if width % heads:
        raise DataError("learn.encoder_width", width=width, heads=heads)
    config.hidden_size, config.num_attention_heads = width, heads
    for name in ("intermediate_size", "hidden_dim"):
        if hasattr(config, name):
            setattr(config, name, round(getattr(config, name) * width / before))
    student = transformers.AutoModel.from_config(config)
    is_like = width == before
    if small.start == "teacher" and not is_like:
        raise DataError("learn.encoder_start", came=width, allowed=before)
    if small.start == "random" or not is_like:
        return student
    there = student.state_dict()
    own = {name: value for name, value in teacher.state_dict().items() if name in there}
    student.load_state_dict({name: value for name, value in own.items() if value.shape == there[name].shape}, False)
    blocks, whole = encoder_layers(student)[1:], encoder_layers(teacher)[1:]
    for place, block in enumerate(blocks):
        block.load_state_dict(whole[round((place + 1) * len(whole) / len(blocks)) - 1].state_dict())
    return student


def _relation_heads(teacher: Any, student: Any, asked: int | None) -> int:
    common = math.gcd(teacher.config.hidden_size, student.config.hidden_size)
    if asked is not None and common % asked:
        raise DataError("learn.relation_heads", came=asked, allowed=common)
    most = teacher.config.num_attention_heads
    return asked or max(n for n in range(1, most + 1) if common % n == 0)


def _part(rows: Rows, chosen: np.ndarray) -> Rows:
    return Rows(lambda places: rows.batch(chosen[places]), rows.lengths[chosen], rows.targets[chosen])


def _write(target: Path, student: Any, tokenizer: Path, account: dict[str, Any]) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as scratch:
        scratch.mkdir()
        student.config.save_pretrained(scratch)
        weights = {name: value.detach().contiguous() for name, value in student.state_dict().items()}
        require("safetensors.torch", PURPOSE).save_file(weights, scratch / WEIGHTS, metadata={"format": "pt"})
        for name in (*TOKENIZER_FILES, *TOKENIZER_SETTINGS):
            if (tokenizer / name).is_file():
                shutil.copyfile(tokenizer / name, scratch / name)
        (scratch / ACCOUNT).write_text(json.dumps(account, indent=1, ensure_ascii=False), encoding="utf-8")
    return target
