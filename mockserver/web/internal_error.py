"""An error of the mock itself: what it was and where is said once, and nothing of the call that it hit."""

from __future__ import annotations

import asyncio
import errno
import logging
import traceback
from typing import Any

# Nobody need listen: Python writes to standard error what no handler takes.
ERRORS = "mockserver.errors"


def report(error: Exception) -> None:
    """Log the kind of an error and the lines of code it came through; its text may hold what a consumer sent."""
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    logging.getLogger(ERRORS).error("internal error of the mock: %s\n%s", type(error).__name__, places.rstrip())


class Shortage:
    """The loop's exception handler: that no more connections can be had is said once, until one is had again.

    asyncio would say it, with a traceback, two thousand times a second.
    """

    _NUMBERS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

    def __init__(self) -> None:
        self._is_said = False

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what the loop has to say."""
        error = context.get("exception")
        if "socket" not in context or not isinstance(error, OSError) or error.errno not in self._NUMBERS:
            loop.default_exception_handler(context)
        elif not self._is_said:
            self._is_said = True
            logging.getLogger(ERRORS).error(
                "no more connections: %s; new ones wait until others end (`ulimit -n` sets how many there can be)",
                error.strerror,
            )

    def is_over(self) -> None:
        """Say it again when it comes again."""
        self._is_said = False
