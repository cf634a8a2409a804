"""What a run leaves behind, as an object that shows itself."""

from __future__ import annotations

from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from makna.core.files import read_json
from makna.core.messages import say


class Run:
    """A finished run.

    Parameters
    ----------
    folder : Path
        The run folder.

    Attributes
    ----------
    metrics, manifest, data : dict
        The files of the same names.
    predictions : DataFrame
        predictions.parquet.
    report : Path
        The page to read.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Scores of every system."""
        return read_json(self.folder / "metrics.json")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Where, when and with what it ran."""
        return read_json(self.folder / "manifest.json")

    @cached_property
    def data(self) -> dict[str, Any]:
        """What happened to the rows."""
        return read_json(self.folder / "data.json")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Every system's prediction of every held row."""
        return pd.read_parquet(self.folder / "predictions.parquet")

    @property
    def report(self) -> Path:
        """The page to read."""
        return self.folder / "report.html"

    def model_folder(self, name: str) -> Path:
        """Return the folder of a saved system."""
        return self.folder / "models" / name

    def table(self) -> pd.DataFrame:
        """Return one row a system and part: the metrics that were asked for, with their 95 % intervals and n."""
        rows = []
        for name, system in self.metrics["systems"].items():
            for part, scores in system["parts"].items():
                for metric in self._shown():
                    score = scores.get(metric)
                    if score:
                        rows.append({"system": name, "part": part, "metric": metric,
                                     **{k: score[k] for k in ("value", "low", "high", "n")}})  # fmt: skip
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        lines = [say("recipe.run_in", folder=self.folder)]
        for row in self.table().to_dict("records"):
            lines.append(
                f"  {row['system']:<28} {row['part']:<6} {row['metric']:<12} {_number(row['value'])} "
                f"[{_number(row['low'])}; {_number(row['high'])}] n = {row['n']}"
            )
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        place = escape(str(self.folder))
        return f"<p><b>{escape(str(self.manifest['title']))}</b> <code>{place}</code></p>" + self.table().round(
            3
        ).to_html(index=False)

    def _shown(self) -> list[str]:
        import yaml

        recipe = yaml.safe_load((self.folder / "recipe.yaml").read_text("utf-8"))
        asked = (recipe.get("evaluate") or {}).get("metrics")
        usual = ["rmse", "pearson"] if self.metrics["task"]["target"] == "number" else ["accuracy", "f1_macro"]
        return list(asked or usual)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
