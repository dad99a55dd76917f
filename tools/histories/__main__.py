"""Call several servers of one state at once, kill and stop them, and look whether one order explains what was seen.

python -m tools.histories --seconds 60 --seeds 5 --state sqlite
python -m tools.histories --seed 7 --state workers
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

from tests.support.postgresql import Postgresql, why_not
from tools.histories.running import Outcome, begin, history
from tools.histories.servers import Nemesis, Replicas, Servers, Workers, nemeses_of, serve


def main() -> int:
    """Make histories of as many seeds; return 1 where one cannot be explained."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--state", choices=["sqlite", "workers", "postgresql"], default="sqlite")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each history")
    parser.add_argument("--seeds", type=int, default=1, help="how many histories")
    parser.add_argument("--seed", type=int, default=None, help="of the first; the next has the next")
    given = parser.parse_args()
    first = random.randrange(1_000_000) if given.seed is None else given.seed
    unexplained = 0
    with ExitStack() as ending:
        database = None
        if given.state == "postgresql":
            if reason := why_not():
                parser.error(reason)
            database = Postgresql()
            ending.callback(database.remove)
        for seed in range(first, first + given.seeds):
            with tempfile.TemporaryDirectory() as name:
                outcome = one_history(given.state, Path(name), database, seed, given.seconds)
            print(f"seed {seed}: {outcome}", flush=True)
            for finding in outcome.findings[:10]:
                print(finding, flush=True)
            unexplained += bool(outcome.findings)
    return 1 if unexplained else 0


def one_history(state: str, folder: Path, database: Postgresql | None, seed: int, seconds: float) -> Outcome:
    """Make one history on a new state."""
    url = f"sqlite:///{folder / 'state.db'}" if database is None else database.new_state()
    begin(url, folder)
    servers: Servers
    servers = Workers(serve(url, "--workers", "3"), folder) if state == "workers" else Replicas(serve(url), 3, folder)
    nemeses: list[Nemesis] = [servers.kill, servers.pause]
    if database is not None:
        nemeses += nemeses_of(database)
    with closing(servers):
        end = time.monotonic() + seconds
        return history(servers, nemeses, seed, lambda _: time.monotonic() > end)


if __name__ == "__main__":
    sys.exit(main())
