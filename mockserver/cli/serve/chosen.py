"""What is served: the state, the world and the readings that options, variables and pyproject.toml choose."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from mockserver.cli.shared.configuration import (
    SECRET_VARIABLE,
    secret_from_environment,
    utf8,
    variable,
)
from mockserver.contract.json_documents import FileError
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings
from mockserver.contract.readings_file import read_readings_file, readings_from_document
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import MovableClock
from mockserver.provider.state.log import StateError, StateUnavailable
from mockserver.provider.state.world import World, WorldError
from mockserver.provider.state.world_file import built_in_world, read_world
from mockserver.storage.opening import StoredLog, open_log
from mockserver.web.server import Server

# What says how a state begins.
_OF_THE_START = ("world", "reload", "merchant", "readings", "reading", "clock", "plan", "fault")


def opened_log(ctx: click.Context, state: str | None, fresh: bool) -> StoredLog | None:
    """Open the state, if there is one, and see to it that nothing else says how it begins where it has begun.

    One that is to begin anew is left as it is: `ready_state` forgets it.
    """
    if state is None:
        if fresh:
            raise click.UsageError(
                "--fresh forgets what is in a state; name it with --state, or leave --fresh out", ctx
            )
        return None
    try:
        log = open_log(utf8(state, "--state"))
        if log.head().change and not fresh:
            given = [name for name in _OF_THE_START if _is_given(ctx, name)]
            if given:
                options = ", ".join(f"--{name}" for name in given)
                raise click.UsageError(
                    f"{log.name} is not empty, and {options} would say how it begins: leave that out to go on with "
                    "what is there, or begin anew with --fresh",
                    ctx,
                )
    except (StateError, StateUnavailable) as error:
        raise click.UsageError(str(error), ctx) from None
    return log


def ready_state(ctx: click.Context, log: StoredLog, fresh: bool, server_of: Callable[[Provider], Server]) -> None:
    """Forget what is in a state that is to begin anew, once nothing else can be wrong with what was asked for.

    `server_of` says what is wrong with the address: before a state is forgotten, and before one begins.
    """
    server_of(Provider(World())).stop()
    try:
        if fresh:
            log.empty()
    except StateUnavailable as error:
        raise click.UsageError(str(error), ctx) from None


def _is_given(ctx: click.Context, name: str) -> bool:
    if name == "reload":
        return bool(ctx.params[name])
    if name == "reading" and os.environ.get(variable("reading")):
        return True
    return ctx.get_parameter_source(name) not in {click.core.ParameterSource.DEFAULT, None}


def own_merchant(provider: Provider) -> str | None:
    """Return a merchant whose secret key not everybody may know, None where all is as in the built-in world."""
    known = {one.merchant_id: one.secret_key for one in built_in_world(Readings(), MovableClock()).merchants}
    others = (one.merchant_id for one in provider.store.merchants() if known.get(one.merchant_id) != one.secret_key)
    return next(others, None)


def one_of(ctx: click.Context, world: Path | None, merchant: str | None) -> tuple[Path | None, str | None]:
    """Keep the one named in the stronger place: `--merchant` is about the built-in world."""
    if world is None or merchant is None:
        return world, merchant
    strength = [click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT]
    ranks = [
        strength.index(source) if (source := ctx.get_parameter_source(name)) in strength else len(strength)
        for name in ("world", "merchant")
    ]
    if ranks[0] == ranks[1]:
        raise click.UsageError("--merchant serves the built-in world, --world another; give one of the two", ctx)
    return (world, None) if ranks[0] < ranks[1] else (None, merchant)


def chosen_readings(
    ctx: click.Context, file: Path | None, switches: tuple[str, ...]
) -> tuple[Readings, dict[str, str]]:
    """Put the readings together, weakest first: the file, pyproject.toml, the environment, the command line.

    Returns them, and where each that was chosen came from.
    """
    from_project = (ctx.default_map or {}).get("reading", [])
    from_environment = os.environ.get(variable("reading"), "").split()
    given = [(switch, "pyproject.toml") for switch in from_project]
    given += [(switch, variable("reading")) for switch in from_environment]
    # Without a switch on the command line, click hands down those of pyproject.toml.
    if ctx.get_parameter_source("reading") is click.core.ParameterSource.COMMANDLINE:
        given += [(switch, "command line") for switch in switches]
    pairs = [(*_pair(ctx, switch), place) for switch, place in given]
    try:
        document = read_readings_file(file) if file else {"readings": {}}
        in_force = readings_from_document(document).replace(**{key: value for key, value, _ in pairs})
    except (FileError, ReadingsError) as error:
        raise click.UsageError(str(error), ctx) from None
    origin = dict.fromkeys(document["readings"], str(file))
    return in_force, {**origin, **{key: place for key, _, place in pairs}}


def _pair(ctx: click.Context, switch: str) -> tuple[str, str]:
    key, separator, value = switch.partition("=")
    if not separator:
        raise click.UsageError(f"--reading {switch!r}: expected KEY=VALUE, as in http_status=200", ctx)
    return key, value


def chosen_world(file: Path | None, merchant_id: str | None, readings: Readings, clock: MovableClock) -> World:
    """Return the world of a file, or the built-in one, under this merchant's id if one is given."""
    try:
        if file is not None:
            return read_world(file, readings, clock)
        if merchant_id is None:
            return built_in_world(readings, clock)
        utf8(merchant_id, "--merchant")
        secret_key = secret_from_environment()
        if secret_key is None:
            raise click.UsageError(f"--merchant {merchant_id} needs its secret key in {SECRET_VARIABLE}; set it first")
        return built_in_world(readings, clock, merchant_id=merchant_id, secret_key=secret_key)
    except WorldError as error:
        raise click.UsageError(str(error)) from None
