"""Drift: fields of a reply that the page does not document. They are reported and are never a violation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mockserver.contract.bundle import bundled
from mockserver.contract.judging.exchange import Exchange, looks_like_success
from mockserver.contract.schemas import schema, surely_fits, validator


def added_fields(exchange: Exchange) -> set[str]:
    """Return the paths of added fields in a decoded reply, `[]` for any place in a list."""
    name = exchange.operation.schema_prefix + ("success" if looks_like_success(exchange.reply) else "error")
    if surely_fits(_strict(name), exchange.reply):
        return set()
    document = _document(name)
    return set(_added(exchange.reply, document, document.get("$defs", {}), ""))


@cache
def _strict(name: str) -> Any:
    return validator(schema(name))


@cache
def _document(name: str) -> dict[str, Any]:
    return bundled(schema(name))


def _added(value: Any, document: dict[str, Any], parts: dict[str, Any], path: str) -> Iterator[str]:
    if "$ref" in document:
        document = parts[document["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, list) and isinstance(document.get("items"), dict):
        for item in value:
            yield from _added(item, document["items"], parts, f"{path}[]")
    known = document.get("properties")
    if not isinstance(value, dict) or not isinstance(known, dict):
        return
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if key not in known:
            yield here
        elif isinstance(known[key], dict):
            yield from _added(inner, known[key], parts, here)
