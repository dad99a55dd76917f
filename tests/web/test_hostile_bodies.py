"""Whatever one client sends, it has its reply at once and so has the next client, with a log as `serve` writes it.

Told by the processor's time: what else the machine does counts for nothing. What a body costs is a few milliseconds.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator

import pytest

from mockserver.cli.serve.request_log import RequestLog
from mockserver.provider.provider import Provider
from mockserver.provider.request import MAX_BODY
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import Merchant, World
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, NOW, PATH, SECRET, body
from tests.support.hostile_bodies import HOSTILE_BODIES
from tests.support.raw_http import exchange, post

MIB = 1_048_576
MOST_SECONDS = 0.5
BULK = PATH.replace("project/detail", "redem/bulk")

Lines = list[Callable[[], str]]


@pytest.fixture(scope="module")
def lines() -> Lines:
    return []


@pytest.fixture(scope="module")
def loaded(lines: Lines) -> Iterator[Server]:
    """A server for a thousand merchants with secrets of their own, where text is long to mask."""
    others = tuple(Merchant(f"M{n}", f"kunci dari {n} {n * 7919}", f"sesi {n} {n * 31}") for n in range(1000))
    log = RequestLog("text", lambda line: lines.append(line if callable(line) else lambda: line))
    world = World((Merchant(MERCHANT, SECRET), *others))
    provider = Provider(world, clock=FrozenClock(NOW), observers=(log,), doctor_header=True)
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    provider.maskers.masker()
    with Server(provider) as server:
        exchange(server, post(b"{"))
        [line() for line in lines]  # what is loaded for the first of them
        gc.collect()
        gc.freeze()  # a server's own process holds no runner of tests, which would be looked through too
        yield server
        gc.unfreeze()


def seconds_of(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


@pytest.mark.parametrize("size", [123, MAX_BODY - 200])
@pytest.mark.parametrize("shape", HOSTILE_BODIES)
def test_a_body_costs_a_bounded_time(shape: str, size: int, loaded: Server, lines: Lines) -> None:
    content = HOSTILE_BODIES[shape](size)[: MAX_BODY + 1]
    path = BULK if b"kode_voucher" in content[:100] else PATH
    lines.clear()
    replies: list[bytes] = []
    # No page of another site can send more than such a type.
    answered = seconds_of(
        lambda: replies.append(exchange(loaded, post(content, "Content-Type: text/plain", path=path)))
    )
    followed = seconds_of(lambda: replies.append(exchange(loaded, post(body()))))
    explained = seconds_of(lambda: [line() for line in lines])
    assert all(reply.startswith(b"HTTP/1.1 ") for reply in replies)
    assert len(lines) == 2
    assert max(answered, followed, explained) < MOST_SECONDS


HEADS: dict[str, bytes] = {
    "a long path": post(b"{}", path="/merchant/" + "a" * 60_000),
    "a path of escapes": post(b"{}", path="/merchant/" + "%41" * 20_000 + "/kiosgamer/project/detail"),
    "a path of slashes": post(b"{}", path="/" * 60_000),
    "a long query": post(b"{}", path=PATH + "?" + "a=b&" * 15_000),
    "a long header": post(b"{}", "X-Long: " + "a" * 60_000),
    "many headers": post(b"{}", *(f"X-{number}: a" for number in range(5_000))),
    "a fault of no name": post(b"{}", "X-Apigames-Mock-Fault: " + "delay, " * 8_000),
    "no HTTP": b"\x16\x03\x01" + b"a" * 60_000,
    "no end of a head": b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000,
    "lines before a request": b"\r\n" * 30_000 + post(b"{}"),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_head_costs_a_bounded_time(head: str, loaded: Server, lines: Lines) -> None:
    lines.clear()
    assert seconds_of(lambda: exchange(loaded, HEADS[head])) < MOST_SECONDS
    assert seconds_of(lambda: exchange(loaded, post(body()))) < MOST_SECONDS
    assert seconds_of(lambda: [line() for line in lines]) < MOST_SECONDS


ASKS_FOR_MILLIONS = {
    "merchants": [
        {
            "merchant_id": "M1",
            "secret_key": "a-made-up-secret",
            "projects": [{"project_id": f"R{n}", "vouchers": {"generate": {"count": 2_000_000}}} for n in range(40)],
        }
    ]
}
WORLDS: dict[str, bytes] = {
    "lists in place of merchants": b'{"merchants":[' + b"[]," * (4 * MIB // 3) + b"[]]}",
    "empty merchants": b'{"merchants":[' + b"{}," * (4 * MIB // 3) + b"{}]}",
    "merchants without a secret": b'{"merchants":[' + b'{"merchant_id":"M"},' * 200_000 + b"{}]}",
    "a short list that is wrong throughout": b'{"merchants":[' + b"{}," * 300_000 + b"{}]}",
    "millions of vouchers to generate": json.dumps(ASKS_FOR_MILLIONS).encode(),
    "nested lists": b"[" * 4 * MIB,
    "a long text": json.dumps({"merchants": "M" * 4 * MIB}).encode(),
    "a long key": json.dumps({"M" * 4 * MIB: 1}).encode(),
    "many keys": json.dumps({f"key {number}": 1 for number in range(200_000)}).encode(),
    "no JSON": b'{"merchants":[' + b" " * 4 * MIB + b"x",
}


@pytest.mark.parametrize("world", WORLDS)
def test_a_wrong_world_costs_a_bounded_time(world: str, loaded: Server) -> None:
    sent = post(WORLDS[world], "Content-Type: application/json", path="/__admin/world")
    sent = sent.replace(b"POST", b"PUT", 1).replace(b"Host: mock", b"Host: localhost", 1)
    replies: list[bytes] = []
    assert seconds_of(lambda: replies.append(exchange(loaded, sent))) < 3 * MOST_SECONDS
    assert replies[0][:13].decode() in {"HTTP/1.1 400 ", "HTTP/1.1 422 "}
    problem = json.loads(replies[0].partition(b"\r\n\r\n")[2])
    assert len(problem.get("errors", [])) <= 20
    assert len(replies[0]) < 20_000
    assert seconds_of(lambda: exchange(loaded, post(body()))) < MOST_SECONDS
