"""Whether what several clients did and saw at the same time can be explained by one order of their operations.

The search is that of Wing and Gong, with Lowe's memory of what was tried: operations are put in order one by one; the
next may be any that began before each of the others had ended. One of which nobody knows whether it happened comes as
late as it can, and only where that makes a difference. The search knows nothing of servers: a model says what an
operation does to a state, and what it returns. A state that is of several parts which no operation shares is checked
part by part: each is then explained by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

S = TypeVar("S", bound=Hashable)

NEVER = float("inf")
_NOT_YET = -NEVER


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Any = _Unknown()
"""The result of an operation that may have happened while it took, or not at all."""


class Undecided(Exception):
    """The search took more steps than it may; `longest` is how far it got, which is most often where it must stop."""

    def __init__(self, longest: Unexplained[Any]) -> None:
        super().__init__(f"no order of {len(longest.history)} operations was found in as many steps as allowed")
        self.longest = longest


@dataclass(frozen=True)
class Operation:
    """What a client did: `call` is a hashable value that the model knows, times are in nanoseconds of one clock.

    It took effect at one instant between the two; where the result is UNKNOWN, then or never. `by` says who did it,
    and where.
    """

    call: Any
    result: Any
    began: float
    ended: float
    by: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it is known that it took effect."""
        return self.result is not UNKNOWN


class Model(Protocol[S]):
    """A state that one operation changes after another."""

    start: S

    def step(self, state: S, call: Any) -> tuple[Any, S]:
        """Return what a call returns in a state, and the state after it."""

    def changes(self, operation: Operation) -> bool:
        """Whether an operation may have changed the state; False only where it cannot, whatever the state was."""


@dataclass(frozen=True)
class Unexplained(Generic[S]):
    """A history that no order explains: after the longest `order` the state is `state`, and none of `next` can follow.

    `next` has each operation with what it would have returned.
    """

    history: tuple[Operation, ...]
    order: tuple[Operation, ...]
    state: S
    next: tuple[tuple[Operation, Any], ...]


def explained(history: Sequence[Operation], model: Model[S], *, most: int = 300_000) -> Unexplained[S] | None:
    """Return None when an order of the operations explains a history, otherwise how far orders got.

    Raises:
        Undecided: it would take more than `most` steps.
    """
    return _Search(history, model, most).run()


class _Place(NamedTuple):
    """A place in the search: all known operations before `first` are done, and beyond it those in the bits of `done`.

    Of the unknown ones those in the bits of `happened` are, so many of them `behind` the last known one; `last` is the
    last of them, where it is the last of all, with the state before it.
    """

    first: int
    done: int
    happened: int
    behind: int
    state: Any
    last: tuple[Operation, Any] | None = None


class _Seen(Generic[S]):
    """The places that were tried, so that none is from which nothing can follow that could not follow from another."""

    def __init__(self) -> None:
        self._tried: dict[tuple[int, int, S], list[tuple[int, int]]] = {}

    def add(self, place: _Place) -> bool:
        """Tell whether there is something to try at a place, and take it for tried."""
        alike = self._tried.setdefault((place.first, place.done, place.state), [])
        happened, behind = place.happened, place.behind
        # What has not happened yet may happen still, or never.
        if any(fewer & happened == fewer and before <= behind for fewer, before in alike):
            return False
        alike.append((happened, behind))
        return True


