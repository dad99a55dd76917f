"""What a fake merchant offers a test: projects by count, status or list, and its environment."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver import FakeMerchant, FakeProject, Plan, Voucher, VoucherStatus, WorldError
from tests.support.merchants import ask, listed

STATUSES = [status.value for status in VoucherStatus]


def test_a_project_has_as_many_vouchers_in_each_status_as_asked_for(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=4, success=3, process=2, error_engine=1, error_voucher=5)
    assert project.stats == dict(zip(STATUSES, (4, 3, 2, 1, 5), strict=True))
    assert len(project) == 15
    assert listed(ask(merchant, project))["stats"] == project.stats


def test_vouchers_by_count_are_pending(merchant: FakeMerchant) -> None:
    assert merchant.project(vouchers=45).stats["pending"] == 45


def test_a_project_without_vouchers_is_a_project(merchant: FakeMerchant) -> None:
    project = merchant.project()
    assert project
    assert listed(ask(merchant, project))["vouchers"] == []


def test_only_a_success_has_a_nominal_unless_told_otherwise(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=5, success=5)
    assert all((voucher.nominal_gs > 0) == (voucher.status is VoucherStatus.SUCCESS) for voucher in project.vouchers)
    mixed = merchant.project(pending=6, nominal_gs=[0, 25, 50])
    assert Counter(voucher.nominal_gs for voucher in mixed.vouchers) == {0: 2, 25: 2, 50: 2}
    assert {voucher.nominal_gs for voucher in merchant.project(pending=2, nominal_gs=100).vouchers} == {100}


def test_two_projects_of_a_merchant_share_no_voucher(merchant: FakeMerchant) -> None:
    first, second = merchant.project(pending=5), merchant.project(pending=5)
    assert {v.id for v in first.vouchers}.isdisjoint(v.id for v in second.vouchers)
    assert {v.voucher_code for v in first.vouchers}.isdisjoint(v.voucher_code for v in second.vouchers)
    assert first.id != second.id
    assert first.project_id != second.project_id


def test_vouchers_by_list_keep_what_they_say_and_get_the_rest(merchant: FakeMerchant) -> None:
    project = merchant.project(
        vouchers=[{"voucher_code": "ABC", "nominal_gs": 25}, {"status": "success"}, {"status": 3, "note": "late"}]
    )
    newest, middle, oldest = project.vouchers
    assert (newest.voucher_code, newest.nominal_gs, newest.status) == ("ABC", 25, VoucherStatus.PENDING)
    assert middle.status is VoucherStatus.SUCCESS
    assert (oldest.status, oldest.note) == (VoucherStatus.ERROR_ENGINE, "late")
    assert newest.id > middle.id > oldest.id
    assert middle.voucher_code


def test_vouchers_may_come_from_any_iterable(merchant: FakeMerchant) -> None:
    assert merchant.project(vouchers=({"status": 0} for _ in range(3))).stats["pending"] == 3
    assert merchant.project(vouchers=iter([{"status": "success"}])).stats["success"] == 1


def test_a_voucher_of_a_list_may_have_its_status_and_plan_as_values(merchant: FakeMerchant) -> None:
    project = merchant.project(vouchers=[{"status": VoucherStatus.SUCCESS}, {"plan": Plan("immediate")}])
    assert project.stats["success"] == 2


def test_the_vouchers_of_a_reply_can_be_pasted_in(merchant: FakeMerchant) -> None:
    source = merchant.project(pending=3, success=2)
    reply = listed(ask(merchant, source))
    copy = merchant.server.merchant().project(vouchers=reply["vouchers"])
    assert copy.project_id == source.project_id
    assert copy.vouchers == source.vouchers


def test_vouchers_as_values_can_be_handed_in(merchant: FakeMerchant) -> None:
    time = "2024-08-15 14:32:18"
    plain = Voucher(7, "ABC", VoucherStatus.PROCESS, time, time)
    planned = Voucher(6, "DEF", VoucherStatus.PROCESS, time, time, plan=Plan("timed", done_after=(60.0, 60.0)))
    assert merchant.project(vouchers=[plain, planned]).vouchers == (plain, planned)


def test_ids_may_be_chosen(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=1, project_id="R-1", project_name="DW")
    assert (project.project_id, project.project_name) == ("R-1", "DW")
    assert ask(merchant, "R-1")["rc"] == 200
    with pytest.raises(ValueError, match="has a project 'R-1' already"):
        merchant.project(project_id="R-1")


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"pending": -1}, "pending=-1: expected how many vouchers"),
        ({"vouchers": True}, "vouchers=True: expected how many vouchers"),
        ({"vouchers": -1}, "vouchers=-1: expected how many vouchers"),
        ({"vouchers": "5"}, "vouchers='5': expected how many, or a list of dicts"),
        ({"vouchers": {"status": 0}}, "vouchers={'status': 0}: expected how many, or a list of dicts"),
        ({"vouchers": 1.5}, "vouchers=1.5: expected how many, or a list of dicts"),
        ({"vouchers": 3, "success": 1}, "exclude each other"),
        ({"pending": 1, "nominal_gs": -5}, "nominal_gs=-5"),
        ({"pending": 1, "nominal_gs": []}, r"nominal_gs=\[\]"),
        ({"pending": 1, "nominal_gs": True}, "nominal_gs=True: expected a whole number"),
        ({"pending": 1, "nominal_gs": [25, 1.5]}, "nominal_gs=1.5: expected a whole number"),
        ({"pending": 1, "nominal_gs": [25, "a"]}, "nominal_gs='a': expected a whole number"),
        ({"nominal_gs": "x"}, "nominal_gs='x': expected a whole number"),
        ({"project_id": 123}, "project_id=123: expected text"),
        ({"project_id": ""}, "project_id='': expected text that a path can hold"),
        ({"project_id": "a/b"}, "project_id='a/b': expected text that a path can hold"),
        ({"project_id": "\ud800"}, "without half of a surrogate pair"),
        ({"project_name": 5}, "project_name=5: expected text"),
        ({"pending": 1, "plan": "timed"}, "plan='timed': expected a mockserver.Plan"),
        ({"vouchers": [{}], "nominal_gs": 5}, "in a list each voucher has its own"),
        ({"vouchers": [{"statsu": 1}]}, r"vouchers\[0\].*'statsu'.*did you mean 'status'"),
        ({"vouchers": [{"status": "done"}]}, r"vouchers\[0\].status"),
        ({"vouchers": ["ABC"]}, r"vouchers\[0\]: expected a dict or a mockserver.Voucher, got str"),
        ({"vouchers": [{"voucher_code": "A"}, {"voucher_code": "A"}]}, "'A' appears twice in this list"),
        ({"vouchers": [{"id": 5}, {"id": 5}]}, "voucher id 5 appears twice in this list"),
        (
            {"vouchers": [{"created_at": "2024-02-30 10:00:00"}]},
            r"vouchers\[0\].created_at: .* not a day of the calendar",
        ),
        ({"vouchers": [{"cretaed_at": "2024-02-30 10:00:00"}]}, r"vouchers\[0\].cretaed_at: "),
        ({"vouchers": [{"created": "2024-02-30"}]}, r"vouchers\[0\].created: "),
        ({"vouchers": [{"note": {1}}]}, "expected what JSON can hold"),
    ],
)
def test_a_wish_that_cannot_be_met_says_why(merchant: FakeMerchant, wish: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        merchant.project(**wish)


def test_a_code_of_another_project_is_refused(merchant: FakeMerchant) -> None:
    merchant.project(vouchers=[{"voucher_code": "A"}])
    with pytest.raises(WorldError, match="voucher_code 'A' is in another project"):
        merchant.project(vouchers=[{"voucher_code": "A"}])


def test_a_voucher_id_of_another_project_is_refused(merchant: FakeMerchant) -> None:
    merchant.project(vouchers=[{"id": 5}], project_id="R-1")
    with pytest.raises(WorldError, match="voucher id 5 is in another project of this merchant, 'R-1'"):
        merchant.project(vouchers=[{"id": 5}])


def test_threads_that_add_projects_get_ids_and_codes_of_their_own(merchant: FakeMerchant) -> None:
    def add(_: int) -> list[FakeProject]:
        return [merchant.project(pending=3) for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        projects = [project for added in pool.map(add, range(8)) for project in added]
    vouchers = [voucher for project in projects for voucher in project.vouchers]
    assert len({project.id for project in projects}) == 400
    assert len({voucher.id for voucher in vouchers}) == len({voucher.voucher_code for voucher in vouchers}) == 1200


def test_the_environment_points_a_client_of_any_language_at_the_fake(merchant: FakeMerchant) -> None:
    project = merchant.project()
    environment = merchant.environment(project)
    assert environment["APIGAMES_BASE_URL"] == merchant.url
    assert environment["APIGAMES_PROJECT_ID"] == project.project_id
    assert "APIGAMES_PROJECT_ID" not in merchant.environment()
    with pytest.raises(ValueError, match=r"environment\('R1'\): expected a project as project\(...\) returns it"):
        merchant.environment("R1")  # type: ignore[arg-type]
