"""What a test with one call costs through each fixture, beside pytest-httpserver, responses and a bare socket.

All ways are tests of one run of pytest and take turns test by test, so that a slow minute is everybody's.
The cost is the time that pytest itself reports for setup, call and teardown of a test, the median of all.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from benchmarks._measure import run_pytest

TESTS = 300
WARMING = 20

_CONFTEST = """
import json
import os
import socket
import threading

import pytest

SPENT = {}
CONSTANT = {"data": {"data": {"vouchers": [{"id": n, "text": "x" * 250} for n in range(10)]}}}


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["n"])


def pytest_runtest_logreport(report):
    way, _, n = report.nodeid.partition("::")[2].rstrip("]").partition("[")
    SPENT.setdefault(way, {})[n] = SPENT.get(way, {}).get(n, 0.0) + report.duration * 1000


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    with open(os.environ["SPENT"], "w") as out:
        json.dump({way: list(spent.values()) for way, spent in SPENT.items()}, out)


@pytest.fixture(scope="session")
def bare_socket():
    body = json.dumps(CONSTANT).encode()
    reply = b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body

    def talk(connection):
        with connection:
            received = b""
            while part := connection.recv(65536):
                received += part
                if received.endswith(b"}"):
                    connection.sendall(reply)
                    received = b""

    def listen():
        while True:
            threading.Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=listen, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"
"""

_HEAD = """
import http.client
import json
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import responses

from conftest import CONSTANT

VENDOR = "https://v1.apigames.id"
PATH = "/merchant/{}/kiosgamer/project/detail"
CLIENT = httpx.Client()
SESSION = requests.Session()
turns = pytest.mark.parametrize("n", range(TESTS))


def ask(post, base, merchant_id="M", project_id="R", signature="s"):
    body = {"projectid": project_id, "status": "0", "page": 2, "limit": 30, "signature": signature}
    assert len(post(base + PATH.format(merchant_id), json=body).json()["data"]["data"]["vouchers"]) == 10


class Lean:
    def __init__(self, url, json_):
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname, address.port)
        connection.request("POST", address.path, json.dumps(json_), {"Content-Type": "application/json"})
        self.text = connection.getresponse().read()
        connection.close()

    def json(self):
        return json.loads(self.text)


def lean(url, json):
    return Lean(url, json)


def expect(httpserver):
    httpserver.expect_request(PATH.format("M"), method="POST").respond_with_json(CONSTANT)
    return httpserver.url_for("").rstrip("/")


def own(apigames, base=None):
    project = apigames.project(pending=40, success=5)
    return base or apigames.url, apigames.merchant_id, project.project_id, apigames.signature

"""

# What each way is called in the table, its fixtures, and its body.
_WAYS = {
    "no call at all": ("", "assert n >= 0"),
    "bare socket, requests.post": ("bare_socket", "ask(requests.post, bare_socket)"),
    "pytest-httpserver, requests.post": ("httpserver", "ask(requests.post, expect(httpserver))"),
    "apigames, requests.post": ("apigames", "ask(requests.post, *own(apigames)); apigames.assert_called(page=2)"),
    "bare socket, requests.Session": ("bare_socket", "ask(SESSION.post, bare_socket)"),
    "pytest-httpserver, requests.Session": ("httpserver", "ask(SESSION.post, expect(httpserver))"),
    "apigames, requests.Session": (
        "apigames",
        "ask(SESSION.post, *own(apigames)); apigames.assert_called(page=2)",
    ),
    "bare socket, http.client": ("bare_socket", "ask(lean, bare_socket)"),
    "pytest-httpserver, http.client": ("httpserver", "ask(lean, expect(httpserver))"),
    "apigames, http.client": ("apigames", "ask(lean, *own(apigames)); apigames.assert_called(page=2)"),
    "responses, a callback": (
        "",
        """with responses.RequestsMock() as double:
        double.add_callback("POST", VENDOR + PATH.format("M"), lambda request: (200, {}, json.dumps(CONSTANT)))
        ask(requests.post, VENDOR)""",
    ),
    "apigames_responses": (
        "apigames, apigames_responses",
        "ask(requests.post, *own(apigames, VENDOR)); apigames.assert_called(page=2)",
    ),
    "apigames_httpx, a shared client": (
        "apigames, apigames_httpx",
        "ask(CLIENT.post, *own(apigames, VENDOR)); apigames.assert_called(page=2)",
    ),
}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        spent = _spent(Path(name))
    nothing = statistics.median(spent["no call at all"])
    print(f"One test with one call, setup, call and teardown together, {TESTS} turns:\n")
    print(f"{'through':40} {'median ms':>10} {'p90 ms':>8} {'over no call':>13}")
    for way, values in spent.items():
        median = statistics.median(values)
        print(f"{way:40} {median:10.2f} {statistics.quantiles(values, n=10)[-1]:8.2f} {median - nothing:13.2f}")


def _spent(folder: Path) -> dict[str, list[float]]:
    """Return the milliseconds of each test, by way."""
    (folder / "conftest.py").write_text(_CONFTEST)
    tests = [
        f"\n\n@turns\ndef test_{number}({fixtures + ', ' if fixtures else ''}n):\n    {body}\n"
        for number, (fixtures, body) in enumerate(_WAYS.values())
    ]
    (folder / "test_ways.py").write_text(_HEAD.replace("TESTS", str(TESTS)) + "".join(tests))
    out = folder / "spent"
    run_pytest(folder, "-p", "apigames", "-p", "pytest_httpserver.pytest_plugin", SPENT=str(out))
    spent = json.loads(out.read_text())
    return {way: spent[f"test_{number}"][WARMING:] for number, way in enumerate(_WAYS)}


if __name__ == "__main__":
    main()
