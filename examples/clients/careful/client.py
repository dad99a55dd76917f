"""A careful client: every voucher over all pages, the counts, or the error. Standard library only."""

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

TIMEOUT = 3.0  # seconds that one call may take


class CallFailed(Exception):
    """No list came: the message says why."""


def read_body(response: Any, until: float) -> bytes:
    # A timeout of the socket alone would start anew with every byte of a body that drips.
    parts: list[bytes] = []
    while part := response.read1(65536):
        parts.append(part)
        if time.monotonic() > until:
            raise TimeoutError("the body did not come in time")
    # read1 does not say when fewer bytes came than were announced; the JSON parser will.
    return b"".join(parts)


def call(page: int) -> Any:
    env = os.environ
    merchant, secret = env["APIGAMES_MERCHANT_ID"], env["APIGAMES_SECRET_KEY"]
    fields: dict[str, object] = {
        "session_key": env.get("APIGAMES_SESSION_KEY", ""),
        "projectid": env["APIGAMES_PROJECT_ID"],
        "status": "",
        "page": page,
        "limit": 30,
        "signature": hashlib.md5((merchant + secret).encode()).hexdigest(),
    }
    request = urllib.request.Request(
        f"{env['APIGAMES_BASE_URL']}/merchant/{merchant}/kiosgamer/project/detail",
        json.dumps(fields).encode(),
        {"Content-Type": "application/json"},
    )
    until = time.monotonic() + TIMEOUT
    try:
        try:
            response: Any = urllib.request.urlopen(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            response = error  # an error has the envelope in its body too
        with response:
            status, body = response.status, read_body(response, until)
    except (OSError, http.client.HTTPException) as error:
        raise CallFailed(f"no reply: {error}") from error
    try:
        reply = json.loads(body)
    except ValueError:
        raise CallFailed(f"HTTP {status} without a whole JSON body") from None
    if not isinstance(reply, dict) or reply.get("rc") != 200:
        raise CallFailed(reply.get("error_msg") if isinstance(reply, dict) else "not a JSON object")
    return reply["data"]


def main() -> dict[str, Any]:
    vouchers: dict[int, str] = {}
    counts: dict[str, int] = {}
    page, pages = 0, 1
    while page < pages:
        page += 1
        data = call(page)
        pages = data["total_page"]  # of the newest reply: it may have grown meanwhile
        project, counts = data["data"], data["data"]["stats"]
        for voucher in project["vouchers"] or []:
            vouchers[voucher["id"]] = voucher["voucher_code"]
    return {"vouchers": list(vouchers.values()), "counts": counts, "error": None}


if __name__ == "__main__":
    try:
        print(json.dumps(main()))
    except CallFailed as error:
        print(json.dumps({"vouchers": [], "counts": {}, "error": str(error)}))
