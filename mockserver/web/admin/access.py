"""Who may use the admin side: a plain check of a request's address and headers, the same in every adapter."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType

from mockserver.web.admin.hosts import Host, host_in, host_of_address
from mockserver.web.admin.sessions import Sessions, WrongTokens

ADMIN = "/__admin"
COOKIE = "apigames_mock_session"
# A world of more than a million vouchers; beyond it, what one call takes of the machine is for its operator to allow.
MOST_BYTES = 64 * 1_048_576
_OURS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_STATE_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Problem(Exception):
    """A refusal of the admin side, as RFC 9457 has it: `status`, and in `detail` what to do next."""

    def __init__(
        self, status: int, detail: str, *, errors: Iterable[str] = (), headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers


class WrongToken(Problem):
    """A token was sent, and it is not the one."""


@dataclass(frozen=True)
class Request:
    """What the check looks at.

    `peer` is the address the call came from, `local` the one it came to. The names in `headers` are in lower case; of
    several headers of one name, their values stand in one, with commas. `path` is percent-decoded.
    """

    method: str
    peer: str | None
    local: str | None
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    has_body: bool = False

    @property
    def session(self) -> str | None:
        """The session in its cookie, if it has one."""
        try:
            morsel = SimpleCookie(self.headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        return None if morsel is None else morsel.value

    @property
    def token(self) -> str | None:
        """The bearer token, if it has one."""
        scheme, _, sent = self.headers.get("authorization", "").partition(" ")
        return sent.strip() if scheme.lower() == "bearer" else None


@dataclass(frozen=True)
class Access:
    """What the admin side asks of a request.

    With `is_open` a call from this machine needs no key; otherwise it needs `token` as a bearer token, or a session of
    the page. `hosts` are the names, besides this machine's own, that the Host header may have, as `allowed_host`
    returns them. A body has at most `most_bytes`.
    """

    token: str | None = None
    is_open: bool = True
    hosts: frozenset[str] = frozenset()
    most_bytes: int = MOST_BYTES
    sessions: Sessions = field(init=False, compare=False)
    wrong_tokens: WrongTokens = field(default_factory=WrongTokens, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", Sessions(self.token))

    def __repr__(self) -> str:
        return f"Access(is_open={self.is_open}, hosts={sorted(self.hosts)})"

    def check(self, request: Request) -> None:
        """Let a request through; a wrong token is not counted, so that it may be asked again.

        Raises:
            Problem: 421 for a Host that is not ours, 401, 403 or 429 without the key, 403 for what a page elsewhere
                sent, 415 for a change that is not JSON.
        """
        self.check_caller(request)
        self.check_json(request)

    def check_caller(self, request: Request) -> None:
        """Let a request through by who sends it, whatever it asks for; raises Problem (401, 403, 421, 429)."""
        self.check_origin(request)
        if not self.is_open and self.token is not None:
            if not self.sessions.holds(request.session):
                self._check_sent(request, self.token)
        elif not _is_loopback(request.peer):
            raise Problem(403, "Without an admin token only this machine may use the admin side; set one")

    def check_origin(self, request: Request) -> None:
        """Let a request through whose Host is ours and that no page of another origin sent.

        A link elsewhere may open the page, and do nothing more.

        Raises:
            Problem: 421 or 403.
        """
        named = request.headers.get("host")  # a web page's request always has one
        host = None if named is None else host_in(named)
        if named is not None and not self._is_ours(host, request):
            raise Problem(
                421,
                "This Host is not one that the mock is served under; call it by the address it printed, or serve with "
                "--allowed-host NAME",
            )
        if not self._is_from_here(request, host):
            raise Problem(403, f"A page of another origin sent this; open {ADMIN}/ and do it there")

    def check_json(self, request: Request) -> None:
        """Let a change through that says it is JSON, or that sends nothing at all; raises Problem (415).

        A form says of each body that it is one of three other types, and also of an empty one; so does a script that
        needs no leave of ours, or it sends no body. Such a call without a type and a body comes from a script of
        another origin only where a browser does not say so, which those of before 2020 did not.
        """
        content_type = request.headers.get("content-type")
        if request.method not in _STATE_CHANGES or (content_type is None and not request.has_body):
            return
        if request.method == "DELETE" and not request.has_body:
            return  # no page of another origin can send one at all
        if (content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise Problem(415, "A change needs Content-Type: application/json, which a form on a web page cannot send")

    def check_token(self, request: Request) -> None:
        """Let a request through that carries the token, on every address.

        Raises:
            Problem: 403 when the mock has no token, 401 when it is not the one, 429 after too many others.
        """
        if self.token is None:
            raise Problem(
                403, "Secrets are shown for the admin token only, and there is none; serve with --admin-token"
            )
        self._check_sent(request, self.token)

    def asks_for_the_key(self, request: Request) -> bool:
        """Whether a key is needed here, and the request brings none, right or wrong."""
        brings_one = "authorization" in request.headers or request.session is not None
        return not self.is_open and self.token is not None and not brings_one

    def _check_sent(self, request: Request, token: str) -> None:
        sent = request.token
        if sent is None:
            raise Problem(
                401, "Send the admin token: Authorization: Bearer TOKEN; `serve` prints it, or --admin-token sets it"
            )
        # Of the right one too: otherwise a guess would be told apart at once.
        pause = self.wrong_tokens.pause(request.peer)
        if pause:
            raise Problem(
                429,
                f"Too many wrong admin tokens from {request.peer}; wait {pause} s before the next",
                headers={"Retry-After": str(pause)},
            )
        # As bytes: compare_digest raises on text that is not ASCII.
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode()):
            raise WrongToken(401, "This is not the admin token; `serve` prints it, or --admin-token sets it")

    def _is_ours(self, host: Host | None, request: Request) -> bool:
        if host is None:
            return False
        return host.name in _OURS or host.name == host_of_address(request.local or "") or self._is_allowed(host)

    def _is_allowed(self, host: Host) -> bool:
        return not self.hosts.isdisjoint(host.written())

    def _is_from_here(self, request: Request, host: Host | None) -> bool:
        origin = request.headers.get("origin")
        if origin is not None:
            # Of localhost too, another port is another origin.
            page = host_in(origin.partition("://")[2])
            return page is not None and (page == host or self._is_allowed(page))
        if request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
            return True
        opens_page = request.headers.get("sec-fetch-dest") == "document" and request.path.rstrip("/") == ADMIN
        return opens_page and request.method == "GET"


def is_admin(path: str) -> bool:
    """Tell whether a path is the admin side's."""
    return path == ADMIN or path.startswith(f"{ADMIN}/")


def _is_loopback(address: str | None) -> bool:
    # A call without a socket, as of Flask's test client, comes from this process.
    try:
        return address is None or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
