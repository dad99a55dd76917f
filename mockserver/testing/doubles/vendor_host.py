"""No call of a test leaves for the vendor's real host, whatever library it is made with."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mockserver.testing.doubles.in_process import BUILT_IN_HOST, Serving
from mockserver.testing.doubles.interception import Replacement, intercepting

_OUR_ROOT = str(Path(__file__).parents[2])
_STANDARD_LIBRARY = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
_INSTALLED = ("site-packages", "dist-packages")
# What runs a test stands between it and what called it.
_RUNNERS = {"_pytest", "pytest", "pluggy"}

_Place = tuple[Any, str, Callable[..., int]]


class EscapedCall(BaseException):
    """A call on its way to the vendor's real host, which a double stands for; nothing was sent.

    Not an `Exception`: the code under test must not take it for a failure of the network, and try again.
    """


@contextmanager
def holding_places(server: Serving) -> Iterator[None]:
    """Keep what `guarding_vendor_host` replaces replaced until the block ends; of itself it refuses nothing.

    To replace it anew for each test makes Python forget each time what it has learnt of these classes.
    """
    if server.allows_vendor_host:
        yield
        return
    with intercepting(*(Replacement(owner, name, _never, _refuse_nothing) for owner, name, _ in _places())):
        yield


@contextmanager
def guarding_vendor_host(server: Serving) -> Iterator[None]:
    """Let whatever resolves the vendor's host or connects to it fail until the block ends, unless `server` allows it.

    It raises EscapedCall, which `server.undocumented_calls` says too. TLS is looked at as well: some libraries resolve
    names by themselves.
    """
    if server.allows_vendor_host:
        yield
        return

    def refuse(*_: Any, **__: Any) -> Any:
        __tracebackhide__ = True
        call = EscapedCall(_in_words())
        server.undocumented_calls.append(str(call))
        raise call

    places = [Replacement(owner, name, claim, refuse) for owner, name, claim in _places()]
    with _resolving.refused_by(refuse), intercepting(*places):
        yield


def _refuse_nothing(*_: Any, **__: Any) -> Any:
    raise AssertionError("it claims no call")


class _Resolving:
    """Hears of each name that is about to be resolved in this process, whatever stands in the place of `socket`'s own.

    It is an audit hook: to replace `socket.getaddrinfo` would be in the way of others who do, such as pytest-socket. It
    cannot be taken away again, and does nothing unless somebody refuses.
    """

    _EVENTS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})

    def __init__(self) -> None:
        self._refusals: tuple[Callable[[], object], ...] = ()
        self._is_there = False
        self._lock = threading.Lock()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._refusals and event in self._EVENTS and _is_vendor(arguments[0]):
            self._refusals[-1]()

    @contextmanager
    def refused_by(self, refuse: Callable[[], object]) -> Iterator[None]:
        """Let `refuse` raise when it is the vendor's host, until the block ends; of several the newest."""
        with self._lock:
            if not self._is_there:
                sys.addaudithook(self)
                self._is_there = True
            self._refusals = (*self._refusals, refuse)
        try:
            yield
        finally:
            with self._lock:
                self._refusals = tuple(one for one in self._refusals if one is not refuse)


# One for the process, as there is no way to take it away.
_resolving = _Resolving()


def _second(_: object, host: object = None, *__: object, **___: object) -> object:
    return host


def _third(_: object, __: object, host: object = None, *___: object, **____: object) -> object:
    return host


def _of_address(_: object, address: object = None, *__: object) -> object:
    return address[0] if isinstance(address, tuple) and address else None


def _of_tls(*_: object, server_hostname: object = None, **__: object) -> object:
    return server_hostname


def _is_vendor(host: object) -> bool:
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    return isinstance(host, str) and host.lower().rstrip(".") == BUILT_IN_HOST


def _to_vendor(host: Callable[..., object]) -> Callable[..., int]:
    """Return what claims a call of which this is the host when that is the vendor's."""
    return lambda *args, **kwargs: int(_is_vendor(host(*args, **kwargs)))


def _never(*_: object, **__: object) -> int:
    return 0


_PLACES: tuple[_Place, ...] = (
    (socket.socket, "connect", _to_vendor(_of_address)),
    (socket.socket, "connect_ex", _to_vendor(_of_address)),
    (ssl.SSLContext, "wrap_socket", _to_vendor(_of_tls)),
    (ssl.SSLContext, "wrap_bio", _to_vendor(_of_tls)),
    (asyncio.BaseEventLoop, "getaddrinfo", _to_vendor(_second)),
)


def _places() -> tuple[_Place, ...]:
    """Return what is replaced: owner and name, and what tells of a call whether it is to the vendor's host."""
    if "uvloop" not in sys.modules:
        return _PLACES
    # It resolves by itself.
    loop = sys.modules["uvloop"].Loop
    uvloop = (loop, "getaddrinfo", _to_vendor(_second)), (loop, "create_connection", _to_vendor(_third))
    return (*_PLACES, *uvloop)


def _in_words() -> str:
    library, caller = _who_called()
    through = f" through {library}" if library else ""
    return (
        f"{caller or 'something'} was about to call {BUILT_IN_HOST}{through}: the vendor's real host, while a fake is "
        f"in its place. Nothing was sent. {_instead(library)}"
    )


def _who_called() -> tuple[str, str]:
    """Return the library that was called, and the place in the code under test that called it, as far as is known."""
    called: list[str] = []
    for frame, line in traceback.walk_stack(None):
        path = frame.f_code.co_filename
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in _RUNNERS:
            break
        if path.startswith(_OUR_ROOT):
            continue
        if not _is_library(path):
            return _known_as(called), f"{path}:{line} ({frame.f_code.co_name})"
        called.append(module)
    return _known_as(called), ""


def _is_library(path: str) -> bool:
    return path.startswith(("<frozen", *_STANDARD_LIBRARY)) or any(part in path for part in _INSTALLED)


def _known_as(called: list[str]) -> str:
    """Return the name by which people know what was called, the modules given from the inside out.

    It is the outermost that is installed, as `requests` of `requests.api` over urllib3; else the outermost of the
    standard library, as `urllib.request` over `http.client`.
    """
    tops = {module: module.partition(".")[0] for module in called}
    installed = [top for top in tops.values() if top not in sys.stdlib_module_names]
    if installed:
        return installed[-1]
    return next((module if tops[module] in {"http", "urllib"} else tops[module] for module in called[::-1]), "")


def _instead(library: str) -> str:
    double = {"requests": "apigames_responses", "httpx": "apigames_httpx"}.get(library)
    if double is None:
        expected = "the base URL apigames.url; or apigames_responses for requests, apigames_httpx for httpx"
    else:
        expected = (
            f"{double}, begun after any other mock of {library} (name its fixture last); or the base URL apigames.url"
        )
    return f"Expected: {expected}. With apigames_allow_vendor_host = true such calls are let through."
