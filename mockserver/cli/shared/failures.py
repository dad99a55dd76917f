"""A failure of a command in one line."""

from __future__ import annotations

import errno

import click

USAGE_ERROR = 2


def one_line(error: click.ClickException | OSError) -> str:
    """Say what went wrong, and where usage is explained."""
    if isinstance(error, OSError):
        if error.filename is None and error.errno in {errno.ENOENT, errno.ESTALE}:
            return "the folder this was started in is gone; change to one that exists"
        return f"cannot use {error.filename or 'standard output'}: {error.strerror or error}"
    message = " ".join(error.format_message().split())
    if not isinstance(error, click.UsageError):
        return message
    command = error.ctx.command_path if error.ctx else "apigames-mock"
    return f"{message.rstrip('.')} (see: {command} --help)"
