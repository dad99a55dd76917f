"""The machine's time, whatever a test makes of `time.time` and `time.monotonic` while a server runs beside it."""

from __future__ import annotations

import sys
import time

if sys.platform == "win32":
    # There is no other way to ask: a server that starts while time is frozen stands still.
    monotonic, wall = time.monotonic, time.time
else:

    def monotonic() -> float:
        """Return seconds that only go forward."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

    def wall() -> float:
        """Return the present time in Unix seconds."""
        return time.clock_gettime(time.CLOCK_REALTIME)
