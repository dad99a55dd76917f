"""The admin API, asked over HTTP through its own client."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import requests

from mockserver.contract.readings import Readings
from mockserver.contract.schemas import NAMES, validator
from mockserver.contract.signature import sign
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.state.clock import FrozenClock, date_time
from mockserver.provider.state.world_file import built_in_world
from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.web.admin.calls import ADMIN_CALLS
from mockserver.web.admin.openapi import admin_openapi
from mockserver.web.admin.wire import admin_schema
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, NOW, PAGE_PROJECT, PATH, SECRET, ask, body, fields


@pytest.fixture
def admin(server: Server) -> AdminClient:
    return AdminClient(server.url)


def post(server: Server, **changed: Any) -> dict[str, Any]:
    reply: dict[str, Any] = requests.post(server.url + PATH, json=fields(**changed), timeout=30).json()
    return reply


def test_health(admin: AdminClient) -> None:
    assert admin.health()["status"] == "ok"


def test_a_world_reads_back_without_secrets_and_keeps_them_when_put(server: Server, admin: AdminClient) -> None:
    world = admin.world()
    assert SECRET not in json.dumps(world)
    assert sign(MERCHANT, SECRET) not in json.dumps(world)
    admin.put_world(world)
    assert post(server)["rc"] == 200
    assert admin.world() == world


def test_a_new_merchant_in_a_world_needs_a_secret(admin: AdminClient) -> None:
    with pytest.raises(AdminProblem, match="'M9' is new and needs a secret_key") as raised:
        admin.put_world({"merchants": [{"merchant_id": "M9"}]})
    assert raised.value.status == 422
    assert admin.health()["merchants"] == 1


def test_merchants_and_projects_are_added(server: Server, admin: AdminClient) -> None:
    admin.add_merchant({"merchant_id": "M9", "secret_key": "made-up"})
    made = admin.add_project("M9", {"project_id": "P9", "vouchers": {"generate": {"count": 45}}})
    assert made["stats"]["pending"] == 45
    asked = {"projectid": "P9", "signature": sign("M9", "made-up")}
    reply = requests.post(server.url + PATH.replace(MERCHANT, "M9"), json=asked, timeout=30).json()
    assert reply["data"]["total_data"] == 45
    ids = [voucher["id"] for voucher in admin.vouchers("P9", limit=100)["vouchers"]]
    others = admin.vouchers(DEMO_PROJECT, limit=200)["vouchers"]
    assert not {voucher["id"] for voucher in others} & set(ids)


@pytest.mark.parametrize(
    ("project", "clash"),
    [
        ({"project_id": DEMO_PROJECT}, "project_id"),
        ({"project_id": "P9", "id": 5847}, "project id 5847"),
        ({"project_id": "P9", "vouchers": [{"voucher_code": "X", "id": 23456}]}, "voucher id 23456"),
        ({"project_id": "P9", "vouchers": [{"voucher_code": "ABC123DEF456GHI"}]}, "voucher_code 'ABC123DEF456GHI'"),
    ],
)
def test_ids_stay_unique_in_the_world(admin: AdminClient, project: dict[str, Any], clash: str) -> None:
    with pytest.raises(AdminProblem, match=clash) as raised:
        admin.add_project(MERCHANT, project)
    assert raised.value.status == 409


def test_projects_that_are_generated_one_after_another_hold_other_codes(admin: AdminClient) -> None:
    for project_id in ("P8", "P9"):
        admin.add_project(MERCHANT, {"project_id": project_id, "vouchers": {"generate": {"count": 20}}})
    codes = [one["voucher_code"] for name in ("P8", "P9") for one in admin.vouchers(name)["vouchers"]]
    assert len(set(codes)) == 40
    admin.put_world(admin.world())


def test_a_world_is_read_and_written_as_each_merchant_is_served(server: Server, admin: AdminClient) -> None:
    admin.put_readings({"status_codes": "0,2,1,4,3"}, MERCHANT)
    admin.advance(3600, MERCHANT)
    world = admin.world()
    project = {"project_id": "P9", "vouchers": [{"voucher_code": "A", "status": 1}]}
    world["merchants"][0]["projects"].append(project)
    admin.put_world(world)
    assert admin.project("P9")["stats"]["process"] == 1
    again = admin.world()
    (voucher,) = again["merchants"][0]["projects"][-1]["vouchers"]
    assert (voucher["status"], voucher["updated_at"]) == (1, date_time(NOW + 3600, "Asia/Jakarta"))
    assert again["merchants"][0]["projects"][:-1] == world["merchants"][0]["projects"][:-1]


def test_a_project_can_be_named_by_its_numeric_id(admin: AdminClient) -> None:
    assert admin.project("5847") == admin.project(PAGE_PROJECT)


def test_vouchers_move_one_some_and_all(server: Server, admin: AdminClient) -> None:
    assert admin.move(DEMO_PROJECT, "pending", to="success", count=3) == 3
    assert post(server)["data"]["data"]["stats"] == {
        "pending": 37,
        "success": 65,
        "process": 20,
        "error_engine": 6,
        "error_voucher": 9,
    }
    assert admin.move(PAGE_PROJECT, to=VoucherStatus.ERROR_VOUCHER, ids=[23456], note="habis") == 1
    voucher = post(server, projectid=PAGE_PROJECT)["data"]["data"]["vouchers"][0]
    assert (voucher["status"], voucher["note"]) == (4, "habis")
    assert admin.move(DEMO_PROJECT, to="success") == 72
    assert admin.project(DEMO_PROJECT)["stats"]["success"] == 137


def test_a_whole_float_is_an_integer(server: Server, admin: AdminClient) -> None:
    address = f"{server.url}/__admin/projects/{DEMO_PROJECT}/vouchers"
    moved = requests.patch(address, json={"to": "success", "count": 2.0, "nominal_gs": 7.0}, timeout=30)
    assert (moved.status_code, moved.json()["moved"]) == (200, 2)
    made = admin.add_project(MERCHANT, {"project_id": "F3", "id": 900.0, "vouchers": {"generate": {"count": 5.0}}})
    assert (made["id"], made["total_voucher"]) == (900, 5)
    kinds = {one["name"] for one in post(server)["data"]["data"]["kategori_voucher"]}
    assert "7" in kinds
    assert not any("." in name for name in kinds)
    admin.put_faults({"fault": "rate_limit", "retry_after": 2.0})
    assert requests.post(server.url + PATH, json=fields(), timeout=30).headers["retry-after"] == "2"


def test_one_voucher_at_its_own_address(server: Server) -> None:
    address = f"{server.url}/__admin/projects/{PAGE_PROJECT}/vouchers/23455"
    moved = requests.patch(address, json={"to": "success", "nominal_gs": 50}, timeout=30).json()
    assert (moved["status"], moved["nominal_gs"]) == ("success", 50)
    assert requests.get(address, timeout=30).json() == moved
    planned = requests.patch(address, json={"plan": {"transition": "manual"}}, timeout=30).json()
    assert planned["plan"] == {"transition": "manual"}
    assert requests.get(f"{server.url}/__admin/projects/{PAGE_PROJECT}/vouchers/1", timeout=30).status_code == 404


def test_a_plan_and_the_clock_move_vouchers(server: Server, admin: AdminClient) -> None:
    admin.set_plan(PAGE_PROJECT, {"transition": "timed", "process_after": 10, "done_after": 20})
    admin.advance(10)
    assert admin.project(PAGE_PROJECT)["stats"]["process"] == 3
    admin.advance(20)
    reply = post(server, projectid=PAGE_PROJECT)
    assert reply["data"]["data"]["stats"]["success"] == 3
    assert reply["ts"] == NOW + 30


def test_the_clock_of_one_merchant(server: Server, admin: AdminClient) -> None:
    assert admin.freeze(NOW + 100, MERCHANT)["state"] == "frozen"
    assert post(server)["ts"] == NOW + 100
    assert admin.clock()["now"] == NOW
    assert admin.clock(MERCHANT)["merchant_id"] == MERCHANT
    assert admin.run(MERCHANT)["state"] == "real"
    address = f"{server.url}/__admin/clock?merchant_id={MERCHANT}"
    moved = requests.post(address, json={"state": "frozen", "at": NOW + 7}, timeout=30).json()
    assert (moved["now"], moved["merchant_id"], admin.clock()["now"]) == (NOW + 7, MERCHANT, NOW)


def test_a_clock_that_cannot_be_set_stays_as_it_was(server: Server, admin: AdminClient) -> None:
    """Also the merchant's: it goes on with that of all others."""
    refused = {"state": "frozen", "at": 253_370_764_000, "advance": 10_000}
    for merchant in ({}, {"merchant_id": MERCHANT}):
        assert requests.post(f"{server.url}/__admin/clock", json=refused | merchant, timeout=30).status_code == 422
    assert admin.clock()["now"] == NOW
    admin.advance(5)
    assert admin.clock(MERCHANT)["now"] == NOW + 5


