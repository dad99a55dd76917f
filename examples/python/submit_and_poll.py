"""Submits voucher codes, then polls until each is finished, with requests.

pip install requests
APIGAMES_BASE_URL=http://127.0.0.1:8787 python submit_and_poll.py CODE1 CODE2

The mock finishes them within seconds when it is started as `apigames-mock serve --plan timed`.
"""

import base64
import hashlib
import os
import sys
import time
from typing import Any

import requests

BASE_URL = os.environ.get("APIGAMES_BASE_URL", "https://v1.apigames.id")
MERCHANT_ID = os.environ.get("APIGAMES_MERCHANT_ID", "M240315GAME2847K")
SECRET_KEY = os.environ.get("APIGAMES_SECRET_KEY", "apigames-mock-secret")
SIGNATURE = hashlib.md5((MERCHANT_ID + SECRET_KEY).encode()).hexdigest()
PAUSE = float(os.environ.get("APIGAMES_POLL_SECONDS", "5"))
MOST_POLLS = 60
# The numbers behind the names of `stats`, in their order.
STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")


def call(path: str, rc: int, **fields: object) -> Any:
    """Return `data` of a success, which is rc 0 for a submission and rc 200 for a status."""
    url = f"{BASE_URL}/merchant/{MERCHANT_ID}/kiosgamer/{path}"
    # The HTTP status says nothing that is documented: rc and error_msg do.
    reply = requests.post(url, json={**fields, "signature": SIGNATURE}, timeout=10).json()
    if reply["rc"] != rc:
        raise RuntimeError(f"{reply['rc']}: {reply['error_msg']}")
    return reply["data"]


def submit(codes: list[str]) -> str:
    kode_voucher = base64.b64encode("\n".join(codes).encode()).decode()
    try:
        return str(call("redem/bulk", 0, kode_voucher=kode_voucher)["project_id"])
    except requests.RequestException as error:
        # Never submit again: the list may have been taken, and its codes would count twice.
        raise SystemExit(f"no reply ({type(error).__name__}): ask the vendor what became of these codes") from None


def look(project_id: str) -> tuple[dict[str, str], bool]:
    """Return the status of each code, and whether any was open before all of them were read."""
    found: dict[str, str] = {}
    page, pages, is_open = 0, 1, False
    while page < pages:
        page += 1
        data = call("project/detail", 200, projectid=project_id, status="", page=page, limit=30)
        pages, stats = data["total_page"], data["data"]["stats"]
        is_open = stats["pending"] + stats["process"] > 0 if page == 1 else is_open
        for voucher in data["data"]["vouchers"] or []:
            found[voucher["voucher_code"]] = STATUSES[voucher["status"]]
    return found, is_open


def poll(project_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(MOST_POLLS):
        try:
            found, is_open = look(project_id)
            if not is_open:
                break
        except (requests.RequestException, RuntimeError) as error:
            print(f"one status call failed, and says nothing of the codes: {error}", file=sys.stderr)
        time.sleep(PAUSE)
    return found


if __name__ == "__main__":
    project_id = submit(sys.argv[1:])
    print(f"project {project_id}", flush=True)  # kept before anything else
    for code, status in poll(project_id).items():
        print(code, status)
