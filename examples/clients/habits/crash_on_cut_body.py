"""A client that catches what the network raises, and not what the parser does."""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request

ENV = os.environ
MERCHANT = ENV["APIGAMES_MERCHANT_ID"]
URL = f"{ENV['APIGAMES_BASE_URL']}/merchant/{MERCHANT}/kiosgamer/project/detail"
SIGNATURE = hashlib.md5((MERCHANT + ENV["APIGAMES_SECRET_KEY"]).encode()).hexdigest()


def call(page):
    fields = {"session_key": ENV["APIGAMES_SESSION_KEY"], "projectid": ENV["APIGAMES_PROJECT_ID"], "status": ""}
    fields |= {"page": page, "limit": 30, "signature": SIGNATURE}
    try:
        with urllib.request.urlopen(URL, json.dumps(fields).encode(), timeout=3) as response:
            body = response.read()
    except urllib.error.HTTPError as error:
        body = error.read()
        if not body.startswith(b"{"):
            raise
    return json.loads(body)


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
except (OSError, http.client.BadStatusLine) as error:
    print(json.dumps({"error": f"no reply: {error}"}))
