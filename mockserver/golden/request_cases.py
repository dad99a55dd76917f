"""Makes the request cases that `fixtures generate` stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.contract import near_misses
from mockserver.verification.cases.case_parts import Outcomes, good_body, made_case
from mockserver.verification.cases.make_body_cases import body_cases
from mockserver.verification.cases.request_cases import ANY, UNKNOWN_MERCHANT, UNKNOWN_PROJECT, Case

_STRICT_OR_COERCE: Outcomes = {"ERR-1": {"types": ("strict",)}, "success": {"types": ("coerce",)}}
# What `coerce` makes of other types is not judged in a target.
_STRICT_OR_ANY: Outcomes = {"ERR-1": {}, ANY: {"types": ("coerce",)}}


def make_cases(generated_bodies: Mapping[str, bytes]) -> dict[str, list[Case]]:
    """Return every group of cases; `generated_bodies` are further bodies that are not one JSON object."""
    return {
        "bodies": list(body_cases(generated_bodies)),
        "types": list(_types()),
        "presence": list(_presence()),
        "merchants": list(_merchants()),
        "projects": list(_projects()),
        "signatures": list(_signatures()),
    }


def _types() -> Iterator[Case]:
    for name, value in (("page", '"1"'), ("limit", '"30"')):
        about = f"{name} as decimal text."
        yield made_case(f"{name}-as-text", "REQ-1", about, good_body({name: value}), _STRICT_OR_COERCE)
    yield made_case(
        "projectid-as-number",
        "REQ-1",
        "projectid as a number that no project has.",
        good_body({"projectid": "999999999"}),
        {"ERR-1": {"types": ("strict",)}, "ERR-4": {"types": ("coerce",)}},
    )
    yield made_case(
        "status-as-number",
        "REQ-1",
        "status as a number.",
        good_body({"status": "0"}),
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
            yield made_case(
                f"{field}-of-other-type-{number}", "REQ-1", about, good_body({field: value}), _STRICT_OR_ANY
            )


def _presence() -> Iterator[Case]:
    yield made_case(
        "no-signature",
        "ERR-3",
        "No signature.",
        good_body({"signature": None}),
        {"ERR-3": {"missing_signature": ("signature",)}, "ERR-1": {"missing_signature": ("json",)}},
    )
    yield made_case(
        "no-projectid",
        "ERR-4",
        "No projectid.",
        good_body({"projectid": None}),
        {"ERR-4": {"missing_projectid": ("project",)}, "ERR-1": {"missing_projectid": ("json",)}},
    )
    paging: Outcomes = {"success": {"missing_paging": ("default",)}, "ERR-1": {"missing_paging": ("json",)}}
    for names in (("status", "page", "limit"), ("status",), ("page",), ("limit",)):
        about = f"No {', '.join(names)}."
        yield made_case(f"no-{'-'.join(names)}", "REQ-3", about, good_body(dict.fromkeys(names)), paging)
    ranges: Outcomes = {"ERR-1": {"out_of_range": ("json",)}, "success": {"out_of_range": ("default",)}}
    for name, value in (("page", "0"), ("limit", "0"), ("page", "-1"), ("limit", "-1")):
        about = f"{name} below 1."
        yield made_case(f"{name}-{value}", "REQ-3", about, good_body({name: value}), ranges)
    extra = b'{"signature":"$signature","limit":30,$session"page":1,"extra":[{}],"status":"","projectid":"$projectid"}'
    yield made_case(
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
        yield made_case(
            f"unknown-{name}", "ERR-2", about, good_body(), unknown, merchant=merchant, formula="of_path_merchant"
        )
    about = "An unknown merchant, with the signature of the known one."
    yield made_case("unknown-with-own-signature", "ERR-2", about, good_body(), unknown, merchant=UNKNOWN_MERCHANT)
    both = good_body({"projectid": f'"{UNKNOWN_PROJECT}"'})
    yield made_case(
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
        body = good_body({"projectid": f'"{project}"'})
        yield made_case(f"unknown-{name}", "ERR-4", "An unknown project.", body, {"ERR-4": {}})
    body = good_body({"projectid": '""'})
    yield made_case(
        "empty", "ERR-4", "An empty projectid.", body, {"ERR-4": {}, "ERR-1": {"missing_projectid": ("json",)}}
    )
    body = good_body({"projectid": f'"{UNKNOWN_PROJECT}"', "page": "1000"})
    yield made_case("unknown-far-page", "ERR-4", "An unknown project, page 1000.", body, {"ERR-4": {}})


def _signatures() -> Iterator[Case]:
    about = "A wrong signature and an unknown project."
    both: Outcomes = {
        "ERR-3": {"precedence": ("merchant-signature-project", "signature-merchant-project")},
        "ERR-4": {"precedence": ("merchant-project-signature",)},
    }
    body = good_body({"projectid": f'"{UNKNOWN_PROJECT}"'})
    yield made_case("wrong-and-unknown-project", "ERR-3", about, body, both, formula="zeros")
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
        yield made_case(name, "ERR-3", "A signature that is nearly right.", good_body(), outcomes, formula=formula)
