"""Submissions in a test: made by it, seen by it, and asserted on."""

from __future__ import annotations

import httpx
import pytest
import requests

from mockserver import FakeMerchant, FakeServer, Merchant, Plan, World
from mockserver.contract.redeem_bulk import encode_codes
from tests.support.asking import fields

CODES = ("AAA111BBB222CCC", "DDD333EEE444FFF")
VENDOR = "https://v1.apigames.id"


def body_of(apigames: FakeMerchant, codes: tuple[str, ...] = CODES) -> dict[str, str]:
    return {"kode_voucher": encode_codes([*codes]), "signature": apigames.signature}


def url_of(apigames: FakeMerchant, base: str = VENDOR, call: str = "redem/bulk") -> str:
    return f"{base}/merchant/{apigames.merchant_id}/kiosgamer/{call}"


def test_what_a_test_submits_is_listed_by_the_status_call(apigames: FakeMerchant) -> None:
    project = apigames.submit(CODES)
    asked = fields(projectid=project.project_id, signature=apigames.signature)
    with apigames.responses():
        reply = requests.post(url_of(apigames, call="project/detail"), json=asked, timeout=5).json()
    assert [one["voucher_code"] for one in reply["data"]["data"]["vouchers"]] == [*CODES[::-1]]
    assert reply["data"]["data"]["stats"]["pending"] == 2
    assert apigames.submissions == ()


def test_a_plan_moves_what_a_test_submits(apigames: FakeMerchant) -> None:
    apigames.clock.freeze()
    project = apigames.submit(CODES, plan=Plan("timed"))
    apigames.clock.advance(10)
    assert {voucher.status.value for voucher in project.vouchers} == {"success"}


def test_both_doubles_take_a_submission(apigames: FakeMerchant) -> None:
    with apigames.responses():
        first = requests.post(url_of(apigames), json=body_of(apigames), timeout=5).json()
    with apigames.httpx():
        second = httpx.post(url_of(apigames), json=body_of(apigames)).json()
    assert (first["rc"], second["error_msg"]) == (0, "Voucher ini double, sudah ada sebelumnya")
    accepted, refused = apigames.submissions
    assert accepted.codes == refused.codes == CODES
    assert accepted.project_id == first["data"]["project_id"]
    assert (refused.is_accepted, refused.entry.clause) == (False, "BULK-ERR-10")


def test_one_that_submits_again_is_caught(apigames: FakeMerchant) -> None:
    apigames.fault("close_before", times=1)
    with apigames.responses():
        with pytest.raises(requests.ConnectionError):
            requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
        assert [one.is_accepted for one in apigames.assert_submitted(reversed(CODES), times=1)] == [True]
        requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
    with pytest.raises(AssertionError) as failed:
        apigames.assert_submitted(CODES, times=1)
    text = str(failed.value)
    assert "expected exactly 1 submission of these 2 codes; 2 arrived" in text
    assert f"accepted as {apigames.projects[0].project_id}, its reply hit by close_before" in text
    assert "BULK-ERR-10" in text
    assert not any(code in text for code in CODES)


@pytest.mark.parametrize("fault", ["html_502", "truncated_json", "empty_body"])
def test_a_reply_that_is_lost_in_another_way_leaves_the_project(apigames: FakeMerchant, fault: str) -> None:
    apigames.fault(fault)
    with apigames.responses():
        requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
    (one,) = apigames.submissions
    assert one.project_id == apigames.projects[0].project_id


@pytest.mark.apigames(readings={"bulk_duplicate": "list"})
def test_two_that_are_lost_are_two_projects_where_the_codes_are_taken_twice(apigames: FakeMerchant) -> None:
    apigames.fault("close_before")
    with apigames.responses():
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
    assert [one.project_id for one in apigames.submissions] == [one.project_id for one in apigames.projects]


def test_one_that_is_lost_before_leaves_none(apigames: FakeMerchant) -> None:
    apigames.fault("close_before", carried_out=False, times=1)
    with apigames.responses():
        with pytest.raises(requests.ConnectionError):
            requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
        assert apigames.projects == ()
        requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
    assert [one.is_accepted for one in apigames.assert_submitted(CODES, times=2)] == [False, True]


def test_other_codes_are_not_these(apigames: FakeMerchant) -> None:
    with pytest.raises(AssertionError, match="no submission arrived"):
        apigames.assert_submitted(CODES)
    with apigames.responses():
        requests.post(url_of(apigames), json=body_of(apigames, ("AAA111BBB222CCC", "OTHER")), timeout=5)
    with pytest.raises(AssertionError, match="1 of the codes are missing, 1 are others"):
        apigames.assert_submitted(CODES)
    assert len(apigames.assert_submitted()) == 1


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ("AAA", "one text of 3 characters"),
        ([], "at least one voucher code"),
        (["A", " B"], "code 2 is not one line"),
        (["A", "A"], "appears twice"),
        ([1], "code 1 is not one line"),
    ],
)
def test_what_cannot_be_submitted_is_told(apigames: FakeMerchant, codes: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        apigames.submit(codes)


def test_a_code_that_is_there_is_told(apigames: FakeMerchant) -> None:
    apigames.submit(CODES)
    with pytest.raises(ValueError, match=r"code 1 is in a project of this merchant already \(BULK-ERR-10\)"):
        apigames.submit(CODES[1:])


def test_a_plan_moves_what_a_client_submits(apigames: FakeMerchant) -> None:
    apigames.clock.freeze()
    apigames.plan_submissions(Plan("timed"))
    with apigames.responses():
        requests.post(url_of(apigames), json=body_of(apigames), timeout=5)
    apigames.clock.advance(10)
    assert {voucher.status.value for voucher in apigames.projects[0].vouchers} == {"success"}
    apigames.plan_submissions(None)
    with apigames.responses():
        requests.post(url_of(apigames), json=body_of(apigames, ("NEW",)), timeout=5)
    apigames.clock.advance(10)
    assert apigames.projects[1].stats["pending"] == 1
    with pytest.raises(ValueError, match="expected a plan"):
        apigames.plan_submissions("timed")  # type: ignore[arg-type]


def test_the_plan_of_a_world_moves_what_is_submitted_to_its_merchants(apigames_server: FakeServer) -> None:
    merchant = apigames_server.merchant(
        world=World(plan=Plan("immediate"), merchants=(Merchant("M1", "secret", None),))
    )
    with merchant.httpx():
        httpx.post(url_of(merchant), json=body_of(merchant))
    assert merchant.projects[0].stats["success"] == 2
