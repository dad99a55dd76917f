"""Waits for what another thread does soon."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object]) -> None:
    """Return once the condition holds; a test fails when it does not for half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited half a minute for what did not happen"
        time.sleep(0.001)
