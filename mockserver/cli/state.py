"""`apigames-mock state`: look at a state, carry it elsewhere, make it small, take it back to its start."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from mockserver.cli.shared.outputs import STANDARD_OUTPUT, OutputFile, write_output
from mockserver.cli.shared.printing import echo
from mockserver.provider.provider import Provider
from mockserver.provider.state.changes import encode_change, restore_from_json
from mockserver.provider.state.log import StateError, StateUnavailable
from mockserver.provider.state.world import World
from mockserver.storage.opening import StoredLog, open_log

_URL = click.argument("url", metavar="URL")


@click.group()
def state() -> None:
    """Look after what `serve --state URL` keeps, as in sqlite:///mock.db or postgresql://mock@db.internal/mock."""


@state.command()
@_URL
def info(url: str) -> None:
    """Say what is in a state, and how large it is."""
    with _opened(url) as (provider, log):
        head = log.head()
        merchants = list(provider.store.merchants())
        projects = [project for merchant in merchants for project in merchant.projects()]
        echo(
            f"merchants {len(merchants)}, projects {len(projects)}, vouchers {sum(map(len, projects))}",
            f"changes {log.length()}, calls {head.call} since the start, bytes {log.size()}",
        )


@state.command()
@_URL
@click.option("--output", "-o", type=OutputFile(), help="File to write in place of standard output.")
def export(url: str, output: Path | None) -> None:
    """Write everything but the calls of the journal as one JSON document, secrets too, for `state import`."""
    with _opened(url) as (provider, _):
        if output is not None and output != STANDARD_OUTPUT:
            _keep_private(output)
        write_output(output, msgspec.json.encode(provider.as_change()).decode() + "\n")


def _keep_private(file: Path) -> None:
    """Make a file for its owner alone, before secrets are in it; one that was there is from now on.

    Raises:
        click.UsageError: it cannot be made.
    """
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                file.chmod(0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise click.UsageError(f"cannot write {file}: {error.strerror}; choose another file") from None


@state.command("import")
@_URL
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(url: str, file: Path) -> None:
    """Begin a state, which must be empty, with what `state export` wrote to FILE."""
    try:
        change = restore_from_json(file.read_bytes())
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise click.ClickException(f"{file} is not what `state export` of this version wrote: {error}") from None
    try:
        log = open_log(url)
        if log.begin().change:
            log.rollback()
            raise click.ClickException(f"{log.name} is not empty; import into another, or remove it first")
        log.append([encode_change(change)])
        log.commit()
        log.close()
    except (StateError, StateUnavailable) as error:
        raise click.ClickException(str(error)) from None


@state.command()
@_URL
def reset(url: str) -> None:
    """Take a state back to how it began, as POST /__admin/reset does."""
    with _opened(url) as (provider, _):
        provider.reset()


@state.command()
@_URL
def compact(url: str) -> None:
    """Make a state small, and quick to open: one change in place of all that led to what it is."""
    with _opened(url) as (provider, log):
        before = log.size()
        # One change alone says what there is as shortly as can be.
        if log.length() > 1:
            provider.compact()
        log.vacuum()
        echo(f"bytes {log.size()}, before {before}")


@contextmanager
def _opened(url: str) -> Iterator[tuple[Provider, StoredLog]]:
    try:
        log = open_log(url, make=False)
        try:
            if not log.head().change:
                raise click.ClickException(f"{log.name} is empty: nothing was ever served from it")
            yield Provider(World(), log=log), log
        finally:
            log.close()
    except (StateError, StateUnavailable) as error:
        raise click.ClickException(str(error)) from None
