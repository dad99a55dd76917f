"""`apigames-mock readings`: the register, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from textwrap import wrap

import click

from mockserver.cli.shared.outputs import write_output
from mockserver.cli.shared.printing import LEAST_WIDTH, console
from mockserver.contract.readings import REGISTER


@click.command(epilog="Serve another value with `apigames-mock serve --reading KEY=VALUE`.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="A table for people, JSON for programs, Markdown for docs.",
)
def readings(output_format: str) -> None:
    """Show what the vendor's page leaves open: the question, the answers the mock knows, and the one it gives."""
    if output_format == "json":
        document = {"readings": [asdict(entry) for entry in REGISTER.values()]}
        write_output(None, json.dumps(document, indent=2) + "\n")
    elif output_format == "markdown":
        write_output(None, markdown() + "\n")
    else:
        _print_table()


def markdown() -> str:
    """Return the register as the Markdown table of the docs."""
    rows = [
        f"| `{entry.key}` | {entry.question} | {_values(entry.values)}{_open(entry.open_values)} | {entry.why} | "
        f"`{entry.clause}` | {entry.probe} |"
        for entry in REGISTER.values()
    ]
    head = "| key | question | values (default first) | why this default | clause | what would settle it |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _values(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _open(open_values: str | None) -> str:
    return f" or {open_values}" if open_values else ""


def _print_table() -> None:
    from rich.table import Table  # noqa: PLC0415 - JSON needs no table

    values_width = max(len(value) for entry in REGISTER.values() for value in entry.values)
    table = Table(show_lines=True)
    # What is copied into a command is in one piece, however narrow the terminal is.
    table.add_column("key", no_wrap=True)
    table.add_column("question")
    table.add_column("values (default first)", no_wrap=True)
    table.add_column("clause", no_wrap=True)
    for entry in REGISTER.values():
        values = [*entry.values, *wrap(f"or {entry.open_values}", values_width)] if entry.open_values else entry.values
        table.add_row(entry.key, entry.question, "\n".join(values), entry.clause)
    with console(least_width=LEAST_WIDTH) as out:
        out.print(table)
