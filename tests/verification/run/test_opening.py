"""The first call: what a target shows by it, and what is found out when it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.contract import near_misses
from mockserver.contract.readings import Readings
from mockserver.verification.credentials import Credentials
from mockserver.verification.live_guard import Limits
from mockserver.verification.run.opening import MADE_UP_SESSION_KEY, open_run
from mockserver.verification.run.record import Aborted
from mockserver.verification.run.run import Run
from mockserver.verification.target import Failure, NoReply, RawReply
from tests.support.targets import LIVE, ScriptedTarget, failure, reply, run_at
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET, Call, a_world, right_signature


def test_a_success_shows_how_many_vouchers_there_are_and_that_no_session_key_is_needed() -> None:
    run = run_at(ScriptedTarget(world=a_world(137)))
    open_run(run)
    assert (run.total, run.project_number) == (137, 5847)
    assert run.record.observations.left("session_key") == {"optional"}
    assert not run.record.broken


def test_a_session_key_is_made_up_where_one_is_required() -> None:
    run = run_at(ScriptedTarget(readings=Readings.of({"session_key": "required"})))
    open_run(run)
    assert run.caller.session_key == MADE_UP_SESSION_KEY
    assert run.record.observations.left("session_key") == {"required"}


def test_a_project_given_by_its_name_is_followed() -> None:
    run = run_at(ScriptedTarget(readings=Readings.of({"project_match": "project_id_or_name"})))
    run.caller.credentials = Credentials(MERCHANT, SECRET, NAME)
    open_run(run)
    assert (run.caller.credentials.project_id, run.caller.credentials.project_name) == (PROJECT, NAME)
    assert run.record.observations.left("project_match") == {"project_id_or_name"}


def other_project(call: Call) -> Any:
    body = call.reply()
    if body["status"]:
        body["data"]["data"]["project_id"] = "R0"
    return 200, json.dumps(body).encode()


def signed_with(name: str) -> Callable[[Call], Any]:
    def broken(call: Call) -> Any:
        wanted = near_misses.ALL[name](MERCHANT, SECRET)
        return call.honest(signature=right_signature() if call.fields.get("signature") == wanted else "no")

    return broken


def english(call: Call) -> Any:
    return 200, json.dumps({**call.reply(), "message": "List of vouchers"}).encode()


# What answers the first call, what the run ends with, and what is blamed.
ENDS: list[tuple[str, Any, str, list[tuple[str, str]]]] = [
    ("unreachable", failure(Failure.UNREACHABLE), "no_reply", []),
    ("times out", failure(Failure.TIMEOUT), "no_reply", []),
    ("503", reply(503), "no_reply", []),
    ("redirects", reply(301), "no_reply", []),
    ("another server's 404", reply(404), "not_the_endpoint", []),
    ("a page of HTML", reply(200), "first_call_undocumented", [("not_json", "RES-1")]),
    ("ERR-2", reply(500, b'{"status":0,"rc":500,"error_msg":"Merchant not found"}'), "unknown_to_target", []),
    ("ERR-4", reply(500, b'{"status":0,"rc":500,"error_msg":"Project ID tidak ditemukan"}'), "unknown_to_target", []),
    ("ERR-3", reply(500, b'{"status":0,"rc":500,"error_msg":"Signature Not Valid"}'), "signature_refused", []),
    (
        "ERR-1",
        reply(400, b'{"status":0,"rc":400,"error_msg":"Data JSON tidak valid"}'),
        "first_call_undocumented",
        [("documented_request_refused", "REQ-3")],
    ),
    (
        "an error of its own",
        reply(500, b'{"status":0,"rc":500,"error_msg":"Redem sedang maintenance"}'),
        "first_call_undocumented",
        [("shape", "ERR-5")],
    ),
    (
        "an error whose rc is a float",
        reply(500, b'{"status":0,"rc":500.0,"error_msg":"Merchant not found"}'),
        "first_call_undocumented",
        [("undocumented_reply", "ERR-5")],
    ),
    ("sha256", signed_with("sha256"), "signs_otherwise", [("other_formula", "REQ-2")]),
    ("another message", english, "not_in_form", [("shape", "RES-1")]),
]


@pytest.mark.parametrize(("name", "answer", "reason", "blamed"), ENDS, ids=[name for name, *_ in ENDS])
def test_a_first_call_that_is_not_answered_as_documented_ends_the_run(
    name: str, answer: Any, reason: str, blamed: list[tuple[str, str]]
) -> None:
    is_scripted = isinstance(answer, (RawReply, NoReply))
    target = ScriptedTarget(lambda call: answer) if is_scripted else ScriptedTarget(broken=answer)
    run = run_at(target)
    with pytest.raises(Aborted) as aborted:
        open_run(run)
    assert aborted.value.reason.kind == reason
    assert [(item.violation.kind, item.violation.clause) for item in run.record.broken] == blamed


def test_a_wrong_echo_of_the_project_is_blamed_and_the_run_goes_on() -> None:
    run = run_at(ScriptedTarget(broken=other_project))
    open_run(run)
    assert "project_id" in {item.violation.kind for item in run.record.broken}
    assert run.total == 37


def test_few_wrong_signatures_are_tried_at_a_live_target() -> None:
    refused = reply(500, b'{"status":0,"rc":500,"error_msg":"Signature Not Valid"}')
    target = ScriptedTarget(lambda call: refused)
    local = run_at(target)
    run = Run(target, local.caller.credentials, Limits.of(LIVE), pace=local.pace)
    with pytest.raises(Aborted):
        open_run(run)
    assert len(target.sent) == 10
