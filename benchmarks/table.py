"""Write the table of `benchmarks/README.md` from the records in `results`: ``python benchmarks/table.py``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEAD = """# Measurements

Each is a ratio measured side by side in one run: same machine, rows and threads. `make bench` runs them all,
`make bench BENCH=b9` one; each leaves a record with machine, versions and command in `results/`, from which
`python benchmarks/table.py` writes this table.

| benchmark | work and peer | measured | bar | reached |
|---|---|---|---|---|
"""

Row = tuple[str, str, str, bool]


def _b1(r: dict[str, Any]) -> Row:
    told = f"fp32 {r['ratio_fp32']:.1f}×, {r['auto_precision']} {r['ratio_auto']:.1f}×"
    bar = "≥ 8× in fp32 (≥ 14× with AMX)"
    met = r["ratio_fp32"] >= 8
    return "fine-tune a BERT-base on reviews, beside a loop padded to 512, fp32, batch 8", told, bar, met


def _b1_losses(r: dict[str, Any]) -> Row:
    told = f"{r['steps']} losses differ by {r['largest_difference']:.1e} at most"
    return "the same, dropout off, step by step", told, "within 1e-4", r["largest_difference"] <= 1e-4


def _b2(r: dict[str, Any]) -> Row:
    chosen = r["chosen_by_measuring"]["chosen"]
    padded = ", ".join(f"{name} {ratio:.0f}×" for name, ratio in r["ratio_to_padded"].items())
    pipe = r["ratio_to_pipeline"][chosen]
    told = f"{padded} a padded BERT-base; {chosen} {pipe:.1f}× a `pipeline`, {r['points_lost']:.2f} points lost"
    met = r["ratio_to_padded"]["fp32"] >= 70 and pipe >= 3 and r["points_lost"] <= 0.5
    bar = "fp32 ≥ 70× and (with AMX) ≥ 100×; ≥ 3×, ≤ 0.5 point lost"
    return "classify reviews, beside a padded BERT-base and a Hugging Face `pipeline`", told, bar, met


def _b3(r: dict[str, Any]) -> Row:
    ratio, work = r["wall"]["ratio"], r["processor"]["ratio"]
    told = (
        f"linear {ratio['linear']:.0f}×, poly {ratio['poly']:.2f}× (processor seconds {work['poly']:.2f}×); "
        f"weighted F1 within {r['largest_score_difference']:.4f}"
    )
    met = ratio["linear"] >= 50 and ratio["poly"] >= 2 and r["largest_score_difference"] <= 0.003
    return (
        "PCA 10 … 50 × 2 kernels × 10 folds, beside scikit-learn",
        told,
        "linear ≥ 50×, poly ≥ 2×, F1 within .003",
        met,
    )


def _b4(r: dict[str, Any]) -> Row:
    told = f"{r['ratio']['wall']:.1f}×, distances within {r['largest_difference']:.0e}"
    return "Word Mover's Distance of 2,273 answers, beside gensim", told, "≥ 10×, within 1e-6", r["reached"]


def _b5(r: dict[str, Any]) -> Row:
    first, later = r["ratio"]["one_process"], r["ratio"]["second"]
    told = f"{first:.1f}× first, {later:.0f}× with the vocabulary on disk"
    return "stem 13,169 tweets, beside PySastrawi", told, "≥ 1.8×, ≥ 20×", first >= 1.8 and later >= 20


def _b9(r: dict[str, Any]) -> Row:
    told = f"{r['ratio']:.1f}×, scores differ by {r['largest_score_difference']:.0e}"
    return (
        "words + characters TF-IDF + linear SVM, 10 folds, beside scikit-learn",
        told,
        "≥ 2×, same scores",
        r["reached"],
    )


def _pairs_speed(r: dict[str, Any]) -> Row:
    ratio = ", ".join(f"{way} {times:.1f}×" for way, times in r["ratio"].items())
    sizes = " against ".join(f"{r[name]['parameters'] / 1e6:.0f} M" for name in ("bert-base", "minilm"))
    told = f"{ratio}; {sizes} weights"
    return "question pairs: minilm beside a BERT-base (study 000: 5.3×)", told, "-", True


def _tweets(r: dict[str, Any]) -> Row:
    score = r["test"]["f1_macro"]
    told = f"macro-F1 {score['value']:.3f} ({score['low']:.3f} – {score['high']:.3f}), n = {score['n']:,}"
    return "minilm fine-tuned on fold 1 of hate-speech", told, "≥ .82", all(r["reached"].values())


def _encoders(r: dict[str, Any]) -> Row:
    above = []
    for one in r["sets"].values():
        metric = next(iter(one["counts-svm"]))
        sign = -1 if metric == "rmse" else 1
        counts = sign * one["counts-svm"][metric]["mean"]
        above.append({way: sign * one[f"makna-mini-{way}"][metric]["mean"] > counts for way in ("finetuned", "frozen")})
    told = f"fine-tuned on {sum(s['finetuned'] for s in above)}, either way on {sum(any(s.values()) for s in above)}"
    work = f"makna-mini above `counts-svm`, {len(above)} sets, {r['rows']:,} rows, mean of {len(r['draws'])} draws"
    return work, f"{told} of {len(above)} sets", "on every set", all(any(s.values()) for s in above)


ROWS: dict[str, Callable[[dict[str, Any]], Row]] = {
    "b1": _b1, "b1_losses": _b1_losses, "b2": _b2, "b3": _b3, "b4": _b4, "b5": _b5, "b9": _b9,
    "encoders": _encoders, "pairs_speed": _pairs_speed, "tweets": _tweets,
}  # fmt: skip


def main() -> None:
    """Write the table."""
    lines = []
    for name, tell in ROWS.items():
        path = HERE / "results" / f"{name}.json"
        if path.is_file():
            work, told, bar, met = tell(json.loads(path.read_text())["result"])
            lines.append(f"| {name} | {work} | {told} | {bar} | {'yes' if met else 'no'} |")
    (HERE / "README.md").write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
