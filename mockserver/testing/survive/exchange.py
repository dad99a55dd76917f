"""One call and its reply: as a person may read them, and with what a vendor adds without a word."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mockserver.contract.masking import Masker, masked_body
from mockserver.contract.wire import InvalidJson, Reply
from mockserver.provider.operations.parsing import decode_json

_LONGEST = 1000


@dataclass(frozen=True)
class Exchange:
    """One call and what was sent back, secrets masked and long texts cut."""

    request: str
    http_status: int
    reply: str
    fault: str | None


def readable(body: bytes, reply: Reply, secrets: Iterable[str]) -> Exchange:
    """Return a call and its reply without secrets; of a list of vouchers the first stands for all."""
    fields = fields_of(body)
    mask = Masker(secrets).knowing_sent(fields)
    request = json.dumps(mask.value(fields)) if fields else masked_body(body, mask).text
    sent = mask(_with_one_voucher(reply.body).decode("utf-8", "replace"))
    fault: str | None = getattr(reply, "fault", None)
    return Exchange(_cut(request), reply.http_status, _cut(sent), fault)


def fields_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a body, none when it is no JSON object."""
    try:
        decoded = decode_json(body)
    except InvalidJson:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def with_added_fields(body: bytes) -> bytes:
    """Return a success with fields of unknown names at every level, as a vendor adds them without a word."""
    reply: dict[str, Any] = json.loads(body)
    page = reply["data"]
    project = page["data"]
    reply["request_id"] = "made-up-9f2c"
    page["per_page"] = None
    project["description"] = {"id": "teks", "en": "text"}
    project["stats"]["refunded"] = 0
    for item in (*(project["vouchers"] or ()), *project["kategori_voucher"]):
        item["extra"] = ["made up", 1, None]
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()


def _with_one_voucher(body: bytes) -> bytes:
    reply = fields_of(body)
    try:
        project = reply["data"]["data"]
        more = len(project["vouchers"]) - 1
    except (KeyError, TypeError):
        return body
    if more < 1:
        return body
    project["vouchers"][1:] = [f"... {more} more"]
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
