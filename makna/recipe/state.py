"""What a run is asked for, and what it gathers on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from makna.core.workplace import Workplace
from makna.recipe.cells import SystemSpec
from makna.recipe.data import Gathered
from makna.recipe.machine import Meter
from makna.recipe.recipe import Recipe
from makna.recipe.scoring import SystemRun
from makna.recipe.store import Store
from makna.recipe.units import Fitted
from makna.tune.engines import LOCAL, Engine, InTurn

Listener = Callable[[str, str, int, int], None]
"""Told of progress: (stage, detail, done, total)."""


@dataclass(frozen=True)
class RunOptions:
    """How a recipe is run.

    Parameters
    ----------
    only : tuple of str
        Names of the systems to run; all when empty. Baselines always run.
    rows : int or None
        Run on a seeded sample of about so many rows.
    resume : bool
        Go on in a folder that exists.
    listen : callable
        Told of progress.
    engine : {"local", "ray"}
        Where the workers are that share the trials of `tune`.
    accept_weak_labels : bool
        Learn labels of a lexicon even where they are not shown to be better than always the commonest class.
    """

    only: tuple[str, ...] = ()
    rows: int | None = None
    resume: bool = False
    listen: Listener = field(default=lambda stage, detail, done, total: None)
    engine: str = LOCAL
    accept_weak_labels: bool = False


@dataclass
class RunState:
    """What one run gathers on its way.

    Parameters
    ----------
    systems : list of (SystemSpec, list of SystemSpec)
        Every system that runs, with the candidates it is chosen from.
    skipped : list of dict
        ``system`` and ``why``, for systems that cannot run here.
    fitted : dict of Fitted
        Systems fitted in this session that need no refit to be saved.
    engine : Engine
        Runs the trials of `tune`.
    source : Gathered or None
        The rows as they were read; given where another protocol of the same study has read them.
    """

    recipe: Recipe
    options: RunOptions
    folder: Path
    meter: Meter
    store: Store
    started: str
    gathered: Gathered | None = None
    base_key: str = ""
    runs: list[SystemRun] = field(default_factory=list)
    systems: list[tuple[SystemSpec, list[SystemSpec]]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    fitted: dict[str, Fitted] = field(default_factory=dict)
    engine: Engine = field(default_factory=InTurn)
    source: Gathered | None = None

    def place(self, spec: SystemSpec) -> Workplace:
        """Return where fits of a system keep their checkpoints, and whom they tell how far they are."""
        folder = self.folder / "progress" / "checkpoints" / spec.folder

        def listen(detail: str, done: int, total: int) -> None:
            self.options.listen("train", f"{spec.name} · {detail}", done, total)

        return Workplace(folder, listen)
