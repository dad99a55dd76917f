"""A snapshot of the project: what its unfiltered list holds, by position, at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mockserver.contract.judging.page import Page


@dataclass(frozen=True)
class Snapshot:
    """The unfiltered list. `at` maps each known position (from 0) to its voucher; `total` is their number.

    `stats` and `categories` are those of the reply that gave the first page. `is_consistent` says that the pages agree
    with each other.
    """

    total: int
    at: Mapping[int, dict[str, Any]]
    stats: Mapping[str, int]
    categories: Mapping[str, int]
    is_consistent: bool

    @classmethod
    def of(cls, pages: list[tuple[int, Page]]) -> Snapshot:
        """Put pages of one walk together; each comes with the position of its first voucher."""
        first = pages[0][1]
        at: dict[int, dict[str, Any]] = {}
        for offset, page in pages:
            at.update({offset + place: voucher for place, voucher in enumerate(page.vouchers)})
        ids = [voucher["id"] for _, voucher in sorted(at.items())]
        agrees = all(page.total == first.total and page.stats == first.stats for _, page in pages)
        in_order = all(left > right for left, right in pairwise(ids))
        return cls(first.total, at, first.stats, dict(first.categories), agrees and in_order)

    @property
    def is_whole(self) -> bool:
        """Whether every voucher is known."""
        return len(self.at) == self.total

    @property
    def order(self) -> tuple[tuple[int, str], ...]:
        """Which voucher is where: what paging can be judged by while statuses move."""
        return tuple((place, name_of(voucher)) for place, voucher in sorted(self.at.items()))

    @property
    def states(self) -> tuple[Any, ...]:
        """Everything that a filter or a sum depends on."""
        moving = tuple((voucher["status"], voucher["nominal_gs"]) for _, voucher in sorted(self.at.items()))
        return (self.total, self.order, moving, tuple(self.stats.items()), tuple(self.categories.items()))

    def with_status(self, codes: frozenset[int]) -> list[dict[str, Any]]:
        """Return the vouchers in these statuses, in the order of the list."""
        return [voucher for _, voucher in sorted(self.at.items()) if voucher["status"] in codes]

    def nominals(self, codes: frozenset[int] | None = None) -> dict[str, int]:
        """Return how many vouchers (in these statuses) have each nominal, in the order of the list."""
        listed = [voucher for _, voucher in sorted(self.at.items())] if codes is None else self.with_status(codes)
        return Counter(str(voucher["nominal_gs"]) for voucher in listed)


def name_of(voucher: Mapping[str, Any]) -> str:
    """Return what tells a voucher apart, whatever moves."""
    return f"{voucher['id']} {voucher['voucher_code']}"
