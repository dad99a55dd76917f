"""The log of `serve` on standard error: one line a call, secrets masked, and one for each thing that goes wrong.

In the format `json` every line is one JSON object, whoever has something to say.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Protocol

import msgspec

from mockserver.contract.foreign_text import harmless_json, harmless_lines, printable
from mockserver.contract.operation import SUCCESS, Field, Operation
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.internal_error import ERRORS, kind_and_places, report
from mockserver.provider.journal.recorded import Call, Entry, RawEntry
from mockserver.provider.request import LONGEST_EXPLAINED, explained_at

LOG_FORMATS = ("text", "json")

# A line shows no more of a text than this, so no more of it need be remembered.
_LONGEST_SHOWN = 200
# Calls whose lines are known but for time and number, and the longest body of one.
_KNOWN = 1_000
_LONGEST_KNOWN = 1_024

_encode = msgspec.json.Encoder().encode


class _Asked:
    """Reads from the body of an ordinary call of one operation what its line shows.

    A value is taken as it is only where no secret can be in it, and of a secret one its summary: masking takes longer
    than the line.
    """

    def __init__(self, operation: Operation) -> None:
        summarized = [one.name for one in operation.summarized]
        places = {f"f{place}": name for place, name in enumerate([*operation.asked, *summarized])}
        fields = [(place, Any, msgspec.UNSET) for place in places]
        shown = msgspec.defstruct("Shown", fields, rename=places, omit_defaults=True)
        self._decode = msgspec.json.Decoder(shown).decode
        of_place = {place: operation.field_of[name] for place, name in places.items()}
        self._summaries = [(place, one.summary) for place, one in of_place.items() if one.summary is not None]
        checked = ((place, one) for place, one in of_place.items() if one.summary is None)
        # What names a project of the world was found there.
        self._checks = [(place, _harmless(one)) for place, one in checked if one.name != operation.project_field]

    def __call__(self, body: bytes) -> object | None:
        """Return what is to be shown, or None when a secret may be in it."""
        try:
            shown = self._decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        for place, is_harmless in self._checks:
            value = getattr(shown, place)
            if value is not msgspec.UNSET and not is_harmless(value):
                return None
        for place, summary in self._summaries:
            value = getattr(shown, place)
            if isinstance(value, str):
                setattr(shown, place, summary(value))
            elif value is not msgspec.UNSET:
                return None
        return shown


def _harmless(field: Field) -> Callable[[Any], bool]:
    """Return what tells whether no secret can be in a value of this field."""
    if field.json_type == "integer":
        return lambda value: type(value) is int
    texts = {field.default, *field.closed_set.every} if field.closed_set is not None else set[object]()
    return lambda value: isinstance(value, str) and value in texts


class RequestLog:
    """Hears of every call and hands a line about it, or what makes one, to `write`.

    `masked` is the journal's, set once there is one. With `diagnose` the line of a refusal says what the doctor says.
    """

    masked: Callable[[RawEntry], Entry]
    diagnose: Callable[[RawEntry], list[Finding]] | None = None

    def __init__(self, log_format: str, write: Callable[[str | Callable[[], str]], object]) -> None:
        self._write = write
        self._format: _Format = _JsonLine() if log_format == "json" else _TextLine()
        self._asked: dict[str, _Asked] = {}
        # Of the newest ordinary calls, by path and body: what the line of the same call says again.
        self._known: dict[tuple[str, bytes], str] = {}

    def __call__(self, raw: RawEntry) -> None:
        """Write the line of one call, which is made when it is written: whoever waits for the reply gets it first."""
        call = raw.call
        known = self._known.get((call.request.path, call.request.body)) if _is_ordinary(raw) else None
        if known is not None:
            # Sooner done than put off, and without the writer's thread, which would be in the way.
            self._write(self._format.line(raw, known))
            return
        size = len(call.body)
        if size > LONGEST_EXPLAINED:
            # A thousand lines may wait.
            request = msgspec.structs.replace(call.request, body=b"", headers=())
            raw = msgspec.structs.replace(raw, call=msgspec.structs.replace(call, request=request))
            self._write(partial(self._line_of_long, raw, size))
        else:
            self._write(partial(self._line, raw))

    def _line(self, raw: RawEntry) -> str:
        asked = self._read(raw)
        if asked is not None:
            # What is odd about a list that was taken may not be what was meant.
            call = raw.call
            is_list = call.operation is not None and call.operation.summarized
            advice = self._advice(raw) if is_list else None
            said = self._format.said(raw, asked, call.method, call.merchant_id or call.path, advice)
            if not is_list and len(call.body) <= _LONGEST_KNOWN:
                self._remember(call, said)
            return self._format.line(raw, said, advice)
        entry = self.masked(raw)
        explanation = self._advice(raw) or entry.explanation
        return self._full_line(raw, _shortened(entry.asked), entry, explanation)

    def _line_of_long(self, raw: RawEntry, size: int) -> str:
        entry = self.masked(raw)
        # What else the reply says may quote the body, and only the masker of that body would know its secrets.
        why = None if _is_ordinary(raw) else explained_at(raw.n)
        made = raw.reply.made
        asked = {"bytes": size} if made is None else {"codes": made.codes, "bytes": size}
        return self._full_line(raw, asked, entry, why)

    def _full_line(self, raw: RawEntry, asked: object, entry: Entry, explanation: str | None) -> str:
        said = self._format.said(raw, asked, entry.method, entry.merchant_id or entry.path, explanation)
        return self._format.line(raw, said, explanation)

    def _remember(self, call: Call, said: str) -> None:
        known = self._known
        while len(known) >= _KNOWN:
            del known[next(iter(known))]
        known[call.path, call.body] = said

    def _advice(self, raw: RawEntry) -> str | None:
        findings = self.diagnose(raw) if self.diagnose is not None else []
        return "; ".join(f"{one.what}; {one.fix}" for one in findings) or None

    def _read(self, raw: RawEntry) -> object | None:
        operation = raw.call.operation
        if operation is None or not _is_ordinary(raw):
            return None
        if operation.name not in self._asked:
            self._asked[operation.name] = _Asked(operation)
        return self._asked[operation.name](raw.call.body)


def _shortened(asked: Mapping[str, Any]) -> dict[str, Any]:
    long = {name: text for name, value in asked.items() if len(text := _encode(value).decode()) > _LONGEST_SHOWN}
    return {**asked, **{name: printable(text, _LONGEST_SHOWN) for name, text in long.items()}}


def _is_ordinary(raw: RawEntry) -> bool:
    return raw.reply.role == SUCCESS and raw.reply.cause is None


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
    return _json({"at": time.time(), "level": level, "message": message, **data}) + "\n"


def dropped_line(log_format: str, count: int) -> str:
    """Return the line that stands for lines that nobody read in time."""
    if log_format != "json":
        return f"({count} lines of the log were dropped: nobody read them in time)\n"
    return notice(log_format, "lines of the log were dropped: nobody read them in time", "warning", dropped=count)


class _Format(Protocol):
    """How a line is written: what the same call would say again, then that with what is of this one alone."""

    def said(self, raw: RawEntry, asked: object, method: str, who: str, explanation: str | None) -> str: ...

    def line(self, raw: RawEntry, said: str, explanation: str | None = None) -> str: ...


class _TextLine:
    """Writes the line for people. Seconds, merchants and requests come again and again, so their text is kept."""

    def __init__(self) -> None:
        self._second = (-1, "")
        self._printable = lru_cache(maxsize=1024)(printable)

    def _shown(self, text: str) -> str:
        return self._printable(text[: _LONGEST_SHOWN + 1], _LONGEST_SHOWN)

    def said(self, raw: RawEntry, asked: object, method: str, who: str, _: str | None) -> str:
        operation, reply = raw.call.operation, raw.reply
        wanted = self._shown(_encode(asked).decode()) if operation is not None else ""
        name = "" if operation is None else f" {operation.name}"
        shown = f"{self._printable(method, 20)}{name}"
        return f"{shown} {reply.http_status} rc={reply.rc} {self._printable(who)} {wanted}"

    def line(self, raw: RawEntry, said: str, explanation: str | None = None) -> str:
        at, why = int(raw.call.at), ""
        if explanation:
            why = f"  {raw.reply.clause or 'outside the contract'}: {printable(explanation, 500)}"
        second, clock = self._second
        return f"{clock if at == second else self._clock(at)} {said} {raw.took * 1000:.2f} ms{why}\n"

    def _clock(self, second: int) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(second))
        self._second = (second, clock)
        return clock


class _JsonLine:
    """Writes the line for programs."""

    def __init__(self) -> None:
        self._text = lru_cache(maxsize=1024)(_json)

    def said(self, raw: RawEntry, asked: object, method: str, who: str, explanation: str | None) -> str:
        call, reply = raw.call, raw.reply
        said = {
            "method": printable(method),
            "operation": None if call.operation is None else call.operation.name,
            "merchant_id" if call.merchant_id is not None else "path": printable(who, 500),
            "http_status": reply.http_status,
            "rc": reply.rc,
            "role": reply.role,
            "clause": reply.clause,
            "reading": reply.reading,
            "fault": getattr(reply, "fault", None),
            "explanation": explanation and printable(explanation, 1000),
            "asked": asked,
        }
        return _json(said)[1:-1]

    def line(self, raw: RawEntry, said: str, _: str | None = None) -> str:
        call = raw.call
        own = f'"n":{raw.n},"at":{call.at},"origin":{self._text(call.request.origin)}'
        return f'{{{own},{said},"took_ms":{round(raw.took * 1000, 3)}}}\n'


def _json(value: object) -> str:
    return harmless_json(_encode(value).decode())
