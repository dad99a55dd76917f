"""What commands print, on a terminal or into a pipe of any encoding.

What a terminal lacks is written as an escape, and what people are told changes no exit status: who closes the pipe, or
has a full disk, has nothing told. A command's result is another matter, see `outputs`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import click

from mockserver.contract.foreign_text import harmless

# What must be copied out of a table is in one piece at this width.
LEAST_WIDTH = 80

if TYPE_CHECKING:
    from rich.console import Console


def prepare_streams() -> None:
    """Let no letter be one that standard output or standard error cannot write."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def echo(*lines: str, err: bool = False, colour: str | None = None) -> None:
    """Tell people these lines; whatever foreign text stands in one, it stays one line, and is only text."""
    styled = [click.style(harmless(line), fg=colour) if colour else harmless(line) for line in lines]
    _write("".join(f"{line}\n" for line in styled), sys.stderr if err else sys.stdout)


def write_line(line: str, *, err: bool = False) -> None:
    """Write a line for programs as it is: JSON, or a command of whoever runs us; what is foreign in it is harmless."""
    _write(f"{line}\n", sys.stderr if err else sys.stdout)


@contextmanager
def console(*, err: bool = False, least_width: int = 0) -> Iterator[Console]:
    """Give a console for tables and colours; what is printed there is written when the block ends.

    It is `least_width` columns wide at least: a terminal that is narrower breaks the lines, and nothing is cut.
    """
    from rich.console import Console  # noqa: PLC0415 - most commands need none

    stream = sys.stderr if err else sys.stdout
    made = Console(file=stream)
    made.width = max(made.width, least_width)
    with made.capture() as captured:
        yield made
    _write(captured.get(), stream)


def drop(stream: TextIO) -> None:
    """Let what could not be written go, or Python would try again at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(text: str, stream: TextIO) -> None:
    try:
        click.echo(text, file=stream, nl=False)
    except OSError:
        drop(stream)
