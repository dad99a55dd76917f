"""`survive`: the fixed list with a client in each language, against the 60 s that a fast client may take."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from mockserver.testing.survive.status_call.scenarios import SCENARIOS
from mockserver.testing.survive.survive import survive

CLIENTS = Path(__file__).parents[1] / "examples" / "clients" / "careful"
INTERPRETERS = {".py": sys.executable, ".mjs": "node", ".php": "php", ".sh": "sh"}
ROUNDS = 3


def main() -> None:
    """Print the time of the fixed list for each careful client, rounds alternated, and the longest single scenario."""
    programs = [path for path in sorted(CLIENTS.iterdir()) if shutil.which(INTERPRETERS[path.suffix])]
    took: dict[Path, list[float]] = {program: [] for program in programs}
    longest: dict[Path, float] = {}
    for _ in range(ROUNDS):
        for program in programs:
            started = time.perf_counter()
            report = survive([INTERPRETERS[program.suffix], str(program)], examples=0)
            took[program].append(time.perf_counter() - started)
            assert report.survives, str(report)
            longest[program] = max(verdict.played.run.took for verdict in report.verdicts)
    print(f"{len(SCENARIOS)} scenarios; seconds")
    for program in programs:
        each = ", ".join(f"{seconds:.1f}" for seconds in took[program])
        print(f"{program.name:<12} {each}   (longest scenario {longest[program]:.1f})")


if __name__ == "__main__":
    main()
