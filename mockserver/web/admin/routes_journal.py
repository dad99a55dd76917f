"""Admin calls on the requests that arrived, and on what became of submissions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec
from flask import Blueprint, Response, request

from mockserver.contract.foreign_text import Variable, shell_word
from mockserver.contract.masking import MASK
from mockserver.provider.journal.recorded import Entry, RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.submissions import submissions
from mockserver.web.admin.lookup import kept_call, number, one_merchant, settle_all
from mockserver.web.admin.query import (
    MOST_NEWEST,
    MOST_NUMBER,
    NEWEST,
    after_number,
    matchers_of,
    wait_count,
    wait_seconds,
)
from mockserver.web.admin.views import call_view, submission_view
from mockserver.web.admin.wire import reply

_NOT_SHOWN = frozenset({"asked", "is_cut", "is_withheld"})
# A list that is longer has to be asked for in parts, with `before`.
_MOST_BYTES = 8 * 1_048_576
# Linux hands a program no word of 128 KiB or more; what a shell does by itself, such as printf, has no such bound.
_LONGEST_WORD = 120_000
# Of a list of codes it says how many.
_MASKED = re.compile(rf"{re.escape(MASK)}(?: \([^()]*\))?")
_NAME_OF_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def journal_routes(admin: Blueprint, provider: Provider) -> None:
    """Add the routes."""

    @admin.get("/requests")
    def get_requests() -> Response:
        matchers = matchers_of(request.args.items(multi=True), provider.operations)
        seconds = wait_seconds(request.args.get("wait"))
        count = wait_count(request.args.get("count"))
        after = after_number(request.args.get("since"))
        before = number("before", 0, MOST_NUMBER) or None
        newest = number("newest", NEWEST, MOST_NEWEST)
        if seconds:
            # The server does this before, without a thread.
            provider.journal.wait(count=count, timeout=seconds, after=after, **matchers)
        found, total = provider.journal.newest(newest, after=after, before=before, **matchers)
        return reply({"requests": _fitting(map(call_view, reversed(found))), "total": total})

    @admin.get("/requests/<int:n>")
    def get_request(n: int) -> Response:
        return reply(whole_call_view(provider, kept_call(provider, n), request.host_url))

    @admin.get("/submissions")
    def get_submissions() -> Response:
        only = one_merchant(provider)
        newest = number("newest", NEWEST, MOST_NEWEST)
        settle_all(provider)
        found, total = submissions(provider.store, provider.journal, newest=newest, merchant_id=only)
        return reply({"submissions": [*map(submission_view, found)], "total": total})

    @admin.delete("/requests")
    def delete_requests() -> Response:
        provider.clear_journal()
        return reply({"requests": [], "total": 0})


def _fitting(views: Iterable[dict[str, Any]]) -> list[msgspec.Raw]:
    """Return as many as one reply may hold, each written already."""
    written: list[msgspec.Raw] = []
    size = 0
    for view in views:
        one = msgspec.json.encode(view)
        size += len(one)
        if size > _MOST_BYTES:
            break
        written.append(msgspec.Raw(one))
    return written


def whole_call_view(provider: Provider, kept: RawEntry, base_url: str) -> dict[str, Any]:
    """Return a call with its body, reply, diagnosis and a curl line to repeat it."""
    entry = provider.journal.masked(kept)
    view = {
        key: value
        for key, value in msgspec.structs.asdict(entry).items()
        if key not in {"asked", "is_cut", "is_withheld"}
    }
    diagnosis = [msgspec.structs.asdict(finding) for finding in provider.diagnose(kept)]
    return {**view, "diagnosis": diagnosis, "curl": curl_line(entry, base_url)}


def curl_line(entry: Entry, base_url: str) -> str:
    """Return a line for a shell that repeats a call; a variable, as `$SIGNATURE`, is in place of what is masked."""
    if not entry.method:
        return "# not HTTP, so curl cannot repeat it"
    if entry.is_withheld:
        return "# the body is withheld, so curl cannot repeat it"
    address = base_url.rstrip("/") + quote(entry.path, safe="/-._~")
    # With -X HEAD, curl would wait for a body that never comes.
    method = "-I" if entry.method == "HEAD" else f"-X {shell_word([entry.method])}"
    line = f"curl -sS {method} {shell_word([address])}"
    if entry.forced is not None:
        line += f" -H {shell_word([f'{FAULT_HEADER}: {entry.forced}'])}"
    if not entry.body:
        return line
    data = _data(entry)
    line += " -H 'Content-Type: application/json'"
    if len(data.encode()) > _LONGEST_WORD:
        return f"printf %s {data} | {line} --data-binary @-"
    # With -d, curl would read a file for a body that begins with @.
    return f"{line} --data-raw {data}"


def _data(entry: Entry) -> str:
    """Return the body as one word for a shell, with variables in place of what is masked."""
    if entry.fields is None:
        return shell_word([entry.body])
    is_form = not entry.body.startswith("{")
    pair_of, begins, between, ends = (_pair_of_form, "", "&", "") if is_form else (_pair_of_json, "{", ", ", "}")
    pairs = [pair_of(*field) for field in entry.fields.items()]
    inside = chain.from_iterable([between, *pair] for pair in pairs)
    return shell_word([begins, *islice(inside, 1, None), ends])


def _pair_of_form(name: str, value: Any) -> list[str | Variable]:
    variable = _variable(name, value)
    if variable is not None:
        return [f"{quote_plus(name)}=", variable]
    return [urlencode({name: value})]


def _pair_of_json(name: str, value: Any) -> list[str | Variable]:
    named = f"{json.dumps(name, ensure_ascii=False)}: "
    variable = _variable(name, value)
    if variable is not None:
        return [f'{named}"', variable, '"']
    return [named + json.dumps(value, ensure_ascii=False)]


def _variable(name: str, value: Any) -> Variable | None:
    """Return what stands in a shell for a value that is masked as a whole."""
    is_masked = isinstance(value, str) and _MASKED.fullmatch(value) is not None
    return Variable(name.upper()) if is_masked and _NAME_OF_VARIABLE.fullmatch(name) else None
