"""From the bytes of a body to what is asked for, under the readings in force."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from mockserver._text import json_type
from mockserver.contract.readings import Readings
from mockserver.contract.wire import DEFAULT_LIMIT, DEFAULT_PAGE, DEFAULT_STATUS, InvalidJson, VoucherStatus

TEXT_FIELDS = ("projectid", "status", "signature", "session_key")
NUMBER_FIELDS = ("page", "limit")

_DECIMAL = re.compile(r"-?[0-9]{1,18}")
_FORM = re.compile(rb"(?:[A-Za-z0-9*._~-]|%[0-9A-Fa-f]{2}|[+])+=(?:[A-Za-z0-9*._~-]|%[0-9A-Fa-f]{2}|[+&=])*")


@dataclass(frozen=True)
class DetailRequest:
    """What a consumer asks for (REQ-1 to REQ-3).

    `statuses` is None for no filter, else the statuses that match: one, or none at all when the filter names no
    status. `signature` and `projectid` are None when they were not sent.
    """

    projectid: str | None
    signature: str | None
    statuses: tuple[VoucherStatus, ...] | None
    page: int
    limit: int


def parse_request(body: bytes, readings: Readings) -> DetailRequest:
    """Read a body as the page shows it, relaxed where a reading says so.

    Raises:
        InvalidJson: it is not one JSON object with fields of the documented types (ERR-1).
    """
    sent, is_form = decode_fields(body, readings)
    for name in TEXT_FIELDS:
        if name in sent and type(sent[name]) is not str:
            sent[name] = as_text(name, sent[name], readings)
    for name in NUMBER_FIELDS:
        if name in sent and type(sent[name]) is not int:
            sent[name] = _as_integer(name, sent[name], readings, is_form)
    _check_presence(sent, readings)
    return DetailRequest(
        projectid=sent.get("projectid"),
        signature=sent.get("signature"),
        statuses=_statuses(sent.get("status", DEFAULT_STATUS), readings),
        page=_in_range("page", sent.get("page", DEFAULT_PAGE), DEFAULT_PAGE, readings),
        limit=_in_range("limit", sent.get("limit", DEFAULT_LIMIT), DEFAULT_LIMIT, readings),
    )


def field_value(name: str, value: Any, readings: Readings, *, is_form: bool) -> Any:
    """Return what a field that was sent means: text or a whole number, as the page shows it.

    Raises:
        InvalidJson: it is of a type that no reading in force lets in (ERR-1).
    """
    if name in TEXT_FIELDS:
        return value if isinstance(value, str) else as_text(name, value, readings)
    return value if type(value) is int else _as_integer(name, value, readings, is_form)


def is_decimal(value: object) -> bool:
    """Return whether this is text that the reading `types` can let in as a whole number."""
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def decode_fields(body: bytes, readings: Readings) -> tuple[dict[str, Any], bool]:
    """Return the fields of a body, and whether it is a form: those have text alone.

    Raises:
        InvalidJson: it is neither one JSON object nor a form that a reading lets in (ERR-1).
    """
    if readings.form_body == "accept" and _FORM.fullmatch(body):
        return _decode_form(body), True
    value = decode_json(body)
    if not isinstance(value, dict):
        raise InvalidJson(f"the body: expected one JSON object, got {json_type(value)}")
    return value, False


def decode_json(body: bytes) -> Any:
    """Decode JSON as RFC 8259 has it: UTF-8 without a mark, no NaN, no trailing comma.

    Raises:
        InvalidJson: with where it breaks (ERR-1).
    """
    if not body:
        raise InvalidJson("the body is empty; expected one JSON object")
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise InvalidJson("the body is nested too deeply") from None
    except UnicodeDecodeError:
        raise InvalidJson("the body is not UTF-8") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidJson(f"the body is not valid JSON: {error}") from None


def form_fields(body: bytes) -> dict[str, Any] | None:
    """Return the fields of a form as the endpoint reads them, numbers as integers; None when the body is no form."""
    try:
        sent = _decode_form(body) if _FORM.fullmatch(body) else None
    except InvalidJson:
        return None
    return sent and {
        name: int(value) if name in NUMBER_FIELDS and _DECIMAL.fullmatch(value) else value
        for name, value in sent.items()
    }


def _decode_form(body: bytes) -> dict[str, Any]:
    pairs = (part.partition("=") for part in body.decode("ascii").split("&") if part)
    try:
        return {_unquoted(name): _unquoted(value) for name, _, value in pairs}
    except UnicodeDecodeError:
        raise InvalidJson("the form-encoded body is not UTF-8", reading="form_body") from None


def _unquoted(text: str) -> str:
    return unquote_plus(text, errors="strict")


def as_text(name: str, value: Any, readings: Readings) -> str:
    """Return a value that is no text as the one it is taken for.

    Raises:
        InvalidJson: no reading lets it in (ERR-1).
    """
    if readings.types == "coerce" and name in {"projectid", "status"} and _is_number(value):
        return str(int(value) if value == int(value) else value)
    raise _wrong_type(name, value, "string")


def _as_integer(name: str, value: Any, readings: Readings, is_form: bool) -> int:
    # JSON has one kind of number: 1.0 is the integer 1, as JSON Schema has it.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    # A form has no types, so there the text is all that a consumer can send.
    if (is_form or readings.types == "coerce") and is_decimal(value):
        return int(value)
    raise _wrong_type(name, value, "integer")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong_type(name: str, value: Any, expected: str) -> InvalidJson:
    # Not "name: ...": what stands behind a colon after the name of a secret field is masked.
    return InvalidJson(f"{name} is of the JSON type {json_type(value)}; expected {expected}", reading="types")


def _check_presence(sent: dict[str, Any], readings: Readings) -> None:
    for name, reading in readings.required_fields.items():
        if name not in sent:
            raise InvalidJson(f"{name} is missing", reading=reading)


def _in_range(name: str, value: int, default: int, readings: Readings) -> int:
    if value >= 1:
        return value
    if readings.out_of_range == "default":
        return default
    raise InvalidJson(f"{name} is {value}; expected 1 or more", reading="out_of_range")


def _statuses(text: str, readings: Readings) -> tuple[VoucherStatus, ...] | None:
    if text == DEFAULT_STATUS:
        return None
    if text in readings.status_named:
        return (readings.status_named[text],)
    if readings.unknown_status == "ignored":
        return None
    if readings.unknown_status == "empty":
        return ()
    known = ", ".join(repr(name) for name in readings.status_named)
    raise InvalidJson(f"status {text!r} names no status; known are {known}", reading="unknown_status")
