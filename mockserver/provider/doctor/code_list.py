"""What is wrong with a list of voucher codes, or odd about one that was taken. No code is quoted: each is money."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, BadList, decode_codes
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.forcing import meant_reserved
from mockserver.provider.refusal import CodeDouble, FieldMissing, ListWrong, NoIdsLeft, Refusal, VendorState

_WHY = "BULK-REQ-2 asks for the base64 (standard alphabet, padded) of UTF-8 text, one code a line"
_ENCODE = (
    'base64_encode(implode("\\n", $codes)) in PHP, Buffer.from(codes.join("\\n")).toString("base64") in Node, '
    'base64.b64encode("\\n".join(codes).encode()).decode() in Python'
)
_STRICT = Readings()
_CODE = re.compile(r"[A-Za-z0-9-]{4,64}")
_PLAIN = re.compile(r"[A-Za-z0-9-]{4,64}(?:[\r\n\t,;| ]+[A-Za-z0-9-]{4,64})*\s*")
_DATA_URI = re.compile(r"\s*data:[^,]{0,100};base64,")
_PERCENT = re.compile("%[0-9A-Fa-f]{2}")
# So many codes of a list that was taken are looked at.
_MOST_CODES = 1000


def diagnose_submission(refused: Refusal, sent: object, readings: Readings) -> list[Finding]:
    """Return why a list was refused that had got so far; `sent` is what `kode_voucher` holds."""
    cause = refused.cause
    if isinstance(cause, VendorState):
        why = f"all its submissions get {REDEEM_BULK.error_of[cause.role].clause}, however right they are"
        fix = 'take it out: PATCH /__admin/merchants/{merchant_id} with {"vendor_state": null}, or in the world file'
        return [Finding(str(cause), why, fix)]
    if isinstance(cause, NoIdsLeft):
        return [Finding(str(cause), "what is submitted gets ids above all others", "serve a world with smaller ids")]
    if isinstance(cause, CodeDouble):
        return [_double(cause)]
    if isinstance(cause, FieldMissing) or not isinstance(sent, str) or not sent:
        return [Finding("no list of codes was sent", _WHY, f"send it in kode_voucher, made by {_ENCODE}")]
    if not isinstance(cause, ListWrong):
        return []
    if cause.kind in {"base64", "text"}:
        return _not_a_list(sent, cause.kind, readings)
    fixes = {
        "empty": ("the list in kode_voucher has no code", "send at least one code, and only when there is one"),
        "empty_line": (
            "the list in kode_voucher has an empty line",
            "leave empty lines out, and the line end behind the last code, or serve with --reading bulk_lines=any",
        ),
        "too_many": (
            "the list in kode_voucher has more codes than are taken at once",
            "send several lists, or serve with --reading bulk_most=none",
        ),
    }
    what, fix = fixes[cause.kind]
    return [Finding(what, _WHY, fix)]


def _double(cause: CodeDouble) -> Finding:
    if cause.is_in_list:
        what = f"code {cause.number} of the list was in it before"
        return Finding(what, "BULK-ERR-10 refuses a list with a double, all of it", "send each code once")
    return Finding(
        f"code {cause.number} of the list was submitted before",
        "BULK-ERR-10 refuses what was there before; all of the list is refused (reading bulk_duplicate)",
        "was it this very list, sent again after a timeout? Then it was accepted: do not send it again, ask the status "
        "call. Else leave out the codes that were submitted",
    )


class _Wrapping(NamedTuple):
    """A way in which base64 is not as it must be, and how it becomes so: `undone` returns it without.

    `lets_in` is the reading that takes it as it is.
    """

    what: str
    fix: str
    undone: Callable[[str], str]
    lets_in: str | None = None


_LENIENT = "bulk_base64=lenient"
# In the order in which they can be undone.
_WRAPPINGS = (
    _Wrapping(
        "kode_voucher is JSON once more, a text in quotes", "send the base64 without quotes of its own",
        lambda sent: _text_in_json(sent) or sent,
    ),
    _Wrapping(
        "kode_voucher is URL-encoded", "send the base64 as it is, without %XX",
        lambda sent: unquote(sent) if _PERCENT.search(sent) else sent,
    ),
    _Wrapping(
        "kode_voucher is a data: URL", "send what follows its comma alone",
        lambda sent: sent[found.end() :] if (found := _DATA_URI.match(sent)) else sent,
    ),
    _Wrapping(
        "the base64 in kode_voucher has line breaks or spaces", "write it in one line: base64 -w0",
        lambda sent: "".join(sent.split()), _LENIENT,
    ),
    _Wrapping(
        "kode_voucher is base64 of the URL-safe alphabet", "use the standard one, with + and /",
        lambda sent: sent.translate(str.maketrans("-_", "+/")), _LENIENT,
    ),
    _Wrapping(
        "the base64 in kode_voucher is not padded as it must be", "pad it with = to a multiple of four",
        lambda sent: sent.rstrip("=") + "=" * (-len(sent.rstrip("=")) % 4), _LENIENT,
    ),
)  # fmt: skip


def _not_a_list(sent: str, kind: str, readings: Readings) -> list[Finding]:
    """Return everything that keeps a text from being base64 of a list."""
    parts = re.split(r"[\s,;|]+", sent.strip())
    # Where the lines of one base64 part, they hardly hold one whole code each.
    if len(parts) > 1 and all(_CODE.fullmatch(_as_ascii(part)) for part in parts):
        what = "kode_voucher holds the base64 of each code by itself"
        return [Finding(what, _WHY, f"encode the whole list once: {_ENCODE}")]
    found, text = [], sent
    for wrapping in _WRAPPINGS:
        undone = wrapping.undone(text)
        if undone != text and not (wrapping.lets_in and readings.bulk_base64 == "lenient"):
            found.append(wrapping)
        text = undone
    if found and _is_readable(text):
        is_let_in = all(one.lets_in for one in found)
        other = f", or serve with --reading {_LENIENT}" if is_let_in else ""
        return [Finding(one.what, _WHY, f"{one.fix}{other}") for one in found]
    return [_something_else(sent.strip(), kind)]


def _something_else(sent: str, kind: str) -> Finding:
    if sent.startswith(("[", "{")):
        return Finding("kode_voucher is JSON", _WHY, f"send the base64 of the codes, one a line: {_ENCODE}")
    # Base64 has letters of both cases, and a code that is written in one may decode by chance.
    if _PLAIN.fullmatch(sent) and (kind == "base64" or sent in {sent.upper(), sent.lower()}):
        what = "kode_voucher is the plain list of codes, or one of them"
        return Finding(what, _WHY, f"send its base64: {_ENCODE}")
    if kind == "text":
        return Finding("what kode_voucher holds is not UTF-8 text", _WHY, "encode the codes as UTF-8 before the base64")
    return Finding("kode_voucher is not base64", _WHY, f"let a library write it: {_ENCODE}")


def _as_ascii(sent: str) -> str:
    """Return the text that base64 holds; nothing when it holds none of ASCII alone."""
    try:
        return base64.b64decode(sent, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""


def _is_readable(sent: str) -> bool:
    """Return whether this is base64 of a list that a person could have meant: text that can be printed."""
    try:
        return all(map(str.isprintable, decode_codes(sent, _STRICT)))
    except BadList:
        return False


def _text_in_json(sent: str) -> str | None:
    try:
        text = json.loads(sent) if sent.lstrip().startswith('"') else None
    except ValueError:
        return None
    return text if isinstance(text, str) else None


def remarks_on(codes: list[str], readings: Readings) -> Iterator[Finding]:
    """Yield what is odd about a list that was taken: it may not be what was meant."""
    looked_at = codes[:_MOST_CODES]
    text = "\n".join(looked_at)
    if _is_json(text):
        yield Finding("the list is JSON", _WHY, f"put one code a line, not a JSON list: {_ENCODE}")
    elif "\0" in text:
        yield Finding("the list is UTF-16", _WHY, "encode the codes as UTF-8 before the base64")
    elif all(map(_is_base64_of_plain, looked_at)):
        each = "each code of the list is base64 by itself", f"encode the whole list once, not each code: {_ENCODE}"
        what, fix = ("the list is base64 once more", "encode once, not twice") if len(looked_at) == 1 else each
        yield Finding(what, _WHY, fix)
    else:
        yield from _odd_signs(looked_at, text, readings)


def _odd_signs(codes: list[str], text: str, readings: Readings) -> Iterator[Finding]:
    mistyped = next((meant for code in codes if (meant := meant_reserved(code, REDEEM_BULK)) is not None), None)
    if mistyped is not None:
        what = "a code of the list begins like one that asks for a fault, and is none"
        yield Finding(what, "the mock takes it for a voucher code like any other", f"send {mistyped}")
    if text.startswith("\ufeff"):
        yield Finding("the list begins with a byte-order mark", _WHY, "save it as UTF-8 without BOM")
    if all(len(code) > 1 and code[0] in "\"'" and code[-1] == code[0] for code in codes):
        yield Finding("the codes of the list are in quotes", _WHY, "send each without quotes")
    bare = "\n".join(map(str.strip, codes))
    if readings.bulk_lines == "strict" and bare != text:
        found = "end in \\r" if any(code.endswith("\r") for code in codes) else "have spaces around them"
        what = f"codes of the list {found}, which is part of the code here (reading bulk_lines)"
        fix = "end lines with \\n alone, without spaces, or serve with --reading bulk_lines=any"
        yield Finding(what, _WHY, fix)
    for pattern, what in _SEPARATORS:
        if pattern.search(bare):
            yield Finding(f"codes of the list hold {what}", _WHY, f"part codes with \\n: {_ENCODE}")
            return


# What codes are parted with that should be parted with a line end.
_SEPARATORS = (
    (re.compile("\r"), "a carriage return (\\r)"),
    (re.compile(r"\\[nr]"), 'a backslash and an n, where a line end was meant ("\\n" in double quotes in PHP)'),
    (re.compile(r"<br\b", re.IGNORECASE), "the HTML of a line end"),
    (re.compile("[,;|]"), "commas, semicolons or bars"),
    (re.compile(r"[^\S\n]"), "spaces or tabs"),
)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (list, dict)) if text.startswith(("[", "{")) else False
    except (ValueError, RecursionError):
        return False


def _is_base64_of_plain(code: str) -> bool:
    """Return whether this is base64 of codes, or of base64 of them."""
    # Many a short code is base64 by chance, and hardly one of sixteen signs that holds letters and digits alone.
    inner = _as_ascii(code) if len(code) >= 16 else ""
    return _PLAIN.fullmatch(inner) is not None or (len(inner) >= 16 and _is_base64_of_plain(inner))
