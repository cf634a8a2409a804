"""makna-mini beside counts, FastText and minilm on six Indonesian sets: same rows, same budget, three draws of rows.

``python benchmarks/run.py encoders``, or a part of it: ``python benchmarks/encoders.py --sets casa,hoasa --draws 1``.
Each set has one part that is held out: the given validation part, or the first fold; of the short answers, of which a
fold is six questions, another fold each draw. Each draw takes as many other rows at random, the same for every system,
and is a run of makna in ``runs/encoders/SET-DRAW``, which goes on where it stopped. ``--rows 0`` learns from all other
rows; there the draws differ by the seed alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from makna.core.compute import Compute, computing
from makna.core.corpus import PART, normalised
from makna.core.files import read_json, write_json
from makna.recipe.data import gather
from makna.recipe.recipe import resolve
from makna.recipe.runner import run_recipe
from makna.recipe.source import read_yaml
from makna.recipe.state import RunOptions
from makna.represent.alignment import Alignment
from makna.represent.encoder import Encoder
from makna.split.plan import TRAIN, make_plan

THREADS = 1
ROWS, DRAWS, SEED = 2000, (1, 2, 3), 13
OUT = Path("runs/encoders")
ENCODERS, LAYERS = ("minilm", "makna-mini"), [-1, -3]


@dataclass(frozen=True)
class Set:
    """A set, how its rows are parted, and what is told of it.

    Parameters
    ----------
    collect : dict
        Of its recipe.
    task : dict
        Of its recipe.
    split : dict
        The part that is held out, or folds, of which the first is.
    metrics : tuple of str
        What is told; the first is what settings are chosen by.
    epochs : int
        Of fine-tuning: more where there are fewer rows.
    learning_rate : float
        Of fine-tuning, by folds of the training rows.
    """

    collect: dict[str, Any]
    metrics: tuple[str, ...]
    task: dict[str, Any] = field(default_factory=lambda: {"inputs": "text", "target": "class"})
    split: dict[str, Any] = field(default_factory=lambda: {"parts": "given"})
    epochs: int = 4
    learning_rate: float = 1e-4

    @property
    def is_pair(self) -> bool:
        """Whether it is answers and keys."""
        return self.task["inputs"] == "pair"


def _aspects(name: str, outputs: list[str], epochs: int, learning_rate: float = 1e-4) -> Set:
    task = {"inputs": "text", "target": "classes", "outputs": outputs}
    return Set({"dataset": name}, ("f1_macro", "accuracy"), task, epochs=epochs, learning_rate=learning_rate)


# fmt: off
WEIGHTS = {"minilm": 90.3, "makna-mini": 72.6}
"""Megabytes of an encoder's weights as float32."""
HOASA = ["ac", "air_panas", "bau", "general", "kebersihan", "linen", "service", "sunrise_meal", "tv", "wifi"]
SETS = {
    "smsa": Set({"dataset": "smsa"}, ("f1_macro", "accuracy")),
    "hate-speech": Set({"dataset": "hate-speech", "text": "Tweet", "label": "HS"}, ("f1_positive", "f1_macro"),
                       {"inputs": "text", "target": "class", "positive": "1"}, {"folds": 10}),
    "product-reviews": Set({"dataset": "product-reviews", "text": "Customer Review", "label": "Sentiment"},
                           ("f1_macro", "accuracy"), split={"folds": 5}),
    "casa": _aspects("casa", ["fuel", "machine", "others", "part", "price", "service"], 16),
    "hoasa": _aspects("hoasa", HOASA, 8, 3e-4),
    # Whole questions are held out.
    "short-answers-id": Set({"dataset": "short-answers-id"}, ("rmse", "pearson"),
                            {"inputs": "pair", "target": "number", "scale": [0, 5]}, {"folds": 5, "group": True}),
}
# fmt: on


