"""`answer` in process: a page of 30, projects of 1,000 and 1,000,000 vouchers, any depth and filter; moves; memory."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys

from benchmarks._measure import microseconds, resident_mb
from mockserver.contract.readings import Readings
from mockserver.contract.wire import STATUSES
from mockserver.provider.operations.project_detail import answer
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import Merchant, Project, World


def measure(size: int) -> None:
    """Print one column of the table: a project of `size` vouchers."""
    shares = dict.fromkeys(STATUSES, 1)
    vouchers = generate_vouchers(size, first_id=1, shares=shares, nominals=(0, 25, 50, 100))
    store = Store(World((Merchant("M1", "secret", None, (Project(1, "R1", None, vouchers),)),)))
    del vouchers
    merchant, project = store.merchant("M1"), store.merchant("M1").project("R1")  # type: ignore[union-attr]
    assert merchant is not None
    assert project is not None
    readings, clock = Readings(), SystemClock()
    print(f"project of {size:,} vouchers, {resident_mb(os.getpid()):.0f} MB")
    for name, status, depth in (("first page", "", 0.0), ("last page", "", 1.0), ("filter, middle", "1", 0.5)):
        matching = size if status == "" else size // 5
        page = max(1, int(matching // 30 * depth))
        asked = {"projectid": "R1", "status": status, "page": page, "limit": 30, "signature": merchant.signature}
        body = json.dumps(asked).encode()
        took = microseconds(lambda body=body: answer("M1", body, store, readings, clock))  # type: ignore[misc]
        offset = (page - 1) * 30
        statuses = STATUSES if status == "" else (STATUSES[1],)
        store_part = microseconds(
            lambda offset=offset, statuses=statuses: (  # type: ignore[misc]
                project.page(statuses, offset, 30),
                project.stats(STATUSES),
                project.nominals(STATUSES),
            )
        )
        print(f"  {name:16} answer {took:6.1f} us, of it page and summaries {store_part:6.1f} us")
    rng = random.Random(1)
    moves = itertools.cycle([(rng.randint(1, size), rng.choice(STATUSES)) for _ in range(5_000)])

    def move() -> None:
        voucher_id, to = next(moves)
        project.move(voucher_id, to, updated_at="2030-01-01 00:00:00")

    print(f"  {'move':16} {microseconds(move, calls=5_000, rounds=3):13.1f} us")


def main() -> None:
    """Measure both sizes, each in a process of its own so that memory is its own too."""
    for size in (1_000, 1_000_000):
        subprocess.run([sys.executable, "-m", "benchmarks.answer", str(size)], check=True)


if __name__ == "__main__":
    measure(int(sys.argv[1])) if sys.argv[1:] else main()
