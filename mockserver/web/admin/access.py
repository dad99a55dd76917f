"""Who may use the admin side: a plain check of a request's address and headers, the same in every adapter."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

ADMIN = "/__admin"
COOKIE = "apigames_mock_token"
_OURS = frozenset({"localhost", "127.0.0.1", "::1"})
_STATE_CHANGES = frozenset({"POST", "PUT", "PATCH"})


class Problem(Exception):
    """A refusal of the admin side, as RFC 9457 has it: `status`, and in `detail` what to do next."""

    def __init__(self, status: int, detail: str, *, errors: Iterable[str] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)


@dataclass(frozen=True)
class Request:
    """What the check looks at. `host`, `authorization` and `content_type` are header values, None when not sent.

    `peer` is the address the call came from, `local` the one it came to, `token` the one in the cookie.
    """

    method: str
    peer: str | None
    local: str | None
    host: str | None
    authorization: str | None = None
    content_type: str | None = None
    has_body: bool = False
    token: str | None = None


@dataclass(frozen=True)
class Access:
    """What the admin side asks of a request.

    With `is_open` a call from this machine needs no key; otherwise it needs `token` as a bearer token. `hosts` are the
    names, besides this machine's own, that the Host header may have.
    """

    token: str | None = None
    is_open: bool = True
    hosts: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Access(is_open={self.is_open}, hosts={sorted(self.hosts)})"

    def check(self, request: Request) -> None:
        """Let a request through.

        Raises:
            Problem: 421 for a Host that is not ours, 401 or 403 without the key, 415 for a change that is not JSON.
        """
        self.check_host(request)
        self._check_key(request)
        if request.method in _STATE_CHANGES or (request.method == "DELETE" and request.has_body):
            self.check_json(request)

    def check_host(self, request: Request) -> None:
        """Let a request through whose Host is ours; raises Problem (421)."""
        if not self._is_ours(request):
            raise Problem(
                421,
                "This Host is not one that the mock is served under; call it by the address it printed, or serve with "
                "--allowed-host NAME",
            )

    def check_json(self, request: Request) -> None:
        """Let a request through that says it is JSON, which no form on a web page can; raises Problem (415)."""
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem(415, "A change needs Content-Type: application/json, which a form on a web page cannot send")

    def check_token(self, request: Request) -> None:
        """Let a request through that carries the token, on every address.

        Raises:
            Problem: 403 when the mock has no token, 401 when it is not the one.
        """
        if self.token is None:
            raise Problem(
                403, "Secrets are shown for the admin token only, and there is none; serve with --admin-token"
            )
        self._check_sent(request, self.token)

    def asks_for_the_key(self, request: Request) -> bool:
        """Whether a key is needed here, and the request brings none, right or wrong."""
        return not self.is_open and self.token is not None and not request.authorization and not request.token

    def _check_key(self, request: Request) -> None:
        if not self.is_open and self.token is not None:
            self._check_sent(request, self.token)
        elif not _is_loopback(request.peer):
            raise Problem(403, "Without an admin token only this machine may use the admin side; set one")

    def _check_sent(self, request: Request, token: str) -> None:
        scheme, _, sent = (request.authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            sent = request.token or ""
        # As bytes: compare_digest raises on text that is not ASCII.
        if not hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode()):
            raise Problem(
                401, "Send the admin token: Authorization: Bearer TOKEN; `serve` prints it, or --admin-token sets it"
            )

    def _is_ours(self, request: Request) -> bool:
        if request.host is None:
            return True  # a web page's request always has one
        name = host_name(request.host)
        return name in _OURS or name in self.hosts or name == (request.local or "").lower()


def cookie_token(header: str | None) -> str | None:
    """Return the admin token in a Cookie header, if it has one."""
    try:
        morsel = SimpleCookie(header or "").get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value


def host_name(host: str) -> str:
    """Return the name in a Host header, without port, brackets and the dot at its end."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def is_admin(path: str) -> bool:
    """Tell whether a path is the admin side's."""
    return path == ADMIN or path.startswith(f"{ADMIN}/")


def _is_loopback(address: str | None) -> bool:
    # A call without a socket, as of Flask's test client, comes from this process.
    try:
        return address is None or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
