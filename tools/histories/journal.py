"""Whether a journal that several servers write is one: numbered in the order of time, without gaps, with nothing lost.

Calls have their order by their numbers, so nothing is to be searched for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tools.histories.linearizability import Operation


class Numbered(NamedTuple):
    """A call that the journal is to have, known by its tag; `ended` is NEVER where its reply was not seen."""

    tag: str
    merchant_id: str
    began: float
    ended: float


class Look(NamedTuple):
    """What somebody saw of it: numbers and tags, newest first; from the number `first` on these are all there are."""

    entries: tuple[tuple[int, str], ...]
    first: int
    began: float
    ended: float
    by: str = ""


def faults(calls: Sequence[Numbered], looks: Sequence[Look], resets: dict[str, list[Operation]]) -> Iterator[str]:
    """Yield what cannot be, in words; the last look is to be at everything, after all else.

    `resets` are those of each merchant that were, or may have been, each of which forgets its calls.
    """
    numbers: dict[str, int] = {}
    tags: dict[int, str] = {}
    by_tag = {one.tag: one for one in calls}
    for look in looks:
        seen = [n for n, _ in look.entries]
        if any(newer <= older for newer, older in pairwise(seen)):
            yield f"{look.by}: numbers are not in their order: {seen}"
        for n, tag in look.entries:
            if tag not in by_tag:
                yield f"{look.by}: request {n} has the tag {tag!r}, which nobody sent"
                continue
            if by_tag[tag].began > look.ended:
                yield f"{look.by}: request {n} (call {tag}) was there before it was sent"
            if tags.setdefault(n, tag) != tag:
                yield f"{look.by}: number {n} is of call {tag}, and of call {tags[n]}"
            if numbers.setdefault(tag, n) != n:
                yield f"{look.by}: call {tag} has the number {n}, and the number {numbers[tag]}"
    yield from _out_of_order(by_tag, tags)
    for look in looks:
        yield from _missed(look, calls, numbers, resets)
    yield from _gaps(calls, numbers, looks[-1])


def _out_of_order(by_tag: dict[str, Numbered], tags: dict[int, str]) -> Iterator[str]:
    latest: Numbered | None = None
    for n in sorted(tags):
        call = by_tag.get(tags[n])
        if call is None:
            continue
        if latest is not None and call.ended < latest.began:
            yield f"call {call.tag} ended before call {latest.tag} began, and its number {n} is the higher one"
        if latest is None or call.began > latest.began:
            latest = call


def _missed(
    look: Look, calls: Sequence[Numbered], numbers: dict[str, int], resets: dict[str, list[Operation]]
) -> Iterator[str]:
    there = {tag for _, tag in look.entries}
    for call in calls:
        of_merchant = resets.get(call.merchant_id, ())
        if call.tag in there:
            gone = next((one for one in of_merchant if call.ended < one.began and one.ended < look.began), None)
            if gone is not None:
                yield f"{look.by}: call {call.tag} was forgotten by {gone.by}, and is there afterwards"
        elif call.ended < look.began and numbers.get(call.tag, look.first) >= look.first:
            n = numbers.get(call.tag)
            if n is None and look.first > 1:
                continue  # its number is not known: it may be before those that were looked at
            if not any(one.began < look.ended and one.ended > call.began for one in of_merchant):
                yield f"{look.by}: call {call.tag} (number {n}) was acknowledged before, and is not there"


def _gaps(calls: Sequence[Numbered], numbers: dict[str, int], last: Look) -> Iterator[str]:
    highest = max(numbers.values(), default=0)
    missing = highest - len(numbers)
    unseen = [one for one in calls if one.tag not in numbers]
    # A forgotten call may have had a number above all that were seen.
    if missing > len(unseen):
        yield f"{last.by}: of numbers up to {highest} there are {missing} that no call can have had"
