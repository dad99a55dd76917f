"""The words on the wire: path, messages, field names, and how a reply is written.

The vendor's spelling (`cretaed_at`, "Redem") stands in this module and nowhere else in the code.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import ClassVar

import msgspec

BASE_URL = "https://v1.apigames.id"
PATH_TEMPLATE = "/merchant/{merchant_id}/kiosgamer/project/detail"
PATH_PATTERN = re.compile(r"/merchant/([^/]+)/kiosgamer/project/detail")

# From the vendor's sibling page for bulk redemption, not from this endpoint's: served only as faults.
MAINTENANCE = "Redem sedang maintenance"
MERCHANT_CONFIG = "Merchant config not found"

SUCCESS_MESSAGE = "List Voucher Redem Kiosgamer"
CREATED_AT = "cretaed_at"

DEFAULT_STATUS = ""
DEFAULT_PAGE = 1
DEFAULT_LIMIT = 30


class VoucherStatus(Enum):
    """What became of a voucher; the names and their order are those of `stats` (SUM-1)."""

    PENDING = "pending"
    SUCCESS = "success"
    PROCESS = "process"
    ERROR_ENGINE = "error_engine"
    ERROR_VOUCHER = "error_voucher"

    # Enum's own hash is a Python call, and a page of 30 looks up 30 of them; members are singletons.
    __hash__ = object.__hash__


STATUSES = tuple(VoucherStatus)


class DocumentedError(Exception):
    """One of the errors the page documents (ERR-1 to ERR-4).

    `rc` and `error_msg` go on the wire. `explanation` is for the person at the other end and never does;
    `reading` is the key of the open question that decided, if one did.
    """

    rc: ClassVar[int] = 500
    error_msg: ClassVar[str]
    clause: ClassVar[str]

    def __init__(self, explanation: str, *, reading: str | None = None) -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.reading = reading


class InvalidJson(DocumentedError):
    """The body is not the JSON object that the page shows (ERR-1)."""

    rc = 400
    error_msg = "Data JSON tidak valid"
    clause = "ERR-1"


class MerchantNotFound(DocumentedError):
    """No merchant has the id in the path (ERR-2)."""

    error_msg = "Merchant not found"
    clause = "ERR-2"


class SignatureNotValid(DocumentedError):
    """The signature is not md5(merchant_id + secret_key) (ERR-3)."""

    error_msg = "Signature Not Valid"
    clause = "ERR-3"


class ProjectNotFound(DocumentedError):
    """The merchant has no such project (ERR-4)."""

    error_msg = "Project ID tidak ditemukan"
    clause = "ERR-4"


DOCUMENTED_ERRORS: tuple[type[DocumentedError], ...] = (
    InvalidJson,
    MerchantNotFound,
    SignatureNotValid,
    ProjectNotFound,
)


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of an error (ERR-5)."""

    status: int
    rc: int
    error_msg: str


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
    """The project asked for and one page of its vouchers (RES-3)."""

    id: int
    merchant_id: str
    project_id: str
    total_voucher: int
    vouchers: list[VoucherBody] | None
    category_totals: list[CategoryBody] = msgspec.field(name="kategori_voucher")
    stats: StatsBody


class PageBody(msgspec.Struct, frozen=True):
    """Where in the list this page stands (RES-2)."""

    current_page: int
    data: ProjectBody
    total_data: int
    total_page: int


class SuccessBody(msgspec.Struct, frozen=True):
    """The body of a success (RES-1); `ts` is in Unix seconds."""

    status: int
    rc: int
    message: str
    data: PageBody
    ts: int


class Reply(msgspec.Struct, frozen=True):
    """What goes back to the consumer, and why.

    `http_status` and `body` (UTF-8 JSON) are sent. `rc` (the one in the body), `clause` (an id of the contract, None
    outside it), `reading` (the key of the open question that decided, if any) and `explanation` (for a person) stay
    on this side. `headers` are those besides its type and its length.
    """

    http_status: int
    body: bytes
    rc: int
    clause: str | None = None
    reading: str | None = None
    explanation: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def content_type(self) -> str:
        """The Content-Type that it is sent with."""
        return "application/json"

    @property
    def content_length(self) -> int:
        """The Content-Length that it is sent with."""
        return len(self.body)

    def __repr__(self) -> str:
        # Without the explanation: it may quote what was sent, and only the journal masks that.
        return f"Reply({self.http_status}, rc={self.rc}, clause={self.clause!r}, {len(self.body)} bytes)"


_encode = msgspec.json.Encoder().encode


def success_reply(page: PageBody, ts: int) -> Reply:
    """Write a success (RES-1). `ts` is in Unix seconds."""
    body = _encode(SuccessBody(1, 200, SUCCESS_MESSAGE, page, ts))
    return Reply(200, body, 200, "RES-1")


def error_reply(error: DocumentedError, *, http_status: int) -> Reply:
    """Write a documented error (ERR-5)."""
    return Reply(
        http_status,
        error_body(error.rc, error.error_msg),
        error.rc,
        error.clause,
        error.reading,
        error.explanation,
    )


def outside_reply(http_status: int, error_msg: str) -> Reply:
    """Write what the contract does not speak of in its error envelope, so that a consumer can parse it."""
    return Reply(http_status, error_body(http_status, error_msg), http_status, explanation=error_msg)


def error_body(rc: int, error_msg: str) -> bytes:
    """Write the error envelope (ERR-5)."""
    return _encode(ErrorBody(0, rc, error_msg))
