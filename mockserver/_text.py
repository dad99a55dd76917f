"""Words that error messages share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_JSON_TYPES = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known word nearest to `word`, or nothing when none is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def json_type(value: object) -> str:
    """Return the JSON name of a decoded value's type: `string`, `integer`, `null` and so on; Python's for any other."""
    return _JSON_TYPES.get(type(value), type(value).__name__)