def test_a_project_is_added_under_its_merchants_own_clock_and_readings(server: Server, admin: AdminClient) -> None:
    admin.freeze(1_577_836_800, MERCHANT)
    admin.put_readings({"status_codes": "0,2,1,3,4"}, MERCHANT)
    admin.add_project(MERCHANT, {"project_id": "P9", "vouchers": [{"voucher_code": "X", "status": 2}]})
    (voucher,) = admin.vouchers("P9")["vouchers"]
    assert (voucher["created_at"], voucher["status"]) == ("2020-01-01 07:00:00", "success")
    assert post(server, projectid="P9")["data"]["data"]["vouchers"][0]["status"] == 2


def test_faults_are_put_seen_and_cleared(server: Server, admin: AdminClient) -> None:
    admin.put_faults({"fault": "html-502", "times": 1}, {"fault": "maintenance", "merchant_id": "M-other"})
    assert requests.post(server.url + PATH, json=fields(), timeout=30).status_code == 502
    assert [(rule["fault"], rule["hit"], rule["left"]) for rule in admin.faults()] == [
        ("html_502", 1, 0),
        ("maintenance", 0, None),
    ]
    assert post(server)["rc"] == 200
    admin.clear_faults()
    assert admin.faults() == []


def test_one_merchants_faults_leave_the_others(admin: AdminClient) -> None:
    admin.put_faults({"fault": "delay"})
    admin.put_faults({"fault": "empty_body"}, merchant_id=MERCHANT)
    assert [rule.get("merchant_id") for rule in admin.faults()] == [None, MERCHANT]
    assert [rule["fault"] for rule in admin.faults(MERCHANT)] == ["empty_body"]
    admin.clear_faults(MERCHANT)
    assert [rule["fault"] for rule in admin.faults()] == ["delay"]


