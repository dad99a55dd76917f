"""`apigames-mock doctor`: why a saved request is refused, and what to change."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from mockserver.cli.configuration import SECRET_VARIABLE, secret_from_environment
from mockserver.cli.saved_request import SavedRequest, saved_request
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.contract.wire import PATH_TEMPLATE
from mockserver.provider.clock import SystemClock
from mockserver.provider.provider import Provider
from mockserver.provider.world import World
from mockserver.provider.world_file import WorldError, built_in_world, read_world

_REFUSED = 1
_MOST_BYTES = 4 * 1_048_576


@click.command(
    epilog=f"With --merchant, the secret key comes from {SECRET_VARIABLE}. Exit status: 0 answered, 1 refused."
)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--world",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="World file that holds the merchant; the built-in world without it.",
)
@click.option("--merchant", "merchant_id", metavar="ID", help="The merchant id, when FILE is the body alone.")
@click.option("--reading", metavar="KEY=VALUE", multiple=True, help="As in `serve`.")
def doctor(file: BinaryIO, world: Path | None, merchant_id: str | None, reading: tuple[str, ...]) -> int:
    """Say why the request in FILE (- for standard input) is refused, and what to change.

    FILE is a raw HTTP request, a curl line, or the JSON body alone. Nothing is sent anywhere.
    """
    try:
        request = saved_request(file.read(_MOST_BYTES))
    except ValueError as error:
        raise click.UsageError(f"cannot read the curl line: {error}; put the whole of it into the file") from None
    who = merchant_id or request.merchant_id
    if who is None and not request.path:
        raise click.UsageError("the file says no merchant; give it with --merchant ID")
    readings = _readings(reading)
    provider = Provider(_world(world, merchant_id, readings), readings)
    return _report(provider, request, who)


def _report(provider: Provider, request: SavedRequest, merchant_id: str | None) -> int:
    if merchant_id is None:
        click.echo(f"refused: the path is not the endpoint's\n  cure: POST to {PATH_TEMPLATE}")
        return _REFUSED
    reply = provider.call(merchant_id, request.body, path=request.path, origin="")
    if reply.rc == 200 and reply.explanation is None:
        click.echo("answered: nothing is wrong with this request")
        return 0
    entry = provider.journal.entries()[-1]
    click.echo(f"refused: rc {reply.rc}, {reply.clause or 'outside the contract'}: {entry.explanation}")
    for finding in provider.diagnose_reply(merchant_id, request.body, reply):
        click.echo(f"\n  {finding.what}\n    why:  {finding.why}\n    cure: {finding.cure}")
    return _REFUSED


def _readings(switches: tuple[str, ...]) -> Readings:
    try:
        return Readings.of({key: value for key, _, value in (switch.partition("=") for switch in switches)})
    except ReadingsError as error:
        raise click.UsageError(str(error)) from None


def _world(file: Path | None, merchant_id: str | None, readings: Readings) -> World:
    clock = SystemClock()
    try:
        if file is not None:
            return read_world(file, readings, clock)
        return built_in_world(readings, clock, merchant_id=merchant_id, secret_key=secret_from_environment())
    except WorldError as error:
        raise click.UsageError(str(error)) from None
