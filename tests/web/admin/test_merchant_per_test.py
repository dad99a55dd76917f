"""A merchant for each test, in any language: made up, removed and reset over HTTP, beside the others."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world_file import built_in_world
from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, NOW, PAGE_PROJECT, PATH, SECRET, call
from tests.support.examples import examples

# What is told of one; its secrets are told once, where they are made up.
OF_A_MERCHANT = {"merchant_id", "vendor_state", "projects"}


@pytest.fixture
def admin(server: Server) -> AdminClient:
    return AdminClient(server.url)


def status_call(server: Server, merchant_id: str, secret_key: str, project_id: str) -> dict[str, Any]:
    asked = {"projectid": project_id, "signature": sign(merchant_id, secret_key)}
    reply: dict[str, Any] = requests.post(
        server.url + PATH.replace(MERCHANT, merchant_id), json=asked, timeout=30
    ).json()
    return reply


@pytest.mark.parametrize(
    "sent",
    [{}, {"json": {}}, {"json": []}, {"headers": {"Content-Type": "application/json"}}],
    ids=["nothing", "object", "as PHP writes an empty array", "no body"],
)
def test_an_empty_body_makes_up_a_merchant(server: Server, sent: dict[str, Any]) -> None:
    reply = requests.post(f"{server.url}/__admin/merchants", timeout=30, **sent)
    made = reply.json()
    assert (reply.status_code, set(made)) == (201, {*OF_A_MERCHANT, "secret_key", "session_key"})
    assert re.fullmatch(r"M\d{6}[A-Z]{4}\d{4}[A-Z]", made["merchant_id"])
    assert reply.headers["location"] == f"/__admin/merchants/{made['merchant_id']}"
    project = requests.post(server.url + reply.headers["location"] + "/projects", timeout=30)
    assert (project.status_code, project.json()["total_voucher"]) == (201, 0)
    project_id = project.json()["project_id"]
    assert re.fullmatch(r"R\d{6}[A-Z]{4}\d{6}", project_id)
    assert status_call(server, made["merchant_id"], made["secret_key"], project_id)["rc"] == 200


def test_from_a_shell_too(server: Server) -> None:
    line = f"curl -sS -X POST {server.url}/__admin/merchants"
    made = json.loads(subprocess.run(line.split(), capture_output=True, timeout=30, check=True).stdout)
    line = f"curl -sS -X DELETE {server.url}/__admin/merchants/{made['merchant_id']}"
    assert subprocess.run(line.split(), capture_output=True, timeout=30, check=True).stdout == b"{}"


def test_what_is_left_out_is_made_up_and_what_is_sent_stays(server: Server, admin: AdminClient) -> None:
    projects = [{"vouchers": {"generate": {"count": 3}}}, {"project_id": "MINE"}]
    made = admin.add_merchant({"merchant_id": "M9", "projects": projects})
    assert [(one["project_id"] == "MINE", one["total_voucher"]) for one in made["projects"]] == [(False, 3), (True, 0)]
    assert status_call(server, "M9", made["secret_key"], "MINE")["rc"] == 200
    sent = admin.add_merchant({"secret_key": "sent-by-me"})
    assert set(sent) == OF_A_MERCHANT
    assert "sent-by-me" not in json.dumps(sent)


def test_made_up_secrets_are_told_once(server: Server, admin: AdminClient) -> None:
    made = admin.add_merchant()
    for path in ("/merchants", f"/merchants/{made['merchant_id']}", "/world", "/"):
        shown = requests.get(f"{server.url}/__admin{path}", timeout=30).text
        assert made["merchant_id"] in shown or path == "/"
        assert made["secret_key"] not in shown


def test_a_merchant_that_was_removed_is_unknown_and_its_rules_are_gone(server: Server, admin: AdminClient) -> None:
    made = admin.add_merchant({"projects": [{"project_id": "P9"}]})
    merchant_id = made["merchant_id"]
    admin.put_faults({"fault": "html_502"}, merchant_id=merchant_id)
    admin.put_faults({"fault": "delay", "share": 0}, merchant_id=MERCHANT)
    admin.remove_merchant(merchant_id)
    assert status_call(server, merchant_id, made["secret_key"], "P9")["error_msg"] == "Merchant not found"
    assert [rule["merchant_id"] for rule in admin.faults()] == [MERCHANT]
    for act in (
        lambda: admin.remove_merchant(merchant_id),
        lambda: admin.reset(merchant_id),
        lambda: admin.project("P9"),
    ):
        with pytest.raises(AdminProblem) as raised:
            act()
        assert raised.value.status == 404
    assert [one["merchant_id"] for one in admin.merchants()] == [MERCHANT]


@pytest.mark.parametrize("name", [DEMO_PROJECT, "5848"])
def test_a_project_that_was_removed_is_unknown(server: Server, admin: AdminClient, name: str) -> None:
    number = admin.project(DEMO_PROJECT)["id"]
    admin.remove_project(DEMO_PROJECT if name == DEMO_PROJECT else str(number))
    assert status_call(server, MERCHANT, SECRET, DEMO_PROJECT)["error_msg"] == "Project ID tidak ditemukan"
    assert [one["project_id"] for one in admin.projects()] == [PAGE_PROJECT]
    with pytest.raises(AdminProblem, match="There is no project"):
        admin.remove_project(DEMO_PROJECT)
    admin.reset()
    assert len(admin.projects()) == 2


def change_everything(server: Server, admin: AdminClient, merchant_id: str, project_id: str) -> None:
    """Leave nothing of a merchant as it was."""
    admin.move(project_id, to="success")
    admin.add_project(merchant_id)
    admin.freeze(NOW + 3600, merchant_id)
    admin.put_readings({"http_status": "200"}, merchant_id)
    admin.put_faults({"fault": "delay", "share": 0}, merchant_id=merchant_id)
    requests.post(server.url + PATH.replace(MERCHANT, merchant_id), json={}, timeout=30)


def shown(admin: AdminClient, merchant_id: str) -> list[Any]:
    """What can be seen of a merchant."""
    return [
        admin.merchant(merchant_id),
        admin.clock(merchant_id),
        admin.readings(merchant_id),
        admin.faults(merchant_id),
        [(call["n"], call["rc"]) for call in admin.requests(merchant_id=merchant_id)],
    ]


def test_a_reset_of_one_merchant_leaves_the_others(server: Server, admin: AdminClient) -> None:
    added = admin.add_merchant({"projects": [{"project_id": "P9", "vouchers": {"generate": {"count": 3}}}]})[
        "merchant_id"
    ]
    before = {one: shown(admin, one) for one in (MERCHANT, added)}
    change_everything(server, admin, MERCHANT, DEMO_PROJECT)
    change_everything(server, admin, added, "P9")
    changed = {one: shown(admin, one) for one in (MERCHANT, added)}
    for now, was in zip(changed[MERCHANT], before[MERCHANT], strict=True):
        assert now != was
    admin.reset(added)
    assert {one: shown(admin, one) for one in (MERCHANT, added)} == {MERCHANT: changed[MERCHANT], added: before[added]}
    admin.reset(MERCHANT)
    assert {one: shown(admin, one) for one in (MERCHANT, added)} == before
    assert admin.health()["requests"] == 2


def test_a_merchant_goes_back_to_the_start_or_to_how_it_was_added() -> None:
    rules = [Rule(Fault("delay"), share=0.0, merchant_id=MERCHANT), Rule(Fault("delay"), share=0.0)]
    provider = Provider(built_in_world(Readings(), FrozenClock(NOW)), clock=FrozenClock(NOW), rules=rules)
    start = provider.store.snapshot()
    own = Readings.of({"http_status": "200"})
    provider.add_merchant(start.merchants[0], own)
    provider.put_world(start)
    assert provider.readings_of(MERCHANT) == own
    stored = provider.store.merchant(MERCHANT)
    assert stored is not None
    stored.readings = None
    stored.remove_project(DEMO_PROJECT)
    provider.faults.clear()
    provider.reset_merchant(MERCHANT)
    assert provider.store.snapshot() == start
    assert provider.readings_of(MERCHANT) == own
    assert [state.rule for state in provider.faults.states()] == rules[:1]
    provider.reset_merchant("nobody's")


@given(st.lists(st.sampled_from("ABC"), max_size=12), st.sampled_from("ABC"))
@settings(max_examples=examples(30))
def test_what_is_forgotten_of_one_merchant_leaves_the_numbers_of_the_others(order: list[str], gone: str) -> None:
    provider = Provider(built_in_world(Readings(), FrozenClock(NOW)))
    for merchant_id in order:
        call(provider, b"{}", merchant_id=merchant_id)
    provider.journal.forget(gone)
    left = {n: merchant_id for n, merchant_id in enumerate(order, 1) if merchant_id != gone}
    for n in range(len(order) + 2):
        kept = provider.journal.kept(n)
        assert (None if kept is None else kept.call.merchant_id) == left.get(n)
    assert [entry.n for entry in provider.journal.entries()] == list(left)
    call(provider, b"{}")
    assert provider.journal.entries()[-1].n == len(order) + 1


def test_a_reset_without_a_merchant_is_of_everything(server: Server, admin: AdminClient) -> None:
    admin.add_merchant()
    assert requests.post(f"{server.url}/__admin/reset?merchant_id=nobody", timeout=30).status_code == 404
    assert len(admin.merchants()) == 2
    assert requests.post(f"{server.url}/__admin/reset", timeout=30).json() == {}
    assert len(admin.merchants()) == 1
