"""Who is signed in at the page, and who tries tokens; both bounded, both forgotten when the process ends."""

from __future__ import annotations

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
    """The sessions of the page: what a cookie holds in place of the token, so that signing out ends it."""

    def __init__(self, now: Callable[[], float] = machine_time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._ends: OrderedDict[str, float] = OrderedDict()

    def begin(self) -> str:
        """Return a new session; of too many at once the oldest ends."""
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._ends[session] = self._now() + SESSION_SECONDS
            if len(self._ends) > _MOST:
                self._ends.popitem(last=False)
        return session

    def holds(self, session: str | None) -> bool:
        """Tell whether a session has begun and not ended."""
        ends = self._ends.get(session or "")
        return ends is not None and self._now() < ends

    def end(self, session: str | None) -> None:
        """Sign out."""
        with self._lock:
            self._ends.pop(session or "", None)


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
