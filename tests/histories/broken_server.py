"""Serves a state through a log that is broken in one way, to see that the checker of histories finds it.

python -m tests.histories.broken_server URL BREAK
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from mockserver.provider.provider import Provider
from mockserver.provider.state.log import Head
from mockserver.provider.state.log_growth import LogGrowth
from mockserver.provider.state.world import World
from mockserver.storage.opening import open_log
from mockserver.web.server import Server


class Broken:
    """A log as it should be; each break differs in one method."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class Sound(Broken):
    """Nothing is wrong with it; snapshots are made much more often than they pay."""


class NoCatchUp(Broken):
    """Whoever reads has seen enough: only one who writes looks at what others wrote."""

    def __init__(self, log: Any) -> None:
        super().__init__(log)
        self._seen: Head | None = None

    def begin(self) -> Head:
        self._seen = self._log.begin()
        return self._seen

    def head(self) -> Head:
        self._seen = self._seen or self._log.head()
        return self._seen

    def record(self, calls: Any, keep: int, _seen: Head) -> Any:
        return self._log.record(calls, keep, self._log.head())


class Unflushed(Broken):
    """What is acknowledged is kept for good only when the next call comes."""

    def __init__(self, log: Any) -> None:
        super().__init__(log)
        self._is_open = False

    def _flush(self) -> None:
        if self._is_open:
            self._is_open = False
            self._log.commit()

    def commit(self) -> None:
        self._is_open = True

    def begin(self) -> Head:
        self._flush()
        return self._log.begin()  # type: ignore[no-any-return]

    def head(self) -> Head:
        self._flush()
        return self._log.head()  # type: ignore[no-any-return]

    def record(self, calls: Any, keep: int, seen: Head) -> int | None:
        head = self.begin()
        if (head.change, head.epoch) != (seen.change, seen.epoch):
            self._log.rollback()
            return None
        first: int = self._log.append_calls(calls, keep)
        self.commit()
        return first


class Unchecked(Broken):
    """A call is recorded, and its reply sent, whatever others changed since it was answered."""

    def record(self, calls: Any, keep: int, _seen: Head) -> Any:
        return self._log.record(calls, keep, self._log.head())


class StaleWrite(Broken):
    """One who writes has the lock, and does not look at what others wrote before it got it."""

    def __init__(self, log: Any) -> None:
        super().__init__(log)
        self._seen: Head | None = None

    def head(self) -> Head:
        self._seen = self._log.head()
        return self._seen

    def begin(self) -> Head:
        begun: Head = self._log.begin()
        self._seen = self._seen or begun
        return Head(self._seen.change, begun.call, self._seen.epoch)

    def append(self, changes: Any) -> None:
        assert self._seen is not None
        self._log.append(changes)
        self._seen = Head(self._seen.change + len(changes), self._seen.call, self._seen.epoch)


BREAKS = {
    "sound": Sound,
    "no_catch_up": NoCatchUp,
    "unchecked": Unchecked,
    "unflushed": Unflushed,
    "stale_write": StaleWrite,
}


def main() -> None:
    url, broken = sys.argv[1:]
    provider = Provider(World(), log=BREAKS[broken](open_log(url)), journal_capacity=1_000_000)
    if broken == "sound":
        assert provider._shared is not None
        provider._shared._growth = LogGrowth(40_000)
    with Server(provider) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
