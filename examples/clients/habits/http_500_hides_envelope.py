"""A client that lets an HTTP 500 raise, and never sees the envelope in its body."""

import hashlib
import http.client
import json
import os
import urllib.request
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
    with urllib.request.urlopen(URL, json.dumps(fields).encode(), timeout=3) as response:
        return json.load(response)


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
        for voucher in project["vouchers"] or []:
            vouchers[voucher["id"]] = voucher["voucher_code"]
    return {"vouchers": list(vouchers.values()), "counts": counts, "error": None}


try:
    print(json.dumps(main()))
except (OSError, ValueError, http.client.HTTPException) as error:
    print(json.dumps({"error": f"no whole reply: {error}"}))
