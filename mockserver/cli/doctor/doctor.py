"""`apigames-mock doctor`: why a saved request is refused, and what to change."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from mockserver.cli.doctor.saved_request import SavedRequest, saved_request
from mockserver.cli.shared.configuration import SECRET_VARIABLE, secret_from_environment, utf8
from mockserver.cli.shared.printing import echo
from mockserver.contract.foreign_text import printable
from mockserver.contract.operation import MERCHANT_ID, SUCCESS
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.provider.doctor.doctor import is_placeholder
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.provider.state.clock import Clock, SystemClock
from mockserver.provider.state.world import World, WorldError
from mockserver.provider.state.world_file import built_in_world, read_world

_REFUSED = 1
_MOST_BYTES = 4 * 1_048_576


@click.command(
    epilog=f"The secret key of a merchant of your own comes from {SECRET_VARIABLE}. Exit status: 0 answered, 1 refused."
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
        raise click.UsageError(f"cannot read the curl line: {error}") from None
    who = request.merchant_id if request.path else merchant_id
    if who is None and not request.path:
        raise click.UsageError("the file says no merchant; give it with --merchant ID")
    readings = _readings(reading)
    provider = Provider(_world(world, merchant_id, request.merchant_id, readings), readings)
    return _report(provider, request, who)


def _report(provider: Provider, request: SavedRequest, merchant_id: str | None) -> int:
    if request.method == "POST":
        odd = _odd_length(request)
        if odd is not None:
            echo(f"refused: {odd}", "  fix: let the HTTP client count the body")
            return _REFUSED
    path = request.path or OPERATIONS.meant_by(request.body).path.replace(MERCHANT_ID, merchant_id or "")
    reply = provider.handle(Request(request.method, path, request.body, request.headers))
    raw = provider.journal.kept(provider.journal.total)
    assert raw is not None
    if reply.role == SUCCESS:
        echo("answered: nothing is wrong with this request")
        for finding in provider.diagnose(raw):
            echo("", f"  note: {finding.what}", f"    why:  {finding.why}", f"    fix:  {finding.fix}")
        return 0
    entry = provider.journal.masked(raw)
    echo(f"refused: rc {reply.rc}, {reply.clause or 'outside the contract'}: {entry.explanation}")
    for finding in provider.diagnose(raw):
        echo("", f"  {finding.what}", f"    why:  {finding.why}", f"    fix:  {finding.fix}")
    return _REFUSED


def _odd_length(request: SavedRequest) -> str | None:
    announced, there = request.header("content-length"), len(request.body)
    # An editor may have put white space behind the body.
    if announced is None or announced in map(str, range(len(request.body.rstrip()), there + 1)):
        return None
    return f"Content-Length says {printable(announced, 20)}, and the body has {there} bytes"


def _readings(switches: tuple[str, ...]) -> Readings:
    try:
        return Readings.of({key: value for key, _, value in (switch.partition("=") for switch in switches)})
    except ReadingsError as error:
        raise click.UsageError(str(error)) from None


def _world(file: Path | None, told: str | None, found: str | None, readings: Readings) -> World:
    """Return the world to ask: `told` is the merchant of the command line, `found` the one in the request."""
    clock = SystemClock()
    try:
        if file is not None:
            return read_world(file, readings, clock)
        built_in = built_in_world(readings, clock)
        is_built_in = (told or found) in {merchant.merchant_id for merchant in built_in.merchants}
        if told is None and (found is None or is_built_in or is_placeholder(found)):
            return built_in
        if told is not None:
            utf8(told, "--merchant")
        secret_key = secret_from_environment()
        if secret_key is not None:
            return _own_world(told, found, secret_key, readings, clock)
    except WorldError as error:
        raise click.UsageError(str(error)) from None
    if told is not None and not is_built_in:
        raise click.UsageError(
            f"--merchant {told} needs its secret key in {SECRET_VARIABLE}, or its world with --world; give one first"
        )
    return built_in


def _own_world(told: str | None, found: str | None, secret_key: str, readings: Readings, clock: Clock) -> World:
    try:
        return built_in_world(readings, clock, merchant_id=told or found, secret_key=secret_key)
    except WorldError:
        if told is not None:
            raise
        # No world can have such an id, and that is what is wrong with the request.
        return built_in_world(readings, clock)
