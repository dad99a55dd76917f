"""The log of `serve` on standard error: one line a call, secrets masked, and one for each thing that goes wrong.

In the format `json` every line is one JSON object, whoever has something to say.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import msgspec

from mockserver.contract.foreign_text import harmless_json, harmless_lines, printable
from mockserver.contract.wire import STATUSES
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.internal_error import ERRORS, kind_and_places, report
from mockserver.provider.journal.recorded import Entry, Kept

LOG_FORMATS = ("text", "json")

# A line that waits to be written holds its call, and a thousand may wait.
_LONGEST_WAITING = 4096
# A line shows no more of a text than this, so no more of it need be remembered.
_LONGEST_SHOWN = 200

_HARMLESS_STATUSES = frozenset({"", *"01234", *(status.value for status in STATUSES)})
_HARMLESS_TYPES = frozenset({int, type(msgspec.UNSET)})
_encode = msgspec.json.Encoder().encode


class _Asked(msgspec.Struct, omit_defaults=True):
    """The fields of a call that its line shows."""

    projectid: Any = msgspec.UNSET
    status: Any = msgspec.UNSET
    page: Any = msgspec.UNSET
    limit: Any = msgspec.UNSET


_decode_asked = msgspec.json.Decoder(_Asked).decode


class RequestLog:
    """Hears of every call and hands a line about it, or what makes one, to `write`.

    `masked` is the journal's, set once there is one. With `diagnose` the line of a refusal says what the doctor says.
    """

    masked: Callable[[Kept], Entry]
    diagnose: Callable[[Kept], list[Finding]] | None = None

    def __init__(self, log_format: str, write: Callable[[str | Callable[[], str]], object]) -> None:
        self._write = write
        self._text = _json_line if log_format == "json" else _TextLine()

    def __call__(self, kept: Kept) -> None:
        """Write the line of one call; that of an ordinary one is made when it is written, many together."""
        waits = _is_ordinary(kept) and len(kept.call.body) <= _LONGEST_WAITING
        self._write(partial(self._line, kept) if waits else self._line(kept))

    def _line(self, kept: Kept) -> str:
        asked = _harmless(kept)
        if asked is not None:
            return self._text(kept, asked, kept.call.merchant_id or kept.call.path, None)
        entry = self.masked(kept)
        asked = _shortened(msgspec.convert(entry.fields or {}, _Asked))
        findings = self.diagnose(kept) if self.diagnose is not None else []
        explanation = "; ".join(f"{one.what}; {one.cure}" for one in findings) or entry.explanation
        return self._text(kept, asked, entry.merchant_id or entry.path, explanation)


def _shortened(asked: _Asked) -> _Asked:
    values = {name: value for name in asked.__struct_fields__ if (value := getattr(asked, name)) is not msgspec.UNSET}
    long = {name: text for name, value in values.items() if len(text := _encode(value).decode()) > _LONGEST_SHOWN}
    return _Asked(**{**values, **{name: printable(text, _LONGEST_SHOWN) for name, text in long.items()}})


def _is_ordinary(kept: Kept) -> bool:
    return kept.reply.clause == "RES-1" and kept.reply.explanation is None


def _harmless(kept: Kept) -> _Asked | None:
    """Return what an ordinary call asked for when no secret can stand in it: masking takes longer than the line."""
    if not _is_ordinary(kept):
        return None
    try:
        asked = _decode_asked(kept.call.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if type(asked.page) not in _HARMLESS_TYPES or type(asked.limit) not in _HARMLESS_TYPES:
        return None
    return asked if asked.status is msgspec.UNSET or asked.status in _HARMLESS_STATUSES else None


class ErrorLog(logging.Handler):
    """Hands what goes wrong in this process to `write`, in the format of the request log."""

    def __init__(self, log_format: str, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write
        self._log_format = log_format

    def listen(self) -> None:
        """Hear of the mock's own errors; for JSON of all that Python would write to standard error by itself."""
        if self._log_format != "json":
            logging.getLogger(ERRORS).addHandler(self)
            return
        logging.getLogger().addHandler(self)
        logging.captureWarnings(capture=True)
        sys.excepthook = lambda _kind, error, _places: report(error)
        threading.excepthook = sys.unraisablehook = _report_hooked

    def emit(self, record: logging.LogRecord) -> None:
        """Write one error."""
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            # What follows, and the text of the error, may hold what a consumer sent.
            message = f"{message.partition(chr(10))[0]}: {kind_and_places(record.exc_info[1])}"
        self._write(notice(self._log_format, message, record.levelname.lower()))


def _report_hooked(hooked: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    if hooked.exc_value is not None:
        report(hooked.exc_value)


def notice(log_format: str, message: str, level: str, **data: object) -> str:
    """Return the line for something that is not a call; `data` is for programs alone."""
    if log_format != "json":
        return f"{harmless_lines(message)}\n"
    return _json({"at": time.time(), "level": level, "message": message, **data})


def dropped_line(log_format: str, count: int) -> str:
    """Return the line that stands for lines that nobody read in time."""
    if log_format != "json":
        return f"({count} lines of the log were dropped: nobody read them in time)\n"
    return notice(log_format, "lines of the log were dropped: nobody read them in time", "warning", dropped=count)


class _TextLine:
    """Writes the line for people. Seconds, merchants and requests come again and again, so their text is kept."""

    def __init__(self) -> None:
        self._second = (-1, "")
        self._printable = lru_cache(maxsize=1024)(printable)

    def _shown(self, text: str) -> str:
        return self._printable(text[: _LONGEST_SHOWN + 1], _LONGEST_SHOWN)

    def __call__(self, kept: Kept, asked: _Asked, who: str, explanation: str | None) -> str:
        call, reply = kept.call, kept.reply
        wanted = self._shown(_encode(asked).decode()) if call.merchant_id is not None else ""
        why = f"  {reply.clause or 'outside the contract'}: {printable(explanation, 500)}" if explanation else ""
        return (
            f"{self._clock(int(call.at))} {self._printable(call.method, 20)} {reply.http_status} rc={reply.rc} "
            f"{self._printable(who)} {wanted} {kept.took * 1000:.2f} ms{why}\n"
        )

    def _clock(self, second: int) -> str:
        if self._second[0] != second:
            self._second = (second, time.strftime("%H:%M:%S", time.localtime(second)))
        return self._second[1]


def _json_line(kept: Kept, asked: _Asked, who: str, explanation: str | None) -> str:
    call, reply = kept.call, kept.reply
    line = {
        "n": kept.n,
        "at": call.at,
        "origin": call.origin,
        "method": call.method,
        "merchant_id" if call.merchant_id is not None else "path": printable(who, 500),
        "http_status": reply.http_status,
        "rc": reply.rc,
        "clause": reply.clause,
        "reading": reply.reading,
        "fault": getattr(reply, "fault", None),
        "explanation": explanation and printable(explanation, 1000),
        "asked": asked,
        "took_ms": round(kept.took * 1000, 3),
    }
    return _json(line)


def _json(line: dict[str, object]) -> str:
    return harmless_json(_encode(line).decode()) + "\n"
