"""No call of a test leaves for the vendor's real host, whatever library it is made with."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import sysconfig
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


class EscapedCall(BaseException):
    """A call on its way to the vendor's real host, which a double stands for; nothing was sent.

    Not an `Exception`: the code under test must not take it for a failure of the network, and try again.
    """


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

    def replaced(owner: Any, name: str, host: Callable[..., object]) -> Replacement:
        return Replacement(owner, name, lambda *args, **kwargs: int(_is_vendor(host(*args, **kwargs))), refuse)

    with intercepting(
        replaced(socket, "getaddrinfo", _first),
        replaced(socket, "gethostbyname", _first),
        replaced(socket, "gethostbyname_ex", _first),
        replaced(socket.socket, "connect", _of_address),
        replaced(socket.socket, "connect_ex", _of_address),
        replaced(ssl.SSLContext, "wrap_socket", _of_tls),
        replaced(ssl.SSLContext, "wrap_bio", _of_tls),
        *(replaced(loop, "getaddrinfo", _second) for loop in _loops()),
    ):
        yield


def _loops() -> Iterator[type]:
    yield asyncio.BaseEventLoop
    if "uvloop" in sys.modules:
        yield sys.modules["uvloop"].Loop


def _first(host: object = None, *_: object, **__: object) -> object:
    return host


def _second(_: object, host: object = None, *__: object, **___: object) -> object:
    return host


def _of_address(_: object, address: object = None, *__: object) -> object:
    return address[0] if isinstance(address, tuple) and address else None


def _of_tls(*_: object, server_hostname: object = None, **__: object) -> object:
    return server_hostname


def _is_vendor(host: object) -> bool:
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    return isinstance(host, str) and host.lower().rstrip(".") == BUILT_IN_HOST


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
