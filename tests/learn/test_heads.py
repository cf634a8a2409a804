"""What stands between an encoder and its outputs, against torch's own modules and by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from makna.learn.heads import LSTM_WIDTH, lstm_pool, new_head, ordered_head


def _said(seed: int = 0) -> tuple[SimpleNamespace, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
    return SimpleNamespace(last_hidden_state=torch.randn(3, 5, 6, generator=generator)), mask


def test_the_lstm_pool_is_a_packed_bidirectional_lstm_with_mean_and_maximum() -> None:
    torch.manual_seed(1)
    pool = lstm_pool(6, 4)
    both = torch.nn.LSTM(6, 4, batch_first=True, bidirectional=True)
    for name, value in pool.ahead.named_parameters():
        getattr(both, name).data = value.data
    for name, value in pool.back.named_parameters():
        getattr(both, f"{name}_reverse").data = value.data
    said, mask = _said()
    packed = torch.nn.utils.rnn.pack_padded_sequence(said.last_hidden_state, mask.sum(1), batch_first=True)
    with torch.inference_mode():
        states, lengths = torch.nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True)
        expected = [torch.cat([s[:n].mean(0), s[:n].amax(0)]) for s, n in zip(states, lengths, strict=True)]
        found = pool(said, mask)
    assert found.shape == (3, pool.width) == (3, 16)
    np.testing.assert_allclose(found, torch.stack(expected), atol=1e-6)


def test_what_stands_after_a_rows_end_changes_nothing() -> None:
    torch.manual_seed(1)
    pool, (said, mask) = lstm_pool(6), _said()
    other = SimpleNamespace(last_hidden_state=said.last_hidden_state.where(mask.unsqueeze(2) == 1, 99.0))
    with torch.inference_mode():
        assert torch.equal(pool(said, mask), pool(other, mask))
    assert pool.width == 4 * LSTM_WIDTH == 256


def test_ordered_outputs_share_their_weights_and_differ_by_their_thresholds() -> None:
    head = ordered_head(3, 2)
    torch.nn.init.constant_(head.weight, 2.0)
    head.start([1.5, -0.5])
    said = head(torch.tensor([[1.0, 0.0, 0.5], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(said.detach(), [[4.5, 2.5], [1.5, -0.5]], rtol=1e-6)


@pytest.mark.parametrize("ordered", [False, True])
def test_a_new_head_begins_without_a_bias(ordered: bool) -> None:
    head = new_head(3, 2, ordered)
    assert head.bias.tolist() == [0.0, 0.0]
    assert head(torch.ones(4, 3)).shape == (4, 2)
