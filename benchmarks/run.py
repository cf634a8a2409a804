"""Run the side-by-side measurements: ``python benchmarks/run.py [b9 …]``; results go to ``benchmarks/results``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from threadpoolctl import threadpool_limits

from makna import __version__
from makna.recipe.machine import machine, packages

HERE = Path(__file__).parent
KNOWN = ("b1", "b1_losses", "b2", "b3", "b4", "b5", "b9", "encoders", "pairs_speed", "stif", "tweets")


def main(names: list[str]) -> None:
    """Measure each named benchmark (all when none is named) and write its record."""
    sys.path.insert(0, str(HERE))
    for name in names or KNOWN:
        if name not in KNOWN:
            raise SystemExit(f"no benchmark {name!r}; there are: {', '.join(KNOWN)}")
        print(f"{name} …", flush=True)
        module = import_module(name)
        threads = getattr(module, "THREADS", 1)
        with threadpool_limits(threads):
            found = module.measure()
        record = {
            "benchmark": name,
            "command": f"python benchmarks/run.py {name}",
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "makna": __version__,
            "packages": packages(),
            "machine": machine(),
            "threads": threads,
            "result": found,
        }
        (HERE / "results" / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
