"""What the clients of this folder share: both calls, careful about everything. The habits are in the others."""

import base64
import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

TIMEOUT = 3.0  # seconds that one call may take
MOST_POLLS = 20
CODES = list(dict.fromkeys(os.environ["APIGAMES_VOUCHERS"].split()))
STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")


class NoAnswer(Exception):
    """No whole reply came: the call may have been carried out, or not."""


class Refused(Exception):
    """The vendor said no: the message is its `error_msg`."""


def call(path: str, rc: int, **fields: object) -> Any:
    env = os.environ
    merchant, secret = env["APIGAMES_MERCHANT_ID"], env["APIGAMES_SECRET_KEY"]
    signature = hashlib.md5((merchant + secret).encode()).hexdigest()
    fields = {"session_key": env.get("APIGAMES_SESSION_KEY", ""), **fields, "signature": signature}
    url = f"{env['APIGAMES_BASE_URL']}/merchant/{merchant}/kiosgamer/{path}"
    until = time.monotonic() + TIMEOUT
    try:
        try:
            response: Any = urllib.request.urlopen(url, json.dumps(fields).encode(), timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            parts: list[bytes] = []
            while part := response.read1(65536):
                parts.append(part)
                if time.monotonic() > until:
                    raise TimeoutError("the body did not come in time")
        reply = json.loads(b"".join(parts))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoAnswer(f"no whole reply: {error}") from error
    if reply["rc"] != rc:
        raise Refused(reply.get("error_msg") or "no error_msg")
    return reply["data"]


def submit() -> Any:
    return call("redem/bulk", 0, kode_voucher=base64.b64encode("\n".join(CODES).encode()).decode())


def page_of(project_id: str, page: int) -> Any:
    return call("project/detail", 200, projectid=project_id, status="", page=page, limit=30)


def look(project_id: str) -> tuple[dict[str, str], bool]:
    """The status of each code, and whether any was open before all of them were read."""
    found: dict[str, str] = {}
    page, pages, is_open = 0, 1, False
    while page < pages:
        page += 1
        data = page_of(project_id, page)
        pages, stats = data["total_page"], data["data"]["stats"]
        is_open = bool(stats["pending"] + stats["process"]) if page == 1 else is_open
        for voucher in data["data"]["vouchers"] or []:
            found[voucher["voucher_code"]] = STATUSES[voucher["status"]]
    return found, is_open


def poll(project_id: str) -> None:
    seen, error = dict.fromkeys(CODES, "pending"), "not finished yet"
    for _ in range(MOST_POLLS):
        try:
            seen, is_open = look(project_id)
            if not is_open:
                say(seen)
                return
            error = "not finished yet"
        except (NoAnswer, Refused) as failed:
            error = str(failed)
        pause()
    say(seen, error)


def pause() -> None:
    time.sleep(float(os.environ.get("APIGAMES_POLL_SECONDS", "5")))


def all_are(word: str) -> dict[str, str]:
    return dict.fromkeys(CODES, word)


def say(codes: dict[str, str], error: str | None = None) -> None:
    print(json.dumps({"codes": codes, "error": error}))
