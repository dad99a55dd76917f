"""A client that lets an HTTP 500 raise, and never sees the envelope in its body."""

import hashlib
import http.client
import json
import os
import urllib.request

ENV = os.environ
MERCHANT = ENV["APIGAMES_MERCHANT_ID"]
URL = f"{ENV['APIGAMES_BASE_URL']}/merchant/{MERCHANT}/kiosgamer/project/detail"
SIGNATURE = hashlib.md5((MERCHANT + ENV["APIGAMES_SECRET_KEY"]).encode()).hexdigest()


def call(page):
    fields = {"session_key": ENV["APIGAMES_SESSION_KEY"], "projectid": ENV["APIGAMES_PROJECT_ID"], "status": ""}
    fields |= {"page": page, "limit": 30, "signature": SIGNATURE}
    with urllib.request.urlopen(URL, json.dumps(fields).encode(), timeout=3) as response:
        return json.load(response)


def main():
    vouchers, page, pages = {}, 0, 1
    while page < pages:
        page += 1
        reply = call(page)
        if reply["rc"] != 200:
            return {"error": reply["error_msg"]}
        pages = reply["data"]["total_page"]
        project = reply["data"]["data"]
        for voucher in project["vouchers"] or []:
            vouchers[voucher["id"]] = voucher["voucher_code"]
    return {"vouchers": list(vouchers.values()), "counts": project["stats"], "error": None}


try:
    print(json.dumps(main()))
except (OSError, ValueError, http.client.HTTPException) as error:
    print(json.dumps({"error": f"no whole reply: {error}"}))
