"""Servers of one state, and what becomes of them while they are called: killed and started again, or stopped a while.

Only processes that are started here are ever sent a signal.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tests.support.postgresql import Postgresql

Command = Sequence[str]
Nemesis = Callable[[random.Random], None]
_ROOT = Path(__file__).parents[2]
_PAUSE = (0.05, 0.4)


class Servers(Protocol):
    """Some servers of one state; a method is what is done to them, and it returns once they are at work again."""

    @property
    def addresses(self) -> Sequence[str]:
        """Where they are."""

    def kill(self, rng: random.Random) -> None:
        """End one at once, as a machine does that is out of memory, and start another in its place."""

    def pause(self, rng: random.Random) -> None:
        """Let one do nothing for a while."""

    def close(self) -> None:
        """End them all."""


class _Process:
    """`serve`, or a program like it: the first line on its standard output is its address."""

    def __init__(self, command: Command, folder: Path) -> None:
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command], stdout=subprocess.PIPE, stderr=log, text=True, cwd=_ROOT, start_new_session=True
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            self.end()
            raise RuntimeError(f"{' '.join(command)} does not serve: {(folder / 'log').read_text('utf-8')[-2000:]}")

    def end(self) -> None:
        # Its workers end by themselves when it is gone.
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Replicas:
    """Processes that each have an address of their own."""

    def __init__(self, command: Command, count: int, folder: Path) -> None:
        self._command, self._folder = command, folder
        self._running: list[_Process] = []
        try:
            for _ in range(count):
                self._running.append(_Process(command, folder))
        except BaseException:
            self.close()
            raise

    @property
    def addresses(self) -> Sequence[str]:
        return [one.address for one in self._running]

    def kill(self, rng: random.Random) -> None:
        at = rng.randrange(len(self._running))
        self._running[at].end()
        self._running[at] = _Process(self._command, self._folder)

    def pause(self, rng: random.Random) -> None:
        _pause(rng.choice(self._running).process.pid, rng)

    def close(self) -> None:
        for one in self._running:
            one.end()


class Workers:
    """One command that serves with several workers on one port."""

    def __init__(self, command: Command, folder: Path) -> None:
        self._parent = _Process(command, folder)

    @property
    def addresses(self) -> Sequence[str]:
        return [self._parent.address]

    def _workers(self) -> list[int]:
        pid = self._parent.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self, rng: random.Random) -> None:
        before = self._workers()
        os.kill(rng.choice(before), signal.SIGKILL)
        deadline = time.monotonic() + 30
        while len(self._workers()) < len(before) or self._workers() == before:
            if time.monotonic() > deadline:
                raise RuntimeError("no worker was started in place of one that was killed")
            time.sleep(0.02)

    def pause(self, rng: random.Random) -> None:
        _pause(rng.choice(self._workers()), rng)

    def close(self) -> None:
        self._parent.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._parent.process.wait(timeout=10)
        self._parent.end()


def _pause(pid: int, rng: random.Random) -> None:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(rng.uniform(*_PAUSE))
    os.kill(pid, signal.SIGCONT)


def serve(state: str, *more: str) -> list[str]:
    """Return the command that serves a state."""
    options = ["--port", "0", "--state", state, "--journal", "1000000", *more]
    return [sys.executable, "-m", "mockserver", "serve", *options]


def nemeses_of(database: Postgresql) -> list[Nemesis]:
    """Return what may become of a database: it loses its power, or is stopped for a while."""

    def lose_power(_: random.Random) -> None:
        database.restart()

    def be_away(rng: random.Random) -> None:
        database.stop(rng.choice(["fast", "immediate"]))
        time.sleep(rng.uniform(*_PAUSE))
        database.start()

    return [lose_power, be_away]
