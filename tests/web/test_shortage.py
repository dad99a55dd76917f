"""More connections than the system has room for: it is said once, and the server goes on when there is room again."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
from pathlib import Path

import pytest
import requests

from tests.support.asking import PATH, fields
from tests.support.command import Serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")

# What it takes to serve is loaded while there are files.
CRAMPED = """
import resource
import mockserver.cli.main
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
"""
SAID = "no more connections: Too many open files"


@pytest.mark.parametrize("recovers", [True, False])
def test_a_shortage_of_connections_is_said_once_and_gets_over(tmp_path: Path, recovers: bool) -> None:
    with Serving(folder=tmp_path, before=CRAMPED) as serving, contextlib.ExitStack() as clients:
        port = int(serving.url.rpartition(":")[2])
        for _ in range(60):
            clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        said = ""
        assert serving.process.stderr is not None
        while SAID not in said and "Traceback" not in said:
            said += serving.process.stderr.readline()
        if recovers:
            clients.close()
            assert requests.post(serving.url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        status, _, rest = serving.stop(signal.SIGTERM)
    assert status == 0
    assert "Traceback" not in said + rest
    assert (said + rest).count(SAID) < 4


def test_connections_on_which_nothing_is_asked_make_room_for_others(tmp_path: Path) -> None:
    with Serving(folder=tmp_path, before=CRAMPED) as serving, contextlib.ExitStack() as sessions:
        for _ in range(60):
            session = sessions.enter_context(requests.Session())
            assert session.post(serving.url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        assert requests.post(serving.url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        status, _, said = serving.stop(signal.SIGTERM)
    assert status == 0
    assert "Traceback" not in said
