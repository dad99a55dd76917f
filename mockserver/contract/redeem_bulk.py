"""The submit call, `redem/bulk`: a sibling page of the vendor's, clause by clause.

Everything about it comes from that sibling page, not from the page of the status call.
"""

from __future__ import annotations

import base64
import binascii
from types import MappingProxyType
from typing import Any

import msgspec

from mockserver.contract.operation import (
    JSON,
    MERCHANT,
    SIGNATURE,
    DocumentedError,
    Field,
    Operation,
    Success,
    When,
)
from mockserver.contract.readings import Readings

MAINTENANCE = "maintenance"
LIST = "list"
MERCHANT_CONFIG = "merchant_config"
ACCOUNT = "account"
PROJECT_STORAGE = "project_storage"
VOUCHER_STORAGE = "voucher_storage"
DUPLICATE = "duplicate"

# States of the vendor: no request brings one about, so they come only when asked for.
VENDOR_STATES = (MAINTENANCE, MERCHANT_CONFIG, ACCOUNT, PROJECT_STORAGE, VOUCHER_STORAGE)

_CLAUSES = MappingProxyType(
    {
        "BULK-REQ-1": "The call is a POST whose body is one JSON object with kode_voucher, signature and, if it likes, "
        "session_key, all strings (sibling page).",
        "BULK-REQ-2": "kode_voucher is the base64 (standard alphabet, padded) of UTF-8 text, one voucher code a line "
        "(sibling page).",
        "BULK-REQ-3": "signature as in REQ-2 (sibling page).",
        "BULK-ERR-1": 'A required field is missing: rc 500, "JSON tidak valid" (sibling page).',
        "BULK-ERR-2": 'Wrong signature: rc 500, "Signature Not Valid" (sibling page).',
        "BULK-ERR-3": 'Maintenance, a state of the vendor: rc 500, "Redem sedang maintenance" (sibling page).',
        "BULK-ERR-4": 'The list is not base64: rc 500, "Data voucher bulk harus dalam bentuk bas64encode" '
        "(sibling page).",
        "BULK-ERR-5": 'Unknown merchant: rc 500, "Merchant not found" (sibling page).',
        "BULK-ERR-6": 'Configuration, a state of the vendor: rc 500, "Merchant config not found" (sibling page).',
        "BULK-ERR-7": 'Account, a state of the vendor: rc 500, "Error getting account info from KiosGamer" '
        "(sibling page).",
        "BULK-ERR-8": 'Storage, a state of the vendor: rc 500, "Error creating project redemption" (sibling page).',
        "BULK-ERR-9": 'Storage, a state of the vendor: rc 500, "Error inserting voucher data" (sibling page).',
        "BULK-ERR-10": 'A double code: rc 500, "Voucher ini double, sudah ada sebelumnya" (sibling page).',
        "BULK-RES-1": "Success: status 1, rc 0, the message, data, and ts: Unix seconds, now (sibling page).",
        "BULK-RES-2": "data has the documented fields, of the example's types; merchant_id echoes, id is above 0, "
        "project_id names a new project (sibling page).",
        "FLOW-1": "The status call, asked for that project_id, lists exactly the submitted codes, once each, pending "
        "at first.",
        "FLOW-2": "A refused submission leaves no trace: no project, no voucher. All of a list, or nothing.",
    }
)


class SubmissionBody(msgspec.Struct, frozen=True):
    """What became of a submission, in the order of the sibling page (BULK-RES-2)."""

    id: int
    merchant_id: str
    project_id: str
    project_name: str
    total_voucher: int = 0
    total_cost: int = 0
    total_bayar: int = 0
    saldo_before_trx: int = 0
    saldo_after_trx: int = 0
    unipin_session: str = ""
    unipin_xsrf_token: str = "4rwer"  # noqa: S105 - the page's own example
    unipin_token_redeem: str = ""
    unipin_email: str = "admin@xxxx.net"
    balance_uc_start: int = 0
    balance_uc_end: int = 0
    balance_up_start: int = 0
    balance_up_end: int = 0
    s_pending: int = 0
    s_success: int = 0
    s_process: int = 0
    s_error_engine: int = 0
    s_error_voucher: int = 0
    created: str = ""
    created_at: str = ""
    status: int = 0
    updated_at: str = ""


