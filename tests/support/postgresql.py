"""A PostgreSQL of the tests' own, from Debian's or anybody's package: started once, in a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

_NEEDED = ("initdb", "pg_ctl", "postgres")


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, None where there is none."""
    found = [Path(where).parent for name in _NEEDED[:1] if (where := shutil.which(name))]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    return next((one for one in found if all((one / name).exists() for name in _NEEDED)), None)


def why_not() -> str | None:
    """Return why there can be none here, None where there can."""
    if programs() is None:
        return "PostgreSQL is not installed on this machine"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


class Postgresql:
    """A database on a free port of 127.0.0.1. Whatever end its processes have, what was committed is there again.

    Without `fsync` it does not wait for the disk: that would show only where the machine loses its power.
    """

    def __init__(self, *, fsync: bool = False) -> None:
        self._programs = programs()
        self._user = _other_user() if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._data = self._folder / "data"
        if self._user is not None:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run("initdb", "-D", self._data, "-U", "mock", "-A", "trust", "-E", "UTF8", "--no-instructions", "-N")
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
                f"fsync = {'on' if fsync else 'off'}\n"
                "max_connections = 200\nshared_buffers = 32MB\nautovacuum_naptime = 10s\n"
            )
        self.url = f"postgresql://mock@127.0.0.1:{self.port}/postgres"
        self._schemas = 0
        self.start()

    def new_state(self) -> str:
        """Return the URL of a state that has not begun."""
        self._schemas += 1
        return f"{self.url}?schema=state_{self._schemas}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run("pg_ctl", "-D", self._data, "-l", self._data / "log", "-w", "-t", "60", "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it; `immediate` as if its machine had lost its power."""
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-m", how, "stop")

    def restart(self) -> None:
        """Stop it at once, without a word to anybody, and start it again."""
        self._run("pg_ctl", "-D", self._data, "-l", self._data / "log", "-w", "-t", "60", "-m", "immediate", "restart")

    def remove(self) -> None:
        """Stop it for good."""
        for _ in range(3):
            try:
                self.stop("immediate")
                break
            except subprocess.CalledProcessError:
                if not (self._data / "postmaster.pid").exists():
                    break
                time.sleep(0.2)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        assert self._programs is not None
        subprocess.run(
            [str(self._programs / program), *map(str, arguments)],
            check=True,
            cwd=self._folder,
            user=self._user,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _other_user() -> str | None:
    names = {one.pw_name for one in pwd.getpwall()}
    return next((one for one in ("postgres", "nobody") if one in names), None)
