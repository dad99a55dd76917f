"""A client that counts the pages once, and trusts that the list holds still while it reads."""

import hashlib
import http.client
import json
import os
import urllib.error
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
    try:
        with urllib.request.urlopen(URL, json.dumps(fields).encode(), timeout=3) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)


def main() -> dict[str, Any]:
    vouchers: dict[int, str] = {}
    reply, page = call(1), 1
    pages = reply["data"]["total_page"] if reply["rc"] == 200 else 1
    while True:
        if reply["rc"] != 200:
            return {"error": reply["error_msg"]}
        project = reply["data"]["data"]
        for voucher in project["vouchers"] or []:
            vouchers[voucher["id"]] = voucher["voucher_code"]
        page += 1
        if page > pages:
            return {"vouchers": list(vouchers.values()), "counts": project["stats"], "error": None}
        reply = call(page)


try:
    print(json.dumps(main()))
except (OSError, ValueError, http.client.HTTPException) as error:
    print(json.dumps({"error": f"no whole reply: {error}"}))
