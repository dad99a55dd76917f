"""The status call, `project/detail`: the vendor's page, clause by clause."""

from __future__ import annotations

import re
from types import MappingProxyType

import msgspec

from mockserver.contract.operation import (
    JSON,
    MERCHANT,
    SIGNATURE,
    ClosedSet,
    DocumentedError,
    Field,
    Operation,
    Success,
    When,
)
from mockserver.contract.readings import Readings
from mockserver.contract.wire import CREATED_AT, STATUSES

PROJECT = "project"

DEFAULT_STATUS = ""
DEFAULT_PAGE = 1
DEFAULT_LIMIT = 30

_CLAUSES = MappingProxyType(
    {
        "REQ-1": "The call is a POST whose body is one JSON object.",
        "REQ-2": "signature is lower-case hex md5 of merchant_id immediately followed by secret_key, in UTF-8.",
        "REQ-3": 'projectid names the project; status "" is no filter; page counts from 1; limit is the page size.',
        "ERR-1": 'A body that is not valid JSON: rc 400, "Data JSON tidak valid".',
        "ERR-2": 'Unknown merchant: rc 500, "Merchant not found".',
        "ERR-3": 'Wrong signature: rc 500, "Signature Not Valid".',
        "ERR-4": 'Unknown project, or one of another merchant: rc 500, "Project ID tidak ditemukan".',
        "ERR-5": "An error has status 0, rc and error_msg, and never data, ts or message.",
        "RES-1": "Success: status 1, rc 200, the message, data, and ts: Unix seconds, now.",
        "RES-2": "data has current_page (echo), data (an object), total_data and total_page.",
        "RES-3": "data.data has id, merchant_id and project_id (echo), total_voucher, vouchers, totals and stats.",
        "RES-4": "A voucher has its ten documented fields, each of its type and form.",
        "RES-5": "Vouchers come by id, newest first.",
        "RES-6": "created is the date of the date-time beside it; updated_at is not before that.",
        "PAGE-1": "A page holds at most limit vouchers; the pages together hold each matching voucher once.",
        "PAGE-2": "total_data counts the matching vouchers; total_page is ceil(total_data / limit).",
        "FILT-1": "With status set, exactly the vouchers of that status are listed, over all pages.",
        "SUM-1": "stats has the five names, each equal to the number of vouchers in that status.",
        "SUM-2": "kategori_voucher has one entry for each nominal, equal to its number of vouchers.",
    }
)

_NO_FILTER = frozenset({"", "all", "any", "*", "semua", "null", "none"})
_BETWEEN_WORDS = re.compile(r"[\s-]+")


def _meant_status(text: str, readings: Readings) -> str | None:
    """Return the filter that was meant by a text that names no status: by its number, by its name, or by "all"."""
    word = _BETWEEN_WORDS.sub("_", text.strip().lower())
    if word in _NO_FILTER:
        return DEFAULT_STATUS
    word = str(int(word)) if word.isdecimal() and len(word) <= 9 else word
    by_any_name = readings.replace(status_filter="both").status_named
    return next((known for known, status in readings.status_named.items() if status is by_any_name.get(word)), None)


_PAGING = When("missing_paging", "json")
_BELOW_1 = When("out_of_range", "default")

