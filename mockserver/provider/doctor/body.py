"""What is wrong with a refused body: where it breaks, and what it was meant to be."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from mockserver._text import json_type
from mockserver.contract.foreign_text import printable
from mockserver.contract.readings import Readings
from mockserver.contract.wire import DocumentedError, InvalidJson
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.operations.parsing import NUMBER_FIELDS, TEXT_FIELDS, decode_fields, field_value, is_decimal

# No two of its parts can take the same byte, so that a body is read once, however it is made.
_FORM = re.compile(rb"\s*[A-Za-z_][\w.%\[\]-]*=[^{}\s]*\s*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NUMBER = 40
_PUNCTUATION = re.compile(r"[\s_-]")
# How gzip, zlib (deflate) and zstd begin.
_COMPRESSED = (b"\x1f\x8b", b"x\x01", b"x\x9c", b"x\xda", b"\x28\xb5\x2f\xfd")
# By the name without its case, `_` and `-`.
_MEANT = {
    "projectid": "projectid",
    "project": "projectid",
    "id": "projectid",
    "signature": "signature",
    "sign": "signature",
    "sessionkey": "session_key",
    "status": "status",
    "page": "page",
    "limit": "limit",
    "perpage": "limit",
    "pagesize": "limit",
}
_NO_FORM = Finding(
    "the body is form data", "REQ-1 asks for one JSON object, and the body decides, not its Content-Type",
    "send the fields as JSON: json= in requests and httpx, JSON.stringify in Node, json_encode in PHP",
)  # fmt: skip
_ODD_FORM = Finding(
    "the body is form data with characters that a form writes as %XX", "nobody can tell where a field of it ends",
    "let a library write the form: data= in requests and httpx, URLSearchParams in Node, http_build_query in PHP",
)  # fmt: skip


def diagnose_body(body: bytes, readings: Readings, error: DocumentedError) -> list[Finding]:
    """Return what is wrong with a body that got this ERR-1; what the endpoint refused it for comes first."""
    try:
        sent, is_form = decode_fields(body, readings)
    except InvalidJson as unread:
        # With a reading, it is a form that was read, and holds what is no text.
        return [_explained(unread)] if unread.reading else _unread(body, readings) or [_explained(unread)]
    found = [*misnamed(sent), *_of_values(sent, readings, is_form), *_missing(sent, readings, is_form)]
    named = error.explanation.partition(" ")[0]
    causes = [one for one in found if one.what.startswith(f"{named} ") or one.what.endswith(f" no {named!r}")]
    causes = causes or [_explained(error)]
    return [*causes, *(one for one in found if one not in causes)]


def _explained(error: DocumentedError) -> Finding:
    why = "REQ-1 asks for one JSON object with the fields of the page"
    return Finding(error.explanation, why, "send the fields as the page shows them, in UTF-8")


def _unread(body: bytes, readings: Readings) -> list[Finding]:
    """Return what is wrong with a body that the endpoint cannot take apart; nothing when it is not known."""
    text, found = _text(body)
    if text is None:
        return found
    if _FORM.fullmatch(body):
        return [_NO_FORM if readings.form_body == "reject" else _ODD_FORM]
    try:
        sent = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except _Constant as error:
        return [Finding(f"the body holds {error}", "JSON has no such number (RFC 8259)", "send null or leave it out")]
    except _TooLarge as error:
        number = str(error)
        shown = number if len(number) <= _LONGEST_NUMBER else f"a number of {len(number)} characters"
        return [Finding(f"the body holds {shown}, which is too large", "no parser takes it", "send plain integers")]
    except RecursionError:
        return [Finding("the body is nested too deeply", "no parser follows it", "send the flat object of the page")]
    except json.JSONDecodeError as error:
        return [_break(text, error)]
    except ValueError:
        return [Finding("the body holds a number of thousands of digits", "no parser takes it", "send plain integers")]
    half = _LONE_SURROGATE.search(json.dumps(sent, ensure_ascii=False))
    if half is not None:
        what = f"the body holds half of a surrogate pair, \\u{ord(half[0]):04x}"
        return [Finding(what, "it stands for no character, and UTF-8 cannot write it", "send both halves, or neither")]
    if not isinstance(sent, dict):
        why = "REQ-1 asks for one JSON object"
        cure = "encode the object once, not twice" if isinstance(sent, str) else 'send {"projectid": ...}'
        return [Finding(f"the body is a JSON {json_type(sent)}", why, cure)]
    return []


def misnamed(sent: Mapping[str, Any]) -> list[Finding]:
    """Return the fields that stand under another name than the page's."""
    meant: dict[str, str] = {}
    for key in sent:
        right = _MEANT.get(_PUNCTUATION.sub("", key).lower())
        if right is not None and right not in sent:
            meant.setdefault(right, key)
    return [
        Finding(
            f"the body has {printable(key, 40)!r} and no {right!r}", f"REQ-3 names it {right!r}", f"call it {right!r}"
        )
        for right, key in meant.items()
    ]


