"""From the bytes of a body to the fields of an operation, under the readings in force."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from mockserver._text import json_type
from mockserver.contract.operation import JSON, Field, Operation
from mockserver.contract.readings import Readings
from mockserver.provider.refusal import (
    BodyEmpty,
    BodyNotJson,
    BodyNotObject,
    BodyNotUtf8,
    BodyTooDeep,
    FieldBelowMinimum,
    FieldMissing,
    FieldNamesNothing,
    FieldWrongType,
    Refusal,
)

_DECIMAL = re.compile(r"-?[0-9]{1,18}")
_FORM = re.compile(rb"(?:[A-Za-z0-9*._~-]|%[0-9A-Fa-f]{2}|[+])+=(?:[A-Za-z0-9*._~-]|%[0-9A-Fa-f]{2}|[+&=])*")


def parse_fields(body: bytes, operation: Operation, readings: Readings) -> dict[str, Any]:
    """Return the fields of a body, each of its documented type and in its bounds; one that was left out stays out.

    Raises:
        Refusal: it is not one JSON object with the documented fields, relaxed where a reading says so.
    """
    sent, is_form = decode_fields(body, operation, readings)
    missing = []
    for name, python_type, field in operation.typed:
        if name not in sent:
            missing.append(field)
        elif type(sent[name]) is not python_type:
            sent[name] = field_value(field, sent[name], readings, is_form=is_form)
    for field in missing:
        if field.is_required(readings):
            raise Refusal(JSON, FieldMissing(field.name), reading=field.required_reading)
    for name, default, field in operation.bounded:
        # Most calls send the defaults, which are in bounds.
        if name in sent and sent[name] != default:
            sent[name] = in_bounds(field, sent[name], readings)
    return sent


def decode_fields(body: bytes, operation: Operation, readings: Readings) -> tuple[dict[str, Any], bool]:
    """Return the fields of a body, and whether it is a form: those have text alone.

    Raises:
        Refusal: it is neither one JSON object nor a form that a reading lets in.
    """
    if operation.form_when is not None and operation.form_when.holds(readings) and _FORM.fullmatch(body):
        return _decode_form(body, operation.form_when.reading), True
    value = decode_json(body)
    if not isinstance(value, dict):
        raise Refusal(JSON, BodyNotObject(json_type(value)))
    return value, False


def decode_json(body: bytes) -> Any:
    """Decode JSON as RFC 8259 has it: UTF-8 without a mark, no NaN, no trailing comma.

    Raises:
        Refusal: with where it breaks.
    """
    if not body:
        raise Refusal(JSON, BodyEmpty())
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Refusal(JSON, BodyTooDeep()) from None
    except UnicodeDecodeError:
        raise Refusal(JSON, BodyNotUtf8()) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise Refusal(JSON, BodyNotJson(str(error))) from None


def form_fields(body: bytes, operation: Operation) -> dict[str, Any] | None:
    """Return the fields of a form as the operation reads them, numbers as integers; None when it is not a form."""
    try:
        sent = _decode_form(body, None) if _FORM.fullmatch(body) else None
    except Refusal:
        return None
    numbers = {field.name for field in operation.fields if field.json_type == "integer"}
    return sent and {
        name: int(value) if name in numbers and _DECIMAL.fullmatch(value) else value for name, value in sent.items()
    }


def field_value(field: Field, value: Any, readings: Readings, *, is_form: bool) -> Any:
    """Return what a field that was sent means: a value of its documented type.

    Raises:
        Refusal: it is of a type that no reading in force lets in.
    """
    if type(value) is field.python_type:
        return value
    is_coerced = readings.types == "coerce"
    if field.json_type == "string":
        if is_coerced and field.takes_number and _is_number(value):
            return str(int(value) if value == int(value) else value)
    # JSON has one kind of number: 1.0 is the integer 1, as JSON Schema has it.
    elif (isinstance(value, float) and value.is_integer()) or ((is_form or is_coerced) and is_decimal(value)):
        return int(value)
    raise Refusal(JSON, FieldWrongType(field.name, json_type(value), field.json_type), reading="types")


def in_bounds(field: Field, value: Any, readings: Readings) -> Any:
    """Return what a value of the documented type means.

    Raises:
        Refusal: it is below what the page knows, or names nothing that it knows.
    """
    if field.minimum is not None:
        if value >= field.minimum:
            return value
        if field.takes_default_below(readings):
            return field.default
        reading = field.default_below and field.default_below.reading
        raise Refusal(JSON, FieldBelowMinimum(field.name, value, field.minimum), reading=reading)
    closed = field.closed_set
    if closed is not None and value != field.default and closed.refuses(readings):
        known = tuple(closed.known(readings))
        if value not in known:
            reading = closed.when and closed.when.reading
            raise Refusal(JSON, FieldNamesNothing(field.name, value, closed.noun, known), reading=reading)
    return value


def is_decimal(value: object) -> bool:
    """Return whether this is text that the reading `types` can let in as a whole number."""
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def _decode_form(body: bytes, reading: str | None) -> dict[str, Any]:
    pairs = (part.partition("=") for part in body.decode("ascii").split("&") if part)
    try:
        return {_unquoted(name): _unquoted(value) for name, _, value in pairs}
    except UnicodeDecodeError:
        raise Refusal(JSON, BodyNotUtf8(is_form=True), reading=reading) from None


def _unquoted(text: str) -> str:
    return unquote_plus(text, errors="strict")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
