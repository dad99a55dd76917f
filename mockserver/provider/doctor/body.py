"""What is wrong with a refused body: where it breaks, and what it was meant to be."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from mockserver._text import json_type
from mockserver.contract.foreign_text import harmless
from mockserver.contract.operation import SESSION_KEY, Field, Operation
from mockserver.contract.readings import REGISTER, Readings
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.operations.parsing import decode_fields, field_value, in_bounds, is_decimal
from mockserver.provider.refusal import Cause, FieldBelowMinimum, FieldNamesNothing, FieldWrongType, Refusal

# No two of its parts can take the same byte, so that a body is read once, however it is made.
_FORM = re.compile(rb"\s*[A-Za-z_][\w.%\[\]-]*=[^{}\s]*\s*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NUMBER = 40
_MOST_FIELDS = 64
_PUNCTUATION = re.compile(r"[\s_-]")
# How gzip, zlib (deflate) and zstd begin.
_COMPRESSED = (b"\x1f\x8b", b"x\x01", b"x\x9c", b"x\xda", b"\x28\xb5\x2f\xfd")
_JSON_OF_LIBRARY = "send the fields as JSON: json= in requests and httpx, JSON.stringify in Node, json_encode in PHP"
_ODD_FORM = Finding(
    "the body is form data with characters that a form writes as %XX", "nobody can tell where a field of it ends",
    "let a library write the form: data= in requests and httpx, URLSearchParams in Node, http_build_query in PHP",
)  # fmt: skip


def diagnose_body(body: bytes, operation: Operation, readings: Readings, refused: Refusal) -> list[Finding]:
    """Return what is wrong with a body that was refused as JSON; what the operation refused it for comes first."""
    try:
        sent, is_form = decode_fields(body, operation, readings)
    except Refusal as unread:
        # With a reading, it is a form that was read, and a value in it is not text.
        known = [] if unread.reading else _unread(body, operation, readings)
        return known or [_explained(unread.cause, operation)]
    found = [
        *_of_values(sent, operation, readings, is_form),
        *_missing(sent, operation, readings, is_form),
    ]
    causes = [one for name, one in found if name == refused.cause.field] or [_explained(refused.cause, operation)]
    return [*causes, *(one for _, one in found if one not in causes)]


def as_meant(sent: Mapping[str, Any], operation: Operation) -> tuple[list[tuple[set[str], Finding]], dict[str, Any]]:
    """Return which fields are inside another object or under another name, and the fields as they were meant."""
    found, meant = [], dict(sent)
    inside = _inside(sent, operation)
    if inside is not None:
        key_outside, missing = inside
        outer = harmless(key_outside)
        why = f"{operation.request_clause} asks for one JSON object that has them itself"
        fix = f"send what is inside {outer!r}, without the object around it"
        found.append(({*missing}, Finding(f"the fields {', '.join(missing)} are inside {outer!r}", why, fix)))
        meant = {**{name: value for name, value in sent.items() if name != key_outside}, **sent[key_outside]}
    by_name = {_plain(key): key for key in reversed([*meant])}
    for field in operation.fields:
        key = next((by_name[name] for name in (_plain(field.name), *field.meant_by) if name in by_name), None)
        if key is not None and field.name not in meant:
            what = f"the body has {harmless(key)!r} and no {field.name!r}"
            fix = f"call it {field.name!r}"
            found.append(({field.name}, Finding(what, f"{field.clause} names it {field.name!r}", fix)))
            meant = {field.name if name == key else name: value for name, value in meant.items()}
    return found, meant


def _inside(sent: Mapping[str, Any], operation: Operation) -> tuple[str, list[str]] | None:
    for key, inner in [*sent.items()][:_MOST_FIELDS]:
        inside = [field.name for field in operation.fields if isinstance(inner, dict) and field.name in inner]
        missing = [name for name in inside if name not in sent]
        if missing and key not in operation.field_of:
            return key, missing
    return None


def as_far_as_read(
    sent: Mapping[str, Any], operation: Operation, readings: Readings, *, is_form: bool
) -> tuple[dict[str, Any], set[str]]:
    """Return the fields of a refused body with an example in place of each that is wrong or missing; and the wrong.

    A number in place of what names the project is taken for its text.
    """
    wrong = {name for name, _ in _of_values(sent, operation, readings, is_form)}
    good = {name: value for name, value in sent.items() if name not in wrong}
    own = operation.project_field
    if own in wrong and _is_number(sent[own]):
        good[own] = _text_of(sent[own])
        wrong.remove(own)
    return {**operation.example(readings), **good}, wrong


def _explained(cause: Cause, operation: Operation) -> Finding:
    why = f"{operation.request_clause} asks for one JSON object with the documented fields"
    return Finding(str(cause), why, "send the fields as they are documented, in UTF-8")


def odd_values(sent: Mapping[str, Any], operation: Operation, readings: Readings) -> list[Finding]:
    """Return the values that no call is refused for, and that name nothing of what they may name."""
    found = []
    for field in operation.fields:
        value, closed = sent.get(field.name), field.closed_set
        if closed is None or closed.refuses(readings) or not isinstance(value, str) or value == field.default:
            continue
        if value not in closed.known(readings):
            why = f"{field.clause} has a set of them" + (f" (reading {closed.when.reading})" if closed.when else "")
            found.append(Finding(f"{field.name} names no {closed.noun}", why, fix_of_text(field, value, readings)))
    return found


def fix_of_text(field: Field, sent: str, readings: Readings) -> str:
    """Return how to send what was meant by a text that names nothing of a field's closed set; else what there is."""
    closed = field.closed_set
    assert closed is not None
    meant = closed.meant(sent, readings)
    if meant is None:
        none = ', or "" for none' if field.default == "" else ""
        return f"send one of {', '.join(closed.known(readings))}{none}"
    fix = f'send "{field.name}": {json.dumps(meant)}'
    if closed.wider is None or not closed.is_known_wider(sent, readings):
        return fix
    return f"{fix}, or serve with --reading {closed.wider.reading}={closed.wider.value}"


