"""One method of a client library's class, replaced while a double is there; several doubles share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

# The classes are one for the whole process, so is the order in which doubles come and go.
_coming_and_going = threading.Lock()


class Double(Protocol):
    """What stands for the vendor's host in a client library."""

    def claim(self, request: Any) -> int:
        """Tell how much a request is this double's: 0 not at all, else the higher the more."""


class _Interception:
    """Sends a call to the double with the highest claim, the newest of several; without any, where it went before."""

    def __init__(self, owner: type, method: str) -> None:
        self._owner, self._method = owner, method
        self.original: Callable[..., Any] = getattr(owner, method)
        self.doubles: list[tuple[Double, Callable[..., Any]]] = []

        def handle(of: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return self._chosen(request)(of, request, *args, **kwargs)

        handle.interception = self  # type: ignore[attr-defined]  # how the next double finds this one
        self._handle = handle
        setattr(owner, method, handle)

    def leave(self, double: Double) -> None:
        """Take a double away, and with the last one the interception, unless somebody replaced the method since."""
        self.doubles = [one for one in self.doubles if one[0] is not double]
        if not self.doubles and getattr(self._owner, self._method) is self._handle:
            setattr(self._owner, self._method, self.original)

    def _chosen(self, request: Any) -> Callable[..., Any]:
        highest, chosen = 0, self.original
        for double, answer in self.doubles[::-1]:
            claim = double.claim(request)
            if claim > highest:
                highest, chosen = claim, answer
        return chosen


@contextmanager
def intercepting(double: Double, *methods: tuple[type, str, Callable[..., Any]]) -> Iterator[None]:
    """Let a double answer in place of methods, each a class, its method's name, and what is called instead.

    That gets what the method got: the object, the request, and the rest. Blocks may end in any order, in any thread.
    """
    with _coming_and_going:
        joined = [_joined(owner, method) for owner, method, _ in methods]
        for interception, (_, _, answer) in zip(joined, methods, strict=True):
            interception.doubles = [*interception.doubles, (double, answer)]
    try:
        yield
    finally:
        with _coming_and_going:
            for interception in joined:
                interception.leave(double)


def without_doubles(owner: type, method: str) -> Callable[..., Any]:
    """Return what is called where no double claims a request."""
    present: Callable[..., Any] = getattr(owner, method)
    interception = getattr(present, "interception", None)
    return interception.original if isinstance(interception, _Interception) else present


def _joined(owner: type, method: str) -> _Interception:
    present = getattr(getattr(owner, method), "interception", None)
    return present if isinstance(present, _Interception) else _Interception(owner, method)