PROJECT_DETAIL = Operation(
    name="project_detail",
    method="POST",
    path="/merchant/{merchant_id}/kiosgamer/project/detail",
    summary="List the vouchers of a project",
    request_clause="REQ-1",
    request_title="Request for a project's vouchers",
    request_example={
        "projectid": "DW",
        "status": "",
        "page": 1,
        "limit": 30,
        "signature": "fa375f4e30dbe2cdcf5d1ee0e9d678ef",
    },
    fields=(
        Field(
            name="projectid",
            json_type="string",
            clause="REQ-3",
            description="REQ-3: names the project. A consumer that leaves it out gets ERR-4.",
            example="R240815XPQR000012",
            required_by=When("missing_projectid", "json"),
            takes_number=True,
            meant_by=("project", "id"),
        ),
        Field(
            name="status",
            json_type="string",
            clause="REQ-3",
            description='REQ-3, FILT-1: "" means no filter.',
            example="0",
            default=DEFAULT_STATUS,
            required_by=_PAGING,
            takes_number=True,
            closed_set=ClosedSet(
                "status",
                lambda readings: readings.status_named,
                every=frozenset({*"01234", *(status.value for status in STATUSES)}),
                when=When("unknown_status", "json"),
                meant=_meant_status,
                wider=When("status_filter", "both"),
            ),
        ),
        Field(
            name="page",
            json_type="integer",
            clause="REQ-3",
            description="REQ-3: counts from 1.",
            example=1,
            default=DEFAULT_PAGE,
            required_by=_PAGING,
            minimum=1,
            default_below=_BELOW_1,
        ),
        Field(
            name="limit",
            json_type="integer",
            clause="REQ-3",
            description="REQ-3, PAGE-1: the page size.",
            example=30,
            default=DEFAULT_LIMIT,
            required_by=_PAGING,
            minimum=1,
            default_below=_BELOW_1,
            meant_by=("perpage", "pagesize"),
        ),
        Field(
            name="signature",
            json_type="string",
            clause="REQ-2",
            description=(
                "REQ-2: lower-case hex md5 of merchant_id immediately followed by secret_key, in UTF-8. "
                "A consumer that leaves it out gets ERR-3."
            ),
            example="fa375f4e30dbe2cdcf5d1ee0e9d678ef",
            secret=True,
            required_by=When("missing_signature", "json"),
            meant_by=("sign",),
        ),
        Field(
            name="session_key",
            json_type="string",
            clause="REQ-1",
            description="Optional by the page's example, required by its table; its value is never checked.",
            example="any",
            secret=True,
            required_by=When("session_key", "required"),
        ),
    ),
    errors=(
        DocumentedError(JSON, "ERR-1", 400, "Data JSON tidak valid"),
        DocumentedError(MERCHANT, "ERR-2", 500, "Merchant not found"),
        DocumentedError(SIGNATURE, "ERR-3", 500, "Signature Not Valid"),
        DocumentedError(PROJECT, "ERR-4", 500, "Project ID tidak ditemukan"),
    ),
    success=Success("RES-1", 200, "List Voucher Redem Kiosgamer", {"$ref": "urn:apigames-mock:schema:success"}),
    clauses=_CLAUSES,
    precedence="precedence",
    form_when=When("form_body", "accept"),
    project_field="projectid",
)


class VoucherBody(msgspec.Struct, frozen=True, gc=False):
    """One voucher in a reply (RES-4)."""

    id: int
    project_id: str
    voucher_code: str
    response_json: str
    note: str
    nominal_gs: int
    created: str
    created_at: str = msgspec.field(name=CREATED_AT)
    updated_at: str
    status: int


class CategoryBody(msgspec.Struct, frozen=True, gc=False):
    """How many vouchers have one nominal (SUM-2)."""

    name: str
    total: int


class StatsBody(msgspec.Struct, frozen=True, gc=False):
    """How many vouchers are in each status (SUM-1)."""

    pending: int
    success: int
    process: int
    error_engine: int
    error_voucher: int


class ProjectBody(msgspec.Struct, frozen=True):
    """The project asked for and one page of its vouchers (RES-3), as JSON already: a list of `VoucherBody`, or null."""

    id: int
    merchant_id: str
    project_id: str
    total_voucher: int
    vouchers: msgspec.Raw
    category_totals: list[CategoryBody] = msgspec.field(name="kategori_voucher")
    stats: StatsBody


class PageBody(msgspec.Struct, frozen=True):
    """Which part of the list this page is (RES-2)."""

    current_page: int
    data: ProjectBody
    total_data: int
    total_page: int