def _plain(name: str) -> str:
    return _PUNCTUATION.sub("", name).lower()


def _unread(body: bytes, operation: Operation, readings: Readings) -> list[Finding]:
    """Return what is wrong with a body that nobody can take apart; nothing when it is not known."""
    one_object = f"{operation.request_clause} asks for one JSON object"
    text, found = _text(body, one_object)
    if text is None:
        return found
    if _FORM.fullmatch(body):
        lets_form_in = operation.form_when is not None and operation.form_when.holds(readings)
        why, fix = f"{one_object}, and the body decides, not its Content-Type", _JSON_OF_LIBRARY
        if operation.form_when is not None:
            fix = f"{fix}; or serve with --reading {operation.form_when.reading}={operation.form_when.value}"
        return [_ODD_FORM if lets_form_in else Finding("the body is form data", why, fix)]
    try:
        sent = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except _Constant as error:
        return [Finding(f"the body holds {error}", "JSON has no such number (RFC 8259)", "send null or leave it out")]
    except _TooLarge as error:
        number = str(error)
        shown = number if len(number) <= _LONGEST_NUMBER else f"a number of {len(number)} characters"
        return [Finding(f"the body holds {shown}, which is too large", "no parser takes it", "send plain integers")]
    except RecursionError:
        return [Finding("the body is nested too deeply", "no parser follows it", "send a flat object of fields")]
    except json.JSONDecodeError as error:
        return [_break(text, error, one_object)]
    except ValueError:
        return [Finding("the body holds a number of thousands of digits", "no parser takes it", "send plain integers")]
    half = _LONE_SURROGATE.search(json.dumps(sent, ensure_ascii=False))
    if half is not None:
        what = f"the body holds half of a surrogate pair, \\u{ord(half[0]):04x}"
        return [Finding(what, "half a pair is no character, and UTF-8 cannot write it", "send both halves, or neither")]
    if not isinstance(sent, dict):
        fix = f'send {{"{operation.fields[0].name}": ...}}' if operation.fields else "send {}"
        fix = "encode the object once, not twice" if isinstance(sent, str) else fix
        return [Finding(f"the body is a JSON {json_type(sent)}", one_object, fix)]
    return []


