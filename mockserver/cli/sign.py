"""`apigames-mock sign`: the signature of a merchant."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from mockserver.cli.shared.configuration import SECRET_VARIABLE, secret_from_environment, utf8
from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign as signature_of
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world import WorldError
from mockserver.provider.state.world_file import read_world


@click.command(epilog="A signature never changes, so it is as secret as the key: keep it out of logs and commits.")
@click.argument("merchant_id")
@click.option(
    "--secret-file", type=click.File(encoding="utf-8"), help="File that holds the secret key; - for standard input."
)
@click.option(
    "--world",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="World file that holds the merchant and its secret key.",
)
def sign(merchant_id: str, secret_file: TextIO | None, world: Path | None) -> None:
    """Print md5(MERCHANT_ID + secret key) in lower-case hex.

    The secret key comes from --secret-file, --world, the variable APIGAMES_MOCK_SECRET_KEY or a prompt, in this
    order; never from the command line, which every user of the machine can read.
    """
    click.echo(signature_of(utf8(merchant_id, "MERCHANT_ID"), _secret_key(merchant_id, secret_file, world)))


def _secret_key(merchant_id: str, secret_file: TextIO | None, world: Path | None) -> str:
    if secret_file is not None:
        return _from_file(secret_file)
    if world is not None:
        return _from_world(merchant_id, world)
    secret_key = secret_from_environment()
    if secret_key is None:
        # On standard error, so that $(apigames-mock sign ID) holds the signature only.
        secret_key = str(
            click.prompt(f"Secret key of {merchant_id} (or set {SECRET_VARIABLE})", hide_input=True, err=True)
        )
    return secret_key


def _from_file(file: TextIO) -> str:
    try:
        secret_key = file.read().rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError("the secret file is not UTF-8 text; it should hold the secret key alone") from None
    if not secret_key:
        raise click.UsageError("the secret file is empty; it should hold the secret key alone")
    return secret_key


def _from_world(merchant_id: str, file: Path) -> str:
    try:
        merchants = read_world(file, Readings(), SystemClock()).merchants
    except WorldError as error:
        raise click.UsageError(str(error)) from None
    found = [merchant.secret_key for merchant in merchants if merchant.merchant_id == merchant_id]
    if not found:
        known = ", ".join(merchant.merchant_id for merchant in merchants) or "none"
        raise click.UsageError(f"{file} has no merchant {merchant_id!r}; it has {known}")
    return found[0]
