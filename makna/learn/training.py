"""The one loop that trains every network of makna.

It knows rows, a network and a loss, and nothing of texts: see `Rows` for what it takes. Two trainings of the same
rows, settings and seed on the same processor with the same number of threads end with the same bits, also when one of
them was killed and resumed: order and dropout are drawn anew for each epoch from the seed and the epoch's number.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psutil

from makna.core.errors import TrainingError
from makna.core.messages import say
from makna.core.optional import require
from makna.core.workplace import Watch
from makna.learn.checkpoints import DiskCheckpoints, Progress
from makna.learn.epochs import TRAIN, VALID, is_better, sampled
from makna.learn.forward import PURPOSE, casting, on_device, outputs_of, plain_memory_errors
from makna.learn.losses import codes_of
from makna.learn.optimise import MOMENTS, SCHEDULES, make_optimiser, set_frozen
from makna.learn.probe import Plan, in_words, probe
from makna.learn.setup import Place, TrainData, Trained, TrainSettings
from makna.represent.buckets import buckets

PATIENCE = "patience"
_EVERY = 0.5


@dataclass(frozen=True)
class _Step:
    """A step of a training: its epoch (from 1), its number of all (from 1), and its learning rate."""

    epoch: int
    number: int
    total: int
    rate: float

    def diverged(self) -> TrainingError:
        """Return the error of a loss that is no longer a finite number."""
        return TrainingError("learn.diverged", epoch=self.epoch, step=self.number, learning_rate=self.rate)


def train(network: Any, data: TrainData, settings: TrainSettings, place: Place) -> Trained:
    """Train a network; it is left with the weights of its best epoch (or its last, as the settings say).

    A training that ended in this place before is not run again: its weights and history come back at once. One that
    was killed goes on after its last finished epoch.

    Parameters
    ----------
    network : Module
        Called with the tensors of a batch by name; returns outputs, shape (b, …). It is moved to the machine's device.
    data : TrainData
        Rows and what is made small.
    settings : TrainSettings
        How.
    place : Place
        Where.

    Returns
    -------
    Trained
        With `interrupted` set where Ctrl-C came after a finished epoch; the caller raises it again when all is safe.

    Raises
    ------
    TrainingError
        The loss is no longer a finite number, or memory does not suffice for a single row.
    DataError
        The disk is too small for the checkpoints, or a layer is to be frozen that is not there.
    KeyboardInterrupt
        Ctrl-C before the first epoch was finished.
    """
    torch = require("torch", PURPOSE)
    network.to(place.machine.device)
    progress = place.checkpoints.finished()
    if progress is not None and progress.given_up and _asked_again(place.watch, progress) is None:
        # Someone else's watch gave this training up; this one wants it whole.
        place.checkpoints.forget()
        progress = None
    interrupted = False
    if progress is None:
        devices = [torch.cuda.current_device()] if place.machine.device == "cuda" else []
        with torch.random.fork_rng(devices=devices), plain_memory_errors(settings.batch_size):
            loop = _Loop(network, data, settings, place)
            try:
                progress, interrupted = loop.run()
            finally:
                loop.close()
    outputs = place.checkpoints.restore_best(progress, network)
    if not interrupted:
        place.checkpoints.finish(progress)
    network.requires_grad_(True).eval()
    return Trained(
        history=progress.history,
        best_epoch=progress.best_epoch,
        epochs=progress.epoch,
        stopped=progress.stopped,
        interrupted=interrupted,
        outputs=outputs,
        batch_size=-(-settings.batch_size // progress.split),
        accumulate=settings.accumulate * progress.split,
        memory_mb=progress.memory_mb,
    )


class _Loop:
    """One training under way."""

    def __init__(self, network: Any, data: TrainData, settings: TrainSettings, place: Place) -> None:
        self.network, self.data, self.settings, self.place = network, data, settings, place
        self.torch = require("torch", PURPOSE)
        self.optimiser = make_optimiser(network, settings.optimiser, settings.learning_rate, settings.weight_decay)
        self.progress = Progress()
        self.teller = _Teller(place)

    def run(self) -> tuple[Progress, bool]:
        """Train to the end; returns where it stands, and whether Ctrl-C came."""
        self.progress = self.place.checkpoints.resume(self.network, self.optimiser)
        set_frozen(self.network, self.settings.freeze, self.settings.unfreeze_after, self.progress.epoch + 1)
        if self.progress.epoch == 0:
            self._look_ahead()
        reason = _asked_again(self.place.watch, self.progress)
        if reason is not None:
            self.progress = replace(self.progress, stopped=reason, given_up=True)
        self.teller.begin()
        try:
            while self.progress.epoch < self.settings.epochs and self.progress.stopped is None:
                self._epoch(self.progress.epoch + 1)
        except KeyboardInterrupt:
            # It may have come while an epoch was being kept.
            self.progress = self.place.checkpoints.newest() or self.progress
            if self.progress.best_epoch == 0:
                raise
            return self.progress, True
        return self.progress, False

    def close(self) -> None:
        """Give back the memory of gradients and moments now: networks are in cycles, which Python frees late."""
        self.optimiser.zero_grad(set_to_none=True)
        self.optimiser.state.clear()
        gc.collect()

    def _look_ahead(self) -> None:
        """Say how much memory and time it will take, and see whether the disk suffices."""
        settings, moments = self.settings, MOMENTS[self.settings.optimiser]
        sizes = [(p.numel(), p.requires_grad) for p in self.network.parameters()]
        if isinstance(self.place.checkpoints, DiskCheckpoints):
            trained = sum(n for n, is_trained in sizes if is_trained or settings.unfreeze_after is not None)
            self.place.checkpoints.check_space(sum(n for n, _ in sizes), trained, moments)
        valid = 0 if self.data.valid is None else len(self.data.valid.lengths)
        self.network.train()
        plan = Plan(settings.batch_size, settings.epochs, valid, moments)
        try:
            needs = probe(self.network, self.data.train, self.data.loss, plan, self.place.machine)
        except self.torch.cuda.OutOfMemoryError:
            self.torch.cuda.empty_cache()  # the steps themselves find out how much fits
            return
        self.progress.memory_mb = round(needs.memory_mb, 1)
        # On the processor it comes on top of what the process holds already: libraries, texts, the network's copy.
        held = self.teller.memory() if self.place.machine.device == "cpu" else 0.0
        said = say("learn.will_take", time=in_words(needs.seconds), memory=needs.memory_mb + held)
        self.place.listen(said, 0, settings.epochs)

    def _epoch(self, epoch: int) -> None:
        settings, data = self.settings, self.data
        seed = int(np.random.SeedSequence([settings.seed, epoch]).generate_state(1)[0])
        self.torch.manual_seed(seed)
        set_frozen(self.network, settings.freeze, settings.unfreeze_after, epoch)
        self.network.train()
        steps = self._steps(np.random.default_rng(seed))
        seen: list[np.ndarray] = []
        said: list[np.ndarray] = []
        for i, batches in enumerate(steps):
            done, total = (epoch - 1) * len(steps) + i, settings.epochs * len(steps)
            rate = settings.peak(epoch) * SCHEDULES[settings.schedule](done, total, settings.warmup)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            step = _Step(epoch, done + 1, total, rate)
            said.append(self._step_that_fits(batches, step))
            seen += batches
            self.teller.tell(step, settings.epochs)
        rows = [self._row(step, TRAIN, np.concatenate(said), data.train.targets[np.concatenate(seen)])]
        outputs = None
        if data.valid is not None:
            outputs = outputs_of(self.network, data.valid, self._batch_size() * 2, self.place.machine)
            rows.append(self._row(step, VALID, outputs, data.valid.targets))
        self._close(epoch, rows, outputs)

    def _steps(self, rng: np.random.Generator) -> list[list[np.ndarray]]:
        """Return the batches of each step of an epoch."""
        train, settings = self.data.train, self.settings
        rows = sampled(codes_of(train.targets), rng) if settings.oversample else np.arange(len(train.lengths))
        batches = [rows[chosen] for chosen in buckets(train.lengths[rows], settings.batch_size, rng)]
        return [batches[i : i + settings.accumulate] for i in range(0, len(batches), settings.accumulate)]

    def _step_that_fits(self, batches: Sequence[np.ndarray], step: _Step) -> np.ndarray:
        """Make one step, in smaller pieces each time a GPU's memory does not suffice for it."""
        while True:
            try:
                outputs = self._gradients(batches, step)
                break
            except self.torch.cuda.OutOfMemoryError as problem:
                if self._batch_size() == 1:
                    raise TrainingError("learn.memory", batch_size=1) from problem
            self.progress.split *= 2
            self.optimiser.zero_grad(set_to_none=True)
            self.torch.cuda.empty_cache()
            said = say("learn.halved", size=self._batch_size(), pieces=self.settings.accumulate * self.progress.split)
            self.place.listen(said, step.number - 1, step.total)
        self.optimiser.step()
        return outputs

    def _gradients(self, batches: Sequence[np.ndarray], step: _Step) -> np.ndarray:
        """Gather the gradient of the weighted mean loss of all batches of a step; returns their outputs."""
        torch, loss, targets = self.torch, self.data.loss, self.data.train.targets
        self.optimiser.zero_grad(set_to_none=True)
        total = float(sum(loss.row_weights(targets[batch]).sum() for batch in batches))
        said = []
        for chosen in (piece for batch in batches for piece in np.array_split(batch, self.progress.split)):
            if len(chosen) == 0:
                continue
            with casting(self.place.machine):
                outputs = self.network(**on_device(self.data.train.batch(chosen), self.place.machine)).float()
            answer = torch.from_numpy(targets[chosen]).to(outputs.device)
            weights = torch.from_numpy(loss.row_weights(targets[chosen]) / total).to(outputs)
            value = (loss.terms(outputs, answer) * weights).sum()
            if not torch.isfinite(value):
                raise step.diverged()
            value.backward()
            said.append(outputs.detach().cpu().numpy())
        if self.settings.clip is not None:
            size = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
            if not torch.isfinite(size):
                raise step.diverged()
        return np.concatenate(said)

    def _row(self, step: _Step, part: str, outputs: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
        loss = self.data.loss.mean(outputs, targets)
        if not math.isfinite(loss):
            raise step.diverged()
        return {"epoch": step.epoch, "part": part, "loss": loss, **self.data.measure(outputs, targets)}

    def _close(self, epoch: int, rows: list[dict[str, Any]], outputs: np.ndarray | None) -> None:
        """Judge a finished epoch, ask whether to go on, and keep where the training stands."""
        settings, before = self.settings, self.progress
        judged = rows[-1]
        better = self.data.valid is None or is_better(settings.by, judged, before.best_figures)
        after = replace(before, epoch=epoch, history=[*before.history, *rows])
        after.waited = 0 if better else before.waited + 1
        if better:
            after.best_figures = judged
        if better or settings.keep == "last" or before.best_epoch == 0:
            after.best_epoch = epoch
        is_last = epoch == settings.epochs
        if settings.patience is not None and after.waited >= settings.patience and not is_last:
            after.stopped = PATIENCE
        reason = self.place.watch(epoch, judged)
        if reason is not None and not is_last:
            after.stopped, after.given_up = reason, True
        self.place.checkpoints.save(after, self.network, self.optimiser, outputs)
        self.progress = after

    def _batch_size(self) -> int:
        return max(1, -(-self.settings.batch_size // self.progress.split))


class _Teller:
    """Tells the workplace how far a training is, twice a second at most."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process = psutil.Process()

    def begin(self) -> None:
        self.start = self.last = time.monotonic()
        self.steps = 0

    def tell(self, step: _Step, epochs: int) -> None:
        self.steps += 1
        now = time.monotonic()
        if now - self.last < _EVERY and step.number < step.total:
            return
        self.last = now
        left = in_words((now - self.start) / self.steps * (step.total - step.number))
        said = say("learn.progress", epoch=step.epoch, epochs=epochs, left=left, memory=self.memory())
        self.place.listen(said, step.number, step.total)

    def memory(self) -> float:
        """Return the megabytes in use: of the process, or of the GPU."""
        if self.place.machine.device == "cuda":
            return float(require("torch", PURPOSE).cuda.max_memory_allocated()) / 1e6
        return float(self.process.memory_info().rss) / 1e6


def _asked_again(watch: Watch, progress: Progress) -> str | None:
    """Tell `watch` of the epochs it has not seen in this process; returns its reason to stop."""
    judged = {row["epoch"]: row for row in progress.history}  # the validation row follows the training row
    for epoch, row in judged.items():
        reason = watch(epoch, row)
        if reason is not None:
            return reason
    return None