def systems(one: Set, seed: int) -> dict[str, Any]:
    """Return the systems of a set's recipe.

    Parameters
    ----------
    one : Set
        The set.
    seed : int
        Of all that draws.
    """
    counts = [{"counts": {"words": [1, 2]}}, {"counts": {"chars": [2, 5]}}]
    lower = {"clean": ["lowercase"]}
    strengths, stronger = {"grid": [0.003, 0.01, 0.03, 0.1]}, {"grid": [0.03, 0.1, 0.3, 1]}
    words = {"words": {"vectors": "fasttext", "size": 100, "random_state": seed}}
    frozen = {name: {"encoder": {"name": name, "pooling": "mean", "max_length": 128}} for name in ENCODERS}
    tuned = {
        "pooling": "mean",
        "max_length": 128,
        "epochs": one.epochs,
        "batch_size": 16,
        "learning_rate": one.learning_rate,
    }
    tuned |= {"random_state": seed}
    if not one.is_pair:
        svm = {"svm": {"C": {"grid": [0.1, 0.3, 1, 3]}}}
        logistic = {"logistic": {"C": strengths}}
        made = {
            "counts-svm": {**lower, "represent": {"union": counts}, "learn": svm},
            "fasttext": {**lower, "represent": [words, "standardise"], "learn": {"logistic": {"C": stronger}}},
        }
        for name in ENCODERS:
            made[f"{name}-frozen"] = {"represent": [frozen[name], "standardise"], "learn": logistic}
            made[f"{name}-finetuned"] = {"learn": {"finetune": {"encoder": name, **tuned}}}
        return made
    # Few numbers a pair, beside what both sides share: whole vectors learn questions by heart.
    closer = [{"compare": {"of": of, "by": ["cosine"]}} for of in counts]
    near = {"closeness": {**words["words"], "by": ["avgcos", "sif", "wmd"]}}
    found = {name: {"alignment": {"name": name, "layers": LAYERS}} for name in ENCODERS}
    ridge = {"ridge": {"alpha": {"grid": [10, 100, 1000]}}}
    made = {
        "counts-svm": {**lower, **_beside(*closer), "learn": {"svr": {"C": {"grid": [0.01, 0.1, 1]}}}},
        "fasttext": {**lower, **_beside(near), "learn": ridge},
    }
    for name in ENCODERS:
        made[f"{name}-frozen"] = {**_beside(found[name]), "learn": ridge}
        made[f"{name}-finetuned"] = {"learn": {"finetune-regression": {"encoder": name, **tuned}}}
    return made


def _beside(*views: dict[str, Any]) -> dict[str, Any]:
    return {"represent": [{"union": ["overlaps", *views]}, "standardise"]}


def recipe_of(name: str, draw: int, rows: int, folder: Path) -> dict[str, Any]:
    """Draw the rows of a set and return the recipe that compares the systems on them.

    Parameters
    ----------
    name : str
        Of the set.
    draw : int
        Which draw; also the seed of all that draws.
    rows : int
        To learn from; 0 takes all.
    folder : Path
        Where the tables of rows are written.
    """
    one = SETS[name]
    head = {"task": one.task, "seed": SEED, "collect": one.collect, "split": one.split}
    any_system = {"a": systems(one, draw)["counts-svm"]}
    recipe = _read({**head, "systems": any_system}, name)
    corpus = gather(recipe).corpus
    if PART in corpus:
        corpus = corpus.sort_values(PART, key=lambda part: part == TRAIN, kind="stable")
    # Held-out rows stand first: a text of theirs is none to learn from.
    texts = corpus[list(recipe.task.text_columns)].map(normalised)
    corpus = corpus[~texts.duplicated()].reset_index(drop=True)
    unit = make_plan(corpus, recipe.task, recipe.split, SEED).units[draw - 1 if one.is_pair else 0]
    (held,) = unit.held.values()
    chosen = np.random.default_rng(draw).permutation(unit.train)[: rows or None]
    folder.mkdir(parents=True, exist_ok=True)
    columns = [*recipe.task.text_columns, *recipe.task.target_columns]
    files = {}
    for part, places in (("train", np.sort(chosen)), ("test", held)):
        files[part] = str((folder / f"{part}.csv").resolve())
        pd.DataFrame(corpus.iloc[places][columns]).to_csv(files[part], index=False)
    named: dict[str, Any] = {column: column for column in columns if not column.startswith("label")}
    outputs = one.task.get("outputs")
    named |= {"labels": {output: f"label_{output}" for output in outputs}} if outputs else {}
    named |= {"group": "text_b"} if one.is_pair else {} if outputs else {"label": "label"}
    return {
        "title": f"{name}, draw {draw}",
        "task": one.task,
        "seed": draw,
        "threads": THREADS,
        "collect": {"files": files, **named},
        "clean": [{"rows": {"duplicates": "keep"}}],
        "split": {"parts": "given", "group": one.is_pair},
        "tune": {"by": one.metrics[0], "folds": 3},
        "systems": systems(one, draw),
        "evaluate": {"metrics": list(one.metrics)},
        "explain": [],
        "report": {"page": False},
    }


def run(name: str, draw: int, rows: int = ROWS, only: tuple[str, ...] = ()) -> Path:
    """Run the systems of a set on one draw of its rows; return the run folder."""
    many = "" if rows == ROWS else f"-{rows or 'all'}"
    folder = OUT / f"{name}-{draw}{many}"
    recipe = _read(recipe_of(name, draw, rows, folder / "rows"), name)
    run_recipe(recipe, folder / "run", RunOptions(only=only, resume=(folder / "run").exists()))
    return folder / "run"


def _read(recipe: dict[str, Any], name: str) -> Any:
    return resolve(read_yaml(yaml.safe_dump(recipe, allow_unicode=True)), name)


def encoding_seconds(encoder: str, folder: Path) -> float:
    """Return how long an encoder takes for all texts of a draw, none of them kept from before.

    Parameters
    ----------
    encoder : str
        Its name.
    folder : Path
        With the tables of rows; what is measured is kept in it.
    """
    known = folder / f"encoding-{encoder}.json"
    if not known.is_file():
        write_json(known, {"seconds": _encode(encoder, folder)})
    return read_json(known)["seconds"]


