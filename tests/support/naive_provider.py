"""The endpoint once more, as slowly and plainly as the contract can be read: what the real one is held to.

It works on decoded fields and lists of dicts, scans for everything, and shares no code with `provider/`.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

from mockserver.contract.readings import Readings

NAMES = ["pending", "success", "process", "error_engine", "error_voucher"]
JSON = {"status": 0, "rc": 400, "error_msg": "Data JSON tidak valid"}
MERCHANT = {"status": 0, "rc": 500, "error_msg": "Merchant not found"}
SIGNATURE = {"status": 0, "rc": 500, "error_msg": "Signature Not Valid"}
PROJECT = {"status": 0, "rc": 500, "error_msg": "Project ID tidak ditemukan"}


class Refused(Exception):
    """The call ends with this error body."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body


def naive_answer(merchant_id: str, sent: Any, world: dict[str, Any], readings: Readings, now: int) -> dict[str, Any]:
    """Answer the decoded body `sent` from the decoded world file, every voucher of which is written out."""
    try:
        asked = _asked(sent, readings)
        project = _project(merchant_id, asked, world, readings)
    except Refused as refused:
        return refused.body
    return {
        "status": 1,
        "rc": 200,
        "message": "List Voucher Redem Kiosgamer",
        "data": _page(merchant_id, project, asked, readings),
        "ts": now,
    }


def _asked(sent: Any, readings: Readings) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise Refused(JSON)
    asked = dict(sent)
    coerce = readings.types == "coerce"
    for name in ("projectid", "status", "signature", "session_key"):
        if name in asked and not isinstance(asked[name], str):
            number = isinstance(asked[name], (int, float)) and not isinstance(asked[name], bool)
            if not (coerce and number and name in ("projectid", "status")):
                raise Refused(JSON)
            asked[name] = str(asked[name])
    for name, default in (("page", 1), ("limit", 30)):
        value = asked.get(name, default)
        if coerce and isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused(JSON)
        if value < 1:
            if readings.out_of_range == "json":
                raise Refused(JSON)
            value = default
        if name not in asked and readings.missing_paging == "json":
            raise Refused(JSON)
        asked[name] = value
    if "status" not in asked and readings.missing_paging == "json":
        raise Refused(JSON)
    if "signature" not in asked and readings.missing_signature == "json":
        raise Refused(JSON)
    if "projectid" not in asked and readings.missing_projectid == "json":
        raise Refused(JSON)
    if "session_key" not in asked and readings.session_key == "required":
        raise Refused(JSON)
    asked["wanted"] = _wanted(asked.get("status", ""), readings)
    return asked


def _wanted(status: str, readings: Readings) -> list[int]:
    """The wire codes that the filter lets through."""
    codes = [int(code) for code in readings.status_codes.split(",")]
    if status == "":
        return codes
    if readings.status_filter in ("code", "both") and status in [str(code) for code in codes]:
        return [int(status)]
    if readings.status_filter in ("name", "both") and status in NAMES:
        return [codes[NAMES.index(status)]]
    if readings.unknown_status == "json":
        raise Refused(JSON)
    return codes if readings.unknown_status == "ignored" else []


def _project(merchant_id: str, asked: dict[str, Any], world: dict[str, Any], readings: Readings) -> dict[str, Any]:
    merchants = [merchant for merchant in world["merchants"] if merchant["merchant_id"] == merchant_id]
    if not merchants:
        raise Refused(SIGNATURE if readings.precedence == "signature-merchant-project" else MERCHANT)
    merchant = merchants[0]
    formula = hashlib.md5((merchant_id + merchant["secret_key"]).encode()).hexdigest()
    sent = asked.get("signature")
    right = sent == formula or (readings.signature_case == "ignore" and sent == formula.upper())
    keys = ["project_id"] + (["project_name"] if readings.project_match == "project_id_or_name" else [])
    name = asked.get("projectid")
    found = [
        project for key in keys for project in merchant["projects"] if name is not None and project.get(key) == name
    ]
    if readings.precedence == "merchant-project-signature" and not found:
        raise Refused(PROJECT)
    if not right:
        raise Refused(SIGNATURE)
    if not found:
        raise Refused(PROJECT)
    project: dict[str, Any] = found[0]
    return project


def _page(merchant_id: str, project: dict[str, Any], asked: dict[str, Any], readings: Readings) -> dict[str, Any]:
    everything = sorted(project["vouchers"], key=lambda voucher: -voucher["id"])
    matching = [voucher for voucher in everything if voucher["status"] in asked["wanted"]]
    limit = asked["limit"] if readings.max_limit == "none" else min(asked["limit"], int(readings.max_limit))
    pages = math.ceil(len(matching) / limit)
    page = asked["page"]
    if readings.beyond_last == "last":
        page = min(page, max(pages, 1))
    listed = matching[(page - 1) * limit :][:limit]
    by_scope = {"project": everything, "filtered": matching, "page": listed}
    codes = [int(code) for code in readings.status_codes.split(",")]
    in_stats = by_scope[readings.stats_scope]
    return {
        "current_page": asked["page"],
        "data": {
            "id": project["id"],
            "merchant_id": merchant_id,
            "project_id": project["project_id"],
            "total_voucher": len(by_scope[readings.total_voucher_scope]),
            "vouchers": [_voucher(voucher, project) for voucher in listed]
            or (None if readings.empty_vouchers == "null" else []),
            "kategori_voucher": _categories(by_scope[readings.kategori_scope], readings),
            "stats": {
                name: sum(voucher["status"] == code for voucher in in_stats)
                for name, code in zip(NAMES, codes, strict=True)
            },
        },
        "total_data": len(matching),
        "total_page": pages or int(readings.empty_total_page),
    }


def _voucher(voucher: dict[str, Any], project: dict[str, Any]) -> dict[str, Any]:
    return {**voucher, "project_id": project["project_id"], "created": voucher["cretaed_at"][:10]}


def _categories(vouchers: list[dict[str, Any]], readings: Readings) -> list[dict[str, Any]]:
    nominals: list[int] = []
    for voucher in vouchers:
        if voucher["nominal_gs"] not in nominals:
            nominals.append(voucher["nominal_gs"])
    totals = {nominal: sum(voucher["nominal_gs"] == nominal for voucher in vouchers) for nominal in nominals}
    if readings.kategori_order == "nominal":
        nominals.sort()
    if readings.kategori_order == "count":
        nominals.sort(key=lambda nominal: (-totals[nominal], nominal))
    return [{"name": str(nominal), "total": totals[nominal]} for nominal in nominals]
