"""Running a client once: a command in any language, or a Python callable; what it did is a `ClientRun`."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import re
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol

PARTS = ("vouchers", "counts", "codes", "error")
Client = Callable[[dict[str, str]], Any]

_OUTPUT_KEPT = 4_194_304
# What a person is shown is less, and cut only when it is masked.
_SAID = 65_536
_WIND_UP = 1.0
_ERROR = r"[A-Za-z_][\w.]*(?:: .*)?"
# The last line that says what went wrong, as runtimes print it when nothing caught it.
_TRACES = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        # Up to the next one, so that no line is read for each of those before it.
        rf"^Traceback \(most recent call last\):.*(?:\n(?!Traceback \(|{_ERROR}$).*)*\n(?P<what>{_ERROR})$",
        r"^(?:PHP )?Fatal error: +(?P<what>.*)$",
        r"^(?:Uncaught )?(?P<what>\w*(?:Error|Exception)\b.*)\n(?:.*\n){0,12}?\s+at .+$",
        r"^(?P<what>Exception in thread .*)$",
        r"^(?P<what>panic: .*)$",
        r"^thread '.*' panicked at (?P<what>.*)$",
        r"^\S+:\d+:in [`'][^'\n]*': (?P<what>.*\([\w:]+(?:Error|Exception)\))$",
        r"^Unhandled [Ee]xception\.? ?(?P<what>.*)$",
    )
)


class CommandError(Exception):
    """The command cannot be run at all; the message says why and what to do."""


@dataclass(frozen=True)
class ClientRun:
    """What a client did: `took` in seconds, whether it `ended` by itself, and how.

    `exit_status` is below 0 for a signal, None for a callable; `trace` is the last line of an uncaught error, if
    there was one. `output` is the documented JSON, None when there was none; `said` is the end of what it printed.
    """

    took: float
    ended: bool
    exit_status: int | None
    trace: str | None
    output: Mapping[str, Any] | None
    said: str


class Player(Protocol):
    """What runs a client once, and can be told to stop."""

    def __call__(self, environment: Mapping[str, str], timeout: float) -> ClientRun:
        """Run it with these variables, at most `timeout` seconds."""
        ...

    def stop(self) -> None:
        """End what runs."""
        ...


class Command:
    """A command that reads `APIGAMES_*`; each run is a process group of its own."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopped = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Kill whatever runs, and start nothing more."""
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                _kill_group(process)

    def __call__(self, environment: Mapping[str, str], timeout: float) -> ClientRun:
        """Run it once; whatever of it is left after `timeout` seconds is killed.

        Raises:
            CommandError: the system cannot start it.
        """
        started = time.perf_counter()
        process = self._start(environment)
        kept: list[bytearray] = [bytearray(), bytearray()]
        readers = [
            threading.Thread(target=_drain, args=(stream, part), daemon=True)
            for stream, part in zip((process.stdout, process.stderr), kept, strict=True)
        ]
        for reader in readers:
            reader.start()
        ended = True
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            ended = False
        finally:
            # Also when it ended: what it left running in the background would go on calling.
            _kill_group(process)
            with self._lock:
                self._running.discard(process)
        took = time.perf_counter() - started
        exit_status = process.wait()
        for reader in readers:
            reader.join(_WIND_UP)
        out, err = (bytes(part).decode("utf-8", "replace") for part in kept)
        trace = trace_in(err) or trace_in(out)
        return ClientRun(took, ended, exit_status, trace, output_in(out), _tail(err) or _tail(out))

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        no_proxy = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost")))
        variables = {**os.environ, "NO_PROXY": no_proxy, "no_proxy": no_proxy, **environment}
        with self._lock:
            if self._is_stopped:
                raise CommandError("stopped")
            process = self._popen(variables)
            self._running.add(process)
            return process

    def _popen(self, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - running the user's own command is what this is for
                self.words,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CommandError(f"cannot run {self.words[0]!r}: {reason}; give a program and its arguments") from None


class InProcess:
    """A callable that takes the `APIGAMES_*` variables as a dict and returns the documented JSON, or None.

    What it raises of the kinds in `errors` is its way to report a failure; anything else is a crash.
    """

    def __init__(self, client: Client, errors: tuple[type[Exception], ...] = ()) -> None:
        self._client = client
        self._errors = errors

    def stop(self) -> None:
        """Do nothing: a thread cannot be ended from outside."""

    def __call__(self, environment: Mapping[str, str], timeout: float) -> ClientRun:
        """Call it once in a thread; a thread that is not back after `timeout` seconds is left behind."""
        started = time.perf_counter()
        result: list[tuple[Any, BaseException | None]] = []
        thread = threading.Thread(target=self._call, args=(dict(environment), result), daemon=True)
        thread.start()
        thread.join(timeout)
        took = time.perf_counter() - started
        if not result:
            return ClientRun(took, False, None, None, None, "")
        # Left in the list, the error would hold on to itself by its own frames, and these to what the client had open.
        value, error = result.pop()
        if isinstance(error, self._errors):
            return ClientRun(took, True, None, None, {"error": str(error) or type(error).__name__}, "")
        if error is not None:
            said = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            return ClientRun(took, True, None, what, None, _tail(said))
        output = value if isinstance(value, Mapping) and any(part in value for part in PARTS) else None
        return ClientRun(took, True, None, None, output, "" if value is None else _tail(repr(value)))

    def _call(self, environment: dict[str, str], result: list[tuple[Any, BaseException | None]]) -> None:
        try:
            value = self._client(environment)
            if inspect.iscoroutine(value):
                value = asyncio.run(value)
            result.append((value, None))
        except BaseException as error:  # SystemExit of a client is a crash too, not ours
            result.append((None, error))


def output_in(text: str) -> Mapping[str, Any] | None:
    """Return the last JSON object in the text that begins a line and has one of the documented parts."""
    decoder = json.JSONDecoder()
    for start in reversed([found.start(1) for found in re.finditer(r"^[ \t\ufeff]*(\{)", text, re.MULTILINE)][-1000:]):
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and any(part in value for part in PARTS):
            return value
    return None


def trace_in(text: str) -> str | None:
    """Return the line that says what an uncaught error was, or None when there is none."""
    # Of a line that is cut, the rest may be that of a secret.
    end = text[-_SAID:].partition("\n")[2] if len(text) > _SAID else text
    for pattern in _TRACES:
        found = [*pattern.finditer(end)]
        if found:
            return str(found[-1]["what"]).strip()
    return None


def _drain(stream: IO[bytes] | None, kept: bytearray) -> None:
    """Read to the end, and keep no more than a client can honestly have to say."""
    assert stream is not None
    with contextlib.suppress(ValueError, OSError), stream:
        while part := stream.read1(65_536):  # type: ignore[attr-defined] # pipes of Popen are buffered
            kept += part
            if len(kept) > 2 * _OUTPUT_KEPT:
                del kept[:-_OUTPUT_KEPT]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:  # Windows
        with contextlib.suppress(OSError):
            process.kill()


def _tail(text: str) -> str:
    return text.strip()[-_SAID:]
