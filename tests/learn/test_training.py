"""The training loop, on small networks of numbers: what it learns, and what it does when something goes wrong."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from makna.core.errors import DataError, TrainingError
from makna.core.workplace import Workplace, working
from makna.learn.checkpoints import DiskCheckpoints, MemoryCheckpoints
from makna.learn.epochs import measure_classes
from makna.learn.forward import Rows, outputs_of
from makna.learn.losses import Loss, cross_entropy
from makna.learn.optimise import make_optimiser, rate_at
from makna.learn.setup import Place, TrainData, TrainSettings
from makna.learn.training import train
from makna.represent.buckets import buckets
from tests.learn.networks_for_tests import (
    CPU,
    Listener,
    assert_same_bits,
    breaking,
    data,
    layered,
    rows,
    weights,
)

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = TrainSettings(epochs=4, batch_size=8, learning_rate=0.02, by="f1_macro", seed=5)
# Batches that the look ahead takes before the first step: two for memory, three for time.
LOOKED = 5


def _train(settings: TrainSettings = QUICK, place: Place | None = None, **more: Any) -> tuple[Any, Any]:
    network = layered(dropout=more.pop("dropout", 0.0))
    return network, train(network, data(**more), settings, place or Place(CPU))


def _broken(at: int, place: Place, raises: Any = KeyboardInterrupt, dropout: float = 0.3) -> tuple[Any, Any]:
    network = layered(dropout=dropout)
    whole = data()
    broken = TrainData(breaking(whole.train, LOOKED + at, raises), whole.valid, whole.loss, whole.measure)
    return network, train(network, broken, QUICK, place)


def test_a_separable_set_is_learned_and_the_loss_falls() -> None:
    network, trained = _train(replace(QUICK, epochs=12), shift=4.0)
    losses = [row["loss"] for row in trained.history if row["part"] == "train"]
    assert losses[-1] < 0.1 * losses[0]
    assert trained.history[-1]["accuracy"] > 0.95
    assert [(row["epoch"], row["part"]) for row in trained.history[:2]] == [(1, "train"), (1, "valid")]
    assert trained.epochs == 12
    assert not network.training
    assert all(p.requires_grad for p in network.parameters())


def test_against_a_loop_written_by_hand() -> None:
    settings = TrainSettings(epochs=5, batch_size=48, learning_rate=0.01, warmup=0.4, weight_decay=0.1, keep="last")
    ours, _ = _train(settings, valid=False)
    theirs, part = layered(), rows()
    biases = [p for n, p in theirs.named_parameters() if "bias" in n or "norm" in n]
    others = [p for n, p in theirs.named_parameters() if "bias" not in n and "norm" not in n]
    groups = [{"params": others, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=0.01)
    x, codes = part.batch(np.arange(48))["x"], torch.from_numpy(part.targets)
    for rate in (0.5, 1.0, 1.0, 2 / 3, 1 / 3):
        for group in optimiser.param_groups:
            group["lr"] = 0.01 * rate
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(theirs(x), codes).backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        optimiser.step()
    for name, value in weights(theirs).items():
        np.testing.assert_allclose(weights(ours)[name], value, atol=1e-5, err_msg=name)


def test_the_same_seed_gives_the_same_bits_and_another_one_others() -> None:
    first, one = _train(dropout=0.3)
    again, two = _train(dropout=0.3)
    other, three = _train(replace(QUICK, seed=6), dropout=0.3)
    assert_same_bits(weights(again), weights(first))
    assert one.history == two.history != three.history
    assert not np.array_equal(weights(other)["head.weight"], weights(first)["head.weight"])


def test_the_random_state_of_torch_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    _train(dropout=0.3)
    torch.testing.assert_close(torch.rand(4), expected, rtol=0, atol=0)


def test_the_history_of_validation_rows_is_what_the_kept_network_says() -> None:
    network, trained = _train(dropout=0.3)
    whole = data()
    assert whole.valid is not None
    said = outputs_of(network, whole.valid, 16, CPU)
    np.testing.assert_array_equal(said, trained.outputs)
    row = next(r for r in trained.history if (r["epoch"], r["part"]) == (trained.best_epoch, "valid"))
    assert row == {
        "epoch": trained.best_epoch,
        "part": "valid",
        "loss": whole.loss.mean(said, whole.valid.targets),
        **measure_classes(said, whole.valid.targets),
    }


@pytest.mark.parametrize("at", [1, 3, 7, 12, 13, 19, 24])
def test_a_broken_training_goes_on_and_ends_with_the_same_bits(at: int, tmp_path: Path) -> None:
    whole, expected = _train(dropout=0.3)
    steps = 6
    with pytest.raises(RuntimeError, match="power cut"):
        _broken(at, Place(CPU, DiskCheckpoints(tmp_path / "fit")), lambda: RuntimeError("power cut"))
    told = Listener()
    network, trained = _train(place=told.place(DiskCheckpoints(tmp_path / "fit")), dropout=0.3)
    finished = (at - 1) // steps
    assert told.epochs == list(range(1, 5)), "epochs of before are told again, for whoever counts them"
    assert any("memori sekitar" in text for text in told.said) != (finished > 0)
    assert_same_bits(weights(network), weights(whole))
    assert trained.history == expected.history
    np.testing.assert_array_equal(trained.outputs, expected.outputs)


def test_only_unfinished_epochs_are_run_again(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        _broken(14, Place(CPU, DiskCheckpoints(tmp_path / "fit")), lambda: RuntimeError("power cut"))
    part = rows()
    asked: list[int] = []
    counting = Rows(lambda chosen: (asked.append(len(chosen)), part.batch(chosen))[1], part.lengths, part.targets)
    whole = data()
    train(
        layered(dropout=0.3),
        TrainData(counting, whole.valid, whole.loss, whole.measure),
        QUICK,
        Place(CPU, DiskCheckpoints(tmp_path / "fit")),
    )
    assert len(asked) == 12, "two of four epochs, six batches each, and no second look ahead"


def test_a_finished_training_returns_at_once(tmp_path: Path) -> None:
    first, expected = _train(place=Place(CPU, DiskCheckpoints(tmp_path / "fit")), dropout=0.3)
    assert sorted(p.name for p in (tmp_path / "fit").iterdir()) == [f"best-{expected.best_epoch:04d}", "done.json"]
    network = layered(seed=9, dropout=0.3)
    never = TrainData(breaking(rows(), 1, AssertionError), data().valid, Loss(cross_entropy), measure_classes)
    trained = train(network, never, QUICK, Place(CPU, DiskCheckpoints(tmp_path / "fit")))
    assert_same_bits(weights(network), weights(first))
    assert replace(trained, outputs=None) == replace(expected, outputs=None)
    np.testing.assert_array_equal(trained.outputs, expected.outputs)


@pytest.mark.parametrize("on_disk", [True, False])
def test_ctrl_c_leaves_the_best_epoch(on_disk: bool, tmp_path: Path) -> None:
    _, whole = _train(dropout=0.3)
    kept = DiskCheckpoints(tmp_path / "fit") if on_disk else MemoryCheckpoints()
    network, trained = _broken(16, Place(CPU, kept))  # in the third epoch
    assert trained.interrupted
    assert trained.epochs == 2
    assert trained.history == whole.history[:4]
    two = train_for(2)
    assert_same_bits(weights(network), weights(two))
    assert (tmp_path / "fit" / "last-0002").is_dir() == on_disk, "it can still be resumed"


def train_for(epochs: int) -> Any:
    """Return the best network of the first epochs of the same training."""
    network = layered(dropout=0.3)
    told = Listener()
    place = replace(told.place(MemoryCheckpoints()), watch=lambda epoch, figures: "enough" if epoch == epochs else None)
    trained = train(network, data(), QUICK, place)
    assert trained.stopped == "enough"
    return network


def test_ctrl_c_before_the_first_epoch_is_over_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        _broken(4, Place(CPU))


def test_the_watch_stops_a_training_and_only_for_those_who_watch(tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []

    def watch(epoch: int, figures: Any) -> str | None:
        seen.append((epoch, figures["loss"]))
        return "hopeless" if epoch == 2 else None

    place = replace(Place(CPU, DiskCheckpoints(tmp_path / "fit")), watch=watch)
    _, trained = _train(place=place)
    assert (trained.stopped, trained.epochs, [epoch for epoch, _ in seen]) == ("hopeless", 2, [1, 2])
    assert seen[1][1] == trained.history[3]["loss"]
    _, again = _train(place=place)
    assert (again.stopped, again.epochs) == ("hopeless", 2)
    _, other = _train(place=Place(CPU, DiskCheckpoints(tmp_path / "fit")))
    assert (other.stopped, other.epochs) == (None, 4)


def _scripted(values: list[float]) -> TrainData:
    """Return data whose validation figures are these, epoch by epoch."""
    script = iter(values)

    def measure(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float | None]:
        return {"f1_macro": next(script) if len(targets) == 24 else 0.0}

    return TrainData(rows(), rows(24, seed=2), Loss(cross_entropy), measure)


def test_early_stop_waits_as_long_as_it_is_told() -> None:
    settings = replace(QUICK, epochs=8, patience=2)
    trained = train(layered(), _scripted([0.1, 0.5, 0.4, 0.6, 0.6 - 1e-9, 0.5, 0.9, 0.9]), settings, Place(CPU))
    assert (trained.best_epoch, trained.epochs, trained.stopped) == (4, 6, "patience")


def test_the_last_epoch_is_kept_when_it_is_asked_for() -> None:
    best, last = layered(), layered()
    figures = [0.5, 0.9, 0.1, 0.2]
    one = train(best, _scripted(figures), QUICK, Place(CPU))
    two = train(last, _scripted(figures), replace(QUICK, keep="last"), Place(CPU))
    assert (one.best_epoch, two.best_epoch) == (2, 4)
    assert not np.array_equal(weights(best)["head.weight"], weights(last)["head.weight"])
    none, _ = _train(valid=False)
    assert_same_bits(weights(none), weights(last))


def test_accumulated_batches_are_one_large_batch() -> None:
    loss = Loss(cross_entropy, (1.0, 3.0))
    large, _ = _train(replace(QUICK, batch_size=48), loss=loss)
    small, _ = _train(replace(QUICK, batch_size=8, accumulate=6), loss=loss)
    for name, value in weights(large).items():
        np.testing.assert_allclose(weights(small)[name], value, atol=1e-5, err_msg=name)


def test_a_gpu_out_of_memory_halves_the_batch_and_says_so() -> None:
    told = Listener()
    network = layered()
    inner = network.forward

    def forward(x: Any) -> Any:
        if len(x) > 3 and network.training:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return inner(x)

    network.forward = forward
    trained = train(network, data(), QUICK, told.place(MemoryCheckpoints()))
    whole, expected = _train()
    assert (trained.batch_size, trained.accumulate) == (2, 4)
    assert sum("GPU" in text for text in told.said) == 2, "8 → 4 → 2"
    for name, value in weights(whole).items():
        np.testing.assert_allclose(weights(network)[name], value, atol=1e-5, err_msg=name)
    assert [row["f1_macro"] for row in trained.history] == [row["f1_macro"] for row in expected.history]


def test_memory_that_does_not_suffice_for_one_row_is_said_in_plain_words() -> None:
    for problem in (
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    ):
        network = layered()

        def forward(x: Any, problem: BaseException = problem) -> Any:
            raise problem

        network.forward = forward
        with pytest.raises(TrainingError, match="max_length"):
            train(network, data(), QUICK, Place(CPU))


def test_asking_halves_too() -> None:
    network = layered()
    inner = network.forward
    expected = outputs_of(network, rows(), 48, CPU)

    def forward(x: Any) -> Any:
        if len(x) > 5:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return inner(x)

    network.forward = forward
    np.testing.assert_allclose(outputs_of(network, rows(), 48, CPU), expected, atol=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_with_step_and_rate(bad: float) -> None:
    calls = 0

    def terms(outputs: Any, targets: Any) -> Any:
        nonlocal calls
        calls += 1
        loss = cross_entropy(outputs, targets)
        return loss * bad if calls == 3 + 10 else loss  # three of the look ahead

    whole = data()
    broken = TrainData(whole.train, None, Loss(terms), measure_classes)
    with pytest.raises(TrainingError) as caught:
        train(layered(), broken, QUICK, Place(CPU))
    # No validation, but the mean of each epoch asks too: step 9 of 24, in the second epoch.
    assert caught.value.fields == {"epoch": 2, "step": 9, "learning_rate": QUICK.learning_rate * rate_at(8, 24, 0.1)}
    assert "9" in str(caught.value)


def test_a_rate_that_is_too_high_diverges() -> None:
    with pytest.raises(TrainingError) as caught:
        _train(replace(QUICK, optimiser="sgd", learning_rate=1e30, clip=None, schedule="constant", warmup=0.0))
    assert caught.value.fields["learning_rate"] == 1e30


def test_frozen_layers_do_not_move_until_they_are_let_go() -> None:
    before = weights(layered())
    for freeze, held in ((0, []), (1, ["first"]), (2, ["first", "second"]), ("all", ["first", "second"])):
        network, _ = _train(replace(QUICK, freeze=freeze))
        moved = {n for n, value in weights(network).items() if not np.array_equal(value, before[n])}
        assert moved == {n for n in before if n.split(".")[0] not in held}
        network, _ = _train(replace(QUICK, freeze=freeze, unfreeze_after=1, keep="last"))
        assert all(not np.array_equal(value, before[n]) for n, value in weights(network).items())
    with pytest.raises(DataError, match="3"):
        _train(replace(QUICK, freeze=3))


def test_thawed_layers_survive_a_broken_training(tmp_path: Path) -> None:
    settings = replace(QUICK, freeze=1, unfreeze_after=2)
    whole, expected = _train(settings)
    place = Place(CPU, DiskCheckpoints(tmp_path / "fit"))
    broken = data()
    with pytest.raises(RuntimeError):
        train(layered(), replace(broken, train=breaking(broken.train, LOOKED + 20, RuntimeError)), settings, place)
    network, trained = _train(settings, place)
    assert_same_bits(weights(network), weights(whole))
    assert trained.history == expected.history


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd", "adadelta"])
def test_every_optimiser_learns_and_resumes(optimiser: Any, tmp_path: Path) -> None:
    rate = {"sgd": 0.5, "adadelta": 1.0}.get(optimiser, 0.02)
    settings = replace(QUICK, optimiser=optimiser, learning_rate=rate, schedule="constant")
    whole, expected = _train(settings, shift=4.0)
    assert expected.history[-2]["loss"] < 0.7 * expected.history[0]["loss"]
    place = Place(CPU, DiskCheckpoints(tmp_path / "fit"))
    broken = data(shift=4.0)
    with pytest.raises(RuntimeError):
        train(layered(), replace(broken, train=breaking(broken.train, LOOKED + 9, RuntimeError)), settings, place)
    network, _ = _train(settings, place, shift=4.0)
    assert_same_bits(weights(network), weights(whole))


def test_biases_and_norms_are_not_decayed() -> None:
    network = layered()
    groups = make_optimiser(network, "adamw", 0.1, 0.3).param_groups
    decayed = {id(p) for group in groups if group["weight_decay"] == 0.3 for p in group["params"]}
    assert {n for n, p in network.named_parameters() if id(p) in decayed} == {
        "first.weight",
        "second.weight",
        "head.weight",
    }
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


def test_oversampled_rows_bring_a_rare_class_in() -> None:
    part = rows(60)
    rare = np.where(np.arange(60) < 54, 0, 1)
    seen: list[int] = []
    watched = Rows(lambda chosen: (seen.extend(rare[chosen]), part.batch(chosen))[1], part.lengths, rare)
    train(
        layered(),
        TrainData(watched, None, Loss(cross_entropy), measure_classes),
        replace(QUICK, epochs=1, oversample=True),
        Place(CPU),
    )
    trained_on = seen[-108:]
    assert np.bincount(trained_on).tolist() == [54, 54]


def test_bf16_trains_weights_in_fp32() -> None:
    place = Place(replace(CPU, precision="bf16"))
    rough, trained = _train(place=place)
    fine, expected = _train()
    assert {value.dtype for value in weights(rough).values()} == {np.dtype(np.float32)}
    assert abs(trained.history[-1]["loss"] - expected.history[-1]["loss"]) < 0.05
    assert not np.array_equal(weights(rough)["head.weight"], weights(fine)["head.weight"])


def test_progress_and_needs_are_told() -> None:
    told = Listener()
    _, trained = _train(place=told.place(MemoryCheckpoints()))
    assert "MB" in told.said[0]
    assert "4/4" in told.said[-1]
    assert trained.memory_mb is not None


def test_the_place_is_that_of_the_workplace(tmp_path: Path) -> None:
    assert isinstance(Place.here(CPU, "key").checkpoints, MemoryCheckpoints)
    with working(Workplace(tmp_path)):
        kept = Place.here(CPU, "key").checkpoints
    assert isinstance(kept, DiskCheckpoints)
    assert kept.folder == tmp_path / "key"


def test_rates_rise_and_fall_as_those_of_transformers() -> None:
    schedules = pytest.importorskip("transformers.optimization")
    network = copy.deepcopy(layered())
    theirs = schedules.get_linear_schedule_with_warmup(torch.optim.SGD(network.parameters(), lr=1.0), 4, 20)
    expected = [theirs.lr_lambdas[0](step) for step in range(21)]
    # Theirs makes its first step at a rate of 0.
    assert [rate_at(step, 20, 0.2) for step in range(4)] == expected[1:5]
    assert [rate_at(step, 20, 0.2) for step in range(4, 20)] == expected[4:20]


def test_order_changes_between_epochs_and_rows_of_like_length_share_a_batch() -> None:
    part = rows(400)
    seen: list[np.ndarray] = []
    watched = Rows(lambda chosen: (seen.append(chosen), part.batch(chosen))[1], part.lengths, part.targets)
    train(layered(), TrainData(watched, None, Loss(cross_entropy), measure_classes), QUICK, Place(CPU))
    epochs = np.array_split(np.arange(len(seen))[-200:], 4)
    orders = [np.concatenate([seen[i] for i in epoch]) for epoch in epochs]
    assert all(sorted(order) == list(range(400)) for order in orders)
    assert orders[0].tolist() != orders[1].tolist()
    spread = np.mean([np.ptp(part.lengths[seen[i]]) for i in epochs[0]])
    assert spread <= np.mean([np.ptp(part.lengths[b]) for b in buckets(part.lengths, 8)]) + 1
