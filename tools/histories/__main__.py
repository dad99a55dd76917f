"""Call several servers of one state at once, kill and stop them, and look whether one order explains what was seen.

python -m tools.histories --seconds 60 --seeds 5 --state sqlite
python -m tools.histories --seed 7 --state workers
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tools.histories.clients import world
from tools.histories.model import NOW
from tools.histories.running import MERCHANTS, history
from tools.histories.servers import Replicas, Servers, Workers, serve


def begin(folder: Path) -> list[str]:
    """Return the options with which a state begins as the model does."""
    file = folder / "world.json"
    file.write_text(json.dumps(world(MERCHANTS)), "utf-8")
    return ["--fresh", "--world", str(file), "--clock", str(NOW)]


def main() -> int:
    """Make histories of as many seeds; return 1 where one cannot be explained."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--state", choices=["sqlite", "workers"], default="sqlite")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each history")
    parser.add_argument("--seeds", type=int, default=1, help="how many histories")
    parser.add_argument("--seed", type=int, default=None, help="of the first; the next has the next")
    given = parser.parse_args()
    first = random.randrange(1_000_000) if given.seed is None else given.seed
    unexplained = 0
    for seed in range(first, first + given.seeds):
        with tempfile.TemporaryDirectory() as name:
            with closing(started(given.state, Path(name))) as servers:
                outcome = history(servers, [servers.kill, servers.pause], seed, _after(given.seconds))
            print(f"seed {seed}: {outcome}", flush=True)
            for finding in outcome.findings[:10]:
                print(finding, flush=True)
            unexplained += bool(outcome.findings)
    return 1 if unexplained else 0


def _after(seconds: float) -> Callable[[int], bool]:
    end = time.monotonic() + seconds
    return lambda _: time.monotonic() > end


def started(state: str, folder: Path) -> Servers:
    """Start servers of a new state."""
    url = f"sqlite:///{folder / 'state.db'}"
    beginning = Replicas(serve(url, *begin(folder)), 1, folder)
    beginning.close()
    if state == "workers":
        return Workers(serve(url, "--workers", "3"), folder)
    return Replicas(serve(url), 3, folder)


if __name__ == "__main__":
    sys.exit(main())
