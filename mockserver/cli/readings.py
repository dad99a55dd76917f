"""`apigames-mock readings`: the register, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

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
        click.echo(json.dumps({"readings": [asdict(entry) for entry in REGISTER.values()]}, indent=2))
    elif output_format == "markdown":
        click.echo(markdown())
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
    from rich.console import Console  # noqa: PLC0415 - JSON needs no table
    from rich.table import Table  # noqa: PLC0415

    table = Table("key", "question", "values (default first)", "clause", show_lines=True)
    for entry in REGISTER.values():
        values = "\n".join([*entry.values, *([entry.open_values] if entry.open_values else [])])
        table.add_row(entry.key, entry.question, values, entry.clause)
    Console().print(table)
