"""More connections than the system has room for: it is said once, and the server goes on when there is room again."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.asking import PATH, fields
from tests.support.command import CLEAN

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")

CRAMPED = """
import resource
from mockserver.cli.main import main
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
main(["serve", "--port", "0"])
"""
SAID = "no more connections: Too many open files"


@contextlib.contextmanager
def cramped(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    line = [sys.executable, "-c", CRAMPED]
    process = subprocess.Popen(line, cwd=folder, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("recovers", [True, False])
def test_a_shortage_of_connections_is_said_once_and_gets_over(tmp_path: Path, recovers: bool) -> None:
    with cramped(tmp_path) as (process, url), contextlib.ExitStack() as clients:
        port = int(url.rpartition(":")[2])
        for _ in range(60):
            clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        said = ""
        assert process.stderr is not None
        while SAID not in said and "Traceback" not in said:
            said += process.stderr.readline()
        if recovers:
            clients.close()
            assert requests.post(url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said + rest
    assert (said + rest).count(SAID) < 4


def test_connections_on_which_nothing_is_asked_make_room_for_others(tmp_path: Path) -> None:
    with cramped(tmp_path) as (process, url), contextlib.ExitStack() as sessions:
        for _ in range(60):
            session = sessions.enter_context(requests.Session())
            assert session.post(url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        assert requests.post(url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
