"""A picture of the project: what its unfiltered list holds, by position, at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mockserver.contract.judging.page import Page


@dataclass(frozen=True)
class Picture:
    """The unfiltered list. `at` maps each known position (from 0) to its voucher; `total` is their number.

    `stats`, `categories` and `total_voucher` are those of the reply that gave the first page.
    """

    total: int
    at: Mapping[int, dict[str, Any]]
    stats: Mapping[str, int]
    categories: tuple[tuple[str, int], ...]
    is_consistent: bool

    @property
    def is_whole(self) -> bool:
        """Whether every voucher is known."""
        return len(self.at) == self.total

    @property
    def order(self) -> tuple[tuple[int, str], ...]:
        """Which voucher stands where: what paging can be judged by while statuses move."""
        return tuple((place, _name(voucher)) for place, voucher in sorted(self.at.items()))

    @property
    def states(self) -> tuple[Any, ...]:
        """Everything that a filter or a sum depends on."""
        moving = tuple((voucher["status"], voucher["nominal_gs"]) for _, voucher in sorted(self.at.items()))
        return (self.total, self.order, moving, tuple(self.stats.items()))

    def with_status(self, codes: frozenset[int]) -> list[dict[str, Any]]:
        """Return the vouchers in these statuses, in the order of the list."""
        return [voucher for _, voucher in sorted(self.at.items()) if voucher["status"] in codes]

    def nominals(self, codes: frozenset[int] | None = None) -> dict[str, int]:
        """Return how many vouchers (in these statuses) have each nominal."""
        listed = self.at.values() if codes is None else self.with_status(codes)
        return Counter(str(voucher["nominal_gs"]) for voucher in listed)


def picture_of(pages: list[tuple[int, Page]]) -> Picture:
    """Put pages of one walk together; each comes with the position of its first voucher."""
    first = pages[0][1]
    at: dict[int, dict[str, Any]] = {}
    for offset, page in pages:
        at.update({offset + place: voucher for place, voucher in enumerate(page.vouchers)})
    ids = [voucher["id"] for _, voucher in sorted(at.items())]
    agrees = all(page.total == first.total and page.stats == first.stats for _, page in pages)
    in_order = all(left > right for left, right in pairwise(ids))
    return Picture(first.total, at, first.stats, tuple(first.categories), agrees and in_order)


def names_of(vouchers: list[dict[str, Any]]) -> list[str]:
    """Return what tells vouchers apart, whatever moves."""
    return [_name(voucher) for voucher in vouchers]


def _name(voucher: dict[str, Any]) -> str:
    return f"{voucher['id']} {voucher['voucher_code']}"
