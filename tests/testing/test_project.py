"""How vouchers of a fake project move."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import FakeMerchant, VoucherStatus
from tests.support.merchants import ask, listed

STATUSES = [status.value for status in VoucherStatus]


def test_some_vouchers_of_a_status_move_the_oldest_first(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=40, success=5)
    oldest = sorted(v.id for v in project.vouchers if v.status is VoucherStatus.PENDING)[:3]
    moved = project.move("pending", to="success", count=3)
    assert [voucher.id for voucher in moved] == oldest
    assert (project.stats["pending"], project.stats["success"]) == (37, 8)
    assert all(voucher.nominal_gs > 0 and voucher.updated_at > voucher.created_at for voucher in moved)
    assert listed(ask(merchant, project))["stats"] == project.stats


def test_all_vouchers_of_a_status_move(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=4, process=2)
    assert len(project.move("pending", to=VoucherStatus.ERROR_VOUCHER)) == 4
    assert project.stats == {**dict.fromkeys(STATUSES, 0), "process": 2, "error_voucher": 4}
    assert project.move("pending", to="success") == ()


def test_one_voucher_moves_by_id_by_code_and_as_a_value(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=4)
    first, second, third, fourth = project.vouchers
    project.move(first.id, to="process")
    project.move(second.voucher_code, to="success", nominal_gs=500, note="n", response_json="{}")
    project.move([third, fourth.id], to="process")
    project.move([third.voucher_code, fourth], to="error_engine")
    now = project.vouchers
    assert [v.status.value for v in now] == ["process", "success", "error_engine", "error_engine"]
    assert (now[1].nominal_gs, now[1].note, now[1].response_json) == (500, "n", "{}")


@pytest.mark.parametrize(
    ("move", "says"),
    [
        ({"which": "pending", "to": "sucess"}, "no status 'sucess'; did you mean 'success'"),
        ({"which": "pendin", "to": "success"}, "neither a status nor a voucher code of .*; did you mean 'pending'"),
        ({"which": True, "to": "success"}, "cannot move True; expected a voucher's id"),
        ({"which": None, "to": "success"}, "cannot move None; expected a status"),
        ({"which": 1.5, "to": "success"}, "cannot move 1.5; expected a status"),
        ({"which": ["pending"], "to": "success"}, "cannot move 'pending' as one of several; a status goes alone"),
        ({"which": [VoucherStatus.PENDING], "to": "success"}, "a status goes alone"),
        ({"which": [[1]], "to": "success"}, r"cannot move \[1\]; expected"),
        ({"which": "pending", "to": "success", "nominal_gs": -5}, "nominal_gs=-5: expected a whole number"),
        ({"which": "pending", "to": "success", "nominal_gs": "x"}, "nominal_gs='x': expected a whole number"),
        ({"which": "pending", "to": "success", "note": 5}, "note=5: expected text"),
        ({"which": "pending", "to": "success", "response_json": {"a": 1}}, "response_json={'a': 1}: expected text"),
        ({"which": "pending", "to": "success", "count": 3}, "cannot move 3 of 2 pending vouchers"),
        ({"which": "pending", "to": "success", "count": -1}, "cannot move -1 of 2"),
        ({"which": 99, "to": "success"}, "no voucher with the id 99"),
        ({"which": [1], "to": "success", "count": 1}, "count=1 goes with a status"),
    ],
)
def test_a_move_that_cannot_be_made_says_why_and_moves_nothing(
    merchant: FakeMerchant, move: dict[str, Any], says: str
) -> None:
    project = merchant.project(pending=2)
    which = move.pop("which")
    with pytest.raises(ValueError, match=says):
        project.move(which, **move)
    assert project.stats["pending"] == 2
