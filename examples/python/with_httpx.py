"""Lists a project's vouchers, page by page, with httpx.

pip install httpx
APIGAMES_BASE_URL=http://127.0.0.1:8787 python with_httpx.py
"""

import hashlib
import os
from typing import Any

import httpx

BASE_URL = os.environ.get("APIGAMES_BASE_URL", "https://v1.apigames.id")
MERCHANT_ID = os.environ.get("APIGAMES_MERCHANT_ID", "M240315GAME2847K")
SECRET_KEY = os.environ.get("APIGAMES_SECRET_KEY", "apigames-mock-secret")
PROJECT_ID = os.environ.get("APIGAMES_PROJECT_ID", "R250101DEMO000137")


def vouchers(session: httpx.Client, status: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        reply = session.post(
            f"{BASE_URL}/merchant/{MERCHANT_ID}/kiosgamer/project/detail",
            json={
                "projectid": PROJECT_ID,
                "status": status,
                "page": page,
                "limit": 30,
                "signature": hashlib.md5((MERCHANT_ID + SECRET_KEY).encode()).hexdigest(),
            },
            timeout=10,
        ).json()
        if reply["status"] != 1:
            # The HTTP status says nothing that is documented: rc and error_msg do.
            raise RuntimeError(f"{reply['rc']}: {reply['error_msg']}")
        listed = reply["data"]["data"]["vouchers"] or []
        found += listed
        if not listed or page >= reply["data"]["total_page"]:
            return found
        page += 1


if __name__ == "__main__":
    with httpx.Client() as session:
        everything = vouchers(session)
        pending = vouchers(session, status="0")
    print(f"{len(everything)} vouchers, {len(pending)} pending, newest {everything[0]['voucher_code']}")
