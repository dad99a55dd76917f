"""The command line as a user has it, in a folder and an environment of the test's choice."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from unittest import mock

import pytest

from mockserver.cli.main import main

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("APIGAMES", "COV_"))}
_MAIN = "from mockserver.cli.main import main; main()"


def run(
    *arguments: str,
    folder: Path,
    environment: dict[str, str] | None = None,
    standard_input: str = "",
    encoding: str = "utf-8",
    output: BinaryIO | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `apigames-mock` to its end in this process: most of what a process of its own costs is imports.

    It has the folder, the environment and the standard streams of the test's choice, `output` behind standard output.
    What a command does with the process itself (signals, threads that outlive it, file descriptors, what it imports)
    needs `run_process`.
    """
    streams = (io.BytesIO(standard_input.encode()), output or io.BytesIO(), io.BytesIO())
    stdin, stdout, stderr = (io.TextIOWrapper(stream, encoding=encoding) for stream in streams)
    assert not [name for name in environment or {} if name.startswith("PYTHON")], "Python reads it as it starts"
    before, threads = Path.cwd(), set(threading.enumerate())
    os.chdir(folder)
    try:
        with (
            mock.patch.dict(os.environ, {**CLEAN, **(environment or {})}, clear=True),
            mock.patch.multiple(sys, stdin=stdin, stdout=stdout, stderr=stderr),
            pytest.raises(SystemExit) as ended,
        ):
            main(list(arguments))
    finally:
        os.chdir(before)
    assert isinstance(ended.value.code, int)
    log_writers = [thread for thread in threading.enumerate() if thread.name == "apigames-mock-log"]
    assert set(log_writers) <= threads, "serve left its log open"
    return subprocess.CompletedProcess(arguments, ended.value.code, _written_to(stdout), _written_to(stderr))


def _written_to(stream: io.TextIOWrapper) -> str:
    if not isinstance(stream.buffer, io.BytesIO):
        stream.close()
        return ""
    stream.seek(0)
    return stream.read()


def run_process(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None, standard_input: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `apigames-mock` to its end in a process of its own, away from the terminal of whoever runs the tests."""
    return subprocess.run(
        [sys.executable, "-m", "mockserver", *arguments],
        cwd=folder,
        env={**CLEAN, **(environment or {})},
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )


class Serving:
    """`apigames-mock serve --port 0` running; `url` is its first line, `stop` ends it and returns what it wrote.

    With `before` that is Python which runs first in the process. `of_state` is asked for the environment of each.
    """

    of_state: Callable[[], Mapping[str, str]] = dict

    def __init__(
        self, *arguments: str, folder: Path, environment: dict[str, str] | None = None, before: str | None = None
    ) -> None:
        begins = ["-m", "mockserver"] if before is None else ["-c", f"{before}\n{_MAIN}"]
        self.process = subprocess.Popen(
            [sys.executable, *begins, "serve", "--port", "0", *arguments],
            cwd=folder,
            env={**CLEAN, **type(self).of_state(), **(environment or {})},
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
