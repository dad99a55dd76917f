"""Clients that do one thing after another to a fake behind several addresses, and write down what they saw.

A call whose reply does not come, or is the mock's own 503, may have happened or not; one that was not sent did not.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract.signature import sign
from tools.histories.journal import Look, Numbered
from tools.histories.linearizability import NEVER, UNKNOWN, Operation
from tools.histories.model import DONE, FAULT, STATUSES, UNKNOWN_MERCHANT, UNKNOWN_PROJECT, VOUCHERS, Call

_SECONDS_TO_WAIT = 20.0
# What was lost is not done later than so long after, in nanoseconds: its server, or its database, was killed.
_DONE_BY = 10_000_000_000
_NEWEST = 40
_MESSAGES = {"Merchant not found": UNKNOWN_MERCHANT, "Project ID tidak ditemukan": UNKNOWN_PROJECT}
# How often each is done, of so many.
_WEIGHTS = {
    "page": 30, "page_of": 8, "submit": 10, "move": 10, "move_some": 5, "advance": 4, "clock": 4, "put_fault": 3,
    "faults": 5, "summary": 5, "everything": 2, "reset": 1, "add": 3, "remove": 1, "look": 8,
}  # fmt: skip
_READS = frozenset({"clock", "faults", "summary", "everything", "look"})


def merchant_document(number: int) -> dict[str, Any]:
    """Return the merchant of this number as a world file has it, and as it is added."""
    merchant_id = merchant_named(number)
    vouchers = [
        {"id": voucher_id, "voucher_code": f"CODE{voucher_id}", "created_at": "2025-06-01 12:00:00"}
        for voucher_id in reversed(_ids(number))
    ]
    project = {"id": number, "project_id": f"P-{merchant_id}", "vouchers": vouchers}
    return {"merchant_id": merchant_id, "secret_key": f"secret-of-{merchant_id}", "projects": [project]}


def merchant_named(number: int) -> str:
    """Return the id of the merchant of this number, from 1."""
    return f"M{number}"


def world(merchants: int) -> dict[str, Any]:
    """Return the world that a history begins with."""
    return {"merchants": [merchant_document(number) for number in range(1, merchants + 1)]}


def _ids(number: int) -> list[int]:
    return [number * 10 + place for place in range(VOUCHERS)]


class _NotSent(Exception):
    pass


class _Lost(Exception):
    pass


@dataclass
class Record:
    """What was done and seen, by merchant; `calls` and `looks` are about the journal. Safe under threads."""

    history: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    calls: list[Numbered] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    codes: itertools.count[int] = field(default_factory=itertools.count)
    tags: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    projects: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    done: int = 0


class Client:
    """One client: it does what its own `rng` draws, each time at one of the addresses there are by then."""

    def __init__(self, name: str, rng: random.Random, addresses: Callable[[], Sequence[str]], record: Record) -> None:
        self._name = name
        self._rng = rng
        self._addresses = addresses
        self._record = record
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._address = ""
        self._began = 0
        self._seen_last = 0
        self._is_lost = False

    def run(self, stop: threading.Event, merchants: int) -> None:
        """Do one thing after another until told to stop."""
        try:
            while not stop.is_set():
                self.do(self._rng.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0], self._rng.randint(1, merchants))
                self._record.done += 1
                while self._is_lost and not stop.is_set():
                    self._see_whether_it_is_back()
                if self._rng.random() < 0.5:
                    time.sleep(self._rng.random() * 0.005)
        finally:
            self.close()

    def _see_whether_it_is_back(self) -> None:
        """Wait for the state: whatever is asked meanwhile would be one more of which nobody knows what it did."""
        try:
            status, _ = self._ask("GET", "/__admin/ready")
            self._is_lost = status != 200
        except (_NotSent, _Lost):
            time.sleep(0.05)

    def close(self) -> None:
        """Let go of every connection."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def do(self, name: str, number: int) -> None:
        """Do one thing to a merchant, and write it down."""
        merchant_id = merchant_named(number)
        if name == "everything":
            self._see_everything()
        elif name == "look":
            self._look()
        elif name in {"page", "page_of"}:
            self._page(merchant_id, name)
        elif name == "submit":
            # Each code is submitted by two.
            self._submit(merchant_id, f"C{next(self._record.codes) // 2}")
        else:
            arguments = self._drawn(name)
            self._note(merchant_id, Call(name, arguments), lambda: getattr(self, f"_{name}")(number, *arguments))

    def _drawn(self, name: str) -> tuple[Any, ...]:
        rng = self._rng
        if name == "move":
            places = tuple(sorted(rng.sample(range(VOUCHERS), rng.randint(1, 2))))
            return places, rng.choice(STATUSES), f"note {next(self._record.tags)}"
        if name == "move_some":
            return *rng.sample(STATUSES, 2), rng.randint(1, 2), f"note {next(self._record.tags)}"
        if name == "advance":
            return (rng.randint(1, 9),)
        return (rng.randint(1, 4),) if name == "put_fault" else ()

    # --- what is written down

    def _note(self, merchant_id: str, call: Call | Callable[[], Call], ask: Callable[[], Any]) -> Any:
        """Ask, and write down what came of it; a call may depend on what its reply says."""
        try:
            result = ask()
        except _NotSent:
            return None
        except _Lost:
            result = UNKNOWN
            self._is_lost = True
        ended = time.monotonic_ns() + (_DONE_BY if result is UNKNOWN else 0)
        done = call if isinstance(call, Call) else call()
        if not (done.name in _READS and result is UNKNOWN):
            operation = Operation(done, result, self._began, ended, f"{self._name} at {self._address}")
            self._record.history[merchant_id].append(operation)
        return result

    def _numbered(
        self,
        merchant_id: str,
        call: Call | Callable[[], Call],
        path: str,
        fields: dict[str, Any],
        read: Callable[..., Any],
    ) -> Any:
        """Make a call of the vendor's API: it is in the journal, under a tag of its own."""
        tag = str(next(self._record.tags))
        sent = {"signature": sign(merchant_id, f"secret-of-{merchant_id}"), **fields}
        path = f"/merchant/{merchant_id}/kiosgamer/{path}"
        result = self._note(merchant_id, call, lambda: read(*self._ask("POST", path, sent, tag)))
        if result is not None:
            ended = NEVER if result is UNKNOWN else time.monotonic_ns()
            self._record.calls.append(Numbered(tag, merchant_id, self._began, ended))
        return result

    # --- calls of the vendor's API

    def _page(self, merchant_id: str, name: str) -> None:
        code, project_id = "", f"P-{merchant_id}"
        submitted = self._record.projects[merchant_id]
        if name == "page_of" and submitted:
            code, project_id = self._rng.choice(submitted[-12:])
        call = Call("page_of", (code, project_id)) if code else Call("page")
        asked = {"projectid": project_id, "status": "", "page": 1, "limit": 30}

        def read(status: int, reply: Any) -> Any:
            if status == 502:
                return FAULT
            if reply.get("rc") != 200:
                return _MESSAGES.get(reply.get("error_msg"), str(reply))
            vouchers = reply["data"]["data"]["vouchers"]
            if code:
                return reply["ts"], "/".join(one["voucher_code"] for one in vouchers)
            return reply["ts"], tuple((STATUSES[one["status"]], one["note"]) for one in reversed(vouchers))

        self._numbered(merchant_id, call, "project/detail", asked, read)

    def _submit(self, merchant_id: str, code: str) -> None:
        made: list[str] = []

        def read(_: int, reply: Any) -> Any:
            if reply["status"] == 1:
                data = reply["data"]
                made.append(data["project_id"])
                self._record.ids.append(data["id"])
                self._record.projects[merchant_id].append((code, data["project_id"]))
                return "taken"
            message = reply["error_msg"]
            return _MESSAGES.get(message, "double" if "sudah ada sebelumnya" in message else message)

        sent = {"kode_voucher": base64.b64encode(code.encode()).decode()}
        self._numbered(merchant_id, lambda: Call("submit", (code, *made)), "redem/bulk", sent, read)

    # --- calls of the admin side

    def _move(self, number: int, places: tuple[int, ...], to: str, note: str) -> Any:
        ids = [_ids(number)[place] for place in places]
        return self._moved(number, {"ids": ids, "to": to, "note": note})

    def _move_some(self, number: int, of: str, to: str, count: int, note: str) -> Any:
        return self._moved(number, {"from": of, "to": to, "count": count, "note": note})

    def _moved(self, number: int, document: dict[str, Any]) -> Any:
        status, reply = self._ask("PATCH", f"/__admin/projects/P-{merchant_named(number)}/vouchers", document)
        return UNKNOWN_PROJECT if status == 404 else _or_text(status, reply, lambda: (reply["moved"], _stats(reply)))

    def _advance(self, number: int, seconds: int) -> Any:
        return self._shown("POST", "clock", {"advance": seconds}, number)

    def _clock(self, number: int) -> Any:
        return self._shown("GET", "clock", None, number)

    def _shown(self, method: str, path: str, document: Any, number: int) -> Any:
        status, reply = self._ask(method, f"/__admin/{path}?merchant_id={merchant_named(number)}", document)
        return UNKNOWN_MERCHANT if status == 404 else _or_text(status, reply, lambda: int(reply["now"]))

    def _put_fault(self, number: int, times: int) -> Any:
        rule = {"fault": "html_502", "times": times, "operation": "project_detail"}
        return self._left("PUT", number, {"faults": [rule]})

    def _faults(self, number: int) -> Any:
        return self._left("GET", number, None)

    def _left(self, method: str, number: int, document: Any) -> Any:
        status, reply = self._ask(method, f"/__admin/faults?merchant_id={merchant_named(number)}", document)
        if status == 404:
            return UNKNOWN_MERCHANT
        return _or_text(status, reply, lambda: next((rule["left"] for rule in reply["faults"]), None))

    def _summary(self, number: int) -> Any:
        status, reply = self._ask("GET", f"/__admin/merchants/{merchant_named(number)}")
        return UNKNOWN_MERCHANT if status == 404 else _or_text(status, reply, lambda: _summed(reply))

    def _reset(self, number: int) -> Any:
        status, reply = self._ask("POST", f"/__admin/reset?merchant_id={merchant_named(number)}", {})
        return UNKNOWN_MERCHANT if status == 404 else _or_text(status, reply, lambda: DONE)

    def _add(self, number: int) -> Any:
        status, reply = self._ask("POST", "/__admin/merchants", merchant_document(number))
        return "is here" if status == 409 else _or_text(status, reply, lambda: DONE)

    def _remove(self, number: int) -> Any:
        status, reply = self._ask("DELETE", f"/__admin/merchants/{merchant_named(number)}")
        return UNKNOWN_MERCHANT if status == 404 else _or_text(status, reply, lambda: DONE)

    def _see_everything(self) -> None:
        """See all merchants in one call: each is as it is at one instant of it."""
        try:
            status, reply = self._ask("GET", "/__admin/merchants")
        except (_NotSent, _Lost):
            return
        ended = time.monotonic_ns()
        found = {one["merchant_id"]: _summed(one) for one in reply["merchants"]} if status == 200 else {}
        for merchant_id in list(self._record.history):
            result = found.get(merchant_id, UNKNOWN_MERCHANT)
            by = f"{self._name} at {self._address}, of all"
            self._record.history[merchant_id].append(Operation(Call("summary"), result, self._began, ended, by))

    def _look(self) -> None:
        query = f"newest={_NEWEST}"
        since = 0
        if self._rng.random() < 0.3:
            since = self._seen_last + 1
            query += f"&since={since}&wait=0.1"
        try:
            status, reply = self._ask("GET", f"/__admin/requests?{query}")
        except (_NotSent, _Lost):
            return
        if status != 200:
            raise RuntimeError(f"{status}: {reply}")
        self._saw(reply["requests"], since, is_whole=len(reply["requests"]) < _NEWEST)

    def look_at_all(self) -> None:
        """See the whole journal, with nobody else about."""
        found: list[Any] = []
        while True:
            before = f"&before={found[-1]['n']}" if found else ""
            try:
                _, reply = self._ask("GET", f"/__admin/requests?newest=10000{before}")
            except (_NotSent, _Lost):
                continue  # somebody was killed just now
            if not reply["requests"]:
                break
            found += reply["requests"]
        self._saw(found, 0, is_whole=True)

    def _saw(self, requests: list[Any], since: int, *, is_whole: bool) -> None:
        entries = tuple((one["n"], one["headers"].get("x-call", "")) for one in requests)
        self._seen_last = max([self._seen_last, *(n for n, _ in entries)])
        first = since if is_whole else entries[-1][0]
        self._record.looks.append(Look(entries, first, self._began, time.monotonic_ns(), self._address))

    # --- one call over HTTP

    def _ask(self, method: str, path: str, document: Any = None, tag: str = "") -> tuple[int, Any]:
        address = self._address = self._rng.choice(self._addresses())
        headers = {"Content-Type": "application/json"} | ({"X-Call": tag} if tag else {})
        body = None if document is None else json.dumps(document)
        # Now and then on a new connection, which another worker on the same port may get.
        if self._rng.random() < 0.1 and address in self._connections:
            self._connections.pop(address).close()
        self._began = time.monotonic_ns()
        try:
            connection = self._connected(address)
        except OSError:
            time.sleep(0.02)
            raise _NotSent from None
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connections.pop(address).close()
            raise _Lost from None
        if response.status == 503:
            raise _Lost
        kind = response.headers.get("content-type", "")
        return response.status, json.loads(content) if "json" in kind else content.decode("utf-8", "replace")

    def _connected(self, address: str) -> http.client.HTTPConnection:
        connection = self._connections.get(address)
        if connection is None:
            parts = urlsplit(address)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS_TO_WAIT)
            connection.connect()
            self._connections[address] = connection
        return connection


def _or_text(status: int, reply: Any, read: Callable[[], Any]) -> Any:
    return read() if status in {200, 201} else f"{status}: {reply}"


def _summed(merchant: Any) -> Any:
    first = next(one for one in merchant["projects"] if one["project_id"].startswith("P-"))
    return len(merchant["projects"]), _stats(first)


def _stats(document: Any) -> tuple[int, ...]:
    return tuple(document["stats"][status] for status in STATUSES)
