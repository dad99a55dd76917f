"""Find calls by what was asked and what was answered; say of every other call why it is not the one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from mockserver._text import nearest
from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import is_secret_field
from mockserver.contract.operation import Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.provider.journal.headers import is_secret_header
from mockserver.provider.journal.recorded import Entry, Listed
from mockserver.provider.journal.shown import LazyEntry

# What every call has, besides the fields of its operation.
_OF_EVERY_CALL = (
    "operation",
    "merchant_id",
    "rc",
    "http_status",
    "role",
    "clause",
    "reading",
    "fault",
    "method",
    "path",
    "origin",
    "headers",
    "n",
    "body",
    "reply",
)

_SHOWN_CALLS = 20

Mask = Callable[[str], str]
_Shown = TypeVar("_Shown", bound=Listed | LazyEntry)


class MatcherError(TypeError):
    """A matcher of a name that no call has; the message names the nearest, or what to use instead."""


def matcher_names(operations: Operations) -> tuple[str, ...]:
    """Return what calls of these operations can be matched by: the fields they ask with, and what every call has."""
    return tuple(dict.fromkeys((*operations.asked, *_OF_EVERY_CALL)))


class Matchers:
    """What a call of these operations must be: each matcher a value to equal, or a predicate that gets the value.

    The fields of an operation, as `projectid`, `status`, `page` and `limit`, are what the consumer sent (None: left
    out); `rc`, `http_status`, `role`, `clause`, `reading` and `fault` are what became of it; the others are those of
    `Entry`. For `headers` a dict says what each of those in it must be, None: it was not sent. Without any matcher,
    every call matches.

    Raises:
        MatcherError: a name that no call has, or a value for what is masked.
    """

    def __init__(self, operations: Operations = OPERATIONS, /, **wanted: Any) -> None:
        for name in wanted:
            _check_name(name, operations)
        headers = wanted.get("headers")
        if isinstance(headers, Mapping):
            wanted = {**wanted, "headers": {str(name).lower(): value for name, value in headers.items()}}
            _check_headers(wanted["headers"])
        self._operations = operations
        self._wanted = wanted

    def __str__(self) -> str:
        return self._in_words(str)

    def _in_words(self, mask: Mask) -> str:
        return ", ".join(f"{name}={_shown(value, mask)}" for name, value in self._wanted.items())

    @property
    def need_text(self) -> bool:
        """Whether a matcher looks at the body or the reply, which a list does not have."""
        return not {"body", "reply"}.isdisjoint(self._wanted)

    def mismatches(self, entry: Listed | LazyEntry, mask: Mask = str) -> list[str]:
        """Return why this call is not one that is looked for, a line for each matcher; none when it is."""
        return [why for name, wanted in self._wanted.items() for why in _mismatches(name, wanted, entry, mask)]

    def find(self, entries: Iterable[_Shown]) -> list[_Shown]:
        """Return the calls that match, in the order given."""
        return [entry for entry in entries if not self.mismatches(entry)]

    def failure(self, entries: Iterable[Entry], expected: str, mask: Mask = str) -> str:
        """Return the text of a failed expectation: what was expected, every call, and why each is not it.

        `expected` says how many, as in "at least one call". What is looked for may be a secret itself, which `mask`
        takes out of it.
        """
        candidates = list(entries)
        found = self.find(candidates)
        wanted = f"{expected} with {self._in_words(mask)}" if self._wanted else expected
        heading = f"expected {wanted}; {_counted(len(found), 'call')} matched"
        if not candidates:
            calls = self._operations.in_words
            return f"{heading}, no call arrived at all.\nA call is {calls} with this merchant's id."
        lines = [line for entry in candidates[-_SHOWN_CALLS:] for line in self._judged(entry, mask)]
        left_out = len(candidates) - _SHOWN_CALLS
        more = [f"  ({_counted(left_out, 'earlier call')} not shown)"] if left_out > 0 else []
        return "\n".join([f"{heading} of {len(candidates)} that arrived:", *more, *lines])

    def _judged(self, entry: Entry, mask: Mask) -> list[str]:
        why = self.mismatches(entry, mask)
        mark = "-" if why else "+"
        return [f"  {mark} {summary(entry)}", *(f"      {line}" for line in why)]


def summary(entry: Entry) -> str:
    """Return one call on one line, as in `#2 POST page=2 limit=30 -> HTTP 200, rc 200 (RES-1)`."""
    shown = [f"{name}={printable(json.dumps(value), 60)}" for name, value in entry.asked.items()]
    if entry.fields is None and entry.body:
        shown = [f"body {printable(entry.body, 60)}"]
    if entry.merchant_id is None:
        shown.insert(0, printable(entry.path))
    outcome = f"HTTP {entry.http_status}, rc {entry.rc} ({entry.clause or 'outside the contract'})"
    why = f": {printable(entry.explanation, 300)}" if entry.explanation else ""
    return " ".join([f"#{entry.n}", printable(entry.method, 20), *shown, "->", outcome]) + why


def _check_name(name: str, operations: Operations) -> None:
    if is_secret_field(name) or name in operations.secret:
        raise MatcherError(
            f"{name} is masked in the journal and cannot be matched; role='signature' finds a refused signature"
        )
    if name == "times":
        raise MatcherError("no call has a 'times'; only assert_called takes it, to say how many calls exactly")
    names = matcher_names(operations)
    if name not in names:
        raise MatcherError(f"no call has a {name!r}{nearest(name, names)}; matchers are {', '.join(names)}")


def _mismatches(name: str, wanted: Any, entry: Listed | LazyEntry, mask: Mask) -> list[str]:
    if name == "headers" and isinstance(wanted, Mapping):
        found = [_mismatch(header, value, entry.headers, mask, is_sent=True) for header, value in wanted.items()]
    elif name in _OF_EVERY_CALL:
        found = [_mismatch(name, wanted, {name: getattr(entry, name)}, mask, is_sent=False)]
    else:
        found = [_mismatch(name, wanted, entry.asked, mask, is_sent=True)]
    return [why for why in found if why is not None]


def _mismatch(name: str, wanted: Any, sent: Mapping[str, Any], mask: Mask, *, is_sent: bool) -> str | None:
    got = sent.get(name)
    if callable(wanted):
        try:
            return None if wanted(got) else f"{name}: {_shown(got, mask)} does not satisfy {_shown(wanted, mask)}"
        except Exception as error:
            return f"{name}: {_shown(wanted, mask)} raised {type(error).__name__} on {_shown(got, mask)}"
    # A null that was sent is not a field that was left out.
    if _same(wanted, got) and (not is_sent or wanted is not None or name not in sent):
        return None
    return f"{name}: expected {_shown(wanted, mask)}, {_got(name, sent, is_sent, mask)}"


def _check_headers(wanted: Mapping[str, object]) -> None:
    for name, value in wanted.items():
        if is_secret_header(name) and value is not None and not callable(value):
            raise MatcherError(
                f"the header {name} is masked in the journal and cannot be matched; None finds the calls without it"
            )


def _got(name: str, sent: Mapping[str, Any], is_sent: bool, mask: Mask) -> str:
    if not is_sent or sent.get(name) is not None:
        return f"got {_shown(sent[name], mask)}"
    return f"{name} was sent as null" if name in sent else f"{name} was not sent"


def _same(wanted: object, got: object) -> bool:
    # In Python True is 1; on the wire it is not.
    return wanted == got and isinstance(wanted, bool) == isinstance(got, bool)


def _shown(value: object, mask: Mask) -> str:
    text = str(getattr(value, "__name__", repr(value))) if callable(value) else repr(value)
    return printable(mask(text), 200)


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
