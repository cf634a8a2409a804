"""Columns of predictions.parquet, of one system at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from makna.report.reading import Run

if TYPE_CHECKING:
    import pandas as pd

FILE = "predictions.parquet"


def read_columns(run: Run, system: str, columns: Sequence[str]) -> pd.DataFrame | None:
    """Return these columns of a system's predictions of the part the report speaks of.

    Parameters
    ----------
    run : Run
        The run.
    system : str
        Name of the system.
    columns : sequence of str
        Names; one that ends in ``*`` stands for all that begin so.

    Returns
    -------
    DataFrame or None
        None where the file or one of the columns is missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = run.folder / FILE if run.folder else None
    if path is None or not path.is_file():
        return None
    try:
        there = parquet.read_schema(path).names
        wanted = [name for name in columns if not name.endswith("*")]
        if not {"system", *wanted} <= set(there):
            return None
        wanted += [name for name in there if any(c.endswith("*") and name.startswith(c[:-1]) for c in columns)]
        kept = [*dict.fromkeys([*wanted, *(["fold"] if "fold" in there else [])])]
        frame = parquet.read_table(path, columns=kept, filters=[("system", "=", system)]).to_pandas()
    except (pa.ArrowException, OSError):
        return None
    if "fold" in kept and (frame["fold"] == run.part).any():
        frame = frame[frame["fold"] == run.part]  # a hold-out names the part where folds have numbers
    return frame[wanted].reset_index(drop=True)
