"""Networks that end in a head: an encoder, its vectors made one, and a dense layer to the classes or the number."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from makna.core.optional import require
from makna.learn.heads import lstm_pool, max_of, mean_of, new_head

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "finetune"
Pooling = Literal["cls", "mean", "max", "bilstm"]
_WINDOWS_AT_ONCE = 64
_VIEWS = 4  # of two vectors: both, their difference and their product


def cls_vector(said: Any, mask: Tensor) -> Tensor:
    """Return the first piece's vector, through the encoder's own pooler (dense, tanh) where it has one."""
    pooled = getattr(said, "pooler_output", None)
    return said.last_hidden_state[:, 0] if pooled is None else pooled


Pool = Callable[[Any, "Tensor"], "Tensor"]
"""(what an encoder says, mask (b, length)) → one vector a row, shape (b, width)."""
POOLINGS: dict[str, Callable[[int], Pool]] = {
    "cls": lambda size: cls_vector,
    "mean": lambda size: lambda said, mask: mean_of(said.last_hidden_state, mask),
    "max": lambda size: lambda said, mask: max_of(said.last_hidden_state, mask),
    "bilstm": lstm_pool,
}
"""Name → (values of the encoder's vectors → pooling); one with weights of its own tells its `width`."""


def text_network(
    encoder: Any, outputs: int, pooling: Pooling, dropout: float, apart: bool = False, ordered: bool = False
) -> Any:
    """Return a network from pieces to outputs: encoder → pooling → dropout → dense.

    Parameters
    ----------
    encoder : Module
        An `AutoModel` of transformers. Its pooler is taken off where `pooling` does not use it.
    outputs : int
        Classes, 1 for a number, or the steps of a scale.
    pooling : {"cls", "mean", "max", "bilstm"}
        How the vectors of a row become one.
    dropout : float
        Share of the pooled vector's values that is left out while training.
    apart : bool
        Read two sides each by itself: the head is given both vectors u and v, |u − v| and u · v (Conneau et al. 2017).
    ordered : bool
        Make the outputs the steps of one scale (see `makna.learn.heads.ordered_head`).

    Returns
    -------
    Module
        Takes `ids` and `mask`, shape (b, length), or (b, 2, length) where sides are read apart; `types`, shape
        (b, length), where one row has two sides; and `owner`, shape (b,), where several rows are windows of one text:
        the mean of their outputs is the text's. Returns outputs, shape (texts, outputs).
    """
    if pooling != "cls" and getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    pool = POOLINGS[pooling](encoder.config.hidden_size)
    size = getattr(pool, "width", encoder.config.hidden_size) * (_VIEWS if apart else 1)
    return _class()(encoder, pool, dropout, new_head(size, outputs, ordered), apart)


@cache
def _class() -> Any:
    torch = require("torch", PURPOSE)

    class TextNetwork(torch.nn.Module):  # type: ignore[name-defined]
        """See `text_network`."""

        def __init__(self, encoder: Any, pool: Pool, dropout: float, head: Any, apart: bool) -> None:
            super().__init__()
            self.encoder = encoder
            self.pool = pool
            self.apart = apart
            self.told_sides = takes_types(encoder)
            self.dropout = torch.nn.Dropout(dropout)
            self.head = head
            torch.nn.init.normal_(head.weight, std=getattr(encoder.config, "initializer_range", 0.02))

        def forward(
            self, ids: Tensor, mask: Tensor, owner: Tensor | None = None, types: Tensor | None = None
        ) -> Tensor:
            if self.apart:
                return self._sides(ids, mask)
            if owner is None or self.training:
                outputs = self._rows(ids, mask, types)
            else:
                outputs = self._few_at_once(ids, mask)
            if owner is None:
                return outputs
            texts = int(owner.max()) + 1
            sums = outputs.new_zeros(texts, outputs.shape[1], dtype=torch.float32)
            counts = torch.bincount(owner, minlength=texts).unsqueeze(1)
            return sums.index_add(0, owner, outputs.float()) / counts

        def _rows(self, ids: Tensor, mask: Tensor, types: Tensor | None = None) -> Tensor:
            pooled = self._pooled(ids, mask, types)
            return self.head(self.dropout(pooled.to(self.head.weight.dtype)))

        def _sides(self, ids: Tensor, mask: Tensor) -> Tensor:
            vectors = self._pooled(ids.flatten(0, 1), mask.flatten(0, 1)).to(self.head.weight.dtype)
            first, second = vectors.view(len(ids), 2, -1).unbind(1)
            views = torch.cat([first, second, (first - second).abs(), first * second], dim=1)
            return self.head(self.dropout(views))

        def _pooled(self, ids: Tensor, mask: Tensor, types: Tensor | None = None) -> Tensor:
            told = {"token_type_ids": types} if types is not None and self.told_sides else {}
            return self.pool(self.encoder(input_ids=ids, attention_mask=mask, **told), mask)

        def _few_at_once(self, ids: Tensor, mask: Tensor) -> Tensor:
            """A book has more windows than memory holds at once."""
            parts = zip(ids.split(_WINDOWS_AT_ONCE), mask.split(_WINDOWS_AT_ONCE), strict=True)
            return torch.cat([self._rows(*part) for part in parts])

        def layers(self) -> list[Any]:
            """Return the encoder's embeddings and its layers, lowest first."""
            return encoder_layers(self.encoder)

    return TextNetwork


def takes_types(encoder: Any) -> bool:
    """Tell whether an encoder can be told which side of a pair a piece is of."""
    sides = getattr(encoder.config, "type_vocab_size", 0) or 0
    return sides > 1 and "token_type_ids" in inspect.signature(encoder.forward).parameters


def encoder_layers(encoder: Any) -> list[Any]:
    """Return the embeddings of an encoder and its layers, lowest first; the head and the pooler are none of them."""
    torch = require("torch", PURPOSE)
    stacks = [module for module in encoder.modules() if isinstance(module, torch.nn.ModuleList)]
    blocks = max((list(stack) for stack in stacks), key=len, default=[])
    return [encoder.embeddings, *blocks]


def layer_table(network: Any, batch: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the layers a batch goes through, in their order, as the table of a report.

    Parameters
    ----------
    network : Module
        Any network.
    batch : dict of Tensor
        Its arguments for a few rows; rows are shown as "N".

    Returns
    -------
    list of dict
        `name`, `type`, `input` and `shape` (of the input and the output; lists of int, "N" for the rows), `parameters`,
        and `times`: layers that are alike and stand side by side are one row, ``encoder.layer.0-11.output.dense``.
    """
    torch = require("torch", PURPOSE)
    found: list[dict[str, Any]] = []
    handles = []
    rows = len(next(iter(batch.values())))

    def note(name: str) -> Callable[..., None]:
        def hook(module: Any, arguments: tuple[Any, ...], said: Any) -> None:
            first = next((a for a in arguments if isinstance(a, torch.Tensor)), None)
            size = sum(p.numel() for p in module.parameters(recurse=False))
            shapes = {"input": _shape(first, rows), "shape": _shape(said, rows)}
            found.append({"name": name, "type": type(module).__name__, **shapes, "parameters": size})

        return hook

    was_training = network.training
    network.eval()
    try:
        for name, module in network.named_modules():
            if not list(module.children()):
                handles.append(module.register_forward_hook(note(name)))
        with torch.inference_mode():
            network(**batch)
    finally:
        for handle in handles:
            handle.remove()
        network.train(was_training)
    return _folded(found)


def _shape(value: Any, rows: int) -> list[int | str] | None:
    value = value[0] if isinstance(value, tuple | list) and value else value
    if not hasattr(value, "shape"):
        return None
    return [_in_rows(int(n), rows) if place == 0 else int(n) for place, n in enumerate(value.shape)]


def _in_rows(n: int, rows: int) -> int | str:
    """Return a number of rows as "N", or "2N" where two sides are read apart."""
    times, rest = divmod(n, rows)
    return n if rest or not times else "N" if times == 1 else f"{times}N"


def _folded(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make one row of layers that are alike but for a number in their name."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    numbers: dict[tuple[Any, ...], list[int]] = {}
    for layer in layers:
        pieces = layer["name"].split(".")
        digits = [i for i, piece in enumerate(pieces) if piece.isdigit()]
        pattern = tuple("#" if i in digits[:1] else piece for i, piece in enumerate(pieces))
        key = (pattern, *(str(layer[field]) for field in ("type", "input", "shape", "parameters")))
        kept.setdefault(key, {**layer, "times": 0})["times"] += 1
        if digits:
            numbers.setdefault(key, []).append(int(pieces[digits[0]]))
    for key, layer in kept.items():
        seen = np.unique(numbers.get(key, []))
        if len(seen) > 1:
            layer["name"] = ".".join(f"{seen[0]}-{seen[-1]}" if piece == "#" else piece for piece in key[0])
    return list(kept.values())
