"""Clients for `survive`: a careful one as a callable, and how the programs in `examples/clients` are run."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CLIENTS = Path(__file__).parents[2] / "examples" / "clients"
_INTERPRETERS = {".py": sys.executable, ".mjs": "node", ".php": "php", ".sh": "sh"}


class NoList(Exception):
    """How `careful` says that it failed."""


def command_of(program: Path) -> list[str]:
    """The words that run a program; the test is skipped where its language is missing."""
    interpreter = shutil.which(_INTERPRETERS[program.suffix])
    if interpreter is None:
        pytest.skip(f"{_INTERPRETERS[program.suffix]} is not installed, and {program.name} needs it")
    return [interpreter, str(program)]


def ask(env: Mapping[str, str], page: int, **changed: Any) -> dict[str, Any]:
    """One call, as a careful client makes it."""
    merchant = env["APIGAMES_MERCHANT_ID"]
    fields = {
        "session_key": env["APIGAMES_SESSION_KEY"],
        "projectid": env["APIGAMES_PROJECT_ID"],
        "status": "",
        "page": page,
        "limit": 30,
        "signature": hashlib.md5((merchant + env["APIGAMES_SECRET_KEY"]).encode()).hexdigest(),
        **changed,
    }
    address = urlsplit(env["APIGAMES_BASE_URL"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("POST", f"/merchant/{merchant}/kiosgamer/project/detail", json.dumps(fields))
        reply = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoList(f"no whole reply: {type(error).__name__}") from error
    finally:
        connection.close()
    if reply["rc"] != 200:
        raise NoList(reply["error_msg"])
    data: dict[str, Any] = reply["data"]
    return data


def careful(env: Mapping[str, str]) -> dict[str, Any]:
    """A client that survives whatever is thrown at it."""
    vouchers: dict[int, str] = {}
    page, pages = 0, 1
    counts: dict[str, int] = {}
    while page < pages:
        page += 1
        data = ask(env, page)
        pages, counts = data["total_page"], data["data"]["stats"]
        vouchers.update({voucher["id"]: voucher["voucher_code"] for voucher in data["data"]["vouchers"] or []})
    return {"vouchers": list(vouchers.values()), "counts": counts, "error": None}
