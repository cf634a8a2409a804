"""Where published figures disagree with themselves: notes that a study has about its papers."""

from __future__ import annotations

from typing import Any

from makna.report.blocks import Facts, Paragraph, Section
from makna.report.language import NOTHING, Locale
from makna.report.reading import Run, entries


def notes_section(run: Run, locale: Locale) -> Section | None:
    """Return the notes on published figures, each with its source; None where the study has none."""
    pairs = []
    for note in entries(run.explain, "notes") or entries(run.recipe, "notes"):
        if not isinstance(note, dict):
            continue
        text = note.get("text", note)
        told = text.get(locale.lang) if isinstance(text, dict) else text
        if told:
            pairs.append((str(note.get("source") or NOTHING), str(told)))
    if not pairs:
        return None
    blocks: list[Any] = [Paragraph(locale.say("notes_lead")), Facts(pairs)]
    return Section("notes", locale.say("notes_title"), blocks)
