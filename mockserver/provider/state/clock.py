"""The fake's time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Protocol

# Jakarta has kept UTC+7 without summer time since 1964, so no time-zone database is needed.
ZONES = {"Asia/Jakarta": timezone(timedelta(hours=7)), "UTC": timezone.utc}
DATE_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

# The last second of 9998 in UTC: a date-time has four digits for the year, in every zone.
LATEST = 253_370_764_799


class Clock(Protocol):
    """Anything that tells the time in Unix seconds."""

    def now(self) -> float:
        """Return the present time in Unix seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the present time in Unix seconds."""
        return time.time()


class FrozenClock:
    """A clock that does not move."""

    def __init__(self, at: float) -> None:
        self._at = at

    def now(self) -> float:
        """Return the time it was frozen at, in Unix seconds."""
        return self._at


class MovableClock:
    """A clock in the hands of a person: it runs with the machine's, or is frozen; `advance` puts either one forward.

    `source` is the clock it runs with. Safe under threads.

    Raises (every method that takes a time):
        ValueError: the time is before 1970 or after 9998.
    """

    def __init__(self, source: Clock | None = None) -> None:
        self._source = source or SystemClock()
        self._lock = threading.Lock()
        # In one place, so that `now` reads both at one instant without the lock.
        self._state: tuple[float | None, float] = (None, 0.0)
        self._start: tuple[float | None, float] = self._state

    def mark_start(self) -> None:
        """Take how it is now for the start, which `reset` goes back to."""
        self._start = self._state

    def reset(self) -> None:
        """Be frozen or run as at the start again."""
        with self._lock:
            self._state = self._start

    def now(self) -> float:
        """Return the present time in Unix seconds."""
        frozen_at, ahead = self._state
        return self._source.now() + ahead if frozen_at is None else frozen_at

    @property
    def is_frozen(self) -> bool:
        """Whether it is frozen."""
        return self._state[0] is not None

    @property
    def ahead(self) -> float:
        """How many seconds it was put forward since it last ran true or was frozen."""
        return self._state[1]

    def freeze(self, at: float | None = None) -> float:
        """Stop it at `at` (None: now); return that time, all in Unix seconds."""
        with self._lock:
            frozen_at = _checked(self.now() if at is None else at)
            self._state = (frozen_at, 0.0)
            return frozen_at

    def advance(self, seconds: float) -> float:
        """Put it forward, frozen or running as it was; return the new time in Unix seconds."""
        if not seconds >= 0:
            raise ValueError(f"a clock goes forward only: expected 0 or more seconds, got {seconds:g}")
        with self._lock:
            frozen_at, ahead = self._state
            new = _checked(self.now() + seconds)
            self._state = (None if frozen_at is None else new, ahead + seconds)
            return new

    def run(self) -> float:
        """Let it run with the machine's clock again, true to it; return the time in Unix seconds."""
        with self._lock:
            self._state = (None, 0.0)
            return self.now()

    def change(self, change: Callable[[MovableClock], object]) -> None:
        """Let several methods have their effect together, or when one raises none of them."""
        with self._lock:
            changed = MovableClock(self._source)
            changed._state = self._state
            change(changed)
            self._state = changed._state

    def copy(self) -> MovableClock:
        """Return another clock that shows what this one shows, and goes its own way from now on."""
        other = MovableClock(self._source)
        other._state = self._state
        return other


def date_time(at: float, zone: str) -> str:
    """Write Unix seconds as `YYYY-MM-DD HH:MM:SS` (RES-4) in the zone of the reading `timezone`."""
    return datetime.fromtimestamp(int(at), ZONES[zone]).strftime(DATE_TIME_FORMAT)


def _checked(at: float) -> float:
    if not 0 <= at <= LATEST:
        raise ValueError(f"expected a time from 1970 to 9998 in Unix seconds, got {at:g}")
    return at
