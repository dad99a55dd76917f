"""What a test with one call costs through each fixture, beside pytest-httpserver and responses in the same run.

Every way is a file of tests that make one call and look at the reply, each in a pytest of its own, in turns; the
cost is the time that pytest itself reports for setup, call and teardown of a test, the median of all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mockserver import FakeServer

TESTS = 150
ROUNDS = 2
STRESS_TESTS = 2_000
STRESS_WORKERS = 8
STARTS = 25

_CONFTEST = """
import os
import threading

import pytest

SPENT = {}


def pytest_runtest_logreport(report):
    SPENT[report.nodeid] = SPENT.get(report.nodeid, 0.0) + report.duration


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if os.environ.get("SPENT"):
        with open(os.environ["SPENT"], "a") as out:
            out.writelines(f"{seconds}\\n" for seconds in list(SPENT.values())[5:])
    if os.environ.get("LEFT"):
        left = [thread.name for thread in threading.enumerate() if thread.name.startswith("apigames")]
        sockets = [
            target for fd in os.listdir("/proc/self/fd")
            if (target := _target(fd)).startswith("socket:")
        ]
        with open(os.environ["LEFT"], "a") as out:
            out.write(f"{len(left)} {len(sockets)}\\n")


def _target(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""
"""

_BODY = 'json={"projectid": project_id, "status": "0", "page": 2, "limit": 30, "signature": signature}'

_HEAD = f"""
import json
import pytest
import requests
VENDOR = "https://v1.apigames.id"
PATH = "/merchant/{{}}/kiosgamer/project/detail"

def ask(post, base, merchant_id, project_id, signature):
    reply = post(base + PATH.format(merchant_id), {_BODY}).json()
    assert len(reply["data"]["data"]["vouchers"]) == 10

@pytest.fixture(scope="session")
def session():
    with requests.Session() as session:
        yield session

CONSTANT = {{"data": {{"data": {{"vouchers": [{{"id": n, "text": "x" * 250}} for n in range(10)]}}}}}}
"""

_MAKE_PROJECT = "    project = apigames.project(pending=40, success=5)\n"
_WAYS = {
    "pytest-httpserver, a constant": """
@pytest.mark.parametrize("n", range(TESTS))
def test_it(httpserver, n):
    httpserver.expect_request(PATH.format("M"), method="POST").respond_with_json(CONSTANT)
    ask(requests.post, httpserver.url_for(""), "M", "R", "s")
""",
    "apigames": f"""
@pytest.mark.parametrize("n", range(TESTS))
def test_it(apigames, n):
{_MAKE_PROJECT}    ask(requests.post, apigames.url, apigames.merchant_id, project.project_id, apigames.signature)
    apigames.assert_called(page=2)
""",
    "pytest-httpserver, a shared requests.Session": """
@pytest.mark.parametrize("n", range(TESTS))
def test_it(httpserver, session, n):
    httpserver.expect_request(PATH.format("M"), method="POST").respond_with_json(CONSTANT)
    ask(session.post, httpserver.url_for(""), "M", "R", "s")
""",
    "apigames, a shared requests.Session": f"""
@pytest.mark.parametrize("n", range(TESTS))
def test_it(apigames, session, n):
{_MAKE_PROJECT}    ask(session.post, apigames.url, apigames.merchant_id, project.project_id, apigames.signature)
    apigames.assert_called(page=2)
""",
    "responses, a callback": """
import responses

@pytest.mark.parametrize("n", range(TESTS))
def test_it(n):
    with responses.RequestsMock() as double:
        double.add_callback(
            "POST",
            "https://v1.apigames.id" + PATH.format("M"),
            callback=lambda request: (200, {}, json.dumps(CONSTANT)),
        )
        ask(requests.post, "https://v1.apigames.id", "M", "R", "s")
""",
    "apigames_responses": f"""
@pytest.mark.parametrize("n", range(TESTS))
def test_it(apigames, apigames_responses, n):
{_MAKE_PROJECT}    ask(requests.post, VENDOR, apigames.merchant_id, project.project_id, apigames.signature)
    apigames.assert_called(page=2)
""",
    "apigames_httpx, a shared client": f"""
import httpx

@pytest.fixture(scope="session")
def client():
    with httpx.Client() as client:
        yield client

@pytest.mark.parametrize("n", range(TESTS))
def test_it(apigames, apigames_httpx, client, n):
{_MAKE_PROJECT}    ask(client.post, VENDOR, apigames.merchant_id, project.project_id, apigames.signature)
    apigames.assert_called(page=2)
""",
    "no call at all": """
@pytest.mark.parametrize("n", range(TESTS))
def test_it(n):
    assert n >= 0
""",
}
_QUIET = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib"]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        _costs(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        _stress(Path(folder))
    _start_and_stop()
    _start_of_pytest()


def _costs(folder: Path) -> None:
    (folder / "conftest.py").write_text(_CONFTEST)
    spent: dict[str, list[float]] = {name: [] for name in _WAYS}
    for round_ in range(ROUNDS):
        for number, (name, code) in enumerate(_WAYS.items()):
            file = folder / f"test_{number}.py"
            file.write_text(_HEAD + code.replace("TESTS", str(TESTS)))
            out = folder / f"spent-{number}-{round_}"
            plugins = ("-p", "apigames", "-p", "pytest_httpserver.pytest_plugin")
            _pytest(folder, str(file), *plugins, SPENT=str(out), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
            spent[name] += [float(line) * 1000 for line in out.read_text().split()]
    print(f"One test with one call, {ROUNDS} rounds of {TESTS} tests in turns; setup, call and teardown together:\n")
    print(f"{'through':46} {'median ms':>10} {'p90 ms':>8}")
    for name, values in spent.items():
        print(f"{name:46} {statistics.median(values):10.2f} {statistics.quantiles(values, n=10)[-1]:8.2f}")


def _stress(folder: Path) -> None:
    (folder / "conftest.py").write_text(_CONFTEST)
    code = _HEAD + _WAYS["apigames"].replace("TESTS", str(STRESS_TESTS))
    (folder / "test_stress.py").write_text(code.replace("project = ", "assert not apigames.requests; project = "))
    left = folder / "left"
    started = time.perf_counter()
    switches = ("-p", "apigames", "-p", "xdist", "-n", str(STRESS_WORKERS))
    shown = _pytest(folder, "test_stress.py", *switches, LEFT=str(left), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    last = shown.strip().splitlines()[-1]
    took = time.perf_counter() - started
    lines = left.read_text().splitlines()
    threads, sockets = (sum(column) for column in zip(*[map(int, line.split()) for line in lines], strict=True))
    print(f"\n{STRESS_WORKERS} workers, {STRESS_TESTS:,} tests, one call each: {last} ({took:.1f} s)")
    print(f"left at the end, all processes together: {threads} of our threads, {sockets} sockets")


def _start_and_stop() -> None:
    FakeServer().url  # noqa: B018 - imports what a server needs
    starts, stops = [], []
    for _ in range(50):
        server = FakeServer()
        began = time.perf_counter()
        server.url  # noqa: B018 - starts it
        ready = time.perf_counter()
        server.stop()
        starts.append((ready - began) * 1000)
        stops.append((time.perf_counter() - ready) * 1000)
    print(f"\nA session server, once imported: starts in {max(starts):.1f} ms, stops in {max(stops):.1f} ms, at most")


def _start_of_pytest() -> None:
    """Compare starts of pytest with this plugin alone and with none at all, in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        took: dict[str, list[float]] = {"apigames": [], "doctest": []}
        for _ in range(STARTS):
            for plugin, spent in took.items():
                began = time.perf_counter()
                _pytest(folder, "-p", plugin, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
                spent.append((time.perf_counter() - began) * 1000)
    # A plugin that is there anyway stands for none, so that both have the same switches.
    cost = statistics.median(took["apigames"]) - statistics.median(took["doctest"])
    print(
        f"A start of pytest that uses none of it: {statistics.median(took['apigames']):.0f} ms with the plugin, "
        f"{statistics.median(took['doctest']):.0f} ms without: {cost:+.1f} ms"
    )


def _pytest(folder: Path, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_QUIET, *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    return done.stdout


if __name__ == "__main__":
    main()
