"""Makes the request cases that `fixtures generate` stores: what is sent, and what the contract lets come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.contract import near_misses
from mockserver.verification.cases import ANY, RIGHT, UNKNOWN_MERCHANT, UNKNOWN_PROJECT, Case

Outcomes = Mapping[str, Mapping[str, tuple[str, ...]]]

_GOOD = {
    "projectid": '"$projectid"',
    "status": '""',
    "page": "1",
    "limit": "30",
    "signature": '"$signature"',
}
_REFUSED: Outcomes = {"ERR-1": {}}
_EITHER: Outcomes = {ANY: {}}
_STRICT_OR_COERCE: Outcomes = {"ERR-1": {"types": ("strict",)}, "success": {"types": ("coerce",)}}
# What `coerce` makes of other types is not judged in a target.
_STRICT_OR_ANY: Outcomes = {"ERR-1": {}, ANY: {"types": ("coerce",)}}


def make_cases(generated_bodies: Mapping[str, bytes]) -> dict[str, list[Case]]:
    """Return every group of cases; `generated_bodies` are further bodies that are not one JSON object."""
    return {
        "bodies": [*_bodies(), *_generated(generated_bodies)],
        "types": list(_types()),
        "presence": list(_presence()),
        "merchants": list(_merchants()),
        "projects": list(_projects()),
        "signatures": list(_signatures()),
    }


def _bodies() -> Iterator[Case]:
    good = _good_body()
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
        yield _case(name, "ERR-1", f"Not JSON: {about}.", body, _REFUSED)
    for name, body in {
        "null": b"null",
        "list": b"[]",
        "list-of-object": b"[" + good + b"]",
        "text": b'"$projectid"',
        "number": b"1",
        "true": b"true",
    }.items():
        yield _case(f"not-an-object-{name}", "REQ-1", "JSON, but not one object.", body, _REFUSED)
    yield _case(
        "cut-off-unknown-merchant",
        "ERR-1",
        "Not JSON, sent for an unknown merchant: JSON is always first.",
        good[:-1],
        _REFUSED,
        merchant=UNKNOWN_MERCHANT,
    )
    yield _case(
        "cut-off-wrong-signature", "ERR-1", "Not JSON, with a wrong signature.", good[:-1], _REFUSED, formula="zeros"
    )
    yield from _odd_bodies(good)
    yield _case(
        "form",
        "REQ-1",
        "The same fields, form-encoded.",
        b"$form_session&projectid=$form_projectid&status=&page=1&limit=30&signature=$signature",
        {"ERR-1": {"form_body": ("reject",)}, "success": {"form_body": ("accept",)}},
    )


def _odd_bodies(good: bytes) -> Iterator[Case]:
    odd = {
        "empty": b"",
        "nan": _good_body({"page": "NaN"}),
        "infinity": _good_body({"limit": "Infinity"}),
        "not-utf8": good.replace(b'"status":""', b'"status":"","note":"\xff\xfe"'),
        "utf-16": good.decode().encode("utf-16"),
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "duplicate-key": good.replace(b'"page":1', b'"page":1,"page":1'),
        "huge-number": _good_body({"page": "9" * 40}),
        "lone-surrogate": _good_body({"status": '"\\ud800"'}),
        "nul-in-text": _good_body({"projectid": '"$projectid\\u0000"'}),
        "deep": b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}",
    }
    # What the ordinary reply would be, where the body holds no good call.
    unsigned: Outcomes = {"ERR-1": {}, "ERR-3": {}, "ERR-4": {}}
    ordinary = {"empty": unsigned, "deep": unsigned, "nul-in-text": {"ERR-1": {}, "ERR-4": {}}}
    for name, body in odd.items():
        about = "Odd, and left open: ERR-1 or an ordinary reply, never a crash."
        yield _case(f"odd-{name}", "ERR-1", about, body, ordinary.get(name, _EITHER))


def _generated(bodies: Mapping[str, bytes]) -> Iterator[Case]:
    for name, body in bodies.items():
        yield _case(name, "ERR-1", "Generated: not one JSON object.", body, _REFUSED)


def _types() -> Iterator[Case]:
    for name, value in (("page", '"1"'), ("limit", '"30"')):
        about = f"{name} as decimal text."
        yield _case(f"{name}-as-text", "REQ-1", about, _good_body({name: value}), _STRICT_OR_COERCE)
    yield _case(
        "projectid-as-number",
        "REQ-1",
        "projectid as a number that no project has.",
        _good_body({"projectid": "999999999"}),
        {"ERR-1": {"types": ("strict",)}, "ERR-4": {"types": ("coerce",)}},
    )
    yield _case(
        "status-as-number",
        "REQ-1",
        "status as a number.",
        _good_body({"status": "0"}),
        {"ERR-1": {}, "success": {"types": ("coerce",)}},
    )
    others = {
        "page": ("true", "1.5", "null", "[1]", '"x"'),
        "limit": ("true", "1.5", "{}", '""'),
        "projectid": ("true", '["$projectid"]', "null"),
        "status": ("false", "null"),
        "signature": ("1", '["$signature"]', "null", "true"),
    }
    for field, values in others.items():
        for number, value in enumerate(values, 1):
            about = f"{field} of another JSON type than the example's."
            yield _case(f"{field}-of-other-type-{number}", "REQ-1", about, _good_body({field: value}), _STRICT_OR_ANY)


def _presence() -> Iterator[Case]:
    yield _case(
        "no-signature",
        "ERR-3",
        "No signature.",
        _good_body({"signature": None}),
        {"ERR-3": {"missing_signature": ("signature",)}, "ERR-1": {"missing_signature": ("json",)}},
    )
    yield _case(
        "no-projectid",
        "ERR-4",
        "No projectid.",
        _good_body({"projectid": None}),
        {"ERR-4": {"missing_projectid": ("project",)}, "ERR-1": {"missing_projectid": ("json",)}},
    )
    paging: Outcomes = {"success": {"missing_paging": ("default",)}, "ERR-1": {"missing_paging": ("json",)}}
    for names in (("status", "page", "limit"), ("status",), ("page",), ("limit",)):
        about = f"No {', '.join(names)}."
        yield _case(f"no-{'-'.join(names)}", "REQ-3", about, _good_body(dict.fromkeys(names)), paging)
    ranges: Outcomes = {"ERR-1": {"out_of_range": ("json",)}, "success": {"out_of_range": ("default",)}}
    for name, value in (("page", "0"), ("limit", "0"), ("page", "-1"), ("limit", "-1")):
        about = f"{name} below 1."
        yield _case(f"{name}-{value}", "REQ-3", about, _good_body({name: value}), ranges)
    extra = b'{"signature":"$signature","limit":30,$session"page":1,"extra":[{}],"status":"","projectid":"$projectid"}'
    yield _case(
        "other-order-and-added-field",
        "REQ-1",
        "Other key order, and a field unknown to the page.",
        extra,
        {"success": {}},
    )


def _merchants() -> Iterator[Case]:
    unknown: Outcomes = {
        "ERR-2": {"precedence": ("merchant-signature-project", "merchant-project-signature")},
        "ERR-3": {"precedence": ("signature-merchant-project",)},
    }
    for name, merchant in {
        "made-up": UNKNOWN_MERCHANT,
        "longer": "$merchant_id0",
        "other-case": "$merchant_id_changed_case",
    }.items():
        about = "An unknown merchant, its call signed with the secret at hand."
        yield _case(
            f"unknown-{name}", "ERR-2", about, _good_body(), unknown, merchant=merchant, formula="of_path_merchant"
        )
    about = "An unknown merchant, with the signature of the known one."
    yield _case("unknown-with-own-signature", "ERR-2", about, _good_body(), unknown, merchant=UNKNOWN_MERCHANT)
    both = _good_body({"projectid": f'"{UNKNOWN_PROJECT}"'})
    yield _case(
        "unknown-and-unknown-project",
        "ERR-2",
        "Unknown merchant and project.",
        both,
        unknown,
        merchant=UNKNOWN_MERCHANT,
    )


def _projects() -> Iterator[Case]:
    for name, project in {
        "made-up": UNKNOWN_PROJECT,
        "longer": "$projectid0",
        "pattern": "%",
        "star": "*",
        "quoted": "' OR '1'='1",
    }.items():
        body = _good_body({"projectid": f'"{project}"'})
        yield _case(f"unknown-{name}", "ERR-4", "An unknown project.", body, {"ERR-4": {}})
    body = _good_body({"projectid": '""'})
    yield _case("empty", "ERR-4", "An empty projectid.", body, {"ERR-4": {}, "ERR-1": {"missing_projectid": ("json",)}})
    body = _good_body({"projectid": f'"{UNKNOWN_PROJECT}"', "page": "1000"})
    yield _case("unknown-far-page", "ERR-4", "An unknown project, page 1000.", body, {"ERR-4": {}})


def _signatures() -> Iterator[Case]:
    about = "A wrong signature and an unknown project."
    both: Outcomes = {
        "ERR-3": {"precedence": ("merchant-signature-project", "signature-merchant-project")},
        "ERR-4": {"precedence": ("merchant-project-signature",)},
    }
    body = _good_body({"projectid": f'"{UNKNOWN_PROJECT}"'})
    yield _case("wrong-and-unknown-project", "ERR-3", about, body, both, formula="zeros")
    case: Outcomes = {"ERR-3": {"signature_case": ("exact",)}, "success": {"signature_case": ("ignore",)}}
    # Those that breaks are likeliest to let through come first: a live run sends ten.
    first = (
        "empty",
        "prefix",
        "last_changed",
        "secret_first",
        "other_secret",
        "upper_case",
        "colon",
        "sha256",
        "other_merchant",
    )
    for formula in (*first, *(name for name in near_misses.ALL if name not in first)):
        outcomes = case if formula in near_misses.OTHER_CASES else {"ERR-3": {}}
        name = formula.replace("_", "-")
        yield _case(name, "ERR-3", "A signature that is nearly right.", _good_body(), outcomes, formula=formula)


def _good_body(changes: Mapping[str, str | None] | None = None) -> bytes:
    """Return a good body in the page's order with some fields changed, as JSON text, or left out (None)."""
    fields = {**_GOOD, **(changes or {})}
    inside = ",".join(f'"{name}":{value}' for name, value in fields.items() if value is not None)
    return b"{$session" + inside.encode("utf-8", "surrogatepass") + b"}"


def _case(name: str, clause: str, about: str, body: bytes, outcomes: Outcomes, **more: str) -> Case:
    """Return a case; `more` may name another `merchant` or signature `formula` than the right ones."""
    return Case(name, clause, about, more.get("merchant", "$merchant_id"), body, more.get("formula", RIGHT), outcomes)
