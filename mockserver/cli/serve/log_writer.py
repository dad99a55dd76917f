"""Writes the request log from a thread of its own: a log that nobody reads must not hold up the endpoint."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from mockserver.provider.internal_error import report

_KEPT_LINES = 1_000
_BATCH_SECONDS = 0.005
# Lines that are made, and written, without a pause: meanwhile nobody is answered.
_MADE_AT_ONCE = 16
_WRITTEN_AT_ONCE = 256
_CLOSE_SECONDS = 1.0


class LogWriter:
    """Takes lines at once and writes them to a file descriptor a moment later, many together.

    When whoever reads them falls behind by more than 1,000 lines, the oldest are dropped; `dropped_line` makes the line
    that says how many. What the encoding lacks is written as an escape.
    """

    def __init__(self, descriptor: int, dropped_line: Callable[[int], str], encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._dropped_line = dropped_line
        self._lines: deque[str | Callable[[], str]] = deque(maxlen=_KEPT_LINES)
        self._taken = 0
        self._written = 0
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="apigames-mock-log", daemon=True)
        self._thread.start()

    def write(self, line: str | Callable[[], str]) -> None:
        """Take a line, or what makes one, which is then done by the writer's thread; never waits."""
        self._lines.append(line)
        self._taken += 1
        if not self._wake.is_set():
            self._wake.set()

    def close(self) -> None:
        """Write what is left, unless nobody reads it."""
        self._closing = True
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            time.sleep(0 if self._closing else _BATCH_SECONDS)
            self._wake.clear()
            self._write_batch()
        self._write_batch()

    def _write_batch(self) -> None:
        left = len(self._lines)
        while left > 0:
            left -= self._write_lines(left)

    def _write_lines(self, most: int) -> int:
        """Write some lines, the oldest; return how many."""
        batch: list[str] = []
        made = 0
        while made < _MADE_AT_ONCE and len(batch) < min(most, _WRITTEN_AT_ONCE):
            line = self._lines.popleft()
            if not isinstance(line, str):
                made += 1
                line = _made(line)
            batch.append(line)
        count = len(batch)
        self._written += count
        dropped = self._taken - self._written - len(self._lines)
        if dropped > 0:
            self._written += dropped
            batch.append(self._dropped_line(dropped))
        left = "".join(batch).encode(self._encoding, "backslashreplace")
        try:
            # Not through sys.stderr: Python would wait for its lock when it ends while this thread waits for a reader.
            while left:
                left = left[self._write_some(left) :]
        except OSError:
            pass  # whoever read the log is gone; the endpoint goes on without
        return count

    def _write_some(self, left: bytes) -> int:
        try:
            return os.write(self._descriptor, left)
        except BlockingIOError:
            # Whoever shares a terminal or a pipe with this process, as Node does, may have set it not to block.
            select.select([], [self._descriptor], [])
            return 0


def _made(line: Callable[[], str]) -> str:
    try:
        return line()
    except Exception as error:  # one line is lost, and not all that follow
        report(error)
        return ""
