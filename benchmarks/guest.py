"""What the plugin costs a project that uses none of it; how fast a server starts and stops; what is left."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks._measure import run_pytest
from mockserver import FakeServer

STARTS = 40
STRESS_TESTS = 2_000
STRESS_WORKERS = 8

_TIMED = """
import os
import time

began = time.perf_counter()
import mockserver.testing.pytest_plugin

with open(os.environ["TOOK"], "a") as out:
    out.write(f"{(time.perf_counter() - began) * 1000}\\n")
"""

_CONFTEST = """
import os
import threading

import pytest


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("apigames")]
    sockets = [fd for fd in os.listdir("/proc/self/fd") if target(fd).startswith("socket:")]
    with open(os.environ["LEFT"], "a") as out:
        out.write(f"{len(left)} {len(sockets)}\\n")


def target(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""
"""

_TESTS = """
import pytest
import requests


@pytest.mark.parametrize("n", range(TESTS))
def test_it(apigames, n):
    assert not apigames.requests
    project = apigames.project(pending=40, success=5)
    reply = requests.post(
        f"{apigames.url}/merchant/{apigames.merchant_id}/kiosgamer/project/detail",
        json={"projectid": project.project_id, "status": "0", "page": 2, "limit": 30, "signature": apigames.signature},
    ).json()
    assert len(reply["data"]["data"]["vouchers"]) == 10
    apigames.assert_called(page=2, times=1)
"""


def main() -> None:
    """Measure and print."""
    _start_of_pytest()
    _start_and_stop()
    _stress()


def _start_of_pytest() -> None:
    """Time the import of the plugin in fresh runs of pytest; beyond it there are three options and a marker to add."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_it.py").write_text("def test_it():\n    pass\n")
        (folder / "timed.py").write_text(_TIMED)
        took = folder / "took"
        for _ in range(STARTS):
            run_pytest(folder, "-p", "timed", "-p", "apigames", PYTHONPATH=str(folder), TOOK=str(took))
        spent = sorted(map(float, took.read_text().split()))
    print(
        f"A start of pytest that uses none of it: the plugin is loaded in {statistics.median(spent):.1f} ms, "
        f"{spent[-1]:.1f} at most of {STARTS}"
    )


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
    print(f"A session server, once imported: starts in {max(starts):.1f} ms, stops in {max(stops):.1f} ms, at most")


def _stress() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "conftest.py").write_text(_CONFTEST)
        (folder / "test_stress.py").write_text(_TESTS.replace("TESTS", str(STRESS_TESTS)))
        left = folder / "left"
        shown = run_pytest(folder, "-p", "apigames", "-p", "xdist", "-n", str(STRESS_WORKERS), LEFT=str(left))
        lines = left.read_text().splitlines()
    threads, sockets = (sum(column) for column in zip(*[map(int, line.split()) for line in lines], strict=True))
    print(f"{STRESS_WORKERS} workers, {STRESS_TESTS:,} tests, one call each: {shown.strip().splitlines()[-1]}")
    print(f"left at the end, all processes together: {threads} of our threads, {sockets} sockets")


if __name__ == "__main__":
    main()
