"""A client that builds a strict object from each voucher, and knows ten fields."""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

ENV = os.environ
MERCHANT = ENV["APIGAMES_MERCHANT_ID"]
URL = f"{ENV['APIGAMES_BASE_URL']}/merchant/{MERCHANT}/kiosgamer/project/detail"
SIGNATURE = hashlib.md5((MERCHANT + ENV["APIGAMES_SECRET_KEY"]).encode()).hexdigest()


def call(page: int) -> Any:
    fields: dict[str, object] = {
        "session_key": ENV["APIGAMES_SESSION_KEY"],
        "projectid": ENV["APIGAMES_PROJECT_ID"],
        "status": "",
    }
    fields |= {"page": page, "limit": 30, "signature": SIGNATURE}
    try:
        with urllib.request.urlopen(URL, json.dumps(fields).encode(), timeout=3) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)


@dataclass
class Voucher:
    id: int
    project_id: str
    voucher_code: str
    response_json: str
    note: str
    nominal_gs: int
    created: str
    cretaed_at: str
    updated_at: str
    status: int


def main() -> dict[str, Any]:
    vouchers: dict[int, str] = {}
    counts: dict[str, int] = {}
    page, pages = 0, 1
    while page < pages:
        page += 1
        reply = call(page)
        if reply["rc"] != 200:
            return {"error": reply["error_msg"]}
        pages = reply["data"]["total_page"]
        project = reply["data"]["data"]
        counts = project["stats"]
        for voucher in (Voucher(**fields) for fields in project["vouchers"] or []):
            vouchers[voucher.id] = voucher.voucher_code
    return {"vouchers": list(vouchers.values()), "counts": counts, "error": None}


try:
    print(json.dumps(main()))
except (OSError, ValueError, http.client.HTTPException) as error:
    print(json.dumps({"error": f"no whole reply: {error}"}))
