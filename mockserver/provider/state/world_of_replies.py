"""From replies of the status call, as somebody pasted them, to the document of a world that gives them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.json_documents import documents_in
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.schemas import Document, schema, success_document, tolerant, validator

_MOST_FAILURES_SHOWN = 3
# As `curl -i` shows them before the body.
# Up to the next one, so that no line is read for each of those before it.
_HEAD = re.compile(r"^HTTP/[0-9.]+ [^\n]*\n(?:(?!HTTP/)[^\n]+\n)*\n", re.MULTILINE)


class ReplyError(ValueError):
    """A text that does not hold replies with vouchers; the message says what it holds, and what to paste."""


class ProjectSeen(msgspec.Struct, frozen=True):
    """How much of a project the replies show: how many vouchers, and how many it has by what they say."""

    project_id: str
    shown: int
    total: int


def is_reply(document: object) -> bool:
    """Return whether a document looks like a reply of the vendor's: it has the fields of every success or error."""
    return isinstance(document, dict) and "rc" in document and ("data" in document or "error_msg" in document)


def replies_in(text: str) -> list[Any]:
    """Return the replies in a text: one, a list of them, or several one after another, each with its head or without.

    Raises:
        ReplyError: it is not JSON, or what it holds is no success of the status call.
    """
    try:
        found = documents_in(_HEAD.sub("", text.replace("\r\n", "\n")))
    except RecursionError:
        raise ReplyError("it is nested too deeply; no reply is") from None
    except ValueError as error:
        raise ReplyError(f"it is not JSON: {error}; paste the body of a reply as it came") from None
    replies = [reply for one in found for reply in (one if isinstance(one, list) else [one])]
    if not replies:
        raise ReplyError("it is empty; paste the body of a reply")
    return [_checked(reply, f"reply {place}: " if len(replies) > 1 else "") for place, reply in enumerate(replies, 1)]


def world_of_replies(replies: Iterable[Any], secret_of: Mapping[str, str]) -> tuple[Document, list[ProjectSeen]]:
    """Return the document of a world with every voucher of these replies once, and how much of each project that is.

    Of a voucher that is in several replies, the one of the latest `ts` counts. `secret_of` gives the secret_key of each
    merchant id.
    """
    merchants: dict[str, dict[str, Any]] = {}
    vouchers: dict[str, dict[int, Any]] = {}
    totals: dict[str, int] = {}
    for reply in sorted(replies, key=lambda one: one["ts"]):
        project = reply["data"]["data"]
        merchant_id, project_id = project["merchant_id"], project["project_id"]
        merchants.setdefault(merchant_id, {})[project_id] = project["id"]
        totals[project_id] = project["total_voucher"]
        vouchers.setdefault(project_id, {}).update((one["id"], _as_in_world(one)) for one in project["vouchers"])
    newest_first = {
        project_id: [known[id_] for id_ in sorted(known, reverse=True)] for project_id, known in vouchers.items()
    }
    document = {
        "merchants": [
            {
                "merchant_id": merchant_id,
                "secret_key": secret_of[merchant_id],
                "projects": [
                    {"id": id_, "project_id": project_id, "vouchers": newest_first[project_id]}
                    for project_id, id_ in projects.items()
                ],
            }
            for merchant_id, projects in merchants.items()
        ]
    }
    seen = [ProjectSeen(one, len(newest_first[one]), max(totals[one], len(newest_first[one]))) for one in newest_first]
    return document, seen


def merchants_of(replies: Iterable[Any]) -> Iterator[str]:
    """Yield the merchant id of each reply."""
    return (reply["data"]["data"]["merchant_id"] for reply in replies)


def _checked(reply: Any, place: str) -> Any:
    if not is_reply(reply):
        raise ReplyError(f"{place}expected a reply of the status call, an object with status, rc, data and ts")
    if "error_msg" in reply:
        said = printable(json.dumps(reply["error_msg"], ensure_ascii=False), 100)
        raise ReplyError(f"{place}it is an error, {said}, which has no vouchers; paste a success")
    inner = reply["data"].get("data") if isinstance(reply["data"], dict) else None
    if isinstance(inner, dict) and inner.get("vouchers", ()) is None:  # as the reading empty_vouchers=null has it
        inner["vouchers"] = []
    expected = tolerant(success_document(PROJECT_DETAIL))
    if not validator(expected).is_valid(reply):
        from mockserver.contract.schema_errors import failures  # noqa: PLC0415 - jsonschema only when it is needed

        shown = "; ".join(printable(str(one), 300) for one in failures(reply, expected, _MOST_FAILURES_SHOWN))
        raise ReplyError(f"{place}it is not a success of the status call: {shown}")
    return reply


def _as_in_world(voucher: Mapping[str, Any]) -> Document:
    # What the vendor may add is not in a world.
    known = schema("world")["$defs"]["voucher"]["properties"]
    return {name: value for name, value in voucher.items() if name in known and name != "plan"}
