"""A success as numbers, which the laws of a page are held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.project_detail import DEFAULT_LIMIT, DEFAULT_PAGE, DEFAULT_STATUS
from mockserver.contract.wire import STATUSES

STATUS_NAMES = tuple(status.value for status in STATUSES)


@dataclass(frozen=True)
class Page:
    """A success as numbers: what was asked, and what was listed.

    `size` is how many vouchers are listed, `total` is `total_data`, `pages` is `total_page`; `status` is the filter.
    """

    status: str
    page: int
    limit: int
    vouchers: list[dict[str, Any]]
    is_null: bool
    total: int
    pages: int
    total_voucher: int
    stats: Mapping[str, int]
    categories: list[tuple[str, int]]

    @classmethod
    def of(cls, exchange: Exchange) -> Page | None:
        """Return the page, or None when the request was not one with a page, a limit and a filter as documented."""
        sent = exchange.fields
        page, limit = sent.get("page", DEFAULT_PAGE), sent.get("limit", DEFAULT_LIMIT)
        status = sent.get("status", DEFAULT_STATUS)
        if type(page) is not int or type(limit) is not int or not isinstance(status, str) or page < 1 or limit < 1:
            return None
        data = exchange.reply["data"]
        project = data["data"]
        return cls(
            status,
            page,
            limit,
            project["vouchers"] or [],
            project["vouchers"] is None,
            data["total_data"],
            data["total_page"],
            project["total_voucher"],
            {name: project["stats"][name] for name in STATUS_NAMES},
            [(item["name"], item["total"]) for item in project["kategori_voucher"]],
        )

    @property
    def size(self) -> int:
        """How many vouchers are listed."""
        return len(self.vouchers)

    @property
    def is_whole(self) -> bool:
        """Whether every matching voucher is on this page."""
        return self.page == 1 and self.size == self.total

    @property
    def nominals(self) -> dict[str, int]:
        """How many vouchers of this page have each nominal, in the order of the list."""
        return Counter(str(voucher["nominal_gs"]) for voucher in self.vouchers)
