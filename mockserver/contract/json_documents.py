"""JSON documents that people write, such as a world file: what every reader of JSON takes for the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

from mockserver.contract.foreign_text import printable

# A byte-order mark may stand where one file was put behind another.
_SPACE = re.compile("[\\s\ufeff,]*")


class DocumentError(ValueError):
    """A document that readers of JSON take differently, or not at all; the message names the place and the fix."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self._reason = reason
        self._path = ""

    def __str__(self) -> str:
        return f"{self._path.lstrip('.') or 'the top'}: {self._reason}"

    def inside(self, part: str | int) -> DocumentError:
        """Put the key or index in front of the path, on the way up from the place."""
        self._path = (f"[{part}]" if isinstance(part, int) else f".{printable(str(part))}") + self._path
        return self


class FileError(ValueError):
    """A file that does not hold a document; the message names the file, the place in it and how to fix it."""


class _KeyTwice(dict[str, Any]):
    """An object in which one key appeared twice."""

    key: str


def read_document(path: Path) -> Any:
    """Return the document in a file (JSON, UTF-8 with or without a byte order mark), as `plain_document` does.

    Raises:
        FileError: it cannot be read, or `document_in` refuses it.
    """
    try:
        return document_in(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from None
    except RecursionError:
        raise FileError(f"{path} is nested too deeply; no document of this program is") from None
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except DocumentError as error:
        raise FileError(f"{path}: {error}") from None
    except ValueError as error:
        raise FileError(f"{path} is not JSON: {error}") from None


def document_in(text: str) -> Any:
    """Return the document in a JSON text, as `plain_document` does.

    Raises:
        DocumentError: as `plain_document`.
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return plain_document(json.loads(text, object_pairs_hook=_object))


def documents_in(text: str) -> list[Any]:
    """Return the documents in a text that holds any number of JSON texts, one after another, as `plain_document` does.

    Raises: as `document_in`.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    found: list[Any] = []
    place = _SPACE.match(text, 0).end()  # type: ignore[union-attr]  # it matches nothing too
    while place < len(text):
        document, end = decoder.raw_decode(text, place)
        found.append(plain_document(document))
        place = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    return found


def plain_document(value: Any) -> Any:
    """Return a decoded document with every whole float as an integer: to JSON and its schemas, 5.0 is the integer 5.

    What needs no change is not copied: a world may have a million vouchers.

    Raises:
        DocumentError: half of a surrogate pair in a text, a number that JSON does not have, a key that appears twice.
        RecursionError: it is nested too deeply.
    """
    # Nearly every value of a large world is one of these.
    if type(value) is int or (type(value) is str and value.isascii()):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return _plain_object(value)
    if isinstance(value, (list, tuple)):
        return _plain_list(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    marked, seen = _KeyTwice(made), set()
    for key, _ in pairs:
        if key in seen:
            marked.key = key
        seen.add(key)
    return marked


def _plain_object(value: dict[Any, Any]) -> dict[Any, Any]:
    if isinstance(value, _KeyTwice):
        raise DocumentError(f"the key {printable(value.key)!r} appears twice; keep one")
    changed, key = False, ""
    made = {}
    try:
        for key, item in value.items():
            plain = made[plain_document(key)] = plain_document(item)
            changed = changed or plain is not item
    except DocumentError as error:
        raise error.inside(key) from None
    return made if changed else value


def _plain_list(value: list[Any] | tuple[Any, ...]) -> list[Any]:
    changed = not isinstance(value, list)
    made: list[Any] = []
    try:
        for item in value:
            made.append(plain := plain_document(item))
            changed = changed or plain is not item
    except DocumentError as error:
        raise error.inside(len(made)) from None
    return made if changed else cast("list[Any]", value)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DocumentError("half of a surrogate pair, which UTF-8 cannot write; write the whole character") from None
    return text


def _number(number: float) -> int | float:
    if number.is_integer():
        return int(number)
    if number - number != 0:
        raise DocumentError("NaN and Infinity are not numbers of JSON, nor is one beyond 1e308; give a number")
    return number
