"""Hidden relations: how a layer's queries, keys and values relate to each other, and how far a student's are off.

Wang, Bao, Huang, Dong & Wei (2021), "MiniLMv2: Multi-Head Self-Attention Relation Distillation for Compressing
Pretrained Transformers". Relations have the same shape whatever the width and the number of layers, so that a student
may have other ones than its teacher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from makna.core.errors import ModelError
from makna.core.optional import require

if TYPE_CHECKING:
    from torch import Tensor

PURPOSE = "distil"
KINDS = ("query", "key", "value")
# What the three projections of a layer are called: BERT, RoBERTa, ALBERT, ELECTRA; DistilBERT; MPNet; others.
_NAMES: dict[str, tuple[str, ...]] = {
    "query": ("query", "q_lin", "q", "q_proj"),
    "key": ("key", "k_lin", "k", "k_proj"),
    "value": ("value", "v_lin", "v", "v_proj"),
}
Hidden = Mapping[str, "Tensor"]
"""Query, key and value vectors of a layer by kind, shape (b, length, width)."""


def relation(vectors: Tensor, mask: Tensor, heads: int) -> Tensor:
    """Return log softmax(A Aᵀ / √d) of each head, shape (b, heads, length, length); padding gets no share.

    Parameters
    ----------
    vectors : Tensor, shape (b, length, width)
        Queries, keys or values; cut into `heads` parts of d = width / heads.
    mask : Tensor, shape (b, length)
        1 for pieces, 0 for padding.
    heads : int
        Relation heads, which need not be the attention's; the same for teacher and student.

    Notes
    -----
    MiniLMv2, equation 5.
    """
    b, length, width = vectors.shape
    parts = vectors.float().reshape(b, length, heads, width // heads).transpose(1, 2)
    scores = parts @ parts.transpose(2, 3) / (width // heads) ** 0.5
    scores = scores.masked_fill(mask[:, None, None, :] == 0, float("-inf"))
    return scores.log_softmax(3)


def relation_loss(teacher: Hidden, student: Hidden, mask: Tensor, heads: int) -> Tensor:
    """Return Σ over query, key, value of the mean KL(teacher ‖ student) of a row's relations, shape (b,).

    Parameters
    ----------
    teacher, student : mapping of str to Tensor
        Their queries, keys and values, each of its own width.
    mask : Tensor, shape (b, length)
        1 for pieces; the mean is over these, and over the heads.
    heads : int
        Relation heads.

    Notes
    -----
    MiniLMv2, equations 4 and 6, with a weight of 1 for each of the three.
    """
    weights = mask[:, None, :].float() / (heads * mask.sum(1).clamp_min(1)[:, None, None])
    total = mask.new_zeros(len(mask), dtype=weights.dtype)
    for kind in KINDS:
        wanted, said = (relation(side[kind], mask, heads) for side in (teacher, student))
        # Padding has a log of -inf on both sides.
        gap = (wanted - said).masked_fill(mask[:, None, None, :] == 0, 0.0)
        total = total + ((wanted.exp() * gap).sum(3) * weights).sum((1, 2))
    return total


def projections(encoder: Any, layer: int = -1) -> dict[str, Any]:
    """Return the dense layers that make queries, keys and values in one layer of an encoder.

    Parameters
    ----------
    encoder : Module
        An `AutoModel`.
    layer : int
        From 0; -1 is the last. Of layers that share their weights (ALBERT) there is one, and its last use counts.

    Raises
    ------
    ModelError
        The encoder's layers are not known, or it has not so many.
    """
    torch = require("torch", PURPOSE)
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for name, module in encoder.named_modules():
        last = name.rpartition(".")[2]
        for kind in KINDS:
            if isinstance(module, torch.nn.Linear) and last in _NAMES[kind]:
                found[kind].append(module)
    counts = {len(modules) for modules in found.values()}
    if counts == {0} or len(counts) > 1 or not -max(counts) <= layer < max(counts):
        raise ModelError("learn.no_relations", type=type(encoder).__name__, layer=layer, layers=max(counts))
    return {kind: modules[layer] for kind, modules in found.items()}


def hidden_of(encoder: Any, layer: int, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Run an encoder and return the queries, keys and values of one layer.

    Parameters
    ----------
    encoder : Module
        An `AutoModel`.
    layer : int
        See `projections`.
    batch : mapping of str to Tensor
        What the encoder takes: ``input_ids``, ``attention_mask`` and more.
    """
    seen: dict[str, Tensor] = {}

    def note(kind: str) -> Callable[..., None]:
        def hook(module: Any, arguments: Any, said: Tensor) -> None:
            seen[kind] = said

        return hook

    handles = [module.register_forward_hook(note(kind)) for kind, module in projections(encoder, layer).items()]
    try:
        encoder(**batch)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def relation_network(student: Any, teacher: Any, heads: int, layer: int = -1) -> Any:
    """Return a network that holds a student and says how far it is from its teacher.

    Parameters
    ----------
    student : Module
        An `AutoModel`, which learns; its last layer is compared.
    teacher : Module
        An `AutoModel`, which does not; it is no part of the network's weights.
    heads : int
        Relation heads; they divide both widths.
    layer : int
        The teacher's layer that is compared.

    Returns
    -------
    Module
        Takes `ids` and `mask`, shape (b, length), and `types` where there are two sides; returns shape (b, 1), the
        `relation_loss` of each row.
    """
    teacher.eval().requires_grad_(False)

    def ask(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        with require("torch", PURPOSE).no_grad():
            return hidden_of(teacher.to(batch["input_ids"].device), layer, batch)

    return _class()(student, ask, heads)


@cache
def _class() -> Any:
    torch = require("torch", PURPOSE)

    class RelationNetwork(torch.nn.Module):  # type: ignore[name-defined]
        """See `relation_network`."""

        def __init__(self, student: Any, ask: Callable[..., Any], heads: int) -> None:
            super().__init__()
            self.student = student
            # A function, so that the teacher's weights are neither trained nor kept nor copied.
            self.ask = ask
            self.heads = heads

        def forward(self, ids: Tensor, mask: Tensor, types: Tensor | None = None) -> Tensor:
            batch = {"input_ids": ids, "attention_mask": mask}
            if types is not None:
                batch["token_type_ids"] = types
            wanted, said = self.ask(batch), hidden_of(self.student, -1, batch)
            return relation_loss(wanted, said, mask, self.heads)[:, None]

    return RelationNetwork
