"""The command line as a user has it: a process of its own, in a folder and an environment of the test's choice."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType

from mockserver.cli.main import main

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("APIGAMES", "COV_"))}


def run(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None, standard_input: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `apigames-mock` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mockserver", *arguments],
        cwd=folder,
        env={**CLEAN, **(environment or {})},
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class Serving:
    """`apigames-mock serve --port 0` running; `url` is its first line, `stop` ends it and returns what it wrote."""

    def __init__(self, *arguments: str, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mockserver", "serve", "--port", "0", *arguments],
            cwd=folder,
            env={**CLEAN, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> Serving:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def stop(self, signal_number: int) -> tuple[int, str, str]:
        """Send a signal; return exit status, standard output after the URL, and standard error."""
        self.process.send_signal(signal_number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def run_here(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `apigames-mock` to its end in this process: no second Python is started."""
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update({**CLEAN, **(environment or {})})
    os.chdir(folder)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main([*arguments])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(kept)
    return subprocess.CompletedProcess([*arguments], status, out.getvalue(), err.getvalue())