def _data_schema() -> dict[str, Any]:
    kinds = {int: {"type": "integer"}, str: {"type": "string"}}
    properties: dict[str, Any] = {
        field.name: dict(kinds[field.type]) for field in msgspec.structs.fields(SubmissionBody)
    }
    properties["id"]["minimum"] = 1
    properties["project_id"]["minLength"] = 1
    return {
        "type": "object",
        "description": "BULK-RES-2: the new project.",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_MESSAGE = "Sukses Memasukan Voucher Ke Antrian"
_SUCCESS_SCHEMA = {
    "title": "Submission",
    "description": "BULK-RES-1, from the sibling page. rc is 0 here, where the status call says 200.",
    "type": "object",
    "properties": {
        "status": {"const": 1},
        "rc": {"const": 0},
        "message": {"const": _MESSAGE},
        "data": _data_schema(),
        "ts": {"type": "integer", "description": "Unix seconds, now.", "minimum": 0},
    },
    "required": ["status", "rc", "message", "data", "ts"],
    "additionalProperties": False,
    "examples": [
        {
            "status": 1,
            "rc": 0,
            "message": _MESSAGE,
            "data": msgspec.to_builtins(
                SubmissionBody(23, "M240315GAME2847K", "R240815XPQR000012", project_name="R240815XPQR000012")
            ),
            "ts": 1705312200,
        }
    ],
}
_OWN = When("bulk_missing", "json")


def count_codes(kode_voucher: str) -> int | None:
    """Return how many codes a list holds, as it is read most kindly; None for one that cannot be read."""
    try:
        return len(_lines(_decoded(kode_voucher, is_lenient=True).decode("utf-8")))
    except (BadList, UnicodeDecodeError):
        return None


def _count_in_words(kode_voucher: str) -> str:
    count = count_codes(kode_voucher)
    return "no list of codes" if count is None else f"{count} code{'' if count == 1 else 's'}"


REDEEM_BULK = Operation(
    name="redeem_bulk",
    method="POST",
    path="/merchant/{merchant_id}/kiosgamer/redem/bulk",
    summary="Submit a list of voucher codes (sibling page)",
    request_clause="BULK-REQ-1",
    request_title="Submission of voucher codes (sibling page)",
    request_example={
        "kode_voucher": "d2VmZXdmd2Vmd2VmZXdmCndlZmV3ZndlZndlZndlZndlZgp3ZWZ3ZWZ3ZWZld2Zld2Y=",
        "signature": "fa375f4e30dbe2cdcf5d1ee0e9d678ef",
        "session_key": "nfeiwin34nin43infi3f",
    },
    fields=(
        Field(
            name="kode_voucher",
            json_type="string",
            clause="BULK-REQ-2",
            description="BULK-REQ-2: the base64 of the voucher codes, one a line. A code is money, and masked in "
            "what is shown of a call.",
            example="TkVXMTIzQUJDNDU2REVGCk5FVzc4OUdISTAxMkpLTA==",
            secret=True,
            form="the base64 of the codes, one a line",
            summary=_count_in_words,
            required_by=_OWN,
            meant_by=(
                "kodevoucher",
                "kodevouchers",
                "vouchercode",
                "vouchercodes",
                "voucherlist",
                "vouchers",
                "voucher",
                "codes",
                "code",
                "kode",
                "list",
            ),
        ),
        Field(
            name="signature",
            json_type="string",
            clause="BULK-REQ-3",
            description="BULK-REQ-3: as in the status call.",
            example="fa375f4e30dbe2cdcf5d1ee0e9d678ef",
            secret=True,
            required_by=_OWN,
            meant_by=("sign",),
        ),
        Field(
            name="session_key",
            json_type="string",
            clause="BULK-REQ-1",
            description="Not required; its value is never checked.",
            example="any",
            secret=True,
        ),
    ),
    errors=(
        DocumentedError(JSON, "BULK-ERR-1", 500, "JSON tidak valid"),
        DocumentedError(SIGNATURE, "BULK-ERR-2", 500, "Signature Not Valid"),
        DocumentedError(MAINTENANCE, "BULK-ERR-3", 500, "Redem sedang maintenance"),
        DocumentedError(LIST, "BULK-ERR-4", 500, "Data voucher bulk harus dalam bentuk bas64encode"),
        DocumentedError(MERCHANT, "BULK-ERR-5", 500, "Merchant not found"),
        DocumentedError(MERCHANT_CONFIG, "BULK-ERR-6", 500, "Merchant config not found"),
        DocumentedError(ACCOUNT, "BULK-ERR-7", 500, "Error getting account info from KiosGamer"),
        DocumentedError(PROJECT_STORAGE, "BULK-ERR-8", 500, "Error creating project redemption"),
        DocumentedError(VOUCHER_STORAGE, "BULK-ERR-9", 500, "Error inserting voucher data"),
        DocumentedError(DUPLICATE, "BULK-ERR-10", 500, "Voucher ini double, sudah ada sebelumnya"),
    ),
    success=Success("BULK-RES-1", 0, _MESSAGE, _SUCCESS_SCHEMA),
    clauses=_CLAUSES,
    reads_only=False,
    precedence="bulk_precedence",
    schema_prefix="bulk-",
)


class BadList(ValueError):
    """A list of codes that cannot be taken; `kind` says why, `reading` which open question decided, if one did.

    `kind` is `base64` (it is not base64 as the sibling page has it), `text` (what it holds is not UTF-8), `empty` (no
    code), `empty_line` (a line without a code), or `too_many` (more codes than `bulk_most`).
    """

    def __init__(self, kind: str, *, reading: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.reading = reading


def encode_codes(codes: tuple[str, ...] | list[str]) -> str:
    """Return voucher codes as `kode_voucher` holds them (BULK-REQ-2)."""
    return base64.b64encode("\n".join(codes).encode()).decode("ascii")


def decode_codes(kode_voucher: str, readings: Readings) -> list[str]:
    """Return the voucher codes in a `kode_voucher`, in its order (BULK-REQ-2).

    Raises:
        BadList: it is not such a list, under these readings.
    """
    try:
        text = _decoded(kode_voucher, is_lenient=readings.bulk_base64 == "lenient").decode("utf-8")
    except UnicodeDecodeError:
        raise BadList("text") from None
    if not text.strip():
        raise BadList("empty", reading="bulk_empty")
    if readings.bulk_lines == "strict":
        codes = text.split("\n")
        if "" in codes:
            raise BadList("empty_line", reading="bulk_lines")
    else:
        codes = _lines(text)
    if readings.most_codes is not None and len(codes) > readings.most_codes:
        raise BadList("too_many", reading="bulk_most")
    return codes


def _lines(text: str) -> list[str]:
    return [code for line in text.split("\n") if (code := line.strip())]


def _decoded(kode_voucher: str, *, is_lenient: bool) -> bytes:
    sent = kode_voucher
    if is_lenient:
        sent = "".join(sent.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
        sent += "=" * (-len(sent) % 4)
    try:
        decoded = base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        raise BadList("base64", reading=None if is_lenient else "bulk_base64") from None
    # Encoded again it is the same: else something stands behind the padding, or in bits that are left over.
    if not is_lenient and base64.b64encode(decoded).decode("ascii") != sent:
        raise BadList("base64", reading="bulk_base64")
    return decoded
