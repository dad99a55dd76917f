"""`apigames-mock health`: 0 where a mock answers, 1 and a reason where none does."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.provider.provider import Provider
from mockserver.web.server import Server
from tests.support.command import Serving, run
from tests.verification.hostile import headers_never_end, html, never_ends, not_http, redirects, says_nothing, served

# The machine that runs the tests may be busy.
PATIENT = ("--timeout", "25")


def test_a_mock_that_answers_is_ok(server: Server, tmp_path: Path) -> None:
    asked = run("health", server.url, *PATIENT, folder=tmp_path, environment={"http_proxy": "http://127.0.0.1:1"})
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "ok\n", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::1"])
def test_beyond_loopback_and_on_ipv6_no_key_is_needed(host: str, provider: Provider, tmp_path: Path) -> None:
    with Server(provider, host=host) as server:
        assert run("health", server.url, *PATIENT, folder=tmp_path).returncode == 0
        port = {"APIGAMES_MOCK_HOST": host, "APIGAMES_MOCK_PORT": str(server.port), "APIGAMES_MOCK_CLOCK": "real"}
        assert run("health", *PATIENT, folder=tmp_path, environment=port).returncode == 0


def test_it_follows_the_port_of_pyproject_and_of_the_command_line(server: Server, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.apigames-mock]\nport = {server.port}\nlog-format = 'json'\n")
    assert run("health", *PATIENT, folder=tmp_path).returncode == 0
    assert run("health", "--port", "1", folder=tmp_path).returncode == 1


def test_it_follows_what_serve_wrote_and_the_file_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "mock.url"
    file.write_text("http://127.0.0.1:1\n")
    with Serving("--url-file", "mock.url", folder=tmp_path) as serving:
        assert file.read_text() == f"{serving.url}\n"
        assert run("health", "--url-file", "mock.url", *PATIENT, folder=tmp_path).returncode == 0
        serving.stop(signal.SIGTERM)
    assert not file.exists()
    gone = run("health", "--url-file", "mock.url", "--port", "1", folder=tmp_path)
    assert gone.returncode == 1
    assert gone.stderr.startswith("apigames-mock: http://127.0.0.1:1 does not answer")


@pytest.mark.parametrize("behaviour", [html, never_ends, headers_never_end, not_http, redirects, says_nothing])
def test_anything_else_that_answers_is_not_ok(behaviour: Callable[[socket.socket], None], tmp_path: Path) -> None:
    with served(behaviour) as url:
        asked = run("health", url, "--timeout", "0.5", folder=tmp_path)
    assert asked.returncode == 1
    assert len(asked.stderr.splitlines()) == 1
    assert url in asked.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8787", "https://127.0.0.1", "http://", "http://x:y", "http://[::1"])
def test_what_is_not_a_base_url_is_exit_2(url: str, tmp_path: Path) -> None:
    asked = run("health", url, folder=tmp_path)
    assert asked.returncode == 2
    assert "is not a base URL" in asked.stderr
