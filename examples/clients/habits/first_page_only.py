"""A client that reads the first page, and never asks whether there is another."""

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
    reply = call(1)
    if reply["rc"] != 200:
        return {"error": reply["error_msg"]}
    project = reply["data"]["data"]
    codes = [voucher["voucher_code"] for voucher in project["vouchers"] or []]
    return {"vouchers": codes, "counts": project["stats"], "error": None}


try:
    print(json.dumps(main()))
except (OSError, ValueError, http.client.HTTPException) as error:
    print(json.dumps({"error": f"no whole reply: {error}"}))