def test_a_reading_that_stays_as_it_was_is_from_where_it_was() -> None:
    given = Readings.of({"http_status": "200", "max_limit": "10"})
    origin = dict.fromkeys(["http_status", "max_limit"], "command line")
    client = create_app(Provider(built_in_world(given, FrozenClock(NOW)), given, readings_origin=origin)).test_client()
    sent = {"http_status": "200", "max_limit": "20", "types": "coerce"}
    readings = client.put("/__admin/readings", json={"readings": sent}).get_json()["readings"]
    assert {key: readings[key]["origin"] for key in sent} == {
        "http_status": "command line",
        "max_limit": "admin",
        "types": "admin",
    }


def test_readings_are_put_and_read_back(server: Server, admin: AdminClient) -> None:
    admin.put_readings({"http_status": "200"})
    assert requests.post(server.url + PATH, data="x", timeout=30).status_code == 200
    shown = requests.get(f"{server.url}/__admin/readings", timeout=30).json()
    assert shown["readings"]["http_status"]["origin"] == "admin"
    assert requests.put(f"{server.url}/__admin/readings", json=shown, timeout=30).status_code == 200
    admin.put_readings({"http_status": "rc"}, MERCHANT)
    assert requests.post(server.url + PATH, data="x", timeout=30).status_code == 400
    with pytest.raises(AdminProblem, match="did you mean 'http_status'"):
        admin.put_readings({"http_stats": "200"})


