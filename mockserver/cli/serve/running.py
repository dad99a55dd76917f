"""Serve until a signal: in this process, or in several that are one fake; with calls and errors in the log."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

from mockserver.cli.serve.banner import Served, write_banner
from mockserver.cli.serve.log_writer import LogWriter
from mockserver.cli.serve.own_state import OwnState
from mockserver.cli.serve.reload import WorldFile
from mockserver.cli.serve.request_log import ErrorLog, RequestLog, dropped_line, notice
from mockserver.cli.serve.workers import Workers, WorkersError
from mockserver.cli.shared.outputs import STANDARD_OUTPUT, write_output
from mockserver.cli.shared.printing import write_line
from mockserver.provider.journal.recorded import Observer
from mockserver.provider.provider import Provider
from mockserver.provider.state.log import Log, StateError
from mockserver.web.server import Server
from mockserver.web.stopping import end_process_within

_STANDARD_ERROR = 2
# From a signal to the end, for a call that takes longer and for a log that nobody reads.
_STOP_SECONDS = 1.5
_SECONDS_FOR_A_LINE = 0.1
_SECONDS_BETWEEN_ATTEMPTS = 1.0


def serve_here(
    made: Callable[[tuple[Observer, ...]], Provider],
    server_of: Callable[[Provider], Server],
    shown: Callable[[Server], Served],
    log_format: str,
    url_file: Path | None,
    world_file: WorldFile | None,
) -> None:
    """Serve in this process until a signal."""
    with _logging(log_format) as (writer, log):
        server = _logged(made, server_of, log, log_format, writer)
        banner = shown(server)

        def tell(message: str, level: str) -> None:
            writer.write(notice(log_format, message, level))

        def on_ready() -> None:
            if url_file is not None:
                write_output(url_file, f"{server.url}\n")
            write_banner(banner, writer.write, log_format)
            if world_file is not None:
                world_file.watch(server.provider, tell)

        server.run(on_ready, lambda: end_process_within(_STOP_SECONDS, partial(remove, url_file)))


def serve_with_workers(
    count: int,
    opened: Callable[[], Log],
    made: Callable[[Log, tuple[Observer, ...]], Provider],
    server_of: Callable[[Provider], Server],
    banner: Served,
    log_format: str,
    url_file: Path | None,
    own_state: OwnState | None,
    at_end: Callable[[], None],
) -> None:
    """Serve in processes of their own until a signal; each leaves the state of the run's own, if there is one.

    `at_end` is called once all of them have ended.
    """

    def leave() -> None:
        if own_state is not None:
            own_state.leave()

    def work(on_ready: Callable[[], None], parent_is_alive: int) -> None:
        with _logging(log_format) as (writer, log):
            of_state = _opened(opened, parent_is_alive, lambda text: writer.write(notice(log_format, text, "error")))
            if of_state is None:
                return
            server = _logged(partial(made, of_state), server_of, log, log_format, writer)

            def ready() -> None:
                loop = asyncio.get_running_loop()

                def stop() -> None:
                    loop.remove_reader(parent_is_alive)
                    end_process_within(_STOP_SECONDS, leave)
                    server.stop()

                loop.add_reader(parent_is_alive, stop)
                on_ready()

            server.run(ready, lambda: end_process_within(_STOP_SECONDS, leave))
        leave()

    def write(line: str) -> None:
        # Where nobody reads the log a line is dropped: who has died is to be replaced all the same.
        with suppress(OSError):
            if select.select([], [_STANDARD_ERROR], [], _SECONDS_FOR_A_LINE)[1]:
                write_line(line.rstrip("\n"), err=True)

    def on_ready() -> None:
        if url_file is not None:
            write_output(url_file, f"{banner.url}\n")
        write_banner(banner, write, log_format)

    try:
        Workers(count, work, lambda message: write(notice(log_format, message, "warning"))).run(on_ready)
    except WorkersError as error:
        raise click.ClickException(str(error)) from None
    at_end()


def _opened(opened: Callable[[], Log], parent_is_alive: int, tell: Callable[[str], object]) -> Log | None:
    """Return the log of the state, once it can be reached; None when the parent is gone before."""
    is_told = False

    def attempt() -> Log | None:
        nonlocal is_told
        try:
            return opened()
        except StateError as error:
            if not is_told:
                is_told = True
                tell(f"worker {os.getpid()} waits for the state: {error}")
            return None

    while True:
        log = attempt()
        if log is not None or select.select([parent_is_alive], [], [], _SECONDS_BETWEEN_ATTEMPTS)[0]:
            return log


@contextmanager
def _logging(log_format: str) -> Iterator[tuple[LogWriter, RequestLog]]:
    # Lines of JSON are UTF-8 wherever they go; those for people are in what the terminal understands.
    encoding = "utf-8" if log_format == "json" else sys.stderr.encoding
    writer = LogWriter(_STANDARD_ERROR, partial(dropped_line, log_format), encoding)
    try:
        yield writer, RequestLog(log_format, writer.write)
    finally:
        writer.close()


def _logged(
    made: Callable[[tuple[Observer, ...]], Provider],
    server_of: Callable[[Provider], Server],
    log: RequestLog,
    log_format: str,
    writer: LogWriter,
) -> Server:
    """Return the server, its calls and errors in the log."""
    provider = made((log,))
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    # Now, and not when the first call is refused: of thousands of merchants it takes a while.
    provider.maskers.masker()
    server = server_of(provider)
    ErrorLog(log_format, writer.write).listen()
    return server


def remove(file: Path | None) -> None:
    """Remove a file that was written for those that wait, if it is there."""
    if file is not None and file != STANDARD_OUTPUT:
        file.unlink(missing_ok=True)
