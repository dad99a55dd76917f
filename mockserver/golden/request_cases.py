"""Makes the request cases that `fixtures generate` stores: what is sent, and what the contract lets come of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from mockserver.contract import near_lists, near_misses
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.verification.cases import ANY, RIGHT, SUBMIT_REFUSALS, UNKNOWN_MERCHANT, UNKNOWN_PROJECT, Case
from mockserver.verification.live_guard import REFUSED_SUBMISSIONS

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
        SUBMIT_REFUSALS: list(_submit_refusals()),
        "bulk-bodies": list(_submit_bodies()),
        "bulk-types": list(_submit_types()),
        "bulk-presence": list(_submit_presence()),
        "bulk-merchants": list(_submit_merchants()),
        "bulk-lists": list(_submit_lists()),
        "bulk-signatures": list(_submit_signatures()),
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


_SUBMISSION = {"kode_voucher": '"$kode_voucher"', "signature": '"$signature"'}
_NOT_JSON: Outcomes = {"BULK-ERR-1": {}}
_NO_SIGNATURE: Outcomes = {"BULK-ERR-1": {"bulk_missing": ("json",)}, "BULK-ERR-2": {"bulk_missing": ("own",)}}
_NO_LIST: Outcomes = {"BULK-ERR-1": {"bulk_missing": ("json",)}, "BULK-ERR-4": {"bulk_missing": ("own",)}}
_UNKNOWN: Outcomes = {
    "BULK-ERR-5": {"bulk_precedence": ("merchant-signature",)},
    "BULK-ERR-2": {"bulk_precedence": ("signature-merchant",)},
}


def _submit_refusals() -> Iterator[Case]:
    """Make the cases that no target can accept: their bodies are the same for every target."""
    known: dict[str, tuple[str, str, Outcomes]] = {
        "plain-text": ("BULK-ERR-1", "Not JSON: plain text.", _NOT_JSON),
        "not-an-object": ("BULK-REQ-1", "JSON, but not one object.", _NOT_JSON),
        "cut-off": ("BULK-ERR-1", "Not JSON: the last brace is missing.", _NOT_JSON),
        "trailing-comma": ("BULK-ERR-1", "Not JSON: a comma before the last brace.", _NOT_JSON),
        "no-field": ("BULK-ERR-1", "No field at all.", _NO_SIGNATURE),
        "no-signature": ("BULK-ERR-1", "No signature, and a list that is not base64.", _NO_SIGNATURE),
        "no-list": ("BULK-ERR-1", "No list, and a wrong signature.", _NO_SIGNATURE),
        "wrong-signature": ("BULK-ERR-2", "A wrong signature.", {"BULK-ERR-2": {}}),
        "broken-base64": ("BULK-ERR-2", "A wrong signature, and a list that is not base64.", {"BULK-ERR-2": {}}),
    }
    for name in ("plain-text", "not-an-object", "cut-off", "trailing-comma"):
        clause, about, outcomes = known.pop(name)
        yield _submission(name, clause, about, REFUSED_SUBMISSIONS[name], outcomes)
    yield _submission(
        "unknown-merchant-cut-off",
        "BULK-ERR-1",
        "Not JSON, sent for an unknown merchant: JSON is always first.",
        REFUSED_SUBMISSIONS["cut-off"],
        _NOT_JSON,
        merchant=UNKNOWN_MERCHANT,
    )
    yield _submission(
        "unknown-merchant",
        "BULK-ERR-5",
        "An unknown merchant, and a wrong signature.",
        REFUSED_SUBMISSIONS["wrong-signature"],
        _UNKNOWN,
        merchant=UNKNOWN_MERCHANT,
        formula="zeros",
    )
    for name, (clause, about, outcomes) in known.items():
        yield _submission(name, clause, about, REFUSED_SUBMISSIONS[name], outcomes, formula="zeros")


def _submit_bodies() -> Iterator[Case]:
    good = _list_body()
    broken = {
        "cut-off": ("the last brace is missing", good[:-1]),
        "cut-in-text": ("it ends inside a text", good[:-4]),
        "trailing-comma": ("a comma before the last brace", good[:-1] + b",}"),
        "comment": ("a comment", good[:-1] + b" //kosong\n}"),
        "single-quotes": ("single quotes", good.replace(b'"', b"'")),
        "two-objects": ("two objects, one after the other", good + good),
        "brace-too-many": ("a brace too many", good + b"}"),
        "missing-comma": ("no comma between two fields", good.replace(b'","', b'" "')),
    }
    for name, (about, body) in broken.items():
        yield _submission(name, "BULK-ERR-1", f"Not JSON: {about}.", body, _NOT_JSON)
    for name, body in {"null": b"null", "list-of-object": b"[" + good + b"]", "text": b'"x"'}.items():
        yield _submission(f"not-an-object-{name}", "BULK-REQ-1", "JSON, but not one object.", body, _NOT_JSON)
    yield _submission(
        "form",
        "BULK-REQ-1",
        "The same fields, form-encoded.",
        b"$form_session&kode_voucher=$form_kode_voucher&signature=$signature",
        _NOT_JSON,
    )
    odd = {
        "empty": b"",
        "not-utf8": good[:-1] + b',"note":"\xff\xfe"}',
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "duplicate-key": good[:-1] + b',"signature":"$signature"}',
        "deep": good[:-1] + b',"x":' + b"[" * 3000 + b"]" * 3000 + b"}",
    }
    about = "Odd, and left open: BULK-ERR-1 or an ordinary reply, never a crash."
    unsigned: Outcomes = {"BULK-ERR-1": {}, "BULK-ERR-2": {}}
    for name, body in odd.items():
        yield _submission(f"odd-{name}", "BULK-ERR-1", about, body, unsigned if name == "empty" else _EITHER)


def _submit_types() -> Iterator[Case]:
    # What `coerce` makes of other types is not judged in a target.
    outcomes: Outcomes = {"BULK-ERR-1": {}, ANY: {"types": ("coerce",)}}
    others = {
        "kode_voucher": ("1", '["$kode_voucher"]', "null", "true"),
        "signature": ("1", '["$signature"]', "null", "true"),
        "session_key": ("1", "[]"),
    }
    for field, values in others.items():
        for number, value in enumerate(values, 1):
            name = f"{field.replace('_', '-')}-of-other-type-{number}"
            about = f"{field} of another JSON type than the example's."
            # A session key of the target's own would be a second one.
            body = _list_body({field: value}).replace(b"$session", b"" if field == "session_key" else b"$session")
            yield _submission(name, "BULK-REQ-1", about, body, outcomes)


def _submit_presence() -> Iterator[Case]:
    for name, value, what in (("no", None, "No"), ("empty", '""', "An empty")):
        body = _list_body({"signature": value})
        yield _submission(f"{name}-signature", "BULK-ERR-1", f"{what} signature.", body, _NO_SIGNATURE)
        body = _list_body({"kode_voucher": value})
        yield _submission(f"{name}-list", "BULK-ERR-1", f"{what} list.", body, _NO_LIST)
    body = b'{"added":[{}],"signature":"$signature",$session"kode_voucher":"$kode_voucher"}'
    about = "Other key order, and a field unknown to the page."
    yield _submission("other-order-and-added-field", "BULK-REQ-1", about, body, {"success": {}})


def _submit_merchants() -> Iterator[Case]:
    for name, merchant in {
        "made-up": UNKNOWN_MERCHANT,
        "longer": "$merchant_id0",
        "other-case": "$merchant_id_changed_case",
    }.items():
        about = "An unknown merchant, its submission signed with the secret at hand."
        more = {"merchant": merchant, "formula": "of_path_merchant"}
        yield _submission(f"unknown-{name}", "BULK-ERR-5", about, _list_body(), _UNKNOWN, **more)
    about = "An unknown merchant, with the signature of the known one."
    body = _list_body()
    yield _submission("unknown-with-own-signature", "BULK-ERR-5", about, body, _UNKNOWN, merchant=UNKNOWN_MERCHANT)


def _submit_lists() -> Iterator[Case]:
    refused: Outcomes = {"BULK-ERR-4": {}}
    strict: Outcomes = {"BULK-ERR-4": {"bulk_base64": ("strict",)}, "success": {"bulk_base64": ("lenient",)}}
    known: dict[str, tuple[str, Outcomes]] = {
        "right": ("A list as documented.", {"success": {}}),
        "windows_lines": ("\\r\\n between the codes.", {"success": {}}),
        "spaces_round_codes": ("White space round the codes.", {"success": {}}),
        "empty_lines": (
            "Empty lines between the codes.",
            {"success": {"bulk_lines": ("any",)}, "BULK-ERR-4": {"bulk_lines": ("strict",)}},
        ),
        "wrapped": ("A line break in the base64.", strict),
        "unpadded": ("Base64 without its padding.", strict),
        "url_safe": ("The URL-safe alphabet.", strict),
        "white_space": (
            "A list without one code.",
            {"BULK-ERR-4": {"bulk_empty": ("base64",)}, "BULK-ERR-1": {"bulk_empty": ("json",)}},
        ),
    }
    for name, (about, outcomes) in known.items():
        yield _listed(name, "BULK-REQ-2" if "success" in outcomes else "BULK-ERR-4", about, outcomes)
    for name in near_lists.NO_LISTS:
        if name == "twice_in_the_list":
            yield _listed(name, "BULK-ERR-10", "A code twice in the list.", {"BULK-ERR-10": {}})
        else:
            yield _listed(name, "BULK-ERR-4", "Not a list in base64.", refused)


def _submit_signatures() -> Iterator[Case]:
    case: Outcomes = {"BULK-ERR-2": {"signature_case": ("exact",)}, "success": {"signature_case": ("ignore",)}}
    first = ("zeros", "prefix", "last_changed", "secret_first", "other_secret", "upper_case", "colon", "sha256")
    about = "A signature that is nearly right."
    # An empty one is missing, to the submit call.
    for formula in (*first, *(name for name in near_misses.ALL if name not in {*first, "empty"})):
        outcomes = case if formula in near_misses.OTHER_CASES else {"BULK-ERR-2": {}}
        name = formula.replace("_", "-")
        yield _submission(name, "BULK-ERR-2", about, _list_body(), outcomes, formula=formula)
    body = _list_body({"kode_voucher": '"%%%"'})
    about = "A wrong signature, and a list that is not base64."
    yield _submission("wrong-and-broken-base64", "BULK-ERR-2", about, body, {"BULK-ERR-2": {}}, formula="last_changed")


def _listed(name: str, clause: str, about: str, outcomes: Outcomes) -> Case:
    return _submission(name.replace("_", "-"), clause, about, _list_body(), outcomes, list=name)


def _list_body(changes: Mapping[str, str | None] | None = None) -> bytes:
    """Return a good submission with some fields changed, as JSON text, or left out (None)."""
    fields = {**_SUBMISSION, **(changes or {})}
    return b"{$session" + ",".join(f'"{name}":{value}' for name, value in fields.items() if value).encode() + b"}"


def _submission(name: str, clause: str, about: str, body: bytes, outcomes: Outcomes, **more: str) -> Case:
    """Return a case of the submit call; `more` is as in `_case`, and may name another way to write the `list`."""
    case = _case(name, clause, about, body, outcomes, **more)
    return dataclasses.replace(case, operation=REDEEM_BULK, list=more.get("list", near_lists.RIGHT))
