"""`apigames-mock world`: make a world file, or check one."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from mockserver.cli.shared.outputs import OutputFile, write_output
from mockserver.cli.shared.printing import echo
from mockserver.contract.readings import Readings
from mockserver.contract.wire import STATUSES
from mockserver.provider.short_secrets import short_secrets
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world import WorldError
from mockserver.provider.state.world_document import world_to_document
from mockserver.provider.state.world_file import read_world, world_from_document


@click.group()
def world() -> None:
    """Make a world file, or check one."""


@world.command()
@click.argument("count", type=click.IntRange(0, 2_000_000))
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed makes the same vouchers.")
@click.option("--merchant", "merchant_id", metavar="ID", default="M250101MOCK0001A", show_default=True)
@click.option("--project", "project_id", metavar="ID", default="R250101MOCK000001", show_default=True)
@click.option("--output", "-o", type=OutputFile(), help="File to write in place of standard output.")
def make(count: int, seed: int, merchant_id: str, project_id: str, output: Path | None) -> None:
    """Make a world of one merchant with a project of COUNT vouchers, in all statuses and several nominals.

    The secret key is made up; it is in the file, and nowhere else.
    """
    shares = {status.value: 1 for status in STATUSES}
    generate = {"count": count, "seed": seed, "status": shares, "nominal_gs": [0, 25, 50, 100]}
    project = {"project_id": project_id, "vouchers": {"generate": generate}}
    merchant = {"merchant_id": merchant_id, "secret_key": f"made-up-{secrets.token_hex(8)}", "projects": [project]}
    try:
        made = world_from_document({"merchants": [merchant]}, Readings(), SystemClock())
    except WorldError as error:
        raise click.UsageError(str(error)) from None
    text = json.dumps(world_to_document(made, Readings(), with_secrets=True), indent=1) + "\n"
    write_output(output, text)
    if output is not None:
        echo(f"{output}: serve it with `apigames-mock serve --world {output}`", err=True)


@world.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say whether FILE can be served, and what to mend if it cannot."""
    try:
        checked = read_world(file, Readings(), SystemClock())
    except WorldError as error:
        raise click.ClickException(str(error)) from None
    echo(*short_secrets(checked.merchants), err=True)
    for merchant in checked.merchants:
        echo(f"merchant {merchant.merchant_id}")
        for project in merchant.projects:
            echo(f"  project {project.project_id}: {len(project.vouchers)} vouchers")
