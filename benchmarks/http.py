"""The endpoint over HTTP against pytest-httpserver serving the same reply as a constant; 16 connections, alternated."""

from __future__ import annotations

import json
import statistics
import sys
import time

from benchmarks._measure import Served, load, resident_mb
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.provider.state.world_file import built_in_world

MERCHANT = "M240315GAME2847K"
PATH = f"/merchant/{MERCHANT}/kiosgamer/project/detail"
BODY = json.dumps(
    {
        "projectid": "R250101DEMO000137",
        "status": "",
        "page": 2,
        "limit": 30,
        "signature": sign(MERCHANT, "apigames-mock-secret"),
    }
).encode()
ROUNDS = 5


def constant() -> None:
    """Serve the page of 30 as a constant with pytest-httpserver, until the process is ended."""
    from pytest_httpserver import HTTPServer  # noqa: PLC0415

    from mockserver.contract.readings import Readings  # noqa: PLC0415
    from mockserver.provider.state.clock import SystemClock  # noqa: PLC0415

    provider = Provider(built_in_world(Readings(), SystemClock()))
    reply = provider.handle(Request("POST", PATH, BODY)).body
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(PATH, method="POST").respond_with_data(reply, content_type="application/json")
        print(server.url_for("").rstrip("/"), flush=True)
        while True:
            # Its own log of requests would grow without end.
            server.clear_log()
            time.sleep(0.5)


def main() -> None:
    """Print requests a second, p99 and memory of both, and how many times faster the endpoint is."""
    seen: dict[str, list[tuple[float, float, float]]] = {"apigames-mock serve": [], "pytest-httpserver": []}
    with (
        Served("-m", "mockserver", "serve", "--port", "0") as mock,
        Served("-m", "benchmarks.http", "constant") as other,
    ):
        for _ in range(ROUNDS):
            for name, server in (("apigames-mock serve", mock), ("pytest-httpserver", other)):
                round_ = load(server.url, PATH, BODY)
                seen[name].append((round_.requests_a_second, round_.p99, resident_mb(server.process.pid)))
    for name, rounds in seen.items():
        rate, p99, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:22} {rate:8.0f} requests/s   p99 {p99:6.2f} ms   {memory:5.0f} MB")
    rates = [statistics.median(row[0] for row in rounds) for rounds in seen.values()]
    print(f"ratio {rates[0] / rates[1]:.1f}")


if __name__ == "__main__":
    constant() if "constant" in sys.argv else main()
