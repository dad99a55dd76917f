"""`apigames-mock health`: whether a mock answers, for a container's health check and for scripts that wait."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import click

from mockserver.cli.shared.configuration import NeighbourCommand, variable
from mockserver.cli.shared.printing import echo

UNHEALTHY = 1
_PATH = "/__admin/health"
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_MOST_READ = 65_536


@click.command(cls=NeighbourCommand, epilog="Exit status: 0 it answers, 1 it does not, 2 wrong usage.")
@click.argument("url", required=False)
@click.option(
    "--url-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that `serve --url-file` writes; where it is not there, the other options hold.",
)
@click.option("--host", envvar=variable("host"), default="127.0.0.1", show_default=True, help="As `serve` has it.")
@click.option(
    "--port",
    envvar=variable("port"),
    type=click.IntRange(1, 65535),
    default=8787,
    show_default=True,
    help="As `serve` has it.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0.01), default=5.0, show_default=True, help="Seconds to wait for an answer."
)
def health(url: str | None, url_file: Path | None, host: str, port: int, timeout: float) -> int:
    """Ask a mock whether it answers: at URL, else where `serve` serves with the same variables and pyproject.toml."""
    asked = url or _written(url_file) or _served_at(host, port)
    failure = _failure(asked, timeout)
    if failure is not None:
        echo(f"apigames-mock: {asked} {failure}", err=True)
        return UNHEALTHY
    echo("ok")
    return 0


def _written(file: Path | None) -> str | None:
    try:
        return None if file is None else file.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _served_at(host: str, port: int) -> str:
    host = _ANY_ADDRESS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _failure(url: str, timeout: float) -> str | None:
    """Return why the mock at a base URL does not answer as it should, or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme != "http" or not parts.hostname:
        raise click.UsageError(f"{url!r} is not a base URL; expected one as in http://127.0.0.1:8787")
    # Never through a proxy of the environment, which would answer for itself.
    connection = http.client.HTTPConnection(parts.hostname, port or 80, timeout=timeout)
    watchdog: threading.Timer | None = None
    try:
        connection.connect()
        # The connection's own timeout holds for each read; what comes drop by drop is ended by this alone.
        watchdog = threading.Timer(timeout, _cut_off, (connection.sock,))
        watchdog.daemon = True
        watchdog.start()
        connection.request("GET", _PATH)
        response = connection.getresponse()
        body = response.read(_MOST_READ)
    except (OSError, http.client.HTTPException) as error:
        return f"does not answer ({type(error).__name__}); see that `apigames-mock serve` runs there"
    finally:
        if watchdog is not None:
            watchdog.cancel()
        connection.close()
    if response.status != 200 or not body.startswith(b'{"status":"ok"'):
        return f"is not a mock that serves: HTTP {response.status} from {_PATH}"
    return None


def _cut_off(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended in the meantime
        connection.shutdown(socket.SHUT_RDWR)
