"""One attribute of a class or a module, replaced while somebody answers in its place; several may share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

# Classes and modules are one for the whole process, so is the order in which others come and go.
_coming_and_going = threading.Lock()


class Replacement(NamedTuple):
    """What answers in place of `owner.name`.

    `claim` tells how much a call is its own (0: not at all, else the higher the more), `answer` answers. Both get what
    was called: of a method the object too.
    """

    owner: Any
    name: str
    claim: Callable[..., int]
    answer: Callable[..., Any]


class _Interception:
    """Sends a call to the highest claim, the newest of several; without any, where it went before."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name
        self._was_own = name in vars(owner)
        self.original: Callable[..., Any] = getattr(owner, name)
        self.replacements: list[Replacement] = []

        def handle(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return self._chosen(*args, **kwargs)(*args, **kwargs)

        handle.interception = self  # type: ignore[attr-defined]  # how the next one finds this one
        self._handle = handle
        setattr(owner, name, handle)

    def leave(self, replacement: Replacement) -> None:
        """Take one away, and with the last one the interception, unless somebody replaced the attribute since."""
        self.replacements = [one for one in self.replacements if one is not replacement]
        if self.replacements or getattr(self._owner, self._name) is not self._handle:
            return
        if self._was_own:
            setattr(self._owner, self._name, self.original)
        else:
            delattr(self._owner, self._name)

    def _chosen(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        highest, chosen = 0, self.original
        for replacement in self.replacements[::-1]:
            claim = replacement.claim(*args, **kwargs)
            if claim > highest:
                highest, chosen = claim, replacement.answer
        return chosen


@contextmanager
def intercepting(*replacements: Replacement) -> Iterator[None]:
    """Let these answer until the block ends. Blocks may end in any order, in any thread."""
    with _coming_and_going:
        joined = [_joined(one.owner, one.name) for one in replacements]
        for interception, replacement in zip(joined, replacements, strict=True):
            interception.replacements = [*interception.replacements, replacement]
    try:
        yield
    finally:
        with _coming_and_going:
            for interception, replacement in zip(joined, replacements, strict=True):
                interception.leave(replacement)


def without_interception(owner: Any, name: str) -> Callable[..., Any]:
    """Return what is called where nobody claims a call."""
    present: Callable[..., Any] = getattr(owner, name)
    interception = getattr(present, "interception", None)
    return interception.original if isinstance(interception, _Interception) else present


def _joined(owner: Any, name: str) -> _Interception:
    present = getattr(getattr(owner, name), "interception", None)
    return present if isinstance(present, _Interception) else _Interception(owner, name)
