"""Files that a command writes. Their places are checked before the work, so that no result is left without one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from mockserver.cli.shared.printing import drop

STANDARD_OUTPUT = Path("-")


class OutputFile(click.Path):
    """The type of an option that names a file to write; its value is `STANDARD_OUTPUT` or an absolute `Path`."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path; fail when nothing can be written there."""
        path = Path(value)
        if path == STANDARD_OUTPUT:
            return path
        # Now, and not when it is written: a command, or what it runs, may have changed the folder by then.
        there = path.absolute()
        folder = there.parent
        if path.is_dir():
            self.fail(f"{str(path)!r} is a folder; expected a file", param, ctx)
        if not folder.is_dir():
            self.fail(f"there is no folder {str(path.parent)!r} to write {path.name!r} into; make it first", param, ctx)
        if not os.access(path if path.exists() else folder, os.W_OK):
            self.fail(f"{str(path)!r} cannot be written: permission denied; choose another file", param, ctx)
        return there


def write_output(path: Path | None, text: str) -> None:
    """Write a result to a file, or when None or `-` to standard output.

    Raises:
        click.UsageError: it cannot be written.
    """
    if path is None or path == STANDARD_OUTPUT:
        _write_result(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write {path}: {error.strerror}; choose another file") from None


def write_report(path: Path, text: str) -> None:
    """Write what a command found, as `write_output` does; who closes the pipe changes nothing of what was found."""
    try:
        write_output(path, text)
    except BrokenPipeError:
        drop(sys.stdout)


def _write_result(text: str) -> None:
    # Documents say of themselves that they are UTF-8, whatever the terminal's encoding is; a terminal has its own.
    if not sys.stdout.isatty() and hasattr(sys.stdout, "buffer"):
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    else:
        click.echo(text, file=sys.stdout, nl=False)
