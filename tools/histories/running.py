"""A history: clients call servers of one state while one after another is killed or stopped, and what comes of it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tools.histories import journal
from tools.histories.clients import Client, Record, merchant_named, world
from tools.histories.linearizability import UNKNOWN, Undecided, explained, smallest, told
from tools.histories.model import DONE, NOW, Call, MerchantModel
from tools.histories.servers import Nemesis, Replicas, Servers, serve

CLIENTS = 6
MERCHANTS = 3
# So many operations are between two events, about.
_BETWEEN = 120


@dataclass(frozen=True)
class Outcome:
    """How a history went: how many operations and events, and what cannot be explained, in words."""

    operations: int
    unknown: int
    events: int
    findings: tuple[str, ...]

    def __str__(self) -> str:
        found = f"{len(self.findings)} cannot be explained" if self.findings else "explained"
        return f"{self.operations} operations, {self.unknown} of them unknown, {self.events} events: {found}"


def begin(url: str, folder: Path) -> None:
    """Let a state begin as the model does."""
    file = folder / "world.json"
    file.write_text(json.dumps(world(MERCHANTS)), "utf-8")
    Replicas(serve(url, "--world", str(file), "--clock", str(NOW)), 1, folder).close()


def history(
    servers: Servers,
    nemeses: Sequence[Nemesis],
    seed: int,
    is_enough: Callable[[int], bool],
    *,
    clients: int = CLIENTS,
    merchants: int = MERCHANTS,
) -> Outcome:
    """Let clients call servers, and their nemeses come, until `is_enough` says so of the operations that were done.

    The seed says what each client does, not how they meet: that is as it happens.
    """
    rng = random.Random(seed)
    record = Record()
    stop = threading.Event()
    failures: list[BaseException] = []

    def work(client: Client) -> None:
        try:
            client.run(stop, merchants)
        except BaseException as error:
            failures.append(error)
            stop.set()

    running = [
        Client(f"client {n}", random.Random(rng.random()), lambda: servers.addresses, record) for n in range(clients)
    ]
    threads = [threading.Thread(target=work, args=(one,)) for one in running]
    events, next_at = 0, rng.randint(1, _BETWEEN)
    with ExitStack() as ending:
        for thread in threads:
            thread.start()
            ending.callback(thread.join)
        ending.callback(stop.set)
        while not stop.is_set() and not is_enough(record.done):
            if nemeses and record.done >= next_at:
                rng.choice(nemeses)(rng)
                events += 1
                next_at = record.done + rng.randint(1, 2 * _BETWEEN)
            time.sleep(0.005)
    if failures:
        raise failures[0]
    last = Client("the last look", random.Random(seed), lambda: servers.addresses, record)
    for number in range(1, merchants + 1):
        for name in ("page", "faults", "summary"):
            last.do(name, number)
    last.look_at_all()
    last.close()
    return _judged(record, events, merchants)


def _judged(record: Record, events: int, merchants: int) -> Outcome:
    findings = []
    model = MerchantModel()
    for number in range(1, merchants + 1):
        name = merchant_named(number)
        try:
            found = explained(record.history[name], model)
        except Undecided as error:
            findings.append(f"merchant {name}: undecided: {error}; as far as it got, {told(error.longest)}")
            continue
        if found is not None:
            findings.append(f"merchant {name}: {told(smallest(found, model))}")
    resets = {
        name: [one for one in operations if one.call == Call("reset") and one.result in (DONE, UNKNOWN)]
        for name, operations in record.history.items()
    }
    findings += [f"journal: {one}" for one in journal.faults(record.calls, record.looks, resets)]
    if len({*record.ids}) < len(record.ids):
        twice = sorted({one for one in record.ids if record.ids.count(one) > 1})
        findings.append(f"submissions: several became the project of the same id: {twice}")
    everything = [one for some in record.history.values() for one in some]
    unknown = sum(not one.is_known for one in everything)
    return Outcome(len(everything) + len(record.looks), unknown, events, tuple(findings))
