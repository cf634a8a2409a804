"""How a system's encoder cuts the texts into pieces, before and after each of its cleaning steps."""

from __future__ import annotations

from typing import Any

from makna.clean.text import CleanText
from makna.core.corpus import as_texts, inputs, is_pairs
from makna.recipe.available import encoders_of
from makna.recipe.cells import SystemSpec
from makna.recipe.state import RunState
from makna.recipe.store import key_of
from makna.recipe.units import Setting

RAW = "raw"
_MOST = 5_000


def pieces(state: RunState, setting: Setting) -> dict[str, list[dict[str, Any]]]:
    """Return system → an account of its pieces for the raw texts and after each cleaning step.

    The first 5,000 rows of a larger corpus stand for all. Systems that differ in their settings alone share an account,
    under the name without the cell.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for spec in {spec.name.partition("[")[0]: spec for spec, _ in state.systems}.values():
        names = encoders_of(spec)
        if not names or is_pairs(inputs(setting.corpus, setting.task)):
            continue
        name = spec.name.partition("[")[0]
        key = key_of(state.base_key, spec.clean, names[0])
        kept = state.store.get(f"pieces/{name}", key)
        if kept is None:
            kept = _account(spec, setting, names[0])
            state.store.put(f"pieces/{name}", key, kept)
        found[name] = kept
    return found


def _account(spec: SystemSpec, setting: Setting, encoder: str) -> list[dict[str, Any]]:
    from makna.represent.encoder_source import locate_encoder
    from makna.represent.pieces import pieces_by_step

    raw = as_texts(inputs(setting.corpus, setting.task))[:_MOST]
    texts = {RAW: raw}
    for i, step in enumerate(spec.clean):
        name = step if isinstance(step, str) else next(iter(step))
        cleaned = CleanText(steps=spec.clean[: i + 1]).fit_transform(raw)
        texts[name if name not in texts else f"{name} ({i + 1})"] = as_texts(cleaned)
    longest = next((s["settings"]["max_length"] for s in [*spec.represent, *spec.learn]
                    if "max_length" in s.get("settings", {})), 512)  # fmt: skip
    found = pieces_by_step(locate_encoder(encoder), texts, longest if isinstance(longest, int) else 512)
    return [{"step": step, **account} for step, account in found.items()]