def _encode(encoder: str, folder: Path) -> float:
    table = pd.concat([pd.read_csv(folder / f"{part}.csv", keep_default_na=False) for part in ("train", "test")])
    step: Any = Encoder(encoder, pooling="mean", max_length=128)
    rows: Any = table["text"].tolist() if "text" in table else table[["text_a", "text_b"]]
    warm: Any = ["hangat"]
    if "text" not in table:
        step, warm = Alignment(encoder, layers=LAYERS), pd.DataFrame([["hangat", "hangat"]], columns=rows.columns)
    kept = os.environ.get("MAKNA_CACHE")
    with tempfile.TemporaryDirectory() as scratch, computing(Compute(threads=THREADS)):
        os.environ["MAKNA_CACHE"] = scratch
        try:
            step.fit(warm)
            step.transform(warm)
            began = time.perf_counter()
            step.transform(rows)
            return time.perf_counter() - began
        finally:
            os.environ.pop("MAKNA_CACHE") if kept is None else os.environ.update(MAKNA_CACHE=kept)


def told(folder: Path, metrics: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return what each system of a finished run scored, took and weighs.

    Returns
    -------
    dict of dict
        System → its metrics on the held-out rows; ``seconds`` of one thread, in which all texts are encoded, settings
        chosen and the system learned; ``megabytes`` of its model folder with the weights of its encoder as float32
        (makna-mini's own package has them as int8: 18.6 MB); and ``n``.
    """
    found, manifest = read_json(folder / "metrics.json"), read_json(folder / "manifest.json")
    result = {}
    for name, system in found["systems"].items():
        test = system["parts"]["test"]
        size = sum(path.stat().st_size for path in (folder / "models" / name).rglob("*") if path.is_file())
        frozen = next((encoder for encoder in ENCODERS if name == f"{encoder}-frozen"), None)
        weights, encoding = (
            (0.0, 0.0) if frozen is None else (WEIGHTS[frozen], encoding_seconds(frozen, folder.parent / "rows"))
        )
        result[name] = {
            **{metric: test[metric]["value"] for metric in metrics},
            "seconds": round(manifest["seconds"]["systems"].get(name, 0.0) + encoding, 1),
            "megabytes": round(size / 1e6 + weights, 1),
            "n": test[metrics[0]]["n"],
        }
    return result


def measure(
    names: tuple[str, ...] = tuple(SETS), draws: tuple[int, ...] = DRAWS, rows: int = ROWS, only: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return, set by set and system by system, mean and range over the draws, and the seconds of the quickest."""
    result: dict[str, Any] = {"rows": rows, "draws": list(draws), "sets": {}}
    for name in names:
        metrics = SETS[name].metrics
        runs = [told(run(name, draw, rows, only), metrics) for draw in draws]
        result["sets"][name] = {
            system: {
                **{metric: _spread([one[system][metric] for one in runs]) for metric in metrics},
                # Other work can only slow a draw.
                "seconds": min(one[system]["seconds"] for one in runs),
                "megabytes": float(np.mean([one[system]["megabytes"] for one in runs])),
                "n": runs[0][system]["n"],
            }
            for system in runs[0]
        }
    return result


def markdown(found: dict[str, Any]) -> str:
    """Return the tables of a measurement: set by set, the mean of the draws with the lowest and the highest."""
    lines = []
    for name, by_system in found["sets"].items():
        metrics = SETS[name].metrics
        n = next(iter(by_system.values()))["n"]
        lines += ["", f"**{name}**, n = {n:,}", ""]
        lines += [f"| system | {' | '.join(metrics)} | seconds | MB |", f"|---|{'---|' * len(metrics)}--:|--:|"]
        for system, one in by_system.items():
            scores = [_told(one[metric]) for metric in metrics]
            lines.append(f"| {system} | {' | '.join(scores)} | {one['seconds']:.0f} | {one['megabytes']:.1f} |")
    return "\n".join(lines[1:])


def _spread(values: list[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]  # None: a correlation with what does not vary
    told = {"mean": float(np.mean(known)), "low": min(known), "high": max(known)} if known else {}
    return {"mean": None, "low": None, "high": None, **told, "draws": values}


def _told(one: dict[str, Any]) -> str:
    return "" if one["mean"] is None else f"{one['mean']:.3f} ({one['low']:.3f} – {one['high']:.3f})"


def main() -> None:
    """Measure some sets, and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--draws", default="1,2,3")
    parser.add_argument("--rows", type=int, default=ROWS, help="0: all")
    parser.add_argument("--only", default="", help="systems; default: all")
    asked = parser.parse_args()
    draws = tuple(int(draw) for draw in asked.draws.split(","))
    only = tuple(name for name in asked.only.split(",") if name)
    print(markdown(measure(tuple(asked.sets.split(",")), draws, asked.rows, only)))


if __name__ == "__main__":
    main()
