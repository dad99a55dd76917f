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

# The time that a clock is frozen at, None while it runs, and how many seconds it was put forward.
ClockState = tuple[float | None, float]
Compute = Callable[[ClockState], ClockState]
RUNNING: ClockState = (None, 0.0)


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

    def __init__(self, source: Clock | None = None, state: ClockState = RUNNING) -> None:
        self._source = source or SystemClock()
        self._lock = threading.Lock()
        # In one place, so that `now` reads both at one instant without the lock.
        self._state = self._start = state
        self._commit: Callable[[Compute], None] = self._apply

    def mark_start(self) -> None:
        """Take how it is now for the start, which `reset` goes back to."""
        self._start = self._state

    def reset(self) -> None:
        """Be frozen or run as at the start again."""
        self._commit(lambda _: self._start)

    @property
    def state(self) -> ClockState:
        """How it is: the time it is frozen at, None while it runs, and the seconds it was put forward."""
        return self._state

    def show(self, state: ClockState) -> None:
        """Be as this says."""
        self._state = state

    def bind(self, commit: Callable[[Compute], None]) -> None:
        """Hand every change from now on to `commit`: a function from the state there is to the next."""
        self._commit = commit

    def now(self) -> float:
        """Return the present time in Unix seconds."""
        frozen_at, ahead = self._state
        return self._source.now() + ahead if frozen_at is None else frozen_at

    def now_in(self, state: ClockState) -> float:
        """Return the time that it would show in this state, in Unix seconds."""
        return MovableClock(self._source, state).now()

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
        return self._changed(lambda now, _: (_checked(now if at is None else at), 0.0))

    def advance(self, seconds: float) -> float:
        """Put it forward, frozen or running as it was; return the new time in Unix seconds."""
        if not seconds >= 0:
            raise ValueError(f"a clock goes forward only: expected 0 or more seconds, got {seconds:g}")

        def ahead(now: float, state: ClockState) -> ClockState:
            new = _checked(now + seconds)
            return (None if state[0] is None else new, state[1] + seconds)

        return self._changed(ahead)

    def run(self) -> float:
        """Let it run with the machine's clock again, true to it; return the time in Unix seconds."""
        return self._changed(lambda _, __: RUNNING)

    def change(self, change: Callable[[MovableClock], object]) -> None:
        """Let several methods have their effect together, or when one raises none of them."""

        def together(state: ClockState) -> ClockState:
            changed = MovableClock(self._source, state)
            change(changed)
            return changed.state

        self._commit(together)

    def copy(self) -> MovableClock:
        """Return another clock that shows what this one shows, and goes its own way from now on."""
        return MovableClock(self._source, self._state)

    def _changed(self, compute: Callable[[float, ClockState], ClockState]) -> float:
        shown = 0.0

        def changed(state: ClockState) -> ClockState:
            nonlocal shown
            now = self._source.now()
            frozen_at, ahead = state
            new = compute(now + ahead if frozen_at is None else frozen_at, state)
            shown = now + new[1] if new[0] is None else new[0]
            return new

        self._commit(changed)
        return shown

    def _apply(self, compute: Compute) -> None:
        with self._lock:
            self._state = compute(self._state)


def date_time(at: float, zone: str) -> str:
    """Write Unix seconds as `YYYY-MM-DD HH:MM:SS` (RES-4) in the zone of the reading `timezone`."""
    return datetime.fromtimestamp(int(at), ZONES[zone]).strftime(DATE_TIME_FORMAT)


def _checked(at: float) -> float:
    if not 0 <= at <= LATEST:
        raise ValueError(f"expected a time from 1970 to 9998 in Unix seconds, got {at:g}")
    return at
