"""What the connections of one server may hold together: calls that wait, and long replies that are not read."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from typing import Protocol

from mockserver.provider.internal_error import ERRORS
from mockserver.web import machine_time

_MOST_WAITING = 4096
_WAITING_BYTES = 64 * 1_048_576
_UNREAD_BYTES = 64 * 1_048_576
_MOST_UNREAD_BYTES = 256 * 1_048_576
_STALLED_SECONDS = 1.0


class Waiting:
    """Calls that wait, under a fault or for other calls, and the bytes that they hold.

    There is room for half as many as the process may have files, and for 64 MiB. That there is none is said once.
    """

    def __init__(self) -> None:
        self._most = most_waiting()
        self._count = 0
        self._bytes = 0
        self._is_said = False

    def take(self, size: int) -> bool:
        """Take room for a call that holds `size` bytes; False when there is none."""
        if self._count >= self._most or self._bytes + size > _WAITING_BYTES:
            self._say()
            return False
        self._count += 1
        self._bytes += size
        return True

    def give_back(self, size: int) -> None:
        """Give back the room of a call that held `size` bytes."""
        self._count -= 1
        self._bytes -= size
        if self._count <= self._most // 2:
            self._is_said = False

    def _say(self) -> None:
        if not self._is_said:
            self._is_said = True
            logging.getLogger(ERRORS).warning(
                "%d calls wait under a fault or for other calls, and no more can: further ones are closed unanswered "
                "(`ulimit -n` sets how many can)",
                self._count,
            )


def most_waiting() -> int:
    """Return how many calls may wait at once: half as many as this process may have files, 4,096 at most."""
    if sys.platform == "win32":
        return _MOST_WAITING
    import resource  # noqa: PLC0415 - not on Windows

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _MOST_WAITING if files == resource.RLIM_INFINITY else min(files // 2, _MOST_WAITING)


class Reader(Protocol):
    """A client that is sent a long reply."""

    def cut_off(self) -> None:
        """End its connection."""


class Backlog:
    """Long replies that their readers have not taken yet; equal ones are held once.

    Beyond 64 MiB, readers that have taken nothing for a second are cut off, the slowest first; beyond 256 MiB
    also those that have.
    """

    def __init__(self) -> None:
        self._readers: dict[Reader, tuple[bytes, float]] = {}
        self._bodies: dict[bytes, bytes] = {}
        self._users: Counter[bytes] = Counter()
        self._size = 0

    def add(self, reader: Reader, body: bytes) -> bytes:
        """Hold a reply until `remove`; return the one to send, which another reader may be sent too."""
        held = self._bodies.setdefault(body, body)
        if held is body:
            self._size += len(body)
        self._users[held] += 1
        self._readers[reader] = (held, machine_time.monotonic())
        self._make_room()
        return held

    def goes_on(self, reader: Reader) -> None:
        """Hear that a reader has taken some of its reply."""
        if reader in self._readers:
            self._readers[reader] = (self._readers.pop(reader)[0], machine_time.monotonic())

    def remove(self, reader: Reader) -> None:
        """Let go of a reply that was taken, or whose reader is gone."""
        if reader not in self._readers:
            return
        body = self._readers.pop(reader)[0]
        self._users[body] -= 1
        if not self._users[body]:
            del self._users[body], self._bodies[body]
            self._size -= len(body)

    def _make_room(self) -> None:
        now = machine_time.monotonic()
        for reader, (_, since) in list(self._readers.items())[:-1]:
            if self._size <= _UNREAD_BYTES or (now - since < _STALLED_SECONDS and self._size <= _MOST_UNREAD_BYTES):
                return
            reader.cut_off()
            self.remove(reader)