def test_the_requests_in_the_form_that_is_documented(server: Server, admin: AdminClient) -> None:
    for page in range(1, 7):
        post(server, page=page)
    shown = requests.get(f"{server.url}/__admin/requests", timeout=30).json()
    assert [call["n"] for call in shown["requests"]] == [6, 5, 4, 3, 2, 1]
    assert shown["total"] == 6
    assert [call["n"] for call in admin.requests(page=2)] == [2]
    assert [call["n"] for call in admin.requests(rc=200, merchant_id=MERCHANT, projectid=DEMO_PROJECT)][:1] == [6]
    newest = requests.get(f"{server.url}/__admin/requests?newest=2&since=3", timeout=30).json()
    assert ([call["n"] for call in newest["requests"]], newest["total"]) == ([6, 5], 4)
    admin.clear_requests()
    assert admin.requests() == []


def test_nothing_is_forgotten_when_the_query_is_refused(server: Server, admin: AdminClient) -> None:
    post(server)
    assert requests.delete(f"{server.url}/__admin/requests?page=1", timeout=30).status_code == 400
    assert requests.head(f"{server.url}/__admin/requests?page=1", timeout=30).status_code == 200
    assert [call["n"] for call in admin.requests()] == [1]


def test_null_is_what_was_left_out(server: Server, admin: AdminClient) -> None:
    post(server, page=None)
    post(server)
    post(server, projectid="null", limit=None)
    assert [call["n"] for call in admin.requests(page=None)] == [1]
    assert [call["n"] for call in admin.requests(clause=None)] == []
    assert [call["n"] for call in admin.requests(limit=None, fault=None)] == [3]
    assert [call["n"] for call in admin.requests(projectid="null")] == [3]
    assert [call["n"] for call in admin.requests(projectid=None)] == []
    assert [call["n"] for call in admin.requests(wait=60, page=None)] == [1]


def test_one_request_has_its_diagnosis_and_a_line_to_repeat_it(server: Server, admin: AdminClient) -> None:
    post(server, signature=sign(SECRET, MERCHANT))
    whole = admin.request(1)
    assert whole["diagnosis"] == [
        {
            "what": "the signature is md5(secret_key + merchant_id)",
            "why": "expected md5(merchant_id + secret_key): no separator, lower-case hex, UTF-8 (REQ-2)",
            "fix": "sign md5(merchant_id + secret_key); `apigames-mock sign MERCHANT_ID` prints it",
        }
    ]
    assert whole["curl"].startswith(f"curl -sS -X POST {server.url}/merchant/{MERCHANT}/")
    assert "'\"$SIGNATURE\"'" in whole["curl"]
    assert "Signature Not Valid" in whole["reply"]
    with pytest.raises(AdminProblem, match="no request 2: 1 arrived so far"):
        admin.request(2)
    admin.clear_requests()
    with pytest.raises(AdminProblem, match="Request 1 is forgotten"):
        admin.request(1)


@pytest.mark.parametrize("content", [b"@/etc/hostname", b"<x", b"it's", b"\\n{", b'{"a": "\xc3\xa9", "b": "$HOME"}'])
def test_the_line_repeats_the_call_as_it_was(server: Server, admin: AdminClient, content: bytes) -> None:
    requests.post(server.url + PATH, content, timeout=30)
    line = admin.request(1)["curl"]
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30)
    first, again = admin.request(1), admin.request(2)
    assert (again["body"], again["reply"]) == (first["body"], first["reply"])


def test_the_line_of_a_call_that_forced_an_outcome_forces_it_again(server: Server, admin: AdminClient) -> None:
    requests.post(server.url + PATH, b"{}", headers={FAULT_HEADER: "html_502"}, timeout=30)
    line = admin.request(1)["curl"]
    done = subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30)
    assert b"502 Bad Gateway" in done.stdout
    assert [one["forced"] for one in admin.requests()] == ["html_502", "html_502"]


def test_the_line_of_a_form_sends_the_form_again(server: Server, admin: AdminClient) -> None:
    admin.put_readings({"form_body": "accept"})
    requests.post(server.url + PATH, data=fields(page=2, note="it's $HOME & more", session_key="of-one"), timeout=30)
    variables = {"SIGNATURE": sign(MERCHANT, SECRET), "SESSION_KEY": "of-one", "PATH": os.environ["PATH"]}
    line = admin.request(1)["curl"]
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30, env=variables)
    first, again = admin.request(1), admin.request(2)
    assert first["rc"] == 200
    assert first["body"].startswith(f"projectid={DEMO_PROJECT}&")
    assert (again["body"], again["reply"]) == (first["body"], first["reply"])
    assert [call["n"] for call in admin.requests(page=2)] == [2, 1]


