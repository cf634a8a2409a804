"""What an encoder's tokenizer makes of texts, before and after cleaning."""

from __future__ import annotations

from makna.clean.text import CleanText
from makna.represent.encoder_source import locate_encoder
from makna.represent.pieces import piece_account, pieces_by_step
from tests.encoders import kept_encoder


def test_cleaning_steps_are_judged_by_what_the_tokenizer_sees() -> None:
    source = locate_encoder(str(kept_encoder()))
    raw = ["Bagus sekali 👍 👍", "barangnya murah"]
    by_step = {"raw": raw, "emoji": list(CleanText(["emoji"]).fit_transform(raw))}
    found = pieces_by_step(source, by_step, 8)
    assert list(found) == ["raw", "emoji"]
    # bagus sekali [UNK] [UNK] | barang ##nya murah
    assert found["raw"]["unknown_share"] == 2 / 7
    assert found["raw"]["pieces_per_word"] == 7 / 6
    assert found["raw"]["longest"] == 6
    assert found["emoji"]["unknown_share"] == 0
    assert found["emoji"]["pieces_per_word"] == 5 / 4
    assert found["raw"] == piece_account(source, raw, 8)


def test_the_rows_that_would_be_cut_are_counted() -> None:
    account = piece_account(locate_encoder(str(kept_encoder())), ["bagus " * 20, "bagus", ""], 10)
    assert (account["rows"], account["cut"], account["max_length"], account["longest"]) == (3, 1, 10, 22)
