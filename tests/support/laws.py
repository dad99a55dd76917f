"""What holds of every good reply, whatever moves."""

from __future__ import annotations

from functools import cache
from typing import Any

from mockserver.contract.schemas import schema, validator

NAMES = ("pending", "success", "process", "error_engine", "error_voucher")


@cache
def _success() -> Any:
    return validator(schema("success"))


def assert_lawful(reply: dict[str, Any]) -> None:
    """The shapes, and the sums that no shape can say (SUM-1, SUM-2, PAGE-2, RES-5, RES-6), of an unfiltered reply."""
    assert _success().is_valid(reply), reply
    page = reply["data"]
    project = page["data"]
    vouchers, stats = project["vouchers"], project["stats"]
    assert sum(stats.values()) == project["total_voucher"] == page["total_data"]
    assert sum(one["total"] for one in project["kategori_voucher"]) == project["total_voucher"]
    ids = [voucher["id"] for voucher in vouchers]
    assert ids == sorted(ids, reverse=True)
    for voucher in vouchers:
        assert voucher["created"] == voucher["cretaed_at"][:10]
        assert voucher["updated_at"] >= voucher["cretaed_at"]
    if len(vouchers) == project["total_voucher"]:
        for code, name in enumerate(NAMES):
            assert stats[name] == sum(voucher["status"] == code for voucher in vouchers)
        for one in project["kategori_voucher"]:
            assert one["total"] == sum(str(voucher["nominal_gs"]) == one["name"] for voucher in vouchers)
