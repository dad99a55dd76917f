"""What the journal and the request log cost: requests a second with both, with one, with neither; alternated."""

from __future__ import annotations

import signal
import statistics
import sys
from functools import partial

from benchmarks._measure import Served, load, processor_seconds
from benchmarks.http import BODY, PATH
from mockserver.cli.serve.log_writer import LogWriter
from mockserver.cli.serve.request_log import RequestLog, dropped_line
from mockserver.contract.masking import Maskers
from mockserver.contract.readings import Readings
from mockserver.provider.journal.journal import Journal
from mockserver.provider.journal.recorded import Call
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world_file import built_in_world
from mockserver.web.server import Server

ROUNDS = 25
SECONDS = 0.7
# One process, told by a signal what to do: two processes differ in speed by more than what is measured here.
KINDS = {"off": signal.SIGUSR1, "journal": signal.SIGUSR2, "journal and log": signal.SIGHUP}


class NoJournal(Journal):
    """Keeps nothing and tells nobody."""

    def record(self, call: Call, reply: Reply, took: float) -> int:  # noqa: ARG002 - nothing is kept
        """Do nothing."""
        return 0


def serve() -> None:
    """Serve the built-in world until the process is ended."""
    log = RequestLog("text", LogWriter(2, partial(dropped_line, "text")).write)
    provider = Provider(built_in_world(Readings(), SystemClock()))
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    journals = {
        "off": NoJournal(Maskers(frozenset)),
        "journal": provider.journal,
        "journal and log": Journal(Maskers(frozenset), observers=(log,)),
    }
    server = Server(provider)

    def ready() -> None:
        for kind, number in KINDS.items():
            signal.signal(number, lambda *_, kind=kind: setattr(provider, "journal", journals[kind]))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print(server.url, flush=True)

    server.run(ready)


def main() -> None:
    """Print what a request costs the server's processor with each, and the requests a second; many short turns."""
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    costs: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with Served("-m", "benchmarks.journal", "serve") as server:
        for _ in range(ROUNDS):
            for kind, number in KINDS.items():
                server.process.send_signal(number)
                load(server.url, PATH, BODY, seconds=0.1)
                before = processor_seconds(server.process.pid)
                rate = load(server.url, PATH, BODY, seconds=SECONDS).requests_a_second
                used = processor_seconds(server.process.pid) - before
                rates[kind].append(rate)
                costs[kind].append(used / (rate * SECONDS) * 1e6)
    for kind in KINDS:
        # Turn by turn beside the one without: the machine is not equally fast in all of them.
        fall = statistics.median(ours / without - 1 for ours, without in zip(rates[kind], rates["off"], strict=True))
        cost = statistics.median(ours - without for ours, without in zip(costs[kind], costs["off"], strict=True))
        rate = statistics.median(rates[kind])
        print(f"{kind:16} {rate:6.0f} requests/s {100 * fall:+6.1f} %   {cost:+5.1f} us of processor each")


if __name__ == "__main__":
    serve() if "serve" in sys.argv else main()
