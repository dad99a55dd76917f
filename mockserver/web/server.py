"""The one HTTP server: for `serve`, for tests and for faults; in the main thread or in one of its own."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable

from mockserver.provider.provider import Provider
from mockserver.web import machine_time
from mockserver.web.admin.access import MOST_BYTES, Access
from mockserver.web.admin.hosts import allowed_host, host_of_address
from mockserver.web.connection import Connection, Connections, Limits
from mockserver.web.dispatch import Dispatcher
from mockserver.web.shortage import Shortage
from mockserver.web.stopping import cut_off, stop_accepting

_BACKLOG = 2048
# asyncio accepts as many connections as its backlog says before it does anything else, a stop included.
_AT_ONCE = 64
_TOKEN = re.compile(r"[!-~]([ -~]*[!-~])?")


class ServerError(Exception):
    """The server cannot start; the message says what to do."""


class Server:
    """Serves a provider over HTTP; the address is taken at once, and `url` is known from then on.

    `with Server(provider) as server:` serves from a thread of its own until the block ends; `run` serves from the
    calling thread until a signal. Port 0 picks a free one.

    Bound to another address than a loopback one, the admin side needs `admin_token`; one is made when none is given
    (`access.token`). `allowed_hosts` are further names that its Host header may have, as in `mock`, `mock:8787` or
    `*.internal`, and `most_admin_bytes` is how long the body of an admin call may be. With `shares_port` other
    processes may serve on the port too, each of which gets some of the calls.

    Raises:
        ServerError: the port is none, the address is taken or not of this machine, the token cannot be a bearer token,
            or an allowed host is none that a Host header can have.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        admin_token: str | None = None,
        allowed_hosts: Iterable[str] = (),
        most_admin_bytes: int = MOST_BYTES,
        shares_port: bool = False,
    ) -> None:
        self.provider = provider
        self.host = host
        self._socket = _bound(host, port, shares_port=shares_port)
        self.port: int = self._socket.getsockname()[1]
        self.access = _access(self._socket, host, admin_token, allowed_hosts, most_admin_bytes)
        self.connections = Connections(limits or Limits(), Dispatcher(provider, self.access))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve from a thread of its own; returns once the server answers.

        Raises:
            ServerError: it was started or stopped before, or the system has no more files or threads to give.
        """
        if self._thread is not None or self._socket.fileno() < 0:
            raise ServerError("a server starts once; make another Server to serve again")
        failures: list[Exception] = []
        self._thread = threading.Thread(target=self._serve_here, args=(failures,), name="apigames-mock", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            failures.append(error)
        else:
            self._ready.wait()
        if failures:
            self._socket.close()
            told = f"cannot serve on {self.host} port {self.port}: {type(failures[0]).__name__}: {failures[0]}"
            raise ServerError(told) from failures[0]

    def stop(self) -> None:
        """Stop at once: calls in flight are cut off. A second call does nothing; an observer may call it too."""
        if self._loop is None or self._stop is None:
            self._socket.close()
            return
        try:
            self._loop.call_soon_threadsafe(self._stop.set)
        except RuntimeError:
            pass  # the loop has ended already
        if self._thread not in {None, threading.current_thread()}:
            self._thread.join()

    def run(self, on_ready: Callable[[], None], on_signal: Callable[[], None] = lambda: None) -> None:
        """Serve from the calling (main) thread until SIGINT or SIGTERM.

        `on_ready` is called once it answers, `on_signal` when one of the signals came, whatever the server does then.
        """

        async def until_signal() -> None:
            loop = asyncio.get_running_loop()

            # Not the loop's own handler: it is not called while a call keeps the loop busy.
            def ask_to_stop(*_: object) -> None:
                on_signal()
                loop.call_soon_threadsafe(self._ask_to_stop)

            before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                await self._serve(on_ready)
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

        asyncio.run(until_signal())

    def _ask_to_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _serve_here(self, failures: list[Exception]) -> None:
        serving = self._serve()
        try:
            asyncio.run(serving)
        except Exception as error:
            if self._ready.is_set():
                raise
            serving.close()
            failures.append(error)
        finally:
            self._ready.set()

    async def _serve(self, on_ready: Callable[[], None] = lambda: None) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.time = machine_time.monotonic  # type: ignore[method-assign]
        stop = self._stop = asyncio.Event()
        connections = self.connections
        shortage = Shortage(connections.make_room)
        loop.set_exception_handler(shortage)

        def connect() -> Connection:
            shortage.is_over()
            return Connection(connections)

        server = await loop.create_server(connect, sock=self._socket, backlog=_AT_ONCE)
        self._socket.listen(_BACKLOG)
        try:
            self._ready.set()
            on_ready()
            while not stop.is_set():
                connections.tell_time()
                await _wait(stop, 1.0)
        finally:
            await stop_accepting(loop, server)
            await cut_off(connections)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        pass


def _access(
    bound: socket.socket, host: str, token: str | None, allowed_hosts: Iterable[str], most_bytes: int
) -> Access:
    if token and not _TOKEN.fullmatch(token):
        bound.close()
        raise ServerError(
            "the admin token cannot be sent as a bearer token; expected letters, digits and signs of ASCII, with no "
            "white space around them (none at all: one is made)"
        )
    try:
        hosts = frozenset(map(allowed_host, allowed_hosts))
    except ValueError as error:
        bound.close()
        raise ServerError(str(error)) from None
    address = bound.getsockname()[0]
    is_open = ipaddress.ip_address(address.partition("%")[0]).is_loopback
    made = token or (None if is_open else secrets.token_urlsafe(24))
    return Access(made, is_open, hosts | {host_of_address(host)}, most_bytes)


def _bound(host: str, port: int, *, shares_port: bool) -> socket.socket:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ServerError(f"cannot serve on port {port!r}; expected one from 1 to 65535, or 0 for a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError, TypeError) as error:
        raise ServerError(f"cannot serve on {host!r}: {error}; use 127.0.0.1 or an address of this machine") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, address_option(sys.platform), 1)
        if shares_port:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ServerError(_bind_failure(host, port, error)) from None
    return listening


def address_option(platform: str) -> int:
    """Return the socket option with which an address is taken that nobody listens on.

    What POSIX calls to reuse an address lets a second server have it on Windows, where each would get some calls.
    """
    if platform in {"win32", "cygwin"}:
        return int(getattr(socket, "SO_EXCLUSIVEADDRUSE", -5))
    return socket.SO_REUSEADDR


def _bind_failure(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; stop what serves there, or choose another (--port 0 picks a free one)"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges; choose one above 1023 (--port 0 picks a free one)"
    return f"cannot serve on {host} port {port}: {error.strerror}; use 127.0.0.1 or an address of this machine"
