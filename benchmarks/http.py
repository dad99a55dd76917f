"""The endpoint over HTTP, beside pytest-httpserver with a constant and beside another checkout (`BASELINE`).

16 connections, by `wrk` where it is installed; the servers take turns. pytest-httpserver runs as its fixture runs it.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from contextlib import ExitStack

from benchmarks._measure import Served, baseline, load, processor_seconds, resident_mb
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.provider.state.world_file import built_in_world

MERCHANT = "M240315GAME2847K"
PATH = f"/merchant/{MERCHANT}/kiosgamer/project/detail"


def body(page: int = 2, limit: int = 30) -> bytes:
    """Return what asks for one page of the demo project."""
    signature = sign(MERCHANT, "apigames-mock-secret")
    asked = {"projectid": "R250101DEMO000137", "status": "", "page": page, "limit": limit, "signature": signature}
    return json.dumps(asked).encode()


def page_and_limit(n: int) -> tuple[int, int]:
    """Return the n-th page to ask for, never one past the last: why that is empty is told in the log at length."""
    limit = 1 + n % 137
    return 1 + n % -(-137 // limit), limit


BODY = body()
LOADS = {
    "a page of 30, again and again": [BODY],
    "a page of 3, again and again": [body(limit=3)],
    "pages of 1 to 137, 400 in turn": [body(*page_and_limit(n)) for n in range(400)],
}
ROUNDS = 7


def constant() -> None:
    """Serve the page of 30 as a constant with pytest-httpserver, until the process is ended."""
    from pytest_httpserver import HTTPServer  # noqa: PLC0415

    from mockserver.contract.readings import Readings  # noqa: PLC0415
    from mockserver.provider.state.clock import SystemClock  # noqa: PLC0415

    provider = Provider(built_in_world(Readings(), SystemClock()))
    reply = provider.handle(Request("POST", PATH, BODY)).body
    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request(PATH, method="POST").respond_with_data(reply, content_type="application/json")
        print(server.url_for("").rstrip("/"), flush=True)
        while True:
            # Its own log of requests would grow without end.
            server.clear_log()
            time.sleep(0.5)


def main() -> None:
    """Print requests a second, p99, processor time and memory of each, and how many times faster the endpoint is."""
    seen: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    memory: dict[str, float] = {}
    with ExitStack() as running:
        serve = ("-m", "mockserver", "serve", "--port", "0")
        servers = {"apigames-mock serve": running.enter_context(Served(*serve))}
        if (other := baseline()) is not None:
            servers["the baseline"] = running.enter_context(Served(*serve, checkout=other))
        servers["pytest-httpserver"] = running.enter_context(Served("-m", "benchmarks.http", "constant"))
        for _ in range(ROUNDS):
            for name, bodies in LOADS.items():
                for server, served in servers.items():
                    if server == "pytest-httpserver" and bodies != [BODY]:
                        continue  # it says the same whatever is asked
                    before = processor_seconds(served.process.pid)
                    round_ = load(served.url, PATH, *bodies, seconds=2)
                    spent = (processor_seconds(served.process.pid) - before) / (round_.requests_a_second * 2) * 1e6
                    row = (round_.requests_a_second, round_.p99, spent)
                    seen.setdefault(name, {}).setdefault(server, []).append(row)
                    memory[server] = resident_mb(served.process.pid)
    for name, by_server in seen.items():
        print(name)
        ours = [row[0] for row in by_server["apigames-mock serve"]]
        for server, rows in by_server.items():
            rate, p99, spent = (statistics.median(column) for column in zip(*rows, strict=True))
            # Turn by turn: the machine is not equally fast in all of them.
            ratio = statistics.median(our / row[0] for our, row in zip(ours, rows, strict=True))
            told = "" if server == "apigames-mock serve" else f"   {ratio:.2f} times slower"
            print(
                f"  {server:20} {rate:7.0f} requests/s   p99 {p99:6.2f} ms   {spent:5.1f} us of processor"
                f"   {memory[server]:3.0f} MB{told}"
            )


if __name__ == "__main__":
    constant() if "constant" in sys.argv else main()
