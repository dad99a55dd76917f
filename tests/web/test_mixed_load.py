"""Ten thousand mixed calls from 16 threads: each reply is in contract or the fault asked for, and no move is lost."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from mockserver.contract.schemas import schema, validator
from mockserver.testing.admin_client import AdminClient
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, fields
from tests.support.laws import assert_lawful

pytestmark = pytest.mark.once

THREADS = 16
CALLS = 10_000
VOUCHERS = 4_000


class Caller:
    """One thread's share of the calls, on a connection of its own."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.random = random.Random(seed)
        self.admin = AdminClient(server.url)
        self.connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.error = validator(schema("error"))
        self.moved: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        acts = [self.good] * 60 + [self.bad] * 25 + [self.faulty] * 8 + [self.move] * 5 + [self.look] * 2
        try:
            for _ in range(CALLS // THREADS):
                self.random.choice(acts)()
        except BaseException as failure:
            self.failure = failure
        finally:
            self.connection.close()

    def call(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        self.connection.request("POST", PATH, body, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def good(self) -> None:
        status, body = self.call(json.dumps(fields(projectid="LOAD", page=self.random.randint(1, 5))).encode())
        assert status == 200
        assert_lawful(json.loads(body))

    def bad(self) -> None:
        content = self.random.choice(
            [
                b"",
                b"{",
                b"[]",
                *(json.dumps(one).encode() for one in (fields(signature="x"), fields(projectid="x"), fields(page=0))),
            ]
        )
        status, body = self.call(content)
        reply = json.loads(body)
        assert status == reply["rc"]
        assert self.error.is_valid(reply)

    def faulty(self) -> None:
        name, seen = self.random.choice(
            [
                ("html_502", 502),
                ("empty_body", 200),
                ("truncated_json", 200),
                ("rate_limit", 429),
                ("close_before", 0),
                ("delay;seconds=0.02", 200),
            ]
        )
        try:
            status, _ = self.call(json.dumps(fields()).encode(), **{"X-Apigames-Mock-Fault": name})
        except (HTTPException, ConnectionError):
            assert name == "close_before"
            self.connection.close()
            return
        assert status == seen

    def move(self) -> None:
        to = self.random.choice(["process", "success", "error_engine", "error_voucher"])
        self.moved[to] += self.admin.move("LOAD", "pending", to=to, count=self.random.randint(1, 5))

    def look(self) -> None:
        stats = self.admin.project("LOAD")["stats"]
        assert sum(stats.values()) == VOUCHERS
        self.admin.advance(0.5)


@pytest.mark.matrix
@pytest.mark.shared
def test_ten_thousand_mixed_calls_from_sixteen_threads(server: Server) -> None:
    AdminClient(server.url).add_project(MERCHANT, {"project_id": "LOAD", "vouchers": {"generate": {"count": VOUCHERS}}})
    callers = [Caller(server, seed) for seed in range(THREADS)]
    threads = [threading.Thread(target=caller.run) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures: list[Any] = [caller.failure for caller in callers if caller.failure is not None]
    assert not failures, failures[0]
    moved: Counter[str] = Counter()
    for caller in callers:
        moved.update(caller.moved)
    stats = AdminClient(server.url).project("LOAD")["stats"]
    assert stats.pop("pending") == VOUCHERS - sum(moved.values())
    assert stats == {name: moved[name] for name in stats}
    journal = server.provider.journal
    assert journal.total > CALLS * 0.9
    assert len(journal.entries()) == 1000
