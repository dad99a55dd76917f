"""From a readings file to readings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.json_documents import read_document
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import Readings


def read_readings_file(path: Path) -> dict[str, Any]:
    """Return the document of a readings file (JSON, UTF-8); `readings_from_document` takes it.

    Raises:
        FileError: it cannot be read, or is not a JSON document.
        ReadingsError: as `readings_from_document`; the message names the file.
    """
    document = read_document(path)
    try:
        readings_from_document(document)
    except ReadingsError as error:
        raise ReadingsError(f"{path}: {error}") from None
    checked: dict[str, Any] = document
    return checked


def readings_from_document(document: Mapping[str, Any]) -> Readings:
    """Read a readings file: `{"readings": {KEY: VALUE}}`, VALUE plain or as a calibration writes it.

    A calibrated value is `{"value": V, "seen": "observed" | "unseen" | "other", "why": S}`.

    Raises:
        ReadingsError: the document is not of that form, or names what the register does not have.
    """
    choices = document.get("readings") if isinstance(document, Mapping) else None
    if not isinstance(choices, Mapping):
        raise ReadingsError('expected {"readings": {KEY: VALUE, ...}} at the top')
    return Readings.of({key: _plain(key, value) for key, value in choices.items()})


def observed_readings(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the readings of a file that were observed, or given plainly: those that a strict run holds a target to.

    Raises:
        ReadingsError: as `readings_from_document`.
    """
    chosen = readings_from_document(document).as_dict()
    listed: Mapping[str, Any] = document["readings"]
    return {key: chosen[key] for key, entry in listed.items() if _is_observed(entry)}


def _is_observed(entry: object) -> bool:
    return not isinstance(entry, Mapping) or entry.get("seen", "observed") == "observed"


def _plain(key: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if "value" not in value:
        raise ReadingsError(f'reading {key!r}: expected a value, or {{"value": V, "seen": S, "why": TEXT}}')
    return value["value"]
