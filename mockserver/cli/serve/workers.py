"""Several processes that serve one port: started together, started again where one dies, ended together."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# One that dies at once, as from the start, is not started again at once.
_SHORTEST_LIFE = 1.0
# From a signal to the end, beyond which a worker is not waited for.
_STOP_SECONDS = 3.0


class WorkersError(Exception):
    """The system cannot have several processes serve one port; the message says what to do."""


def check_system() -> None:
    """Raise WorkersError where the system cannot have several processes serve one port."""
    if not hasattr(socket, "SO_REUSEPORT") or not hasattr(os, "fork"):
        raise WorkersError("--workers needs a system on which processes share a port (SO_REUSEPORT); leave it out")


class Workers:
    """So many processes, each of which does `work`; to be used in the main thread of a process that has no other.

    `work` gets a function to call when it serves, and a file descriptor that is at its end when this process is gone;
    it serves until a signal. `tell` says what became of a worker.
    """

    def __init__(
        self, count: int, work: Callable[[Callable[[], None], int], None], tell: Callable[[str], object]
    ) -> None:
        self._count = count
        self._work = work
        self._tell = tell
        self._started: dict[int, float] = {}
        self._is_stopping = False
        self._alive_read, self._alive_write = os.pipe()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until a signal; `on_ready` is called once every worker serves.

        Raises:
            WorkersError: one does not come as far as to serve; it has said why.
        """
        before = {number: signal.signal(number, self._stop) for number in _SIGNALS}
        try:
            ready = [self._start() for _ in range(self._count)]
            told = [_is_told(one) for one in ready]
            if all(told):
                on_ready()
                self._watch()
            elif not self._is_stopping:
                raise WorkersError("a worker cannot serve; what it said is above")
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> int:
        """Start a worker; return a file descriptor that has a byte when it serves, and none when it never will."""
        read, write = os.pipe()
        with _no_signals():
            pid = os.fork()
            if pid == 0:
                for number in _SIGNALS:
                    signal.signal(number, signal.SIG_DFL)
                os.close(read)
                os.close(self._alive_write)
            else:
                self._started[pid] = time.monotonic()
        if pid == 0:
            self._be_worker(write)
        os.close(write)
        return read

    def _be_worker(self, write: int) -> NoReturn:
        status = 1
        try:
            self._work(lambda: _tell(write), self._alive_read)
            status = 0
        except Exception as error:
            self._tell(f"worker {os.getpid()} cannot serve: {error}")
        finally:
            # Not as a program ends: what the parent has still to do is not this one's.
            os._exit(status)

    def _watch(self) -> None:
        while not self._is_stopping:
            pid, _ = os.waitpid(-1, 0)
            lived = time.monotonic() - self._started.pop(pid)
            if self._is_stopping:
                return
            self._tell(f"worker {pid} died; another is started in its place")
            if lived < _SHORTEST_LIFE:
                time.sleep(_SHORTEST_LIFE)
            if not self._is_stopping:
                os.close(self._start())

    def _stop(self, *_: object) -> None:
        self._is_stopping = True
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        for pid in self._started:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _end(self) -> None:
        self._is_stopping = True
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._started:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            self._started.pop(pid, None)
            if pid == 0 and time.monotonic() > deadline:
                self._signal(signal.SIGKILL)
            elif pid == 0:
                time.sleep(0.01)
        os.close(self._alive_read)
        os.close(self._alive_write)


@contextmanager
def _no_signals() -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _tell(descriptor: int) -> None:
    # Nobody waits for one that was started in the place of another.
    with suppress(BrokenPipeError):
        os.write(descriptor, b".")
    os.close(descriptor)


def _is_told(descriptor: int) -> bool:
    try:
        return os.read(descriptor, 1) == b"."
    finally:
        os.close(descriptor)
