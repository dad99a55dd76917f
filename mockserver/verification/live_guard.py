"""Before a host that is not this machine is called: is it allowed, and how fast and how often."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

ALLOW_VARIABLE = "APIGAMES_ALLOW_LIVE"
DEFAULT_MAX_REQUESTS = 200
LIVE_RATE = 2.0
LIVE_WRONG_SIGNATURES = 10


class Refused(Exception):
    """A host that is not loopback, without leave.

    `against` is what speaks against it, a line for each source; empty where no source says anything.
    """

    def __init__(self, host: str, against: tuple[str, ...]) -> None:
        super().__init__(host, against)
        self.host = host
        self.against = against

    def __str__(self) -> str:
        if self.against:
            what = f"and {' and '.join(self.against)}, so nothing was sent; leave holds where every source that speaks "
            return f"{self.host} is not this machine, {what}says 1"
        return (
            f"{self.host} is not this machine, so nothing was sent; look at the plan with --dry-run, then give "
            f"--allow-live or {ALLOW_VARIABLE}=1"
        )


class BudgetSpent(Exception):
    """The calls that a run may make are used up."""


def is_loopback(base_url: str) -> bool:
    """Whether the host is literally 127.x.y.z, ::1 or `localhost`; no name is looked up and no other notation read."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # An IPv4 address mapped into IPv6, and ::1 with a zone, are loopback to some versions of Python only.
    return address.is_loopback if address.version == 4 else str(address) == "::1"


def check_allowed(base_url: str, said: Mapping[str, str]) -> None:
    """Let loopback pass, and anything else only where a source gives leave and every source that speaks agrees.

    `said` holds what each source says, by the name of the source: `1` gives leave, an empty text says nothing,
    anything else is a no.

    Raises:
        Refused: the host is not loopback, and no source gives leave or one says no.
    """
    if is_loopback(base_url):
        return
    against = tuple(f"{source} says {text!r}" for source, text in said.items() if text not in {"", "1"})
    if against or "1" not in said.values():
        raise Refused(str(urlsplit(base_url).hostname), against)


@dataclass(frozen=True)
class Limits:
    """How much a run may ask: calls in all, calls a second (None: as fast as it answers), wrong signatures."""

    max_requests: int = DEFAULT_MAX_REQUESTS
    rate: float | None = None
    wrong_signatures: int | None = None

    @classmethod
    def of(cls, base_url: str, *, max_requests: int | None = None, rate: float | None = None) -> Limits:
        """Return the limits for a target: strict for a live one, unless set otherwise."""
        live = not is_loopback(base_url)
        return cls(
            max_requests=DEFAULT_MAX_REQUESTS if max_requests is None else max_requests,
            rate=LIVE_RATE if rate is None and live else rate,
            wrong_signatures=LIVE_WRONG_SIGNATURES if live else None,
        )


class Pace:
    """Counts calls against a budget and keeps them apart."""

    def __init__(
        self,
        limits: Limits,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.made = 0
        self._sleep = sleep
        self._now = now
        self._next_at = 0.0

    def wait_for_turn(self) -> None:
        """Wait until the next call may go out, and count it.

        Raises:
            BudgetSpent: the calls are used up.
        """
        if self.made >= self.limits.max_requests:
            raise BudgetSpent(
                f"the budget of {self.limits.max_requests} calls was spent before the end; "
                "give more with --max-requests"
            )
        self.made += 1
        if self.limits.rate is not None:
            self.rest(self._next_at - self._now())
            self._next_at = self._now() + 1 / self.limits.rate

    def rest(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        if seconds > 0:
            self._sleep(seconds)
