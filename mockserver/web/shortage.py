"""No more connections can be had: said once, not two thousand times a second."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from typing import Any

from mockserver.provider.internal_error import ERRORS


class Shortage:
    """The loop's exception handler: that no more connections can be had is said once, until one is had again.

    asyncio would say it, with a traceback, two thousand times a second. `make_room` is called for each connection that
    could not be had.
    """

    _NUMBERS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

    def __init__(self, make_room: Callable[[], None]) -> None:
        self._make_room = make_room
        self._is_said = False

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what the loop has to say."""
        error = context.get("exception")
        if "socket" not in context or not isinstance(error, OSError) or error.errno not in self._NUMBERS:
            loop.default_exception_handler(context)
            return
        self._make_room()
        if not self._is_said:
            self._is_said = True
            logging.getLogger(ERRORS).error(
                "no more connections: %s; new ones wait until others end (`ulimit -n` sets how many there can be)",
                error.strerror,
            )

    def is_over(self) -> None:
        """Say it again when it comes again."""
        self._is_said = False
