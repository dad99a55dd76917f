"""The request log of `serve`: one line a call on standard error, secrets masked."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from mockserver.provider.journal import Entry, Kept
from mockserver.provider.masking import printable

LOG_FORMATS = ("text", "json")
_SHOWN_FIELDS = ("projectid", "status", "page", "limit")


class RequestLog:
    """Hears of every call and writes a line about it. `masked` is the journal's, set once there is one."""

    masked: Callable[[Kept], Entry]

    def __init__(self, log_format: str) -> None:
        self._line = _json_line if log_format == "json" else _text_line

    def __call__(self, kept: Kept) -> None:
        """Write the line of one call."""
        sys.stderr.write(self._line(self.masked(kept)) + "\n")


def _text_line(entry: Entry) -> str:
    when = time.strftime("%H:%M:%S", time.localtime(entry.at))
    asked = " ".join(f"{key}={printable(json.dumps(value), 60)}" for key, value in _asked(entry).items())
    who = printable(entry.path if entry.merchant_id is None else entry.merchant_id)
    why = (
        f"  {entry.clause or 'outside the contract'}: {printable(entry.explanation, 300)}" if entry.explanation else ""
    )
    parts = [when, entry.method, str(entry.http_status), f"rc={entry.rc}", who, asked, f"{entry.took * 1000:.2f} ms"]
    return " ".join(part for part in parts if part) + why


def _json_line(entry: Entry) -> str:
    line = {
        "n": entry.n,
        "at": entry.at,
        "origin": entry.origin,
        "method": entry.method,
        "path": printable(entry.path, 500),
        "http_status": entry.http_status,
        "rc": entry.rc,
        "clause": entry.clause,
        "reading": entry.reading,
        "explanation": entry.explanation,
        "asked": _asked(entry),
        "took_ms": round(entry.took * 1000, 3),
    }
    return json.dumps(line)


def _asked(entry: Entry) -> dict[str, Any]:
    return {key: entry.fields[key] for key in _SHOWN_FIELDS if key in entry.fields} if entry.fields else {}
