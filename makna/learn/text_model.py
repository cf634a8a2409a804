"""A trained network of texts, kept as arrays and files; torch is imported when it is first asked something."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from makna.core.compute import Machine, machine_of
from makna.core.corpus import TextRows
from makna.core.optional import require
from makna.learn.finetune_text import LongTexts, Pair, Reading, text_rows
from makna.learn.forward import outputs_of
from makna.learn.networks import PURPOSE, Pooling, text_network

_CONFIG, _TOKENIZER, _SPECIAL = "config.json", "tokenizer.json", "special.json"
_SPECIALS = ("pad_token", "unk_token")
_PLAIN = ("cpu", "fp32")
_AT_ONCE = 32
_ALIGNMENT = 64


@dataclass(frozen=True)
class Shape:
    """What a network of texts is made of, beside its encoder.

    Parameters
    ----------
    outputs : int
        Classes, 1 for a number, or the steps of a scale.
    pooling : {"cls", "mean", "max", "bilstm"}
        How the vectors of a row become one.
    dropout : float
        Before the head, while training.
    max_length : int
        Most pieces of a row.
    long : {"head", "head+tail", "windows"}
        What is done with longer texts.
    pair : {"cross", "bi"} or None
        How two sides are read; None for single texts.
    ordered : bool
        Whether the outputs are the steps of one scale.
    """

    outputs: int
    pooling: Pooling
    dropout: float
    max_length: int
    long: LongTexts
    pair: Pair | None = None
    ordered: bool = False

    @property
    def reading(self) -> Reading:
        """How texts become rows of pieces."""
        return Reading(self.max_length, self.long, self.pair or "cross")

    def network(self, encoder: Any) -> Any:
        """Return the network around an encoder, its head new."""
        apart = self.pair == "bi"
        return text_network(encoder, self.outputs, self.pooling, self.dropout, apart, self.ordered)


@dataclass
class TextModel:
    """A trained network and its tokenizer.

    Parameters
    ----------
    shape : Shape
        What it is made of.
    tensors : dict of ndarray
        Its weights by name.
    files : dict of bytes
        The encoder's configuration and the files of its tokenizer.
    """

    shape: Shape
    tensors: dict[str, np.ndarray]
    files: dict[str, bytes]
    _tokenizer: Any = field(default=None, repr=False)
    _ready: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, network: Any, tokenizer: Any, shape: Shape) -> Self:
        """Keep a trained network of `text_network`, on the processor, and its tokenizer."""
        tensors = {name: value.detach().numpy() for name, value in network.state_dict().items()}
        specials = {name: getattr(tokenizer, name) for name in _SPECIALS if getattr(tokenizer, name) is not None}
        files = {
            _CONFIG: network.encoder.config.to_json_string(use_diff=False).encode(),
            _TOKENIZER: tokenizer.backend_tokenizer.to_str().encode(),
            _SPECIAL: json.dumps(specials).encode(),
        }
        return cls(shape, tensors, files, tokenizer, {_PLAIN: network.eval()})

    def outputs(self, texts: TextRows) -> np.ndarray:
        """Return what the network says of texts, shape (n, outputs), whichever order and batch they come in.

        Parameters
        ----------
        texts : list of str, or of (str, str), length n
            Texts or pairs, empty ones too.

        Raises
        ------
        MissingPackageError
            torch or transformers is not installed.
        """
        if not len(texts):
            return np.zeros((0, self.shape.outputs), dtype=np.float32)
        machine = machine_of(PURPOSE)
        ready = text_rows(self.tokenizer(), texts, self.shape.reading)
        return outputs_of(self.network(machine), ready.rows, _AT_ONCE, machine, autocast=False)

    def tokenizer(self) -> Any:
        """Return the tokenizer, rebuilt from its files on first use."""
        if self._tokenizer is None:
            transformers, tokenizers = require("transformers", PURPOSE), require("tokenizers", PURPOSE)
            backend = tokenizers.Tokenizer.from_buffer(self.files[_TOKENIZER])
            specials = json.loads(self.files[_SPECIAL])
            self._tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **specials)
        return self._tokenizer

    def network(self, machine: Machine) -> Any:
        """Return the network on this device, its weights in this precision, rebuilt on first use."""
        key = (machine.device, machine.precision)
        if key not in self._ready:
            torch = require("torch", PURPOSE)
            network = self._whole() if key == _PLAIN else copy.deepcopy(self._whole())  # `to` changes what it is given
            dtype = torch.bfloat16 if machine.precision == "bf16" else torch.float32
            self._ready[key] = network.to(machine.device, dtype).eval()
        return self._ready[key]

    def _whole(self) -> Any:
        """Return the network in fp32 on the processor; its weights are the kept arrays themselves."""
        if _PLAIN not in self._ready:
            torch, transformers = require("torch", PURPOSE), require("transformers", PURPOSE)
            told = json.loads(self.files[_CONFIG])
            config = type(transformers.AutoConfig.for_model(told["model_type"])).from_dict(told)
            with torch.random.fork_rng(devices=[]):
                encoder = transformers.AutoModel.from_config(config, dtype=torch.float32)
                network = self.shape.network(encoder)
            self.tensors = {name: _aligned(value) for name, value in self.tensors.items()}
            network.load_state_dict({n: torch.from_numpy(v) for n, v in self.tensors.items()}, assign=True)
            self._ready[_PLAIN] = network.eval()
        return self._ready[_PLAIN]

    def __getstate__(self) -> dict[str, Any]:
        # Crosses processes as what it was kept as.
        return {**vars(self), "_tokenizer": None, "_ready": {}}


def _aligned(array: np.ndarray) -> np.ndarray:
    """Return an array that begins where vector instructions want it, as torch's own do: else products round otherwise.

    It is writable, as torch wants it too.
    """
    if array.flags.writeable and array.ctypes.data % _ALIGNMENT == 0:
        return array
    room = np.empty(array.nbytes + _ALIGNMENT, dtype=np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    aligned = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    aligned[...] = array
    return aligned
