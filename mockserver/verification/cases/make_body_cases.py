"""Makes the request cases whose body is not one JSON object, or is an odd one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.verification.cases.case_parts import Outcomes, good_body, made_case
from mockserver.verification.cases.request_cases import ANY, UNKNOWN_MERCHANT, Case

_REFUSED: Outcomes = {"ERR-1": {}}
_EITHER: Outcomes = {ANY: {}}


def body_cases(generated: Mapping[str, bytes]) -> Iterator[Case]:
    """Yield the cases of bodies that are not one JSON object, are odd, or are a form; `generated` are further ones."""
    yield from _bodies()
    yield from _generated(generated)


def _bodies() -> Iterator[Case]:
    good = good_body()
    commented = good.replace(b'"status":"",', b'"status":"", //kosong jika tidak melakukan pencarian by status\n')
    broken = {
        "cut-off": ("the last brace is missing", good[:-1]),
        "cut-in-text": ("it ends inside a text", good[:-12]),
        "trailing-comma": ("a comma before the last brace", good[:-1] + b",}"),
        "page-example-comment": ("the page's own example, with its comment", commented),
        "single-quotes": ("single quotes", good.replace(b'"', b"'")),
        "two-objects": ("two objects, one after the other", good + good),
        "brace-too-many": ("a brace too many", good + b"}"),
        "bare-names": ("names without quotes", good.replace(b'"page":', b"page:")),
        "missing-comma": ("no comma between two fields", good.replace(b'"page":1,', b'"page":1 ')),
        "plain-text": ("plain text", b"bukan JSON"),
        "xml": ("XML", b"<projectid>DW</projectid>"),
    }
    for name, (about, body) in broken.items():
        yield made_case(name, "ERR-1", f"Not JSON: {about}.", body, _REFUSED)
    for name, body in {
        "null": b"null",
        "list": b"[]",
        "list-of-object": b"[" + good + b"]",
        "text": b'"$projectid"',
        "number": b"1",
        "true": b"true",
    }.items():
        yield made_case(f"not-an-object-{name}", "REQ-1", "JSON, but not one object.", body, _REFUSED)
    yield made_case(
        "cut-off-unknown-merchant",
        "ERR-1",
        "Not JSON, sent for an unknown merchant: JSON is always first.",
        good[:-1],
        _REFUSED,
        merchant=UNKNOWN_MERCHANT,
    )
    yield made_case(
        "cut-off-wrong-signature", "ERR-1", "Not JSON, with a wrong signature.", good[:-1], _REFUSED, formula="zeros"
    )
    yield from _odd_bodies(good)
    yield made_case(
        "form",
        "REQ-1",
        "The same fields, form-encoded.",
        b"$form_session&projectid=$form_projectid&status=&page=1&limit=30&signature=$signature",
        {"ERR-1": {"form_body": ("reject",)}, "success": {"form_body": ("accept",)}},
    )


def _odd_bodies(good: bytes) -> Iterator[Case]:
    odd = {
        "empty": b"",
        "nan": good_body({"page": "NaN"}),
        "infinity": good_body({"limit": "Infinity"}),
        "not-utf8": good.replace(b'"status":""', b'"status":"","note":"\xff\xfe"'),
        "utf-16": good.decode().encode("utf-16"),
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "duplicate-key": good.replace(b'"page":1', b'"page":1,"page":1'),
        "huge-number": good_body({"page": "9" * 40}),
        "lone-surrogate": good_body({"status": '"\\ud800"'}),
        "nul-in-text": good_body({"projectid": '"$projectid\\u0000"'}),
        "deep": b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}",
    }
    # What the ordinary reply would be, where the body holds no good call.
    unsigned: Outcomes = {"ERR-1": {}, "ERR-3": {}, "ERR-4": {}}
    ordinary = {"empty": unsigned, "deep": unsigned, "nul-in-text": {"ERR-1": {}, "ERR-4": {}}}
    for name, body in odd.items():
        about = "Odd, and left open: ERR-1 or an ordinary reply, never a crash."
        yield made_case(f"odd-{name}", "ERR-1", about, body, ordinary.get(name, _EITHER))


def _generated(bodies: Mapping[str, bytes]) -> Iterator[Case]:
    for name, body in bodies.items():
        yield made_case(name, "ERR-1", "Generated: not one JSON object.", body, _REFUSED)
