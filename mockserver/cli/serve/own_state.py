"""The state of a run's own, for `--workers` without `--state`: a folder that is gone when the last of its processes is.

A lock on a file in it is held by the process that made it and by all that it forks: the system lets go of it when the
last of them ends, however it ends. So whoever can have the lock may remove the folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

_PREFIX = "apigames-mock-"
_LOCK = "lock"


class OwnState:
    """A new folder for a state; `leave` in each process that was forked since, and at last in the one that made it.

    Folders of earlier runs whose processes were all killed are removed first.
    """

    def __init__(self) -> None:
        _sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock: int | None = os.open(self._folder / "new", os.O_CREAT | os.O_RDWR, 0o600)
        _lock(self._lock)
        # Under this name it is locked from the first: another run that sweeps would have it otherwise.
        (self._folder / "new").rename(self._folder / _LOCK)
        self.url = f"sqlite:///{self._folder / 'state.db'}"

    def leave(self) -> None:
        """Use it no more: if no other process does either, it is removed. A second call does nothing."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            os.close(lock)
            _remove_unless_used(self._folder)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            found = folder.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
            _remove_unless_used(folder)


def _remove_unless_used(folder: Path) -> None:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return
    try:
        if _lock(lock):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


def _lock(file: int) -> bool:
    """Lock an open file; return False, and do nothing, where another has it."""
    import fcntl  # noqa: PLC0415 - systems without it have no `--workers` either

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
