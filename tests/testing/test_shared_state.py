"""`mockserver.serve(state=...)`: the fake of a test goes on in the next process, and in others beside it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import requests

from mockserver import FakeMerchant, FakeServer, Plan, VoucherStatus, serve
from mockserver.testing.admin_client import AdminClient
from tests.support.command import Serving


@pytest.fixture
def state(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.db'}"


def page(url: str, merchant: FakeMerchant, project_id: str) -> requests.Response:
    sent = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature}
    return requests.post(f"{url}/merchant/{merchant.merchant_id}/kiosgamer/project/detail", json=sent, timeout=30)


def test_it_goes_on_where_it_was(state: str) -> None:
    with serve(state=state) as merchant:
        project = merchant.project(pending=3)
        project.move("pending", to="success", count=1)
        merchant.fault("html_502", times=2)
        page(merchant.url, merchant, project.project_id)
        known = merchant.merchant_id, merchant.secret_key
    with serve(state=state) as merchant:
        assert (merchant.merchant_id, merchant.secret_key) == known
        (again,) = merchant.projects
        assert (again.project_id, again.stats["success"]) == (project.project_id, 1)
        assert page(merchant.url, merchant, project.project_id).status_code == 502
        assert page(merchant.url, merchant, project.project_id).json()["data"]["total_data"] == 3
        merchant.assert_called(times=3)
        merchant.assert_called(rc=200, times=1)


def test_another_process_serves_the_same_merchant(state: str, tmp_path: Path) -> None:
    with serve(state=state) as merchant:
        project = merchant.project(pending=2, plan=Plan("manual"))
        with Serving("--state", state, folder=tmp_path) as other:
            assert page(other.url, merchant, project.project_id).json()["data"]["total_data"] == 2
            merchant.assert_called(times=1)
            admin = AdminClient(other.url)
            admin.move(project.project_id, "pending", to="success", count=1)
            assert project.stats["success"] == 1
            assert [one.status for one in project.vouchers].count(VoucherStatus.SUCCESS) == 1
            project.move("pending", to="process")
            assert page(other.url, merchant, project.project_id).json()["data"]["data"]["stats"]["process"] == 1
            merchant.fault("html_502", times=1)
            assert page(other.url, merchant, project.project_id).status_code == 502
            merchant.assert_called(times=3, within=5)
            admin.clear_requests()
            assert len(merchant.requests) == 0
            page(other.url, merchant, "nowhere")
            merchant.assert_called(role="project", times=1)
            admin.remove_project(project.project_id)
            assert merchant.projects == ()
            other.stop(signal.SIGTERM)


def test_two_servers_of_one_state_know_each_others_merchants(state: str) -> None:
    one, other = FakeServer(state=state), FakeServer(state=state)
    mine, theirs = one.merchant(), other.merchant()
    assert [merchant.merchant_id for merchant in one.merchants()] == [mine.merchant_id, theirs.merchant_id]
    project = mine.project(pending=1)
    page(other.url, mine, project.project_id)
    page(other.url, theirs, project.project_id)
    (called,) = mine.requests
    assert called.rc == 200
    theirs.assert_called(role="project", times=1)
    assert other.unmatched(after=0) == []
    one.remove(mine)
    assert [merchant.merchant_id for merchant in other.merchants()] == [theirs.merchant_id]
    other.stop()


def test_how_it_begins_is_not_said_again(state: str) -> None:
    world = {"merchants": [{"merchant_id": "M1", "secret_key": "made-up"}]}
    with serve(world, state=state, readings={"http_status": "200"}) as merchant:
        assert merchant.merchant_id == "M1"
    with pytest.raises(ValueError, match="the state is not empty, and world, seed would say how it begins"):
        serve(world, state=state, seed=3).__enter__()
    with pytest.raises(ValueError, match="expected sqlite:///FILE"):
        serve(state="state.db").__enter__()
    with serve(state=state) as merchant:
        assert (merchant.merchant_id, merchant.readings.http_status) == ("M1", "200")
