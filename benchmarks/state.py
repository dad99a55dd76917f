"""A page of 30 over HTTP where the state is in memory and in a SQLite file; what a change costs; how long it opens."""

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
from mockserver.storage.sqlite import SqliteLog
from mockserver.testing.admin_client import AdminClient

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
        beside = f"sqlite:///{folder / 'workers.db'}"
        servers = {
            "memory": running.enter_context(Served(*serve)),
            "SQLite": running.enter_context(Served(*serve, "--state", f"sqlite:///{folder / 'state.db'}")),
            "2 workers": running.enter_context(Served(*serve, "--state", beside, "--workers", "2")),
        }
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
                    f"  {kind:9} {statistics.median(rates[kind]):7.0f} requests/s  {ratio:4.2f}   "
                    + ("" if "workers" in kind else f"{statistics.median(spent[kind]):5.1f} us of processor")
                )
        for kind, served in servers.items():
            admin = AdminClient(served.url)
            took = []
            for _ in range(200):
                started = time.perf_counter()
                admin.advance(1)
                took.append(time.perf_counter() - started)
            print(f"  a change, {kind:9} {statistics.median(took) * 1000:5.2f} ms (median, over HTTP)")
        for count in (1_000, 100_000, 1_000_000):
            size_of_state(count, folder / f"{count}.db")


def size_of_state(count: int, file: Path) -> None:
    """Print how long a state of so many vouchers takes to open, what a snapshot of it costs, and how many bytes."""
    vouchers = generate_vouchers(count, first_id=1, shares=dict.fromkeys(STATUSES, 1), nominals=(0, 25, 50, 100))
    world = World((Merchant("M1", "secret", None, (Project(1, "R1", None, vouchers),)),))
    Provider(world, log=(made := SqliteLog(file)))
    made.close()
    for kind in ("as it began", "as a snapshot"):
        started = time.process_time()
        provider = Provider(World(), log=(log := SqliteLog(file)))
        print(
            f"  {count:,} vouchers, {kind}: opened in {(time.process_time() - started) * 1000:.1f} ms of processor, ",
            end="",
        )
        print(f"{sum(one.stat().st_size for one in file.parent.glob(file.name + '*')) / count:.0f} bytes each")
        if kind == "as it began":
            started, began = time.process_time(), time.perf_counter()
            provider.compact()
            print(f"    a snapshot: {(time.process_time() - started) * 1000:.1f} ms of processor, ", end="")
            print(f"{(time.perf_counter() - began) * 1000:.1f} ms to wait")
        log.close()


if __name__ == "__main__":
    main()
