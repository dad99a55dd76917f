"""What request cases are made of: a good body with some of it changed, and what may come of it."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.verification.cases.request_cases import RIGHT, Case

Outcomes = Mapping[str, Mapping[str, tuple[str, ...]]]

_GOOD = {
    "projectid": '"$projectid"',
    "status": '""',
    "page": "1",
    "limit": "30",
    "signature": '"$signature"',
}


def good_body(changes: Mapping[str, str | None] | None = None) -> bytes:
    """Return a good body in the page's order with some fields changed, as JSON text, or left out (None)."""
    fields = {**_GOOD, **(changes or {})}
    inside = ",".join(f'"{name}":{value}' for name, value in fields.items() if value is not None)
    return b"{$session" + inside.encode("utf-8", "surrogatepass") + b"}"


def made_case(name: str, clause: str, about: str, body: bytes, outcomes: Outcomes, **more: str) -> Case:
    """Return a case; `more` may name another `merchant` or signature `formula` than the right ones."""
    return Case(name, clause, about, more.get("merchant", "$merchant_id"), body, more.get("formula", RIGHT), outcomes)
