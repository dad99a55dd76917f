"""What a target makes of a call that is a little different."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.readings import Readings
from mockserver.verification.credentials import Credentials
from mockserver.verification.laws.requests import (
    a_project_by_its_name,
    the_session_key_left_out,
    what_is_left_out_is_the_first_page_of_thirty,
)
from mockserver.verification.run.opening import open_run
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run
from tests.support.targets import ScriptedTarget, run_at
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET, Call, a_world


def opened(target: ScriptedTarget, *, name: str | None = NAME, session: str | None = None) -> Run:
    run = run_at(target)
    run.caller.credentials = Credentials(MERCHANT, SECRET, PROJECT, session, name)
    run.caller.session_key = session
    open_run(run)
    return run


def broken(run: Run) -> list[tuple[str, str]]:
    return [(item.violation.kind, item.violation.clause) for item in run.record.broken]


@pytest.mark.parametrize("value", ["optional", "required"])
def test_a_call_without_the_session_key_shows_whether_it_must_be_there(value: str) -> None:
    run = opened(ScriptedTarget(readings=Readings.of({"session_key": value})), session="mine")
    the_session_key_left_out(run)
    assert run.record.observations.left("session_key") == {value}
    assert broken(run) == []


def test_a_session_key_left_out_is_no_other_error() -> None:
    def refuses(call: Call) -> Any:
        return call.honest() if "session_key" in call.fields else call.honest(projectid="R0")

    run = opened(ScriptedTarget(broken=refuses), session="mine")
    the_session_key_left_out(run)
    assert broken(run) == [("session_key_left_out", "REQ-1")]


def test_a_run_without_a_session_key_asks_no_second_time() -> None:
    target = ScriptedTarget()
    run = opened(target)
    before = len(target.sent)
    the_session_key_left_out(run)
    assert len(target.sent) == before


@pytest.mark.parametrize("value", ["project_id", "project_id_or_name"])
def test_a_project_is_or_is_not_found_by_its_name(value: str) -> None:
    run = opened(ScriptedTarget(readings=Readings.of({"project_match": value})))
    a_project_by_its_name(run)
    assert run.record.observations.left("project_match") == {value}


def test_a_name_that_finds_another_project_is_a_violation() -> None:
    def other(call: Call) -> Any:
        if call.fields.get("projectid") != NAME:
            return call.honest()
        body = call.reply(projectid=PROJECT)
        body["data"]["data"]["project_id"] = "R999999OTHE000001"
        for voucher in body["data"]["data"]["vouchers"]:
            voucher["project_id"] = "R999999OTHE000001"
        return 200, json.dumps(body).encode()

    run = opened(ScriptedTarget(broken=other))
    a_project_by_its_name(run)
    assert broken(run) == [("other_project_by_name", "REQ-3")]


def test_a_name_that_nobody_knows_cannot_be_asked_for() -> None:
    with pytest.raises(Inconclusive) as why:
        a_project_by_its_name(opened(ScriptedTarget(), name=None))
    assert why.value.reason.kind == "no_project_name"


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"limit": 10}, ["default_page"]),
        ({"status": "1"}, ["default_page"]),
        ({"page": 2}, ["default_page", "current_page"]),
    ],
)
def test_what_is_left_out_is_page_1_of_30_without_a_filter(changes: dict[str, Any], kinds: list[str]) -> None:
    def defaults(call: Call) -> Any:
        return call.honest(**changes) if call.fields and "limit" not in call.fields else call.honest()

    run = opened(ScriptedTarget(broken=defaults, world=a_world(137)))
    what_is_left_out_is_the_first_page_of_thirty(run)
    assert set(kinds) <= {kind for kind, _ in broken(run)}
    assert bool(broken(run)) is bool(kinds)
