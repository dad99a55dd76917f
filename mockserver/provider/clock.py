"""The fake's time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Protocol

# Jakarta has kept UTC+7 without summer time since 1964, so no time-zone database is needed.
ZONES = {"Asia/Jakarta": timezone(timedelta(hours=7)), "UTC": timezone.utc}
DATE_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


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
    """A clock that stands still."""

    def __init__(self, at: float) -> None:
        self._at = at

    def now(self) -> float:
        """Return the time it stands at, in Unix seconds."""
        return self._at


def date_time(at: float, zone: str) -> str:
    """Write Unix seconds as `YYYY-MM-DD HH:MM:SS` (RES-4) in the zone of the reading `timezone`."""
    return datetime.fromtimestamp(int(at), ZONES[zone]).strftime(DATE_TIME_FORMAT)