def _text(body: bytes) -> tuple[str | None, list[Finding]]:
    if not body.strip():
        why = "REQ-1 asks for one JSON object"
        return None, [Finding("the body is empty", why, "send the JSON object in the body of the POST, not in the URL")]
    if body.startswith(b"\xef\xbb\xbf"):
        why = "JSON on the wire has no mark (RFC 8259)"
        return None, [
            Finding("a byte-order mark (EF BB BF) stands before the JSON", why, "save it as UTF-8 without BOM")
        ]
    if body.startswith(_COMPRESSED):
        why = "the endpoint takes plain JSON, whatever Content-Encoding says (REQ-1)"
        return None, [Finding("the body is compressed", why, "send it as it is, without gzip or deflate")]
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body[:4]:
        return None, [Finding("the body is UTF-16 or UTF-32", "JSON on the wire is UTF-8", "encode it as UTF-8")]
    if body.lstrip().startswith(b"--") and b"form-data" in body:
        return None, [Finding("the body is multipart form data", _NO_FORM.why, _NO_FORM.cure)]
    try:
        return body.decode("utf-8"), []
    except UnicodeDecodeError as error:
        why = "JSON on the wire is UTF-8"
        return None, [
            Finding(f"byte {error.start} of the body is not UTF-8", why, "encode it as UTF-8, not as latin-1")
        ]


def _break(text: str, error: json.JSONDecodeError) -> Finding:
    where = f"line {error.lineno}, column {error.colno}"
    what = f"the JSON breaks at {where}"
    rest = text[error.pos :].lstrip()
    if error.msg.startswith("Unterminated string"):
        why = "it is cut off, or the closing quote is missing"
        return Finding(f"the JSON stops in the text that begins at {where}", why, _WHOLE)
    if rest.startswith(("//", "/*")):
        line = text.count("\n", 0, len(text) - len(rest)) + 1
        why = "JSON has no comments; the page's own example has one, and gets ERR-1 as it stands"
        return Finding(f"the JSON breaks at a // comment on line {line}", why, "leave the comment out")
    if rest.startswith(("}", "]")) and text[: error.pos].rstrip().endswith(","):
        return Finding(f"{what}: a comma before {rest[0]!r}", "JSON has no trailing comma", "leave the comma out")
    # Python 3.13 points at the comma itself.
    if re.match(r",\s*[}\]]", rest):
        return Finding(f"{what}: a comma before the end", "JSON has no trailing comma", "leave the comma out")
    if not rest or (rest.isalpha() and any(word.startswith(rest) for word in ("true", "false", "null"))):
        return Finding(f"the JSON stops at {where}", "it is cut off", _WHOLE)
    for pattern, words, why, cure in _BREAKS:
        if pattern.match(rest):
            return Finding(f"{what}: {words}", why, cure)
    if error.msg == "Extra data":
        return Finding(f"{what}: more stands behind it", "REQ-1 asks for one JSON object", "send nothing after it")
    return Finding(f"{what}: {_reason(error)}", "REQ-1 asks for one JSON object", "let a JSON library write the body")


