"""A careful client of the whole journey: it submits codes once, polls, and says what became of each.

Standard library only.
"""

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
MOST_POLLS = 20  # what is open then is reported as open
PAUSE = float(os.environ.get("APIGAMES_POLL_SECONDS", "5"))
# The numbers behind the names of `stats`, in their order.
STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")


class NoAnswer(Exception):
    """No whole reply came: the call may have been carried out, or not."""


class Refused(Exception):
    """The vendor said no: the message is its `error_msg`."""


def read_body(response: Any, until: float) -> bytes:
    # A timeout of the socket alone would start anew with every byte of a body that drips.
    parts: list[bytes] = []
    while part := response.read1(65536):
        parts.append(part)
        if time.monotonic() > until:
            raise TimeoutError("the body did not come in time")
    return b"".join(parts)


def call(path: str, rc: int, **fields: object) -> Any:
    env = os.environ
    merchant, secret = env["APIGAMES_MERCHANT_ID"], env["APIGAMES_SECRET_KEY"]
    signature = hashlib.md5((merchant + secret).encode()).hexdigest()
    fields = {"session_key": env.get("APIGAMES_SESSION_KEY", ""), **fields, "signature": signature}
    request = urllib.request.Request(
        f"{env['APIGAMES_BASE_URL']}/merchant/{merchant}/kiosgamer/{path}",
        json.dumps(fields).encode(),
        {"Content-Type": "application/json"},
    )
    until = time.monotonic() + TIMEOUT
    try:
        try:
            response: Any = urllib.request.urlopen(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            response = error  # a refusal has its envelope under HTTP 500
        with response:
            status, body = response.status, read_body(response, until)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no reply: {error}") from error
    try:
        reply = json.loads(body)
    except ValueError:
        raise NoAnswer(f"HTTP {status} without a whole JSON body") from None
    if not isinstance(reply, dict) or "rc" not in reply:
        raise NoAnswer(f"HTTP {status} without the vendor's envelope")
    if reply["rc"] != rc:
        raise Refused(reply.get("error_msg") or "no error_msg")
    return reply["data"]


def page_of(project_id: str, page: int) -> Any:
    return call("project/detail", 200, projectid=project_id, status="", page=page, limit=30)


def statuses(project_id: str, first: Any) -> dict[str, str]:
    """The status of each code, over all pages."""
    found: dict[str, str] = {}
    page, data = 1, first
    while True:
        for voucher in data["data"]["vouchers"] or []:
            found[voucher["voucher_code"]] = STATUSES[voucher["status"]]
        if page >= data["total_page"]:
            return found
        page += 1
        data = page_of(project_id, page)


def poll(project_id: str, codes: list[str]) -> tuple[dict[str, str], str | None]:
    seen, error = dict.fromkeys(codes, "pending"), None
    for _ in range(MOST_POLLS):
        try:
            first = page_of(project_id, 1)
            stats = first["data"]["stats"]
            is_open = stats["pending"] or stats["process"]
            seen.update(statuses(project_id, first))
            if not is_open:
                return seen, None  # every page was read after nothing was open any more
            error = "not finished yet"
        except (NoAnswer, Refused) as failed:
            error = str(failed)  # says nothing of the codes, also where the project is not known yet
        time.sleep(PAUSE)
    return seen, error


def main() -> dict[str, Any]:
    codes = list(dict.fromkeys(os.environ["APIGAMES_VOUCHERS"].split()))
    try:
        kode_voucher = base64.b64encode("\n".join(codes).encode()).decode()
        project_id = call("redem/bulk", 0, kode_voucher=kode_voucher)["project_id"]
    except Refused as error:
        return {"codes": dict.fromkeys(codes, "refused"), "error": str(error)}
    except NoAnswer as error:
        # Never again: the list may have been taken. A person asks the vendor.
        return {"codes": dict.fromkeys(codes, "unknown"), "error": str(error)}
    print(f"project_id {project_id}")  # kept before anything else
    seen, unfinished = poll(project_id, codes)
    return {"codes": seen, "error": unfinished}


if __name__ == "__main__":
    print(json.dumps(main()))
