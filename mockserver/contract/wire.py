"""The words on the wire that every operation shares: envelopes, statuses, and the vendor's spelling.

The vendor's spelling (`cretaed_at`, "Redem") is in this room and nowhere else in the code.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

BASE_URL = "https://v1.apigames.id"

CREATED_AT = "cretaed_at"


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


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of an error (ERR-5)."""

    status: int
    rc: int
    error_msg: str


class SuccessBody(msgspec.Struct, frozen=True):
    """The body of a success (RES-1); `data` is the operation's, `ts` is in Unix seconds."""

    status: int
    rc: int
    message: str
    data: Any
    ts: int


encode = msgspec.json.Encoder().encode
# Written as `msgspec.Raw` where something is to be put in; JSON itself never has this byte.
GAP = b"\0"


def error_body(rc: int, error_msg: str) -> bytes:
    """Write the error envelope (ERR-5)."""
    return encode(ErrorBody(0, rc, error_msg))
