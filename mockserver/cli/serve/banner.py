"""What `serve` says when it is ready: the base URL for programs, the rest for people."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from mockserver.contract.masking import printable
from mockserver.contract.operation import SIGNATURE, Operation
from mockserver.contract.readings import REGISTER, Readings
from mockserver.provider.provider import Provider
from mockserver.provider.state.store import MerchantStore

_PLACE_OF_SIGNATURE = "SIGNATURE"


def write_banner(
    url: str,
    provider: Provider,
    tell: Callable[[str], None],
    *,
    world_file: Path | None,
    merchant: str | None,
    admin_token: str | None = None,
) -> None:
    """Write the base URL, alone, to standard output, and `tell` people what is served and how to call it."""
    click.echo(url)
    tell(f"{_for_people(url, provider, world_file, merchant, admin_token)}\n")


def _for_people(
    url: str, provider: Provider, world_file: Path | None, merchant: str | None, admin_token: str | None
) -> str:
    is_built_in = world_file is None and merchant is None
    merchants, readings = list(provider.store.merchants()), provider.readings
    lines = [f"Serving {_count(len(merchants), 'merchant')} at {url}. Ctrl-C stops it.", ""]
    lines += [f"  {operation.call}: {operation.summary}" for operation in provider.operations]
    for one in merchants[:10]:
        secret = f", secret key {one.secret_key}" if is_built_in else ""
        lines.append(f"  merchant {printable(one.merchant_id)}{secret}")
        lines += [
            f"    project {printable(project.project_id)}: {_count(len(project), 'voucher')}"
            for project in one.projects()[:10]
        ]
    if is_built_in and readings.project_match == "project_id":
        lines.append('    "DW", the projectid in the page\'s example, names no project: the page replies with')
        lines.append("    R240815XPQR000012. Ask for that, or serve with --reading project_match=project_id_or_name.")
    changed = [f"{key}={value}" for key, value in readings.as_dict().items() if value != REGISTER[key].default]
    if changed:
        lines += ["", f"  readings changed: {' '.join(changed)}"]
    lines += ["", f"Look at it, move vouchers, set faults: {url}/__admin/"]
    if admin_token is not None:
        lines.append(f"  admin token, made for this run: {admin_token}")
    first = next((one for one in merchants if one.projects()), None)
    if first is not None:
        calls = (curl_line(url, one, first, readings, is_built_in, world_file) for one in provider.operations)
        lines += ["", "Try it:", *calls]
    return "\n".join([*lines, ""])


def curl_line(
    url: str,
    operation: Operation,
    merchant: MerchantStore,
    readings: Readings,
    is_built_in: bool,
    world_file: Path | None,
) -> str:
    """Return one line for a shell that calls the operation, for the merchant's first project if it asks for one.

    Only the built-in world's signature is in it; for any other the shell computes it.
    """
    address = url + operation.path_of(merchant.merchant_id)
    sent = operation.example(readings)
    if operation.project_field is not None:
        sent[operation.project_field] = merchant.projects()[0].project_id
    if SIGNATURE in sent:
        sent[SIGNATURE] = merchant.signature if is_built_in else _PLACE_OF_SIGNATURE
    body = json.dumps(sent, separators=(",", ":"))
    before, found, after = body.rpartition(_PLACE_OF_SIGNATURE)
    data = shlex.quote(body)
    if found:
        computed = f'"$({_sign_command(merchant.merchant_id, world_file)})"'
        data = f"{shlex.quote(before)}{computed}{shlex.quote(after)}"
    return f"curl -sS {shlex.quote(address)} -H 'Content-Type: application/json' -d {data}"


def _sign_command(merchant_id: str, world_file: Path | None) -> str:
    command = ["apigames-mock"] if shutil.which("apigames-mock") else [sys.executable, "-m", "mockserver"]
    world = [] if world_file is None else ["--world", str(world_file.resolve())]
    return shlex.join([*command, "sign", *world, merchant_id])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