def _text(body: bytes, one_object: str) -> tuple[str | None, list[Finding]]:
    if not body.strip():
        fix = "send the JSON object in the body of the POST, not in the URL"
        return None, [Finding("the body is empty", one_object, fix)]
    if body.startswith(b"\xef\xbb\xbf"):
        why = "JSON on the wire has no mark (RFC 8259)"
        return None, [Finding("the body begins with a byte-order mark (EF BB BF)", why, "save it as UTF-8 without BOM")]
    if body.startswith(_COMPRESSED):
        why = f"{one_object}, whatever Content-Encoding says"
        return None, [Finding("the body is compressed", why, "send it as it is, without gzip or deflate")]
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body[:4]:
        return None, [Finding("the body is UTF-16 or UTF-32", "JSON on the wire is UTF-8", "encode it as UTF-8")]
    if body.lstrip().startswith(b"--") and b"form-data" in body:
        return None, [Finding("the body is multipart form data", one_object, _JSON_OF_LIBRARY)]
    try:
        return body.decode("utf-8"), []
    except UnicodeDecodeError as error:
        why = "JSON on the wire is UTF-8"
        return None, [
            Finding(f"byte {error.start} of the body is not UTF-8", why, "encode it as UTF-8, not as latin-1")
        ]


def _break(text: str, error: json.JSONDecodeError, one_object: str) -> Finding:
    where = f"line {error.lineno}, column {error.colno}"
    what = f"the JSON breaks at {where}"
    rest = text[error.pos :].lstrip()
    if error.msg.startswith("Unterminated string"):
        why = "it is cut off, or the closing quote is missing"
        return Finding(f"the JSON stops in the text that begins at {where}", why, _WHOLE)
    if rest.startswith(("//", "/*")):
        line = text.count("\n", 0, len(text) - len(rest)) + 1
        why = "JSON has no comments; the example of the status page has one, and is refused as it is"
        return Finding(f"the JSON breaks at a // comment on line {line}", why, "leave the comment out")
    if rest.startswith(("}", "]")) and text[: error.pos].rstrip().endswith(","):
        return Finding(f"{what}: a comma before {rest[0]!r}", "JSON has no trailing comma", "leave the comma out")
    # Python 3.13 points at the comma itself.
    if re.match(r",\s*[}\]]", rest):
        return Finding(f"{what}: a comma before the end", "JSON has no trailing comma", "leave the comma out")
    if not rest or (rest.isalpha() and any(word.startswith(rest) for word in ("true", "false", "null"))):
        return Finding(f"the JSON stops at {where}", "it is cut off", _WHOLE)
    for pattern, words, why, fix in _BREAKS:
        if pattern.match(rest):
            return Finding(f"{what}: {words}", why, fix)
    if error.msg == "Extra data":
        return Finding(f"{what}: more follows it", one_object, "send nothing after it")
    return Finding(f"{what}: {_reason(error)}", one_object, "let a JSON library write the body")


_LIBRARY = "let a JSON library write it"
# What is where the JSON breaks, in words; why that is wrong; how to fix it.
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


def _of_values(
    sent: Mapping[str, Any], operation: Operation, readings: Readings, is_form: bool
) -> Iterator[tuple[str, Finding]]:
    for field in operation.fields:
        if field.name not in sent:
            continue
        try:
            in_bounds(field, field_value(field, sent[field.name], readings, is_form=is_form), readings)
        except Refusal as refused:
            yield field.name, _wrong_value(field, sent[field.name], refused, readings, is_form)


