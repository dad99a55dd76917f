"""The JSON Schema documents by name, and validators made from them.

The documents are strict: they say what the mock sends. How a tolerant reader differs is `tolerant`, a rule and
not a copy. Those of requests and errors are made from the table of operations; which requests a reading lets through is
`request_schema`, which varies the one request document.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from mockserver._resources import resource
from mockserver._text import nearest
from mockserver.contract.operation import Field, Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.reading import Reading
from mockserver.contract.readings import REGISTER, Readings

# Three of each operation, then those of vouchers and of the mock's own documents.
NAMES = (
    *(f"{operation.schema_prefix}{part}" for operation in OPERATIONS for part in ("request", "success", "error")),
    "voucher",
    "world",
    "readings",
    "report",
    "fixtures",
    "admin",
    "survive",
)
ID_PREFIX = "urn:apigames-mock:schema:"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Document = dict[str, Any]

# Decimal text as `types=coerce` takes it; 18 digits keep it inside 64 bits.
_DECIMAL_TEXT = "^-?[0-9]{1,18}$"
_DECIMAL_TEXT_FROM = {0: "^(-0+|[0-9]+)$", 1: "^0*[1-9][0-9]*$"}


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


def request_document(operation: Operation) -> Document:
    """Return the document of an operation's request under the default readings, made from its fields."""
    required = [field.name for field in operation.required_fields(Readings())]
    return {
        "$schema": _DIALECT,
        "$id": f"{ID_PREFIX}{operation.schema_prefix}request",
        "title": operation.request_title,
        "description": (
            f"{operation.request_clause}: the body is one JSON object. This document is the default readings; readings "
            "that touch the request vary it. Fields of other names are ignored."
        ),
        "type": "object",
        "properties": {field.name: _field_schema(field) for field in operation.fields},
        **({"required": required} if required else {}),
        "examples": [dict(operation.request_example or operation.example(Readings()))],
    }


def request_schema(readings: Readings, operation: Operation = PROJECT_DETAIL) -> Document:
    """Return the request document as `readings` have it: what else than the page shows is let through or not."""
    document = request_document(operation)
    document["required"] = [field.name for field in operation.required_fields(readings)]
    for field in operation.fields:
        document["properties"][field.name] = _varied(document["properties"][field.name], field, readings)
    return document


def success_document(operation: Operation) -> Document:
    """Return the document of an operation's success: the published one that it refers to, or made from its schema."""
    own = dict(operation.success.schema)
    reference = own.get("$ref", "")
    if reference.startswith(ID_PREFIX):
        return schema(reference.removeprefix(ID_PREFIX))
    clause = operation.success.clause
    return {
        "$schema": _DIALECT,
        "$id": f"{ID_PREFIX}{operation.schema_prefix}success",
        "title": "Success",
        "description": f"{clause}: {operation.clauses[clause]}",
        **own,
    }


def error_document(operation: Operation) -> Document:
    """Return the document of an operation's errors, made from them."""
    cases = [
        {
            "title": error.clause,
            "description": f"{error.clause}: {operation.clauses[error.clause]}",
            "properties": {"rc": {"const": error.rc}, "error_msg": {"const": error.error_msg}},
        }
        for error in operation.errors
    ]
    clauses = f"{operation.errors[0].clause} to {operation.errors[-1].clause}."
    return {
        "$schema": _DIALECT,
        "$id": f"{ID_PREFIX}{operation.schema_prefix}error",
        "title": "Error",
        "description": (
            "ERR-5: an error has status, rc and error_msg, and never data, ts or message. A tolerant reader lets added "
            "fields of other names pass."
        ),
        "type": "object",
        "properties": {
            "status": {"const": 0, "description": "ERR-5."},
            "rc": {"type": "integer", "description": clauses},
            "error_msg": {"type": "string", "description": clauses},
            "data": False,
            "ts": False,
            "message": False,
        },
        "required": ["status", "rc", "error_msg"],
        "additionalProperties": False,
        "oneOf": cases,
        "examples": [{"status": 0, "rc": error.rc, "error_msg": error.error_msg} for error in operation.errors],
    }


def _field_schema(field: Field) -> Document:
    given = {"minimum": field.minimum, "default": field.default}
    return {
        "type": field.json_type,
        **{key: value for key, value in given.items() if value is not None},
        "description": field.description,
    }


def _varied(strict: Document, field: Field, readings: Readings) -> Document:
    if field.closed_set is not None and field.closed_set.refuses(readings):
        default = [] if field.default is None else [field.default]
        strict = {**strict, "enum": [*default, *field.closed_set.known(readings)]}
    if field.json_type == "integer":
        return _integer_schema(strict, field, readings)
    if readings.types == "coerce" and field.takes_number:
        return _with_numbers(strict)
    return strict


def _integer_schema(strict: Document, field: Field, readings: Readings) -> Document:
    is_bounded = field.minimum is not None and not field.takes_default_below(readings)
    number = {key: value for key, value in strict.items() if key != "minimum" or is_bounded}
    if readings.types == "strict":
        return number
    text: Document = {"type": "string", "pattern": _DECIMAL_TEXT}
    if field.minimum is not None and is_bounded:
        text = {**text, "allOf": [{"pattern": _DECIMAL_TEXT_FROM[field.minimum]}]}
    return {"anyOf": [number, text]}


def _with_numbers(strict: Document) -> Document:
    if "enum" not in strict:
        return {**strict, "type": ["string", "number"]}
    numbers = [int(text) for text in strict["enum"] if text.isdigit()]
    return {**strict, "type": ["string", "number"], "enum": [*strict["enum"], *numbers]}


def readings_schema() -> Document:
    """Return the document of a readings file, made from the register."""
    return {
        "$schema": _DIALECT,
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
    if entry.is_number:
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


def surely_fits(compiled: Any, document: object) -> bool:
    """Return whether a compiled schema takes a document; of half a surrogate pair, which JSON may hold, it cannot tell.

    False says only that `schema_errors.failures` is to be asked.
    """
    try:
        return bool(compiled.is_valid(document))
    except UnicodeEncodeError:
        return False


@cache
def _registry() -> Any:
    import jsonschema_rs  # noqa: PLC0415

    documents = [schema(name) for name in NAMES]
    documents += [tolerant(document) for document in documents]
    return jsonschema_rs.Registry([(document["$id"], document) for document in documents])
