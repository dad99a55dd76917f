"""One request as it comes to the gate, and what is said where the contract is silent."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mockserver.contract.foreign_text import harmless
from mockserver.contract.operation import Operation, Operations

# A list of 50,000 codes as long as the page's fits.
MAX_BODY = 1_572_864
# A longer body is not explained where somebody waits, or in the log: that would take longer than to answer it.
LONGEST_EXPLAINED = 65_536
PAGE = "/__admin/"
FAULT_HEADER = "X-Apigames-Mock-Fault"
DOCTOR_HEADER = "X-Apigames-Mock-Doctor"

TOO_LARGE = f"Body too large: at most {MAX_BODY} bytes are read"
MAX_REPLY = 8 * 1_048_576
REPLY_TOO_LARGE = f"Reply too large: this page has more than {MAX_REPLY} bytes; ask for fewer with limit"
UNAVAILABLE = "The state of the mock cannot be reached at present; its log says why, and it tries again with each call"
INTERNAL_ERROR = "Internal error of the mock, not of your call; please report it"


class Request(msgspec.Struct, frozen=True, gc=False):
    """One request, whichever adapter it came through.

    `path` is percent-decoded and otherwise as it was sent, each slash included, without the query. The names in
    `headers` are in lower case. `origin` says where the call came from. With `is_too_large` the body has more than
    `MAX_BODY` bytes, and need not be here.
    """

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    is_too_large: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of a header (its name in lower case), of several one list; None when it was not sent."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


def no_such_path(path: str, operations: Operations) -> str:
    """Return the `error_msg` for a path that no operation has; at `/`, where people look first, where the page is."""
    page = f"; a mock that is served has a page for people at {PAGE}" if path == "/" else ""
    return f"No such path: expected {operations.in_words}{page}"


def explained_at(n: int) -> str:
    """Return where it is said what is wrong with the n-th call, for a call that is not explained at once."""
    return f"GET {PAGE}requests/{n} says why"


def method_not_allowed(method: str, at_path: Iterable[Operation]) -> str:
    """Return the `error_msg` for a method that none of the operations at its path has."""
    return f"Method {harmless(method)} not allowed: expected {Operations(at_path).in_words}"
