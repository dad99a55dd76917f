"""Who is signed in at the page, and who tries tokens."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable

from mockserver.web import machine_time

SESSION_SECONDS = 43_200
_MOST = 1000
_WRONG_AT_ONCE = 5
_PAUSE = 1.0
# After which a client that sent wrong tokens is a new one.
_FORGOTTEN = 600.0


class Sessions:
    """The sessions of the page: what a cookie holds in place of the token, so that signing out ends it.

    A session says itself when it ends, under a seal that only who has `key` can make: so each of several processes
    that serve under one token knows those of the others. Without a key it is known to this one alone.
    """

    def __init__(self, key: str | None = None, now: Callable[[], float] = machine_time.wall) -> None:
        self._key = (key or secrets.token_urlsafe(32)).encode()
        self._now = now
        self._lock = threading.Lock()
        # Until when those would be held that were signed out of.
        self._signed_out: dict[str, float] = {}

    def begin(self) -> str:
        """Return a new session."""
        said = f"{secrets.token_urlsafe(16)}.{math.ceil(self._now()) + SESSION_SECONDS}"
        return f"{said}.{self._seal(said)}"

    def holds(self, session: str | None) -> bool:
        """Tell whether a session has begun and not ended."""
        ends = self._ends(session or "")
        return ends is not None and self._now() < ends and session not in self._signed_out

    def end(self, session: str | None) -> None:
        """Sign out."""
        ends = self._ends(session or "")
        if session is not None and ends is not None:
            with self._lock:
                now = self._now()
                self._signed_out = {one: at for one, at in self._signed_out.items() if now < at}
                self._signed_out[session] = ends

    def _ends(self, session: str) -> float | None:
        said, _, seal = session.rpartition(".")
        if not hmac.compare_digest(seal.encode("utf-8", "replace"), self._seal(said).encode()):
            return None
        return float(said.rpartition(".")[2])

    def _seal(self, said: str) -> str:
        sealed = f"a session of the page: {said}".encode("utf-8", "replace")
        return hmac.new(self._key, sealed, hashlib.sha256).hexdigest()


class WrongTokens:
    """Slows down who guesses: after five wrong tokens, one a second."""

    def __init__(self, now: Callable[[], float] = machine_time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        # By client: how many wrong ones, and when the last came.
        self._sent: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def pause(self, peer: str | None) -> int:
        """Return for how many whole seconds a client's tokens are not looked at; 0 when the next one is."""
        count, at = self._sent.get(_client(peer), (0, 0.0))
        left = at + _PAUSE - self._now()
        return math.ceil(left) if count >= _WRONG_AT_ONCE and left > 0 else 0

    def count(self, peer: str | None) -> None:
        """Count a wrong token."""
        client, now = _client(peer), self._now()
        with self._lock:
            count, at = self._sent.pop(client, (0, now))
            self._sent[client] = (count + 1 if now - at < _FORGOTTEN else 1, now)
            if len(self._sent) > _MOST:
                self._sent.popitem(last=False)

    def forget(self, peer: str | None) -> None:
        """Forget what a client sent before its right token."""
        with self._lock:
            self._sent.pop(_client(peer), None)


def _client(peer: str | None) -> str:
    # Whoever has one address of IPv6 has as many as there are in its network.
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return peer or ""
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
