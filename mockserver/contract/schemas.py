"""The JSON Schema documents by name, and validators made from them.

The documents are strict: they say what the mock sends. How a tolerant reader differs is `tolerant`, a rule and
not a copy. Which requests a reading lets through is `request_schema`, which varies the one request document.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from mockserver._resources import resource
from mockserver._text import nearest
from mockserver.contract.reading import Reading
from mockserver.contract.readings import REGISTER, Readings

NAMES = ("request", "success", "error", "voucher", "world", "readings", "report", "fixtures", "admin", "survive")
ID_PREFIX = "urn:apigames-mock:schema:"

Document = dict[str, Any]

# Decimal text as `types=coerce` takes it; 18 digits keep it inside 64 bits.
_DECIMAL_TEXT = "^-?[0-9]{1,18}$"
_DECIMAL_TEXT_FROM_1 = "^0*[1-9][0-9]*$"


class UnknownSchema(KeyError):
    """There is no schema document of this name; the message names those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


def schema(name: str) -> Document:
    """Return one of the documents in `schemas/`, a fresh copy.

    Raises:
        UnknownSchema: there is none of this name.
    """
    if name not in NAMES:
        raise UnknownSchema(f"there is no schema {name!r}{nearest(name, NAMES)}; known are {', '.join(NAMES)}")
    document: Document = json.loads(_text(name))
    return document


def read_all() -> None:
    """Read the documents now, so that the file system may be out of reach later, as in a test with pyfakefs."""
    for name in NAMES:
        _text(name)


@cache
def _text(name: str) -> str:
    return (resource("schemas") / f"{name}.json").read_text(encoding="utf-8")


def tolerant(document: Document) -> Document:
    """Return the document as a tolerant reader has it: fields of unknown names are let through.

    A documented field that is missing, renamed or of another type stays a failure, and so does one that is
    forbidden by name (`data`, `ts` and `message` in an error).
    """
    relaxed: Document = _without_closed_objects(document)
    if "$id" in relaxed:
        relaxed["$id"] = f"{relaxed['$id']}:tolerant"
    return relaxed


def _without_closed_objects(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {
            key: _without_closed_objects(value)
            for key, value in node.items()
            if not (key == "additionalProperties" and value is False)
        }
        reference = kept.get("$ref")
        if isinstance(reference, str) and reference.startswith(ID_PREFIX):
            identifier, mark, part = reference.partition("#")
            kept["$ref"] = f"{identifier}:tolerant{mark}{part}"
        return kept
    if isinstance(node, list):
        return [_without_closed_objects(item) for item in node]
    return node


def request_schema(readings: Readings) -> Document:
    """Return the request document as `readings` have it: what else than the page shows is let through or not."""
    document = schema("request")
    properties = document["properties"]
    document["required"] = list(readings.required_fields)
    if readings.unknown_status == "json":
        properties["status"]["enum"] = ["", *readings.status_named]
    for name in ("page", "limit"):
        properties[name] = _paging_schema(properties[name], readings)
    if readings.types == "coerce":
        properties["projectid"]["type"] = ["string", "number"]
        properties["status"] = _coerced_status_schema(properties["status"])
    return document


def _paging_schema(strict: Document, readings: Readings) -> Document:
    from_1 = readings.out_of_range == "json"
    number = {key: value for key, value in strict.items() if key != "minimum" or from_1}
    if readings.types == "strict":
        return number
    text: Document = {"type": "string", "pattern": _DECIMAL_TEXT}
    if from_1:
        text = {**text, "allOf": [{"pattern": _DECIMAL_TEXT_FROM_1}]}
    return {"anyOf": [number, text]}


def _coerced_status_schema(strict: Document) -> Document:
    if "enum" not in strict:
        return {**strict, "type": ["string", "number"]}
    numbers = [int(text) for text in strict["enum"] if text.isdigit()]
    return {**strict, "type": ["string", "number"], "enum": [*strict["enum"], *numbers]}


def readings_schema() -> Document:
    """Return the document of a readings file, made from the register."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{ID_PREFIX}readings",
        "title": "Readings",
        "description": "One choice for each question the page leaves open, as `serve --readings` takes it.",
        "type": "object",
        "properties": {
            "readings": {
                "type": "object",
                "properties": {key: _reading_schema(entry) for key, entry in REGISTER.items()},
                "additionalProperties": False,
            }
        },
        "required": ["readings"],
        "examples": [{"readings": {"http_status": "200", "max_limit": {"value": 50, "seen": "observed"}}}],
    }


def _reading_schema(entry: Reading) -> Document:
    value: Document = {"enum": list(entry.values)}
    if entry.key == "max_limit":
        value = {
            "anyOf": [
                value,
                {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"},
                {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
            ]
        }
    elif entry.key == "status_codes":
        value = {"type": "string", "pattern": "^0(?!.*([1-4]).*\\1)(,[1-4]){4}$"}
    calibrated = {
        "type": "object",
        "properties": {
            "value": value,
            "seen": {"enum": ["observed", "unseen", "other"]},
            "why": {"type": "string"},
        },
        "required": ["value"],
    }
    return {
        "title": entry.question,
        "description": f"{entry.clause}: {entry.why}",
        "default": entry.default,
        "anyOf": [value, calibrated],
    }


def validator(document: Document) -> Any:
    """Compile a document, with every other one in reach of its `$ref`s (jsonschema_rs)."""
    import jsonschema_rs  # noqa: PLC0415 - serving the endpoint needs no schema

    return jsonschema_rs.validator_for(document, registry=_registry())


@cache
def _registry() -> Any:
    import jsonschema_rs  # noqa: PLC0415

    documents = [schema(name) for name in NAMES]
    documents += [tolerant(document) for document in documents]
    return jsonschema_rs.Registry([(document["$id"], document) for document in documents])
