"""Before a host that is not this machine is called: is it allowed, how fast, how often, and with what."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from mockserver.contract.operation import MERCHANT_ID, Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.redeem_bulk import encode_codes

ALLOW_VARIABLE = "APIGAMES_ALLOW_LIVE"
LIVE_RATE = 2.0


class Submitting(IntEnum):
    """What a run may submit: nothing, what no target can accept, or (on this machine) anything."""

    NOTHING = 0
    REFUSALS = 1
    ANYTHING = 2


# Calls in all, and wrong signatures at a live target, by what a run may submit.
DEFAULT_MAX_REQUESTS = MappingProxyType({Submitting.NOTHING: 200, Submitting.REFUSALS: 220, Submitting.ANYTHING: 350})
LIVE_WRONG_SIGNATURES = MappingProxyType({Submitting.NOTHING: 10, Submitting.REFUSALS: 16, Submitting.ANYTHING: 16})

# No signature of anybody, and no code that anybody sold: whatever a target makes of these, no money is spent.
_NO_SIGNATURE = "0" * 32
_NO_CODES = encode_codes(["NOT-A-VOUCHER-1", "NOT-A-VOUCHER-2"])
# The only submissions that leave this machine, word for word.
REFUSED_SUBMISSIONS: Mapping[str, bytes] = MappingProxyType(
    {
        "plain-text": b"bukan JSON",
        "not-an-object": b"[]",
        "cut-off": f'{{"kode_voucher":"{_NO_CODES}","signature":"{_NO_SIGNATURE}"'.encode(),
        "trailing-comma": f'{{"kode_voucher":"{_NO_CODES}","signature":"{_NO_SIGNATURE}",}}'.encode(),
        "no-field": b"{}",
        "no-signature": b'{"kode_voucher":"%%%"}',
        "no-list": f'{{"signature":"{_NO_SIGNATURE}"}}'.encode(),
        "wrong-signature": f'{{"kode_voucher":"{_NO_CODES}","signature":"{_NO_SIGNATURE}"}}'.encode(),
        "broken-base64": f'{{"kode_voucher":"%%%","signature":"{_NO_SIGNATURE}"}}'.encode(),
    }
)
_REFUSED_BODIES = frozenset(REFUSED_SUBMISSIONS.values())
_STEPS = {".", ".."}
# From the first of several backslashes: from each anew would take the square of their number.
_ESCAPE = re.compile(r"(?<!\\)\\+u([0-9a-fA-F]{4})")
_NOT_A_LETTER = re.compile(r"[^a-z]")


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


class SubmitRefused(Refused):
    """What can be accepted is to be submitted beyond this machine, for which there is no leave."""

    def __init__(self, host: str) -> None:
        super().__init__(host, ())

    def __str__(self) -> str:
        return (
            f"{self.host} is not this machine, and what may be accepted is submitted on this machine only, so nothing "
            "was sent; give --submit-refusals in place of --submit"
        )


class Withheld(Exception):
    """A request that may not be sent, and was not: whoever made it asks for more than the run may do.

    `why` is `path` (it calls nothing that this project knows) or `submission` (it might be accepted).
    """

    def __init__(self, host: str, why: str) -> None:
        super().__init__(host, why)
        self.host = host
        self.why = why

    def __str__(self) -> str:
        what = {
            "path": "calls no operation that is known",
            "submission": "may be a submission that is accepted, or names a list of voucher codes",
        }[self.why]
        return f"a request to {self.host} was withheld: it {what}"


class BudgetSpent(Exception):
    """The calls that a run may make are used up."""


def is_loopback(base_url: str) -> bool:
    """Whether the host is literally 127.x.y.z, ::1 or `localhost`; no name is looked up and no other notation read."""
    return _is_loopback_host(urlsplit(base_url).hostname or "")


def _is_loopback_host(host: str) -> bool:
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


def check_submitting(base_url: str, submitting: Submitting) -> None:
    """Let a run submit what may be accepted on this machine only.

    Raises:
        SubmitRefused: the host is not loopback.
    """
    if submitting is Submitting.ANYTHING and not is_loopback(base_url):
        raise SubmitRefused(str(urlsplit(base_url).hostname))


def check_request(*, method: str, host: str, path: str, body: bytes, base_path: str, submitting: Submitting) -> None:
    """Let a request pass as it is about to go over the wire, whoever made it: the last thing that looks at it.

    `host` and `path` are those of the request itself, the path percent-encoded and with its query; `base_path` is that
    of the base URL. On this machine, and under `Submitting.ANYTHING`, everything passes. Anywhere else only a call that
    reads passes, and under `Submitting.REFUSALS` the `REFUSED_SUBMISSIONS` byte for byte. What is let through is listed
    here, rather than what is not: another spelling of a path, of a field or of a body is none of it.

    Raises:
        Withheld: it is none of these.
    """
    if submitting is Submitting.ANYTHING and _is_loopback_host(host):
        return
    operation = _operation_at(method, path.removeprefix(base_path))
    if operation is None:
        raise Withheld(host, "path")
    if operation.reads_only:
        if _may_name_codes(body):
            raise Withheld(host, "submission")
    elif submitting is Submitting.NOTHING or body not in _REFUSED_BODIES:
        raise Withheld(host, "submission")


def _operation_at(method: str, path: str) -> Operation | None:
    """Return the operation that a percent-encoded path calls; None for any other spelling of one."""
    for operation in OPERATIONS:
        before, after = operation.path.split(MERCHANT_ID)
        if method != operation.method or not path.startswith(before) or not path.endswith(after):
            continue
        merchant_id = path[len(before) : len(path) - len(after)]
        if merchant_id and merchant_id.isascii() and not set("/\\?#;") & set(merchant_id):
            return None if changes_the_path(unquote(merchant_id)) else operation
    return None


def _may_name_codes(body: bytes) -> bool:
    """Whether the name of the field of voucher codes may stand in a body, in whatever quoting."""
    text = body.decode("utf-8", "replace")
    for _ in range(3):
        text = unquote(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))
    return "kodevoucher" in _NOT_A_LETTER.sub("", text.lower())


def changes_the_path(identifier: str) -> bool:
    r"""Whether an id is more than one piece of a path, or would be so to a server that decodes it once more.

    That is `.` and `..`, and an id with a slash of either kind, `?`, `#` or `%`.
    """
    return identifier in _STEPS or any(sign in "/\\?#%" for sign in identifier)


@dataclass(frozen=True)
class Limits:
    """How much a run may ask: calls in all, calls a second (None: as fast as it answers), wrong signatures."""

    max_requests: int = DEFAULT_MAX_REQUESTS[Submitting.NOTHING]
    rate: float | None = None
    wrong_signatures: int | None = None

    @classmethod
    def of(
        cls,
        base_url: str,
        *,
        max_requests: int | None = None,
        rate: float | None = None,
        submitting: Submitting = Submitting.NOTHING,
    ) -> Limits:
        """Return the limits for a target: strict for a live one, unless set otherwise."""
        live = not is_loopback(base_url)
        return cls(
            max_requests=DEFAULT_MAX_REQUESTS[submitting] if max_requests is None else max_requests,
            rate=LIVE_RATE if rate is None and live else rate,
            wrong_signatures=LIVE_WRONG_SIGNATURES[submitting] if live else None,
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
