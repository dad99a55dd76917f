"""What the journal and the request log cost: requests a second with both, with one, with neither; alternated."""

from __future__ import annotations

import signal
import statistics
import sys

from benchmarks._measure import Served, load
from benchmarks.http import BODY, PATH
from mockserver.cli.log_writer import LogWriter
from mockserver.cli.request_log import RequestLog
from mockserver.contract.readings import Readings
from mockserver.contract.wire import Reply
from mockserver.provider.clock import SystemClock
from mockserver.provider.journal import Call, Journal
from mockserver.provider.provider import Provider
from mockserver.provider.world_file import built_in_world
from mockserver.web.server import Server

ROUNDS = 7
KINDS = ("off", "journal", "journal and log")


class NoJournal(Journal):
    """Keeps nothing and tells nobody."""

    def record(self, call: Call, reply: Reply, took: float) -> None:
        """Do nothing."""


def serve(kind: str) -> None:
    """Serve the built-in world until the process is ended."""
    writer = LogWriter(sys.stderr.fileno())
    log = RequestLog("text", writer.write)
    provider = Provider(built_in_world(Readings(), SystemClock()), observers=(log,) if "log" in kind else ())
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    if kind == "off":
        provider.journal = NoJournal(lambda: ())
    server = Server(provider)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    server.run(lambda: print(server.url, flush=True))


def main() -> None:
    """Print requests a second of each, and by how much the journal makes them fall."""
    seen: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with (
        Served("-m", "benchmarks.journal", KINDS[0]) as off,
        Served("-m", "benchmarks.journal", KINDS[1]) as journal,
        Served("-m", "benchmarks.journal", KINDS[2]) as log,
    ):
        for _ in range(ROUNDS):
            for kind, server in zip(KINDS, (off, journal, log), strict=True):
                seen[kind].append(load(server.url, PATH, BODY, seconds=2).requests_a_second)
    without = statistics.median(seen["off"])
    for kind, rates in seen.items():
        rate = statistics.median(rates)
        print(f"{kind:16} {rate:8.0f} requests/s   {100 * (rate / without - 1):+6.1f} %")


if __name__ == "__main__":
    serve(sys.argv[1]) if len(sys.argv) > 1 else main()