def test_the_line_of_a_body_too_long_for_a_command_runs(server: Server, admin: AdminClient) -> None:
    requests.post(server.url + PATH, b'{"projectid": "' + b"R\xc3\xa9" * 60_000 + b'"}', timeout=30)
    done = subprocess.run(
        ["bash"], input=admin.request(1)["curl"].encode(), check=True, capture_output=True, timeout=30
    )
    assert b'"rc":500' in done.stdout
    assert admin.request(2)["body"] == admin.request(1)["body"]


def test_the_line_of_a_head_ends(server: Server, admin: AdminClient) -> None:
    requests.head(f"{server.url}/elsewhere", timeout=30)
    line = admin.request(1)["curl"]
    assert line == f"curl -sS -I {server.url}/elsewhere"
    done = subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30)
    assert b"404" in done.stdout
    assert admin.request(2)["method"] == "HEAD"


def test_a_wait_ends_with_the_call_it_waits_for(server: Server, admin: AdminClient) -> None:
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.extend(admin.requests(wait=60, count=2, page=2)))
    waiting.start()
    for page in (1, 2, 2):
        post(server, page=page)
    waiting.join()
    assert [call["n"] for call in found] == [3, 2]


@pytest.mark.parametrize("matchers", [{}, {"page": 1}])
def test_a_wait_since_a_call_is_for_those_that_come_later(
    server: Server, admin: AdminClient, matchers: dict[str, Any]
) -> None:
    post(server)
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.extend(admin.requests(wait=60, since=2, **matchers)))
    waiting.start()
    while not server.provider.journal.listeners and waiting.is_alive():
        waiting.join(0.01)
    post(server)
    waiting.join()
    assert [call["n"] for call in found] == [2]


@pytest.mark.parametrize("matchers", ["", "&page=1"])
def test_the_app_alone_waits_since_a_call_too(provider: Provider, matchers: str) -> None:
    client = create_app(provider).test_client()
    ask(provider, body())
    found: list[Any] = []
    address = f"/__admin/requests?wait=60&since=2{matchers}"
    waiting = threading.Thread(target=lambda: found.append(client.get(address).json))
    waiting.start()
    while not provider.journal.listeners and waiting.is_alive():
        waiting.join(0.01)
    ask(provider, body())
    waiting.join()
    assert [call["n"] for call in found[0]["requests"]] == [2]


def test_many_waits_hold_up_nothing_and_end_with_the_server(server: Server, admin: AdminClient) -> None:
    ended = []

    def wait() -> None:
        try:
            AdminClient(server.url).requests(wait=60, page=99)
        except OSError:
            ended.append(True)

    admin.health()
    threads = [threading.Thread(target=wait) for _ in range(25)]
    for thread in threads:
        thread.start()
    while server.provider.journal.listeners < 25:
        assert admin.health()["status"] == "ok"
    server.stop()
    for thread in threads:
        thread.join()
    assert len(ended) == 25


