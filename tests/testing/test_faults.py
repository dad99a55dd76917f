"""Faults that a test asks for: of its own merchant alone, without a socket if it likes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import requests

import mockserver
from mockserver import FakeMerchant, FakeProject, FakeServer
from mockserver.provider.faults.faults import FAULTS

BUILT_IN = "https://v1.apigames.id"


def post(merchant: FakeMerchant, project: FakeProject, **options: Any) -> requests.Response:
    url = f"{BUILT_IN}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    body = {"projectid": project.project_id, "signature": merchant.signature}
    return requests.post(url, json=body, timeout=5, **options)


def test_a_fault_hits_the_next_calls_and_then_no_more() -> None:
    server = FakeServer()
    merchant = server.merchant()
    project = merchant.project(pending=1)
    merchant.fault("html_502", times=2)
    with merchant.responses():
        assert [post(merchant, project).status_code for _ in range(3)] == [502, 502, 200]
    merchant.assert_called(fault="html_502", times=2)
    assert repr(server) == "FakeServer(not started)"


@pytest.mark.usefixtures("apigames_responses")
def test_a_fault_lasts_until_it_is_cleared(apigames: FakeMerchant) -> None:
    project = apigames.project(pending=1)
    apigames.fault("close-before")
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            post(apigames, project)
    apigames.clear_faults()
    assert post(apigames, project).status_code == 200


def test_a_fault_takes_its_values() -> None:
    merchant = FakeServer().merchant()
    project = merchant.project(pending=1)
    with merchant.responses(), merchant.httpx():
        merchant.fault("rate_limit", retry_after=7, times=1)
        assert post(merchant, project).headers["Retry-After"] == "7"
        merchant.fault("delay", seconds=60, times=1)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{BUILT_IN}/merchant/{merchant.merchant_id}/kiosgamer/project/detail", timeout=5)


def test_a_fault_is_of_one_merchant_and_may_be_of_one_project() -> None:
    server = FakeServer()
    mine, other = server.merchant(), server.merchant()
    hit, spared = mine.project(pending=1), mine.project(pending=1)
    mine.fault("empty_body", project=hit)
    with mine.responses():
        assert post(mine, hit).content == b""
        assert post(mine, spared).json()["rc"] == 200
        assert post(other, other.project(pending=1)).json()["rc"] == 200


def test_a_share_of_the_calls_is_drawn_by_the_seed() -> None:
    def drawn(seed: int) -> list[int]:
        merchant = FakeServer(seed=seed).merchant()
        project = merchant.project(pending=1)
        merchant.fault("html_503", share=0.5)
        with merchant.responses():
            return [post(merchant, project).status_code for _ in range(20)]

    assert set(drawn(1)) == {200, 503}
    assert drawn(1) == drawn(1) != drawn(2)


def test_a_merchant_that_is_removed_leaves_no_fault_behind() -> None:
    server = FakeServer()
    merchant = server.merchant()
    merchant.fault("delay")
    server.remove(merchant)
    assert server.provider.faults.is_empty


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"name": "html_505"}, "no fault 'html_505'; did you mean 'html_50"),
        ({"name": 502}, "fault\\(502\\): expected the name of a fault"),
        ({"name": "delay", "seconds": "2"}, "seconds='2': expected seconds"),
        ({"name": "delay", "seconds": 3601}, "expected 0 to 3600 seconds"),
        ({"name": "delay", "times": 0}, "expected `times` of 1 to "),
        ({"name": "delay", "times": 1.5}, "times=1.5: expected how many calls"),
        ({"name": "delay", "share": 2}, "share=2: expected a number from 0 to 1"),
        ({"name": "delay", "share": 0.5, "times": 1}, "`times` and `share` exclude each other"),
        ({"name": "rate_limit", "retry_after": -1}, "retry_after=-1: expected seconds"),
        ({"name": "delay", "project": "R1"}, "project='R1': expected a project as project"),
    ],
)
def test_a_fault_that_cannot_be_says_why(apigames: FakeMerchant, wish: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        apigames.fault(**wish)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_asked_for(name: str) -> None:
    with mockserver.serve() as server:
        server.fault(name, seconds=0, times=1)
        with server.responses():
            try:
                post(server, server.project(pending=1))
            except requests.RequestException:
                pass
        server.assert_called(fault=name, times=1)
