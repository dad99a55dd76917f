"""`apigames-mock`: finds the command, and turns every failure into one line."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from mockserver._text import nearest
from mockserver.cli.shared.failures import USAGE_ERROR, one_line
from mockserver.cli.shared.printing import drop, echo, prepare_streams

# name: (module in this folder, what stands in the list of commands)
COMMANDS = {
    "serve": ("serve.serve", "Serve the endpoint on this machine."),
    "health": ("health", "Ask a mock whether it answers: for a container's health check, for scripts that wait."),
    "sign": ("sign", "Print the signature of a merchant."),
    "readings": ("readings", "Show what the vendor's page leaves open, and what the mock assumes."),
    "state": ("state", "Look after what `serve --state` keeps: info, export, import, reset, compact."),
    "world": ("world", "Make a world file, or check one."),
    "verify": ("verify", "Judge a server by the contract: the fake, or the real endpoint."),
    "calibrate": ("calibrate", "Find out what the page leaves open, at a live server, as a readings file."),
    "doctor": ("doctor.doctor", "Say why a saved request is refused, and what to change."),
    "fixtures": ("fixtures", "Write golden data for tests in any language, or check it."),
    "survive": ("survive", "Run your client, in any language, through worlds, errors, readings and faults."),
    "openapi": ("documents", "Print the OpenAPI document of the endpoint."),
    "schema": ("documents", "Print one of the JSON Schema documents."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"mockserver.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = nearest(args[0], COMMANDS) or f"; known are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="apigames-mock")
def cli() -> None:
    """A mock of the APIGames Kiosgamer voucher-status endpoint, and tools around it."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 wrong usage or configuration, others as a command documents."""
    _open_closed_streams()
    prepare_streams()
    try:
        status: Any = cli.main(arguments, prog_name="apigames-mock", standalone_mode=False)
    except click.exceptions.Abort:
        _fail("stopped", 130)
    except click.ClickException as error:
        _fail(one_line(error), USAGE_ERROR)
    except BrokenPipeError:
        # Whoever read the output has closed it, as `| head` does; nothing is wrong.
        drop(sys.stdout)
        sys.exit(0)
    except OSError as error:
        drop(sys.stdout)
        _fail(one_line(error), USAGE_ERROR)
    sys.exit(status if isinstance(status, int) else 0)


def _open_closed_streams() -> None:
    """Open the null device where the shell closed a standard stream, as `>&-` does.

    Otherwise a connection could get the number of that stream, and with it what is written there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - to the end


def _fail(message: str, status: int) -> NoReturn:
    echo(f"apigames-mock: {message}", err=True)
    sys.exit(status)
