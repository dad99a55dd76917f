"""Replies to judge: a lawful success of one small project, and what makes exchanges of it."""

from __future__ import annotations

import copy
import json
from typing import Any

from mockserver.contract.judging.exchange import Exchange

MERCHANT = "M240315GAME2847K"
PROJECT = "R240815XPQR000012"
NOW = 1_732_500_000

# (id, status number, nominal), newest first: two pending, one success, one error_voucher.
VOUCHERS = ((504, 0, 25), (503, 1, 100), (502, 0, 0), (501, 4, 25))
STATS = {"pending": 2, "success": 1, "process": 0, "error_engine": 0, "error_voucher": 1}
NOMINALS = {"0": 1, "25": 2, "100": 1}


def voucher(id_: int, status: int, nominal: int) -> dict[str, Any]:
    """Return a lawful voucher."""
    return {
        "id": id_,
        "project_id": PROJECT,
        "voucher_code": f"CODE{id_}",
        "response_json": "",
        "note": "-",
        "nominal_gs": nominal,
        "created": "2024-11-20",
        "cretaed_at": "2024-11-20 10:00:00",
        "updated_at": "2024-11-21 08:30:00",
        "status": status,
    }


def success(*, page: int = 1, limit: int = 30, status: str = "") -> dict[str, Any]:
    """Return the lawful reply to a call, under the default readings."""
    matching = [made for made in VOUCHERS if not status or str(made[1]) == status]
    return {
        "status": 1,
        "rc": 200,
        "message": "List Voucher Redem Kiosgamer",
        "data": {
            "current_page": page,
            "data": {
                "id": 5847,
                "merchant_id": MERCHANT,
                "project_id": PROJECT,
                "total_voucher": len(VOUCHERS),
                "vouchers": [voucher(*made) for made in matching[(page - 1) * limit : page * limit]],
                "kategori_voucher": [{"name": name, "total": total} for name, total in NOMINALS.items()],
                "stats": dict(STATS),
            },
            "total_data": len(matching),
            "total_page": -(-len(matching) // limit),
        },
        "ts": NOW,
    }


def error(rc: int = 500, error_msg: str = "Project ID tidak ditemukan") -> dict[str, Any]:
    """Return a documented error."""
    return {"status": 0, "rc": rc, "error_msg": error_msg}


def exchange(reply: Any, *, http_status: int | None = None, **sent: Any) -> Exchange:
    """Return the exchange of a call with these fields, and this reply (decoded, or bytes)."""
    fields = {"projectid": PROJECT, "status": "", "page": 1, "limit": 30, "signature": "x", **sent}
    body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    if http_status is None:
        http_status = reply["rc"] if isinstance(reply, dict) and type(reply.get("rc")) is int else 200
    return Exchange(MERCHANT, json.dumps(fields).encode(), http_status, body, NOW, NOW + 0.2)


def changed(reply: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the reply with one place changed: `data.data.vouchers.0.id`; `...` as value takes the place out."""
    made = copy.deepcopy(reply)
    inner: Any = made
    *parts, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in parts:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value(inner[last]) if callable(value) else value
    return made
