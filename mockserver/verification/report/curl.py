"""A line for the shell that repeats a call, with variables in the places of secrets.

They are `$SIGNATURE`, `$SESSION_KEY` and, for a list of voucher codes, `$KODE_VOUCHER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mockserver.contract.foreign_text import Variable, shell_word
from mockserver.contract.judging.exchange import Exchange

_LONGEST = 8_000


def curl_line(base_url: str, exchange: Exchange, session_key: str | None) -> str:
    """Return the line, on which the values of the signature, the session key and the list of codes are nowhere."""
    if len(exchange.request) > _LONGEST:
        return f"# a body of {len(exchange.request)} bytes, too long for a line: see fixtures/requests"
    variables = {}
    sent = exchange.fields
    for name, value in (
        ("SIGNATURE", sent.get("signature")),
        ("KODE_VOUCHER", sent.get("kode_voucher")),
        ("SESSION_KEY", session_key),
    ):
        if isinstance(value, str) and value:
            variables[json.dumps(value)[1:-1].encode()] = Variable(name)
            variables[value.encode("utf-8", "surrogatepass")] = Variable(name)
    address = shell_word([base_url + exchange.operation.path_of(exchange.merchant_id)])
    data = shell_word(_parts(exchange.request, variables))
    return f"curl -sS -X POST {address} -H 'Content-Type: application/json' --data-binary {data}"


def _parts(body: bytes, variables: dict[bytes, Variable]) -> Iterator[bytes | Variable]:
    """Yield the body in parts, with a variable for each value that has one."""
    start = 0
    if variables:
        values = sorted(variables, key=len, reverse=True)
        for found in re.finditer(b"|".join(map(re.escape, values)), body):
            yield from (body[start : found.start()], variables[found[0]])
            start = found.end()
    yield body[start:]
