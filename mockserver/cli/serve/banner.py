"""What `serve` says when it is ready: the base URL for programs, the rest for people."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import click

from mockserver.contract.foreign_text import printable
from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.signature import sign
from mockserver.contract.wire import DEFAULT_LIMIT, DEFAULT_PAGE, DEFAULT_STATUS, PATH_TEMPLATE
from mockserver.provider.state.world import Merchant, World

_PLACE_OF_SIGNATURE = "SIGNATURE"


def write_banner(
    url: str,
    world: World,
    readings: Readings,
    tell: Callable[[str], None],
    *,
    world_file: Path | None,
    merchant: str | None,
    admin_token: str | None = None,
) -> None:
    """Write the base URL, alone, to standard output, and `tell` people what is served and how to call it."""
    click.echo(url)
    tell(f"{_for_people(url, world, readings, world_file, merchant, admin_token)}\n")


def _for_people(
    url: str,
    world: World,
    readings: Readings,
    world_file: Path | None,
    merchant: str | None,
    admin_token: str | None,
) -> str:
    is_built_in = world_file is None and merchant is None
    lines = [f"Serving the voucher status of {_count(len(world.merchants), 'merchant')} at {url}. Ctrl-C stops it.", ""]
    for one in world.merchants[:10]:
        secret = f", secret key {one.secret_key}" if is_built_in else ""
        lines.append(f"  merchant {printable(one.merchant_id)}{secret}")
        lines += [
            f"    project {printable(project.project_id)}: {_count(len(project.vouchers), 'voucher')}"
            for project in one.projects[:10]
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
    first = next((one for one in world.merchants if one.projects), None)
    if first is not None:
        lines += ["", "Try it:", curl_line(url, first, readings, is_built_in, world_file)]
    return "\n".join([*lines, ""])


def curl_line(url: str, merchant: Merchant, readings: Readings, is_built_in: bool, world_file: Path | None) -> str:
    """Return one line for a shell that asks for the merchant's first project, as these readings let it.

    Only the built-in world's signature stands in it; for any other the shell computes it.
    """
    address = url + PATH_TEMPLATE.format(merchant_id=quote(merchant.merchant_id, safe=""))
    # Its value is never checked, but it must be there under one reading.
    session = {"session_key": "any"} if "session_key" in readings.required_fields else {}
    body = json.dumps(
        {
            **session,
            "projectid": merchant.projects[0].project_id,
            "status": DEFAULT_STATUS,
            "page": DEFAULT_PAGE,
            "limit": DEFAULT_LIMIT,
            "signature": sign(merchant.merchant_id, merchant.secret_key) if is_built_in else _PLACE_OF_SIGNATURE,
        },
        separators=(",", ":"),
    )
    data = shlex.quote(body)
    if not is_built_in:
        before, after = (shlex.quote(part) for part in body.rsplit(_PLACE_OF_SIGNATURE, 1))
        data = f'{before}"$({_sign_command(merchant.merchant_id, world_file)})"{after}'
    return f"curl -sS {shlex.quote(address)} -H 'Content-Type: application/json' -d {data}"


def _sign_command(merchant_id: str, world_file: Path | None) -> str:
    command = ["apigames-mock"] if shutil.which("apigames-mock") else [sys.executable, "-m", "mockserver"]
    world = [] if world_file is None else ["--world", str(world_file.resolve())]
    return shlex.join([*command, "sign", *world, merchant_id])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
