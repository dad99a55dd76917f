"""What is wrong with a list of voucher codes, or odd about one that was taken. No code is quoted: each is money."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import BadList, decode_codes
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.refusal import CodeDouble, FieldMissing, ListWrong, Refusal

_WHY = "BULK-REQ-2 asks for the base64 (standard alphabet, padded) of UTF-8 text, one code a line"
_ENCODE = (
    'base64_encode(implode("\\n", $codes)) in PHP, Buffer.from(codes.join("\\n")).toString("base64") in Node, '
    'base64.b64encode("\\n".join(codes).encode()).decode() in Python'
)
_LENIENT = Readings(bulk_base64="lenient")
_PLAIN = re.compile(r"[A-Za-z0-9-]{4,64}(?:[\r\n,; ]+[A-Za-z0-9-]{4,64})*\s*")
_MOST_READ = 65_536


def diagnose_list(refused: Refusal, sent: object) -> list[Finding]:
    """Return what is wrong with a list that was refused for what it is; `sent` is what `kode_voucher` holds."""
    cause = refused.cause
    if isinstance(cause, CodeDouble):
        return [_double(cause)]
    if isinstance(cause, FieldMissing) or not isinstance(sent, str) or not sent:
        return [Finding("no list of codes was sent", _WHY, f"send it in kode_voucher, made by {_ENCODE}")]
    if not isinstance(cause, ListWrong):
        return []
    if cause.kind == "base64":
        return [_not_base64(sent[:_MOST_READ])]
    fixes = {
        "text": ("what kode_voucher holds is not UTF-8 text", "encode the codes as UTF-8 before the base64"),
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


def remarks_on(codes: list[str]) -> Iterator[Finding]:
    """Yield what is odd about a list that was taken: it may not be what was meant."""
    if len(codes) == 1:
        for is_odd, what, fix in _ODD_SINGLES:
            if is_odd(codes[0]):
                yield Finding(f"the list was taken as one code, and it {what}", _WHY, fix)
                return
    if any("\r" in code for code in codes):
        fix = "end lines with \\n alone, or serve with --reading bulk_lines=any"
        yield Finding("codes of the list end in \\r, which is part of the code here (reading bulk_lines)", _WHY, fix)
    if any("," in code or ";" in code for code in codes[:1000]):
        yield Finding("codes of the list hold a comma or a semicolon", _WHY, "part codes with \\n alone")


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


def _not_base64(sent: str) -> Finding:
    if _is_list(sent, _LENIENT):
        if set(sent) & {"-", "_"}:
            what, fix = "kode_voucher is base64 of the URL-safe alphabet", "use the standard one, with + and /"
        elif len("".join(sent.split())) != len(sent):
            what, fix = "the base64 in kode_voucher has line breaks or spaces", "write it in one line: base64 -w0"
        else:
            what, fix = "the base64 in kode_voucher is not padded as it must be", "pad it with = to a multiple of four"
        return Finding(what, _WHY, f"{fix}, or serve with --reading bulk_base64=lenient")
    if sent.lstrip().startswith(("[", "{")):
        return Finding("kode_voucher is JSON", _WHY, f"send the base64 of the codes, one a line: {_ENCODE}")
    if "%" in sent:
        return Finding("kode_voucher is URL-encoded", _WHY, f"send the base64 as it is, in JSON: {_ENCODE}")
    if _PLAIN.fullmatch(sent):
        what = "kode_voucher is the plain list of codes, or one of them"
        return Finding(what, _WHY, f"send its base64: {_ENCODE}")
    return Finding("kode_voucher is not base64", _WHY, f"let a library write it: {_ENCODE}")


def _is_list(sent: str, readings: Readings) -> bool:
    try:
        decode_codes(sent, readings)
    except BadList:
        return False
    return True


def _is_json(code: str) -> bool:
    try:
        return isinstance(json.loads(code), (list, dict)) if code.startswith(("[", "{")) else False
    except (ValueError, RecursionError):
        return False


def _is_base64_again(code: str) -> bool:
    try:
        inner = base64.b64decode(code, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return False
    # Many a short code is base64 by chance, and hardly one of sixteen signs that holds letters and digits alone.
    return len(code) >= 16 and _PLAIN.fullmatch(inner) is not None


_ODD_SINGLES: tuple[tuple[Callable[[str], bool], str, str], ...] = (
    (_is_json, "is JSON", f"put one code a line, not a JSON list: {_ENCODE}"),
    (lambda code: "," in code or ";" in code, "holds commas or semicolons", f"part codes with \\n: {_ENCODE}"),
    (lambda code: "\\n" in code, "holds a backslash and an n", 'write a line end, "\\n" in double quotes in PHP'),
    (lambda code: " " in code, "holds spaces", f"part codes with \\n: {_ENCODE}"),
    (_is_base64_again, "is base64 once more", "encode once, not twice"),
)