def _wrong_value(field: Field, value: Any, refused: Refusal, readings: Readings, is_form: bool) -> Finding:
    by_reading = f" (reading {refused.reading})" if refused.reading else ""
    match refused.cause:
        case FieldBelowMinimum(minimum=minimum):
            why = f"{field.clause} shows {minimum} or more{by_reading}"
            fix, below = f"send {field.name} {minimum} or more", field.default_below
            if below is not None:
                fix = (
                    f"{fix}, or serve with --reading {below.reading}={below.value}, which takes {field.default} for it"
                )
            return Finding(f"{field.name} is below {minimum}", why, fix)
        case FieldNamesNothing(value=asked, noun=noun):
            why = f"{field.clause} has a set of them{by_reading}"
            fix = fix_of_text(field, asked, readings)
            if refused.reading:
                fix = f"{fix}, or serve with another value of --reading {refused.reading}"
            return Finding(f"{field.name} names no {noun}", why, fix)
        case FieldWrongType(got=got):
            return _wrong_type(field, value, got, readings, is_form)
    return Finding(str(refused.cause), f"{field.clause} shows another{by_reading}", f"send {_example(field)}")


def _wrong_type(field: Field, value: Any, got: str, readings: Readings, is_form: bool) -> Finding:
    is_number = field.json_type == "integer"
    is_coerced = is_decimal(value) if is_number else field.takes_number and got in {"integer", "number"}
    what = f"{field.name} is of the JSON type {got}"
    if is_number and got == "string":
        text = "a number as text" if is_coerced else "text, and not a whole number of up to 18 digits"
        what = f"{field.name} is {text}"
    why = f"{field.clause} shows {'an integer' if is_number else 'a string'} (reading types)"
    if is_form:
        return Finding(what, why, f"send digits alone, as in {field.name}=1")
    if is_number and is_coerced and _is_out_of_range(field, value, readings):
        fix = f'send "{field.name}": {field.minimum}, or more, without quotes'
        return Finding(f"{what}, and below {field.minimum}", f"{why[:-1]}, reading out_of_range)", fix)
    coerce = ", or serve with --reading types=coerce" if is_coerced else ""
    return Finding(what, why, f"{_meant(field, value, readings)}{coerce}")


def _meant(field: Field, value: Any, readings: Readings) -> str:
    """Return how to send what the sender meant, as far as it can be told from a value of the wrong type."""
    if field.secret:
        return f"send {_example(field)}"
    is_number = _is_number(value)
    if field.json_type == "integer" and is_decimal(value):
        return f'send "{field.name}": {int(value)}, without quotes'
    if field.json_type == "integer" and is_number:
        return f'send "{field.name}": {max(int(value), field.minimum or 0)}, a whole number'
    if is_number and field.closed_set is not None and _text_of(value) not in field.closed_set.known(readings):
        return fix_of_text(field, _text_of(value), readings)
    if is_number:
        return f'send "{field.name}": "{_text_of(value)}", in quotes'
    if field.default is None:
        return f"send {_example(field)}"
    # What is no value asks for nothing in particular: so does the default, and so does the field left out.
    return f'send "{field.name}": {json.dumps(field.default)}, which is what is taken when it is left out'


def _is_out_of_range(field: Field, text: str, readings: Readings) -> bool:
    return field.minimum is not None and int(text) < field.minimum and readings.out_of_range == "json"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text_of(number: float) -> str:
    return str(int(number) if number == int(number) else number)


def _example(field: Field) -> str:
    if field.secret:
        return f'"{field.name}" as text{f": {field.form}" if field.form else ""}'
    if field.default is not None:
        return f'"{field.name}": {json.dumps(field.default)}'
    return f'"{field.name}" as {"a whole number" if field.json_type == "integer" else "text, in quotes"}'


def _missing(
    sent: Mapping[str, Any], operation: Operation, readings: Readings, is_form: bool
) -> Iterator[tuple[str, Finding]]:
    for field in operation.required_fields(readings):
        if field.name not in sent:
            reading = field.required_reading
            why = f"the reading {reading} asks for it" if reading else f"{field.clause} asks for it"
            fix = f"send {field.name} as a field of the form" if is_form else f"send {_example(field)}"
            # A field that must say something is refused for another reason when it may be left out.
            if reading and (field.default is not None or field.name == SESSION_KEY):
                fix = f"{fix}, or serve with --reading {reading}={REGISTER[reading].default}"
            yield field.name, Finding(f"{field.name} is missing", why, fix)