_LIBRARY = "let a JSON library write it"
# What stands where the JSON breaks, in words; why that is wrong; the cure.
_BREAKS = (
    (re.compile("'"), "a single quote", "JSON quotes text with double quotes", _LIBRARY),
    (re.compile("[\u2018-\u201f]"), "a curly quote", "JSON quotes text with straight double quotes", _LIBRARY),
    (re.compile("#"), "a # comment", "JSON has no comments", "leave the comment out"),
    (re.compile(r"(True|False|None)\b"), "a Python word", "JSON has true, false and null",
     "send json.dumps(...), not str(...)"),
    (re.compile(r"[A-Za-z_]\w*\s*:"), "a name without quotes", "JSON quotes every name", _LIBRARY),
)  # fmt: skip
_WHOLE = "check Content-Length, and that the whole was sent"


def _reason(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:]


class _Constant(ValueError):
    pass


class _TooLarge(ValueError):
    pass


def _finite(number: str) -> float:
    if math.isinf(float(number)):
        raise _TooLarge(number)
    return float(number)


def _no_constant(name: str) -> NoReturn:
    raise _Constant(name)


def _of_values(sent: Mapping[str, Any], readings: Readings, is_form: bool) -> Iterator[Finding]:
    for name in (*TEXT_FIELDS, *NUMBER_FIELDS):
        if name not in sent:
            continue
        try:
            value = field_value(name, sent[name], readings, is_form=is_form)
        except InvalidJson:
            yield _wrong_type(name, sent[name], is_form)
        else:
            yield from _out_of_range(name, value, readings)


def _wrong_type(name: str, value: Any, is_form: bool) -> Finding:
    got = json_type(value)
    is_coerced = is_decimal(value) if name in NUMBER_FIELDS else got in _COERCED.get(name, ())
    what = f"{name} is of the JSON type {got}"
    if name in NUMBER_FIELDS and got == "string":
        what = f"{name} is " + ("a number as text" if is_coerced else "text, and no whole number of up to 18 digits")
    why = f"the page shows {'an integer' if name in NUMBER_FIELDS else 'a string'} (reading types)"
    if is_form:
        return Finding(what, why, f"send digits alone, as in {name}=1")
    return Finding(what, why, f"send {_EXAMPLES[name]}{', or serve with --reading types=coerce' if is_coerced else ''}")


# Which types, other than its own, the reading `types` lets in for a text.
_COERCED = {"projectid": ("integer", "number"), "status": ("integer", "number")}
_EXAMPLES = {
    "projectid": '"projectid": "R240815XPQR000012"',
    "status": '"status": "0", in quotes',
    "signature": '"signature" as text',
    "session_key": '"session_key" as text',
    "page": '"page": 1, without quotes',
    "limit": '"limit": 30, without quotes',
}


def _missing(sent: Mapping[str, Any], readings: Readings, is_form: bool) -> Iterator[Finding]:
    for name, reading in readings.required_fields.items():
        if name not in sent:
            cure = f"send {name} as a field of the form" if is_form else f"send {_EXAMPLES[name]}"
            yield Finding(f"{name} is missing", f"the reading {reading} asks for it", cure)


def _out_of_range(name: str, value: Any, readings: Readings) -> Iterator[Finding]:
    if name in NUMBER_FIELDS and value < 1 and readings.out_of_range == "json":
        yield Finding(
            f"{name} is below 1", "REQ-3: pages count from 1 (reading out_of_range)", f"send {name} 1 or more"
        )
    if name == "status" and readings.unknown_status == "json" and value and value not in readings.status_named:
        known = ", ".join(readings.status_named)
        yield Finding("status names no status", "the reading unknown_status refuses it", f"send one of {known}")
