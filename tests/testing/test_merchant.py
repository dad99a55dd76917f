"""What a fake merchant offers a test: projects by count, status or list; moves; the calls it received."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import mockserver
from mockserver import FakeMerchant, FakeProject, FakeServer, Plan, Voucher, VoucherStatus, WorldError
from mockserver.contract.reading import ReadingsError
from mockserver.provider.journal.matchers import MatcherError
from mockserver.provider.state.world import Merchant, World
from mockserver.testing.doubles.httpx_double import HttpxDouble
from mockserver.testing.doubles.in_process import answer_in_process
from mockserver.web.server import ServerError

STATUSES = [status.value for status in VoucherStatus]


def ask(merchant: FakeMerchant, project: FakeProject | str, **fields: Any) -> Any:
    project_id = project if isinstance(project, str) else project.project_id
    body = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature, **fields}
    url = f"{merchant.url}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    return requests.post(url, json=body, timeout=5).json()


def listed(reply: Any) -> Any:
    return reply["data"]["data"]


@pytest.fixture
def merchant(apigames: FakeMerchant) -> FakeMerchant:
    return apigames


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
        ({"vouchers": [{"voucher_code": "A"}, {"voucher_code": "A"}]}, "'A' stands twice in this list"),
        ({"vouchers": [{"id": 5}, {"id": 5}]}, "voucher id 5 stands twice in this list"),
        ({"vouchers": [{"created_at": "2024-02-30 10:00:00"}]}, r"vouchers\[0\].created_at: .* no day of the calendar"),
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


def test_a_plan_moves_vouchers_by_the_clock_of_the_merchant_alone(apigames_server: FakeServer) -> None:
    plan = Plan("timed")
    mine, other = apigames_server.merchant(), apigames_server.merchant()
    projects = [one.project(pending=2, plan=plan) for one in (mine, other)]
    mine.clock.advance(60)
    assert projects[0].stats["success"] == 2
    assert projects[1].stats["pending"] == 2


def test_the_seed_makes_vouchers_and_outcomes_repeatable() -> None:
    def made(seed: int) -> list[Any]:
        project = FakeServer(seed=seed).merchant().project(pending=9, success=3)
        project.move("pending", to="success", count=4)
        return [(v.id, v.voucher_code, v.status, v.nominal_gs, v.note) for v in project.vouchers]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_requests_are_what_was_received_with_secrets_masked(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=1)
    ask(merchant, project, session_key=merchant.session_key)
    ask(merchant, project, page=2, signature="marked-signature")
    first, second = merchant.requests
    assert first.fields is not None
    assert first.fields["projectid"] == project.project_id
    assert (second.rc, second.clause) == (500, "ERR-3")
    assert [entry.n for entry in merchant.requests.matching(page=2)] == [2]
    shown = f"{merchant.requests!r} {merchant.requests} {merchant!r} {project!r} {first} {second}"
    for secret in (merchant.secret_key, merchant.signature, merchant.session_key, "marked-signature"):
        assert secret not in shown


@pytest.mark.parametrize("gone", [False, True])
def test_the_secrets_of_every_merchant_are_masked_in_the_calls_of_each(gone: bool) -> None:
    server = FakeServer()
    world = World((Merchant("M250101OTHER0001", "the-others-secret", "the-others-session"),))
    other = server.merchant(world=world, keep_ids=True)
    mine = server.merchant()
    if gone:
        server.remove(other)
    project = mine.project(pending=1)
    ask(mine, project, status="the-others-secret", note="the-others-session")
    ask(mine, "the-others-secret")
    with pytest.raises(AssertionError) as failed:
        mine.assert_called(projectid="the-others-session")
    shown = f"{mine.requests!r} {mine.requests} {mine.calls_in_words()} {failed.value}"
    assert "***" in shown
    assert "the-others" not in shown


def test_the_calls_of_a_merchant_that_was_removed_are_still_masked() -> None:
    server = FakeServer()
    merchant = server.merchant(world=World((Merchant("M1", "my-own-secret"),)), keep_ids=True)
    ask(merchant, merchant.project(pending=1), status="my-own-secret")
    server.remove(merchant)
    assert "my-own-secret" not in repr(merchant.requests)


def test_thousands_of_merchants_with_secrets_that_are_made_up_leave_nothing_to_look_for() -> None:
    server = FakeServer()
    kept = server.merchant()
    for _ in range(3000):
        server.remove(server.merchant())
    assert server.provider.secrets() == frozenset()
    assert kept.secret_key not in server.provider.journal.mask(f"secret_key {kept.secret_key}")


def test_requests_are_a_sequence(merchant: FakeMerchant) -> None:
    assert merchant.requests == []
    assert str(merchant.requests) == "no call arrived"
    project = merchant.project()
    for page in (1, 2, 3):
        ask(merchant, project, page=page)
    assert len(merchant.requests[1:]) == 2
    assert merchant.requests[-1].n == 3
    assert repr(merchant.requests[:1]).startswith('[#1 POST projectid="')
    assert merchant.requests != "three"


def test_a_call_that_did_not_arrive_is_said_to_be_none(merchant: FakeMerchant) -> None:
    with pytest.raises(IndexError, match=r"there is no call \[0\]; no call arrived"):
        merchant.requests[0]
    ask(merchant, merchant.project())
    with pytest.raises(IndexError, match=r"there is no call \[1\]; there is one"):
        merchant.requests[1]


def test_assert_called_returns_the_calls_or_says_why_each_is_not_the_one(merchant: FakeMerchant) -> None:
    project = merchant.project(pending=1)
    with pytest.raises(AssertionError, match="no call arrived at all"):
        merchant.assert_called()
    merchant.assert_not_called()
    ask(merchant, project, page=2)
    assert len(merchant.assert_called(page=2)) == 1
    merchant.assert_called(page=lambda page: page > 1, times=1)
    with pytest.raises(AssertionError, match="page: expected 3, got 2"):
        merchant.assert_called(page=3)
    with pytest.raises(AssertionError, match="expected exactly 2 calls with page=2; 1 call matched"):
        merchant.assert_called(page=2, times=2)
    with pytest.raises(AssertionError, match="expected no call with page=2; 1 call matched"):
        merchant.assert_not_called(page=2)
    merchant.assert_not_called(page=3)
    with pytest.raises(TypeError, match="did you mean 'page'"):
        merchant.assert_called(pge=1)
    with pytest.raises(TypeError, match="only assert_called takes it"):
        merchant.assert_not_called(times=2)


@pytest.mark.parametrize("times", ["1", -1, 1.5, True])
def test_a_number_of_calls_that_is_none_says_what_is(merchant: FakeMerchant, times: Any) -> None:
    with pytest.raises(ValueError, match=f"times={times!r}: expected how many calls"):
        merchant.assert_called(times=times)


def test_a_secret_that_was_looked_for_stands_in_no_failure(merchant: FakeMerchant) -> None:
    ask(merchant, merchant.project())
    wanted: dict[str, Any] = {
        "projectid": merchant.signature,
        "body": merchant.secret_key,
        "path": [merchant.session_key],
    }
    with pytest.raises(AssertionError, match=r"projectid='\*\*\*', body='\*\*\*'") as failed:
        merchant.assert_called(**wanted)
    for secret in (merchant.signature, merchant.secret_key, merchant.session_key):
        assert secret not in str(failed.value)


def test_a_failure_shows_calls_that_reached_nobody(merchant: FakeMerchant) -> None:
    url = f"{merchant.url}/merchant/M000000NOBODY/kiosgamer/project/detail"
    requests.post(url, json={"signature": merchant.signature}, timeout=5)
    with pytest.raises(AssertionError, match=r"for no merchant that the server knows:\n.*M000000NOBODY") as failed:
        merchant.assert_called()
    assert merchant.signature not in str(failed.value)


def test_ids_and_secrets_are_new_for_each_merchant_whatever_random_does(apigames_server: FakeServer) -> None:
    made = []
    for _ in range(50):
        random.seed(1)
        made.append(apigames_server.merchant())
    assert len({one.merchant_id for one in made}) == 50
    assert len({one.secret_key for one in made}) == 50
    assert all(len(one.merchant_id) == len("M240315GAME2847K") for one in made)
    for one in made:
        apigames_server.remove(one)


def test_a_removed_merchant_is_unknown(apigames_server: FakeServer) -> None:
    gone = apigames_server.merchant()
    project = gone.project()
    apigames_server.remove(gone)
    assert ask(gone, project)["error_msg"] == "Merchant not found"


WORLD = {
    "merchants": [
        {
            "merchant_id": "M1",
            "secret_key": "s1",
            "session_key": "key",
            "projects": [{"project_id": "R1", "vouchers": [{"voucher_code": "A"}]}],
        },
        {"merchant_id": "M2", "secret_key": "s2", "projects": [{"project_id": "R2"}]},
    ]
}


def test_a_world_comes_along_under_new_ids(apigames_server: FakeServer) -> None:
    merchant = apigames_server.merchant(world=WORLD)
    (project,) = merchant.projects
    (other,) = merchant.others
    assert project.project_id == "R1"
    assert merchant.merchant_id != "M1"
    assert ask(merchant, project)["rc"] == 200
    assert ask(merchant, other.projects[0])["error_msg"] == "Project ID tidak ditemukan"
    added = merchant.project(pending=2)
    assert {v.id for v in added.vouchers}.isdisjoint(v.id for v in project.vouchers)


def test_serve_keeps_the_ids_of_a_world() -> None:
    with mockserver.serve(WORLD) as server:
        assert (server.merchant_id, server.secret_key, server.session_key) == ("M1", "s1", "key")
        assert server.others[0].merchant_id == "M2"
        assert ask(server, "R1")["rc"] == 200


def test_a_plan_of_the_world_comes_along(apigames_server: FakeServer) -> None:
    world = {"plan": {"transition": "immediate"}, "merchants": [WORLD["merchants"][0]]}
    merchant = apigames_server.merchant(world=world)
    assert merchant.projects[0].stats["success"] == 1


@pytest.mark.parametrize(
    ("world", "says"),
    [({"merchant": []}, "did you mean 'merchants'"), (3, "not int"), (Path("nowhere.json"), "cannot read nowhere")],
)
def test_a_world_that_cannot_be_served_says_why(apigames_server: FakeServer, world: Any, says: str) -> None:
    with pytest.raises(WorldError, match=says):
        apigames_server.merchant(world=world)


def test_serve_needs_no_pytest_and_leaves_nothing_behind() -> None:
    with mockserver.serve(readings={"http_status": "200"}) as server:
        project = server.project(pending=3)
        assert len(listed(ask(server, project))["vouchers"]) == 3
        assert server.readings.http_status == "200"
        server.assert_called(page=1)
        url = server.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


def test_the_environment_points_a_client_of_any_language_at_the_fake(merchant: FakeMerchant) -> None:
    project = merchant.project()
    environment = merchant.environment(project)
    assert environment["APIGAMES_BASE_URL"] == merchant.url
    assert environment["APIGAMES_PROJECT_ID"] == project.project_id
    assert "APIGAMES_PROJECT_ID" not in merchant.environment()
    with pytest.raises(ValueError, match=r"environment\('R1'\): expected a project as project\(...\) returns it"):
        merchant.environment("R1")  # type: ignore[arg-type]


def test_nothing_listens_before_the_url_is_read() -> None:
    server = FakeServer()
    merchant = server.merchant()
    project = merchant.project(pending=1)
    path = f"https://v1.apigames.id/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    body = f'{{"projectid":"{project.project_id}","signature":"{merchant.signature}"}}'.encode()
    assert answer_in_process(server.provider, "POST", path, body, origin="here").http_status == 200
    assert repr(server) == "FakeServer(not started)"
    assert server.url.startswith("http://127.0.0.1:")
    assert repr(server) == f"FakeServer({server.url})"
    server.stop()
    server.stop()
    assert repr(server) == "FakeServer(stopped)"


def test_the_url_of_a_server_that_was_stopped_starts_no_other() -> None:
    with mockserver.serve() as merchant:
        project = merchant.project()
    for read in (lambda: merchant.url, lambda: merchant.server.url, lambda: merchant.environment(project)):
        with pytest.raises(ServerError, match="the server was stopped; read url before that"):
            read()
    assert repr(merchant.server) == "FakeServer(stopped)"


def test_a_server_that_was_stopped_serves_a_new_merchant() -> None:
    server = FakeServer()
    server.stop()
    merchant = server.merchant()
    assert ask(merchant, merchant.project())["rc"] == 200
    server.stop()


@pytest.mark.parametrize("port", [99999, -1, "x", True])
def test_a_port_that_is_none_is_refused_as_one(port: Any) -> None:
    with pytest.raises(ServerError, match=f"port {port!r}; expected one from 1 to 65535"), mockserver.serve(port=port):
        pass


def test_a_host_that_is_no_text_is_refused_in_words() -> None:
    with pytest.raises(ServerError, match=r"cannot serve on 5: .*; use 127\.0\.0\.1"):
        FakeServer(host=5).url  # type: ignore[arg-type]  # noqa: B018


@pytest.mark.parametrize("seed", ["x", 1.5, None])
def test_a_seed_that_is_no_whole_number_is_refused_at_once(seed: Any) -> None:
    with pytest.raises(ValueError, match=f"seed={seed!r}: expected a whole number"):
        FakeServer(seed=seed)


@pytest.mark.parametrize("readings", ["http_status=200", ["http_status"], 5])
def test_readings_in_another_form_are_refused_in_words(apigames_server: FakeServer, readings: Any) -> None:
    with pytest.raises(ReadingsError, match="expected readings as a dict"):
        apigames_server.merchant(readings=readings)


def test_a_public_name_that_is_not_there_says_which_are() -> None:
    with pytest.raises(AttributeError, match=r"it has .*serve"):
        mockserver.sreve  # noqa: B018
    assert all(getattr(mockserver, name) is not None for name in mockserver.__all__)


def test_all_public_names_come_without_what_may_not_be_installed() -> None:
    code = """
import inspect, sys
sys.modules.update(dict.fromkeys(("hypothesis", "httpx")))
from mockserver import *
import mockserver
inspect.getmembers(mockserver)
assert "strategies" not in dir(mockserver)
try:
    mockserver.HttpxDouble
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "mockserver.HttpxDouble needs httpx: pip install httpx\n"


def test_errors_and_doubles_that_a_test_may_name_are_public() -> None:
    assert mockserver.ServerError is ServerError
    assert mockserver.MatcherError is MatcherError
    assert mockserver.HttpxDouble is HttpxDouble
