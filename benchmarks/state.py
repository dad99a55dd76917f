"""A page of 30 over HTTP, its state in memory, in SQLite and in PostgreSQL; the cost of a change, and of opening."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks._measure import Served, load, processor_seconds
from benchmarks.http import BODY, PATH, body
from mockserver.contract.wire import STATUSES
from mockserver.provider.provider import Provider
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.world import Merchant, Project, World
from mockserver.storage.opening import open_log
from mockserver.testing.admin_client import AdminClient
from tests.support.postgresql import Postgresql, why_not

LOADS = {
    "a page of 30, again and again": [BODY],
    "400 different pages": [body(1 + n % 5, 1 + n % 137) for n in range(400)],
}
ROUNDS = 7


def main() -> None:
    """Print requests a second and processor time of each, turn by turn, and the median of a change."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        serve = ("-m", "mockserver", "serve", "--port", "0")
        database = None
        if reason := why_not():
            print(f"  {reason}")
        else:
            # A commit waits for the disk, as with anybody.
            database = Postgresql(fsync=True)
            running.callback(database.remove)
        beside = f"sqlite:///{folder / 'workers.db'}"
        servers = {
            "memory": running.enter_context(Served(*serve)),
            "SQLite": running.enter_context(Served(*serve, "--state", f"sqlite:///{folder / 'state.db'}")),
            "2 workers": running.enter_context(Served(*serve, "--state", beside, "--workers", "2")),
        }
        if database is not None:
            servers["PostgreSQL"] = running.enter_context(Served(*serve, "--state", database.new_state()))
        for name, bodies in LOADS.items():
            print(name)
            rates: dict[str, list[float]] = {kind: [] for kind in servers}
            spent: dict[str, list[float]] = {kind: [] for kind in servers}
            for _ in range(ROUNDS):
                for kind, served in servers.items():
                    before = processor_seconds(served.process.pid)
                    rate = load(served.url, PATH, *bodies, seconds=2).requests_a_second
                    rates[kind].append(rate)
                    spent[kind].append((processor_seconds(served.process.pid) - before) / (rate * 2) * 1e6)
            for kind in servers:
                ratio = statistics.median(one / of for one, of in zip(rates[kind], rates["memory"], strict=True))
                print(
                    f"  {kind:10} {statistics.median(rates[kind]):7.0f} requests/s  {ratio:4.2f}   "
                    + ("" if "workers" in kind else f"{statistics.median(spent[kind]):5.1f} us of processor")
                )
        for kind, served in servers.items():
            admin = AdminClient(served.url)
            took = []
            for _ in range(200):
                started = time.perf_counter()
                admin.advance(1)
                took.append(time.perf_counter() - started)
            print(f"  a change, {kind:10} {statistics.median(took) * 1000:5.2f} ms (median, over HTTP)")
        for count in (1_000, 100_000, 1_000_000):
            size_of_state(count, f"sqlite:///{folder / f'{count}.db'}")
            if database is not None:
                size_of_state(count, database.new_state())


def size_of_state(count: int, url: str) -> None:
    """Print how long a state of so many vouchers takes to open, what a snapshot of it costs, and how many bytes."""
    vouchers = generate_vouchers(count, first_id=1, shares=dict.fromkeys(STATUSES, 1), nominals=(0, 25, 50, 100))
    world = World((Merchant("M1", "secret", None, (Project(1, "R1", None, vouchers),)),))
    Provider(world, log=(made := open_log(url)))
    made.close()
    for kind in ("as it began", "as a snapshot"):
        started = time.process_time()
        provider = Provider(World(), log=(log := open_log(url)))
        spent, where = (time.process_time() - started) * 1000, url.partition(":")[0]
        print(f"  {count:,} vouchers in {where}, {kind}: opened in {spent:.1f} ms of processor, ", end="")
        print(f"{log.size() / count:.0f} bytes each")
        if kind == "as it began":
            started, began = time.process_time(), time.perf_counter()
            provider.compact()
            print(f"    a snapshot: {(time.process_time() - started) * 1000:.1f} ms of processor, ", end="")
            print(f"{(time.perf_counter() - began) * 1000:.1f} ms to wait")
        log.close()


if __name__ == "__main__":
    main()