class _Search(Generic[S]):
    def __init__(self, history: Sequence[Operation], model: Model[S], most: int) -> None:
        self._model = model
        self._left = most
        self._history = tuple(history)
        ordered = sorted(history, key=lambda one: one.began)
        self._known = [one for one in ordered if one.is_known]
        unknown = [one for one in history if not one.is_known and model.changes(one)]
        self._unknown = sorted(unknown, key=lambda one: one.ended)

    def run(self) -> Unexplained[S] | None:
        """Look for an order with few unknown operations behind one another first: it is found the soonest."""
        found = None
        for most_unknown in (1, 2, len(self._unknown) + 1):
            found = self._order(most_unknown)
            if found is None:
                break
        return found

    def _order(self, most_unknown: int) -> Unexplained[S] | None:
        """Go as deep as it goes, and back where it does not go on."""
        model = self._model
        refused: list[tuple[int, Operation]] = []
        places: list[_Place] = [_Place(0, 0, 0, 0, model.start)]
        order: list[Operation] = []
        ways = [self._ways(most_unknown, places[0])]
        seen = _Seen[S]()
        longest: tuple[int, tuple[Operation, ...], S] = (-1, (), model.start)
        while places:
            first, done, _, _, state, _ = places[-1]
            depth = first + done.bit_count()
            if depth == len(self._known):
                return None
            step = next((one for one in ways[-1] if seen.add(one[1])), None)
            if step is not None:
                self._left -= 1
                if self._left < 0:
                    raise Undecided(self._unexplained(*longest, refused))
                operation, place = step
                order.append(operation)
                places.append(place)
                ways.append(self._ways(most_unknown, place))
                continue
            if depth > longest[0]:
                longest = (depth, tuple(order), state)
                refused = self._candidates(first, done)[0]
            places.pop()
            ways.pop()
            if order:
                order.pop()
        return self._unexplained(*longest, refused)

    def _unexplained(
        self, _depth: int, order: tuple[Operation, ...], state: S, refused: list[tuple[int, Operation]]
    ) -> Unexplained[S]:
        expected = tuple((one, self._model.step(state, one.call)[0]) for _, one in refused)
        return Unexplained(self._history, order, state, expected)

    def _ways(self, most_unknown: int, place: _Place) -> Iterator[tuple[Operation, _Place]]:
        """Yield each operation that may be the next, with the place that it leads to."""
        first, done, happened, behind, state, last = place
        candidates, deadline = self._candidates(first, done)
        for at, operation in candidates:
            result, after = self._model.step(state, operation.call)
            if result == operation.result and not (last and self._may_be_later(*last, operation, after)):
                bits, start = done | 1 << (at - first), first
                while bits & 1:
                    bits, start = bits >> 1, start + 1
                yield operation, _Place(start, bits, happened, 0, after)
        if behind == most_unknown:
            return
        furthest = first + done.bit_length() - 1
        before = [one.began for at, one in enumerate(self._unknown) if happened >> at & 1] if happened else []
        latest = max(before, default=_NOT_YET)
        if furthest >= 0:
            latest = max(latest, self._known[furthest].began)
        tried: set[Hashable] = set()
        for at, operation in enumerate(self._unknown):
            # Of those that do the same, the first to end does for all.
            if happened >> at & 1 or not (operation.began <= deadline and operation.ended >= latest):
                continue
            if operation.call in tried:
                continue
            tried.add(operation.call)
            _, after = self._model.step(state, operation.call)
            # One that does nothing here may as well not have happened.
            if after != state:
                yield operation, _Place(first, done, happened | 1 << at, behind + 1, after, (operation, state))

    def _may_be_later(self, unknown: Operation, before: S, operation: Operation, after: S) -> bool:
        """Tell whether an unknown operation that is the last may as well come behind one that could follow it.

        Then it does, if ever: so none is tried of which nobody sees anything.
        """
        if unknown.ended < operation.began:
            return False
        result, between = self._model.step(before, operation.call)
        return result == operation.result and self._model.step(between, unknown.call)[1] == after

    def _candidates(self, first: int, done: int) -> tuple[list[tuple[int, Operation]], float]:
        """Return the known operations that may be the next, those that ended first before, and when one has ended."""
        found: list[tuple[int, Operation]] = []
        deadline = NEVER
        for at in range(first, len(self._known)):
            operation = self._known[at]
            if operation.began > deadline:
                break
            if not done >> (at - first) & 1:
                found.append((at, operation))
                deadline = min(deadline, operation.ended)
        found.sort(key=lambda one: one[1].ended)
        return found, deadline


def smallest(found: Unexplained[S], model: Model[S], *, most: int = 200_000) -> Unexplained[S]:
    """Return a shorter history that no order explains either: the shortest beginning of it, without needless reads.

    Nothing in it is made up: what is left out may be left out of any history that can be explained.
    """

    def unexplained(history: Sequence[Operation]) -> Unexplained[S] | None:
        try:
            return explained(history, model, most=most)
        except Undecided:
            return None

    ends = sorted(one.ended for one in found.history if one.is_known)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if unexplained(_until(found.history, ends[middle])) is None:
            low = middle + 1
        else:
            high = middle
    best = unexplained(_until(found.history, ends[low])) or found
    return _without_reads(best, model, unexplained)


def _until(history: Sequence[Operation], end: float) -> list[Operation]:
    """Return a history as it was known then: what had not ended is unknown."""
    began = [one for one in history if one.began <= end]
    return [one if one.ended <= end else replace(one, result=UNKNOWN, ended=NEVER) for one in began]


def _without_reads(
    best: Unexplained[S], model: Model[S], unexplained: Callable[[Sequence[Operation]], Unexplained[S] | None]
) -> Unexplained[S]:
    size = max(len(best.history) // 2, 1)
    while size:
        at = 0
        while at < len(best.history):
            part = best.history[at : at + size]
            kept = [one for one in part if model.changes(one)]
            fewer = (
                unexplained([*best.history[:at], *kept, *best.history[at + size :]]) if len(kept) < len(part) else None
            )
            best = fewer or best
            at += len(kept) if fewer else size
        size //= 2
    return best


def told(found: Unexplained[Any], *, before: int = 8) -> str:
    """Return in lines what could not be ordered, and the last of what came before."""
    begin = min((one.began for one in found.history), default=0)

    def line(one: Operation) -> str:
        end = "" if one.ended == NEVER else f"{(one.ended - begin) / 1e6:.2f}"
        return f"  {(one.began - begin) / 1e6:10.2f} - {end:>9} ms  {one.by}: {one.call} -> {one.result}"

    lines = [f"no order explains these {len(found.history)} operations. The longest order, of {len(found.order)}, ends"]
    lines += map(line, found.order[-before:])
    lines += [f"so that the state is\n  {found.state}", "and none of these can be the next:"]
    lines += [f"{line(one)}, but there it returns {expected}" for one, expected in found.next]
    return "\n".join(lines)
