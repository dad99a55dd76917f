"""`apigames-mock world`: make a world file, or check one."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, TextIO

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
from mockserver.provider.state.world_of_replies import ReplyError, merchants_of, replies_in, world_of_replies


@click.group()
def world() -> None:
    """Make a world file, or check one."""


@world.command()
@click.argument("count", type=click.IntRange(0, 2_000_000), required=False)
@click.option(
    "--from",
    "files",
    type=click.File("r", encoding="utf-8-sig"),
    multiple=True,
    metavar="FILE",
    help="Make it of a reply pasted into FILE, or of several, in place of COUNT vouchers; may be given again.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed makes the same vouchers.")
@click.option("--merchant", "merchant_id", metavar="ID", default="M250101MOCK0001A", show_default=True)
@click.option("--project", "project_id", metavar="ID", default="R250101MOCK000001", show_default=True)
@click.option("--output", "-o", type=OutputFile(), help="File to write in place of standard output.")
@click.pass_context
def make(
    ctx: click.Context,
    count: int | None,
    files: tuple[TextIO, ...],
    seed: int,
    merchant_id: str,
    project_id: str,
    output: Path | None,
) -> None:
    """Make a world of one merchant with a project of COUNT vouchers, in all statuses and several nominals.

    With --from it is made of replies of the status call instead, as they came: every merchant, project and voucher of
    them. A file may hold several; pages of one project become one project.

    Secret keys are made up; they are in the file, and nowhere else.
    """
    if files:
        given = [name for name in ("count", "seed", "merchant_id", "project_id") if _is_given(ctx, name)]
        if given:
            raise click.UsageError(f"--from takes all of it from replies; leave {_OPTIONS[given[0]]} out", ctx)
        document = _of_replies(files)
    elif count is None:
        raise click.UsageError("say how many vouchers, as in `world make 50`, or --from FILE with a reply in it", ctx)
    else:
        document = _generated(count, seed, merchant_id, project_id)
    try:
        made = world_from_document(document, Readings(), SystemClock())
    except WorldError as error:
        raise click.UsageError(str(error)) from None
    text = json.dumps(world_to_document(made, Readings(), with_secrets=True), indent=1) + "\n"
    write_output(output, text)
    if output is not None:
        echo(f"{output}: serve it with `apigames-mock serve --world {output}`", err=True)


_OPTIONS = {"count": "COUNT", "seed": "--seed", "merchant_id": "--merchant", "project_id": "--project"}


def _is_given(ctx: click.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is click.core.ParameterSource.COMMANDLINE and ctx.params[name] is not None


def _made_up_secret() -> str:
    return f"made-up-{secrets.token_hex(8)}"


def _generated(count: int, seed: int, merchant_id: str, project_id: str) -> dict[str, Any]:
    shares = {status.value: 1 for status in STATUSES}
    generate = {"count": count, "seed": seed, "status": shares, "nominal_gs": [0, 25, 50, 100]}
    project = {"project_id": project_id, "vouchers": {"generate": generate}}
    return {"merchants": [{"merchant_id": merchant_id, "secret_key": _made_up_secret(), "projects": [project]}]}


def _replies_in(file: TextIO) -> list[Any]:
    try:
        return replies_in(file.read())
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file.name} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except ReplyError as error:
        raise click.UsageError(f"{file.name}: {error}") from None


def _of_replies(files: tuple[TextIO, ...]) -> dict[str, Any]:
    replies = [reply for file in files for reply in _replies_in(file)]
    document, seen = world_of_replies(replies, {one: _made_up_secret() for one in merchants_of(replies)})
    for one in seen:
        if one.shown < one.total:
            echo(
                f"project {one.project_id}: {one.shown} of its {one.total} vouchers are in these replies; "
                "add the replies of its other pages, without a filter, with --from",
                err=True,
            )
    return document


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