def test_a_reset_goes_back_to_the_start(server: Server, admin: AdminClient) -> None:
    before = admin.world()
    admin.move(DEMO_PROJECT, to="success")
    admin.put_faults({"fault": "delay"})
    admin.put_readings({"http_status": "200"})
    admin.advance(60)
    admin.add_merchant({"merchant_id": "M9", "secret_key": "made-up"})
    post(server)
    admin.reset()
    assert admin.world() == before
    assert admin.faults() == []
    assert admin.readings()["http_status"] == "rc"
    assert admin.clock()["now"] == NOW
    assert admin.health()["requests"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("PATCH", f"projects/{DEMO_PROJECT}/vouchers", {"t": "success"}, 422, "'to' is missing"),
        ("PATCH", f"projects/{DEMO_PROJECT}/vouchers", {"to": "done"}, 422, "expected one of 'pending'"),
        ("PATCH", f"projects/{DEMO_PROJECT}/vouchers", {"to": "success", "ids": [1]}, 404, "no voucher"),
        (
            "PATCH",
            f"projects/{DEMO_PROJECT}/vouchers",
            {"to": "success", "count": -1},
            422,
            "count: expected 0 or more",
        ),
        ("PATCH", "projects/nope/vouchers", {"to": "success"}, 404, "There is no project"),
        (
            "PATCH",
            f"projects/{DEMO_PROJECT}",
            {"plan": {"transition": "timed", "process_after": [9, 1]}},
            422,
            "plan.process_after",
        ),
        ("POST", "clock", {"advance": -1}, 422, "advance: expected 0 or more"),
        ("POST", "clock", {"state": "frozen", "advance": 1e10, "at": 253370764799}, 422, "1970 to 9998"),
        ("POST", "clock", {"at": 5}, 422, "state"),
        ("POST", "clock", {"advance": 1, "merchant_id": "nope"}, 404, "no merchant"),
        ("PUT", "faults", {"faults": [{"fault": "dely"}]}, 422, "did you mean 'delay'"),
        ("PUT", "faults", {"faults": [{"fault": "delay", "times": 1, "share": 0.5}]}, 422, "exclude each other"),
        ("PUT", "faults", {"faults": [{"fault": "html_502;times=3"}]}, 422, "a name alone; its options are keys"),
        ("PUT", "world", {"merchants": [{"merchant_id": "a/b", "secret_key": "x"}]}, 422, "merchant_id"),
        ("POST", "merchants", {"merchant_id": "..", "secret_key": "x"}, 422, "merchant_id: expected text that a path"),
        ("POST", "merchants", {"merchant_id": "%2e", "secret_key": "x"}, 422, "merchant_id: expected text that a path"),
        ("POST", f"merchants/{MERCHANT}/projects", {"project_id": "a/b"}, 422, "project_id: expected text that a path"),
        (
            "PATCH",
            f"projects/{DEMO_PROJECT}/vouchers/1",
            {"note": "x"},
            422,
            "'note' goes with 'to'; give it too, or leave 'note' out",
        ),
        ("PATCH", f"projects/{DEMO_PROJECT}", {"plan": 5}, 422, "plan: expected object or null, got integer"),
        ("PUT", "faults", {"faults": [{"fault": "delay"}] * 1001}, 422, "faults: expected at most 1000 items"),
        (
            "POST",
            f"merchants/{MERCHANT}/projects",
            {"project_id": "P", "vouchers": {"generate": {"count": 1, "nominal_gs": [1, 1]}}},
            422,
            "nominal_gs: an item appears twice; leave one out",
        ),
        ("POST", "merchants", {"merchant_id": MERCHANT, "secret_key": "x"}, 409, "already"),
        ("GET", "requests?pge=1", None, 400, "did you mean 'page'"),
        ("POST", "clock?merchant_id=nope", {"advance": 1}, 404, "no merchant"),
        ("POST", f"clock?merchant_id={MERCHANT}", {"advance": 1, "merchant_id": "M9"}, 422, "in the address"),
        ("GET", "faults?merchant_id=nope", None, 404, "no merchant"),
        ("GET", "faults?merchant=x", None, 400, "did you mean 'merchant_id'"),
        ("GET", f"projects/{DEMO_PROJECT}/vouchers?statuss=1", None, 400, "did you mean 'status'"),
        ("POST", "reset?all=1", {}, 400, "it takes merchant_id"),
        ("GET", "projects/%EF%BF%BD", None, 404, "There is no project '\ufffd'"),
        ("DELETE", f"requests?merchant_id={MERCHANT}", None, 400, "it takes none"),
        ("DELETE", "requests?wait=60&page=99", None, 400, "it takes none"),
        ("GET", "requests?wait=1&count=0", None, 400, "count: expected an integer"),
        ("GET", "requests?wait=60&count=9999999", None, 400, "count: expected an integer"),
        ("GET", "requests?count=abc", None, 400, "count: expected an integer"),
        ("GET", "requests?wait=1000", None, 400, "wait: expected seconds"),
        ("GET", "requests?signature=x", None, 400, "masked"),
        ("GET", "schemas/nope", None, 404, "no schema"),
        ("GET", "nope", None, 404, "openapi.json"),
        ("DELETE", "world", None, 405, "no such method"),
        ("GET", f"projects/{DEMO_PROJECT}/vouchers?page=x", None, 400, "page: expected an integer"),
        ("GET", f"projects/{DEMO_PROJECT}/vouchers?status=9", None, 400, "status: expected one of"),
    ],
)
def test_errors_are_problem_details_that_say_what_to_do(
    server: Server, method: str, path: str, body: object, status: int, said: str
) -> None:
    reply = requests.request(method, f"{server.url}/__admin/{path}", json=body, timeout=30)
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert (reply.status_code, problem["status"]) == (status, status)
    assert said in " ".join([problem["detail"], *problem.get("errors", [])])


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"NaN"])
def test_a_body_that_is_not_json_is_told_so(server: Server, content: bytes) -> None:
    for method, path in (("PUT", "world"), ("PUT", "readings"), ("POST", "clock")):
        reply = requests.request(
            method,
            f"{server.url}/__admin/{path}",
            data=content,
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        assert reply.status_code == 400, (method, path)
        assert "not JSON" in reply.json()["detail"]


def test_a_chunked_body_is_read_to_its_end(server: Server) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"adv'
        yield b'ance": 5}'

    headers = {"Content-Type": "application/json"}
    reply = requests.post(f"{server.url}/__admin/clock", data=parts(), headers=headers, timeout=30)
    assert reply.json()["now"] == NOW + 5


def test_a_world_may_be_larger_than_a_call(server: Server, admin: AdminClient) -> None:
    vouchers = [{"voucher_code": f"CODE{number:012d}", "note": "x" * 100} for number in range(12_000)]
    admin.put_world(
        {"merchants": [{"merchant_id": MERCHANT, "projects": [{"project_id": "BIG", "vouchers": vouchers}]}]}
    )
    assert post(server, projectid="BIG")["data"]["total_data"] == 12_000


def test_every_route_stands_in_the_openapi_document_and_no_other(server: Server) -> None:
    app = create_app(server.provider)
    routes = {
        (method.lower(), rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.")
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    }
    documented = {(operation.method, f"/__admin{operation.path}") for operation in ADMIN_CALLS}
    assert routes == documented


def test_the_documents_are_served_and_whole(server: Server) -> None:
    document = requests.get(f"{server.url}/__admin/openapi.json", timeout=30).json()
    assert document == json.loads(json.dumps(admin_openapi()))
    for name, component in document["components"]["schemas"].items():
        resolved = {**component, "components": document["components"]}
        jsonschema.Draft202012Validator.check_schema(component)
        if "examples" in component:
            for example in component["examples"]:
                assert not list(jsonschema.Draft202012Validator(resolved).iter_errors(example)), name
    for name in NAMES:
        assert requests.get(f"{server.url}/__admin/schemas/{name}", timeout=30).json()["$id"].endswith(name)


def test_every_reply_fits_its_schema(server: Server) -> None:
    post(server)
    post(server, signature="x")
    values = {"merchant_id": MERCHANT, "project_id": DEMO_PROJECT, "voucher_id": "23593", "n": "2", "name": "admin"}
    for operation in ADMIN_CALLS:
        if operation.method != "get" or operation.gives is None or operation.gives.startswith(":"):
            continue
        path = operation.path.format(**values)
        reply = requests.get(f"{server.url}/__admin{path}", timeout=30)
        assert reply.status_code == 200, path
        assert validator(admin_schema(operation.gives)).is_valid(reply.json()), (path, reply.text[:300])


def test_a_name_stays_known_when_one_of_its_projects_is_renamed(server: Server, admin: AdminClient) -> None:
    admin.put_readings({"project_match": "project_id_or_name"})
    for project_id in ("A1", "A2"):
        admin.add_project(MERCHANT, {"project_id": project_id, "project_name": "Twice"})
    renamed = requests.patch(f"{server.url}/__admin/projects/A2", json={"project_name": "Once"}, timeout=30)
    assert renamed.json()["project_name"] == "Once"
    assert [post(server, projectid=name)["data"]["data"]["project_id"] for name in ("Twice", "Once")] == ["A1", "A2"]
