"""A line for the shell that repeats a call, with `$SIGNATURE` and `$SESSION_KEY` in the places of their values."""

from __future__ import annotations

import re
import shlex

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.project_detail import PROJECT_DETAIL

_LONGEST = 8_000


def curl_line(base_url: str, exchange: Exchange, session_key: str | None) -> str:
    """Return the line; the values of the signature and of the session key stand nowhere in it."""
    url = base_url + PROJECT_DETAIL.path_of(exchange.merchant_id)
    secrets = {}
    for name, value in (("$SIGNATURE", exchange.fields.get("signature")), ("$SESSION_KEY", session_key)):
        if isinstance(value, str) and value:
            secrets[value.encode("utf-8", "surrogatepass")] = name
    if len(exchange.request) > _LONGEST:
        return f"# a body of {len(exchange.request)} bytes, too long for a line: see fixtures/requests"
    data = _quoted(exchange.request, secrets)
    return f"curl -sS -X POST {shlex.quote(url)} -H 'Content-Type: application/json' --data-binary {data}"


def _quoted(body: bytes, secrets: dict[bytes, str]) -> str:
    """Quote bytes for bash, a variable standing for each secret."""
    if not secrets:
        return _literal(body) or "''"
    pattern = re.compile(b"|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)))
    parts, start = [], 0
    for found in pattern.finditer(body):
        parts += [_literal(body[start : found.start()]), f'"{secrets[found.group()]}"']
        start = found.end()
    return "".join([*parts, _literal(body[start:])]) or "''"


def _literal(body: bytes) -> str:
    if not body:
        return ""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(_escaped(byte) for byte in body) + "'"


def _escaped(byte: int) -> str:
    letter = chr(byte)
    if letter in "'\\":
        return f"\\{letter}"
    return letter if 32 <= byte < 127 else f"\\x{byte:02x}"
