"""What the admin side says and changes of submissions, asked in the same process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES, encode_codes
from mockserver.contract.schemas import validator
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER
from mockserver.web.admin.wire import admin_schema
from mockserver.web.app import create_app
from tests.support.asking import MERCHANT, NOW, SECRET

CODES = ("VCRA11BB22CC33", "VCRD44EE55FF66")
SUBMIT = REDEEM_BULK.path_of(MERCHANT)


@pytest.fixture
def client(provider: Provider) -> FlaskClient:
    return create_app(provider).test_client()


def submit(client: FlaskClient, codes: Sequence[str] = CODES, *, fault: str | None = None, **changed: Any) -> Any:
    """Submit a list; return the decoded reply, None for one that is no JSON."""
    sent = {"kode_voucher": encode_codes([*codes]), "signature": sign(MERCHANT, SECRET), **changed}
    reply = client.post(SUBMIT, json=sent, headers={} if fault is None else {FAULT_HEADER: fault})
    return json.loads(reply.data) if reply.data.startswith(b"{") and reply.data.endswith(b"}") else None


def admin(client: FlaskClient, method: str, path: str, body: object = None, status: int = 200) -> Any:
    """Make an admin call and return the decoded reply, which has this status."""
    sent = {} if body is None else {"json": body}
    reply = client.open(f"/__admin/{path}", method=method, **sent)  # type: ignore[arg-type] # by its name
    assert reply.status_code == status, reply.data
    return json.loads(reply.data)


def put_faults(client: FlaskClient, *rules: dict[str, Any], status: int = 200) -> Any:
    return admin(client, "PUT", "faults", {"faults": [*rules]}, status).get("faults")


@pytest.mark.parametrize("state", VENDOR_STATES)
def test_a_merchant_is_set_to_a_state_of_the_vendor_and_back(client: FlaskClient, state: str) -> None:
    address = f"merchants/{MERCHANT}"
    assert admin(client, "GET", address)["vendor_state"] is None
    assert admin(client, "PATCH", address, {"vendor_state": state})["vendor_state"] == state
    assert submit(client)["error_msg"] == REDEEM_BULK.error_of[state].error_msg
    world = admin(client, "GET", "world")
    assert world["merchants"][0]["vendor_state"] == state
    admin(client, "POST", "reset", {})
    assert admin(client, "GET", address)["vendor_state"] is None
    assert admin(client, "PUT", "world", world) == world
    assert submit(client)["rc"] == 500
    admin(client, "PATCH", address, {"vendor_state": None})
    assert submit(client)["rc"] == 0


@pytest.mark.parametrize("sent", [{"vendor_state": "closed"}, {}, {"vendor_state": "maintenance", "more": 1}])
def test_another_change_of_a_merchant_is_refused(client: FlaskClient, sent: dict[str, Any]) -> None:
    admin(client, "PATCH", f"merchants/{MERCHANT}", sent, 422)
    admin(client, "PATCH", "merchants/nobody", {"vendor_state": None}, 404)


def test_a_new_merchant_may_have_a_state_of_the_vendor(client: FlaskClient) -> None:
    made = admin(client, "POST", "merchants", {"vendor_state": "account"}, 201)
    assert made["vendor_state"] == "account"
    sent = {"kode_voucher": encode_codes([*CODES]), "signature": sign(made["merchant_id"], made["secret_key"])}
    reply = client.post(REDEEM_BULK.path_of(made["merchant_id"]), json=sent)
    assert json.loads(reply.data)["error_msg"] == "Error getting account info from KiosGamer"


def test_a_rule_loses_a_submission_before_it_is_carried_out(client: FlaskClient) -> None:
    rule = {"fault": "html_502", "times": 1, "operation": "redeem_bulk"}
    assert put_faults(client, {**rule, "carried_out": False}) == [
        {"fault": "html_502", "carried_out": False, "times": 1, "operation": "redeem_bulk", "hit": 0, "left": 1}
    ]
    assert submit(client) is None
    assert submit(client)["rc"] == 0
    assert "carried_out" not in put_faults(client, {**rule, "carried_out": True})[0]
    assert submit(client, ["LATER1"]) is None
    assert submit(client, ["LATER1"])["error_msg"] == REDEEM_BULK.error_of["duplicate"].error_msg
    put_faults(client, {**rule, "carried_out": 0}, status=422)


def listed(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin(client, "GET", f"submissions{query}")["submissions"]
    return found


def test_what_became_of_each_submission_is_listed_and_no_code(client: FlaskClient) -> None:
    assert admin(client, "GET", "submissions") == {"submissions": [], "total": 0}
    first = submit(client)["data"]["project_id"]
    submit(client)
    submit(client, ["A1", "B2", "C3"], fault="close_before")
    submit(client, ["A4"], fault="html_502; carried_out=0")
    submit(client, kode_voucher="%%")
    submit(client, ["A5"], fault="delay; seconds=0.001")
    admin(client, "PATCH", f"projects/{first}/vouchers", {"to": "success", "count": 1})
    found = listed(client)
    parts = ("n", "outcome", "codes", "clause", "fault", "reply")
    assert [tuple(one[part] for part in parts) for one in found] == [
        (6, "accepted", 1, None, "delay", "late"),
        (5, "refused", None, "BULK-ERR-4", None, "sent"),
        (4, "not_carried_out", 1, None, "html_502", "lost"),
        (3, "accepted", 3, None, "close_before", "lost"),
        (2, "refused", 2, "BULK-ERR-10", None, "sent"),
        (1, "accepted", 2, None, None, "sent"),
    ]
    assert [(one["stats"] or {}).get("pending") for one in found] == [1, None, None, 3, None, 1]
    assert found[-1]["project_id"] == first
    assert {one["at"] for one in found} == {NOW}
    assert {one["merchant_id"] for one in found} == {MERCHANT}
    assert not any(code in json.dumps(found) for code in CODES)
    assert validator(admin_schema("submissions-view")).is_valid(admin(client, "GET", "submissions"))


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        ("slow_body; seconds=0.001", "late"),
        ("close_before", "lost"),
        ("close_middle", "lost"),
        ("truncated_json", "lost"),
        ("empty_body", "lost"),
        ("html_504", "lost"),
        ("wrong_length", "lost"),
        ("wrong_content_type", "sent"),
    ],
)
def test_how_the_reply_of_an_accepted_one_fared(client: FlaskClient, fault: str, reply: str) -> None:
    submit(client, fault=fault)
    (one,) = listed(client)
    assert (one["outcome"], one["reply"]) == ("accepted", reply)
    assert admin(client, "GET", f"projects/{one['project_id']}")["total_voucher"] == len(CODES)


def test_an_accepted_one_is_listed_still_when_its_call_is_forgotten_and_in_another_mock(client: FlaskClient) -> None:
    project_id = submit(client)["data"]["project_id"]
    submit(client)
    admin(client, "DELETE", "requests")
    (one,) = listed(client)
    assert (one["project_id"], one["n"], one["reply"], one["codes"]) == (project_id, None, None, 2)
    kept = admin(client, "GET", "world")
    admin(client, "POST", "reset", {})
    assert listed(client) == []
    admin(client, "PUT", "world", kept)
    assert listed(client) == [one]


def test_one_whose_project_was_removed_says_so(client: FlaskClient) -> None:
    project_id = submit(client)["data"]["project_id"]
    admin(client, "DELETE", f"projects/{project_id}")
    assert [(one["outcome"], one["project_id"], one["stats"]) for one in listed(client)] == [
        ("accepted", project_id, None)
    ]


def test_the_list_is_of_one_merchant_or_of_the_newest(client: FlaskClient) -> None:
    made = admin(client, "POST", "merchants", {}, 201)
    sent = {"kode_voucher": encode_codes([*CODES]), "signature": sign(made["merchant_id"], made["secret_key"])}
    client.post(REDEEM_BULK.path_of(made["merchant_id"]), json=sent)
    submit(client)
    submit(client)
    assert [one["n"] for one in listed(client, f"?merchant_id={made['merchant_id']}")] == [1]
    assert [one["n"] for one in listed(client, f"?merchant_id={MERCHANT}")] == [3, 2]
    assert admin(client, "GET", "submissions?newest=1")["total"] == 3
    assert [one["n"] for one in listed(client, "?newest=1")] == [3]
    admin(client, "GET", "submissions?merchant_id=nobody", status=404)
    admin(client, "GET", "submissions?newest=0", status=400)


def test_the_line_to_repeat_a_submission_has_a_variable_in_place_of_the_list(client: FlaskClient) -> None:
    submit(client)
    shown = admin(client, "GET", "requests/1")
    assert shown["fields"]["kode_voucher"] == "*** (2 codes)"
    data = """'{"kode_voucher": "'"$KODE_VOUCHER"'", "signature": "'"$SIGNATURE"'"}'"""
    assert shown["curl"].endswith(f"--data-raw {data}")
