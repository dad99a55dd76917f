"""When the oldest calls of a journal are forgotten: for many of them at once, as it costs the same for one."""

from __future__ import annotations

# Together, heads and replies; a call above it is forgotten with those before it.
BYTES_KEPT = 64 * 1_048_576
_CALLS_AT_ONCE = 256
_BYTES_AT_ONCE = 8 * 1_048_576


class Forgetting:
    """Counts what is written; the first time, what earlier processes left is looked at."""

    def __init__(self) -> None:
        self._from = 0
        self._unweighed = _BYTES_AT_ONCE + 1

    def is_due(self, last: int) -> bool:
        """Tell whether calls are to be forgotten that are too many, now that this is the number of the last."""
        if last < self._from:
            return False
        self._from = last + _CALLS_AT_ONCE
        return True

    def is_heavy(self, written: int) -> bool:
        """Tell whether calls are to be forgotten that are too large together, now that so many bytes are written."""
        self._unweighed += written
        if self._unweighed <= _BYTES_AT_ONCE:
            return False
        self._unweighed = 0
        return True

    def begin_anew(self) -> None:
        """Take it that others may have forgotten calls: the next time it is due."""
        self._from = 0
