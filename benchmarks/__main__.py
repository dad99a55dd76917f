"""`python -m benchmarks`: every benchmark, one after another; `python -m benchmarks.NAME` runs one alone."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if not path.stem.startswith("_"):
            module = import_module(f"benchmarks.{path.stem}")
            print(f"\n== {path.stem}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
            module.main()
