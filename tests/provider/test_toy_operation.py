"""An operation that only this module knows is served, journaled, matched, documented, validated, doctored and doubled.

Nothing in the package is told of it but by what a provider is given: that is the proof that nothing there is written
for one operation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import jsonschema_rs
import pytest
import requests
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mockserver import FakeMerchant, FakeServer, MatcherError
from mockserver.cli.serve.banner import Served, write_banner
from mockserver.cli.serve.request_log import RequestLog
from mockserver.contract.openapi import openapi
from mockserver.contract.operation import JSON, ClosedSet, DocumentedError, Field, Operation, Operations, Success
from mockserver.contract.readings import Readings
from mockserver.contract.schemas import error_document, request_document, request_schema, validator
from mockserver.provider.faults.faults import Fault, FaultError
from mockserver.provider.faults.forcing import Reserved, forced_by_text
from mockserver.provider.faults.rules import Rule
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.parsing import parse_fields
from mockserver.provider.operations.project_detail import ProjectDetail
from mockserver.provider.provider import Provider
from mockserver.provider.refusal import FieldMissing, Refusal
from mockserver.provider.reply import Reply, success_reply
from mockserver.provider.request import DOCTOR_HEADER, FAULT_HEADER, Request
from mockserver.provider.state.clock import Clock, FrozenClock
from mockserver.provider.state.store import Store
from mockserver.provider.state.world_file import built_in_world
from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.testing.doubles.in_process import UndocumentedCall
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, NOW, PATH, SECRET, fields

ACCOUNT = "account"
TOY = Operation(
    name="toy_balance",
    method="POST",
    path="/toy/{merchant_id}/balance",
    summary="Tell the balance of an account",
    request_clause="TOY-REQ-1",
    request_title="Request for a balance",
    fields=(
        Field(
            name="account",
            json_type="string",
            clause="TOY-REQ-2",
            description="TOY-REQ-2: which account.",
            example="main",
            closed_set=ClosedSet("account", lambda _: ("main", "spare"), frozenset({"main", "spare"})),
            meant_by=("acc",),
        ),
        Field(
            name="days",
            json_type="integer",
            clause="TOY-REQ-2",
            description="TOY-REQ-2: of how many days.",
            example=7,
            default=1,
            minimum=1,
        ),
    ),
    errors=(
        DocumentedError(JSON, "TOY-ERR-1", 400, "No such question"),
        DocumentedError(ACCOUNT, "TOY-ERR-2", 500, "No account"),
    ),
    success=Success(
        "TOY-RES-1",
        0,
        "Balance",
        {
            "type": "object",
            "properties": {
                "status": {"const": 1},
                "rc": {"const": 0},
                "message": {"const": "Balance"},
                "data": {"type": "object", "properties": {"balance": {"type": "integer"}}, "required": ["balance"]},
                "ts": {"type": "integer"},
            },
            "required": ["status", "rc", "message", "data", "ts"],
            "additionalProperties": False,
        },
    ),
    clauses={
        "TOY-REQ-1": "One JSON object.",
        "TOY-REQ-2": "account names one, days counts from 1.",
        "TOY-ERR-1": "Anything else.",
        "TOY-ERR-2": "No account was named.",
        "TOY-RES-1": "The balance.",
    },
    schema_prefix="toy-",
)
TOY_PATH = f"/toy/{MERCHANT}/balance"
GOOD = b'{"account":"main","days":3}'


class Toy(Handler[Mapping[str, Any]]):
    operation = TOY

    def check(self, merchant_id: str, body: bytes, store: Store, readings: Readings) -> Mapping[str, Any]:
        # Before the parser, to which no reserved text is the name of an account.
        text = json.loads(body).get("account") if b"RMOCK" in body else None
        if isinstance(text, str) and forced_by_text(text, TOY) is not None:
            return {"reserved": text}
        sent = parse_fields(body, TOY, readings)
        if "account" not in sent:
            raise Refusal(ACCOUNT, FieldMissing("account"))
        return sent

    def carry_out(self, checked: Mapping[str, Any], readings: Readings, clock: Clock) -> Reply:
        return success_reply(TOY.success, {"balance": checked.get("days", 1) * 100}, int(clock.now()))

    def reserved(self, checked: Mapping[str, Any]) -> Reserved | None:
        return Reserved(checked["reserved"], "account") if "reserved" in checked else None


HANDLERS = (ProjectDetail(), Toy())
BOTH = Operations(one.operation for one in HANDLERS)


def provider_of_both(**options: Any) -> Provider:
    clock = FrozenClock(NOW)
    return Provider(built_in_world(Readings(), clock), clock=clock, handlers=HANDLERS, **options)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(provider_of_both(doctor_header=True)) as running:
        yield running


def ask(server: Server, content: bytes = GOOD, *, forced: str | None = None) -> requests.Response:
    headers = {} if forced is None else {FAULT_HEADER: forced}
    return requests.post(server.url + TOY_PATH, data=content, headers=headers, timeout=30)


def test_it_is_served_over_http_beside_the_status_call(server: Server) -> None:
    reply = ask(server)
    assert reply.status_code == 200
    assert reply.json() == {"status": 1, "rc": 0, "message": "Balance", "data": {"balance": 300}, "ts": NOW}
    assert requests.post(server.url + PATH, json=fields(), timeout=30).json()["rc"] == 200


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"{", {"status": 0, "rc": 400, "error_msg": "No such question"}),
        (b'{"account":"main","days":0}', {"status": 0, "rc": 400, "error_msg": "No such question"}),
        (b'{"account":5}', {"status": 0, "rc": 400, "error_msg": "No such question"}),
        (b'{"account":"other"}', {"status": 0, "rc": 400, "error_msg": "No such question"}),
        (b'{"days":2}', {"status": 0, "rc": 500, "error_msg": "No account"}),
    ],
)
def test_its_errors_are_those_of_its_own(server: Server, content: bytes, error: dict[str, Any]) -> None:
    reply = ask(server, content)
    assert (reply.status_code, reply.json()) == (error["rc"], error)


def test_the_gate_names_every_operation(server: Server) -> None:
    reply = requests.post(f"{server.url}/nowhere", timeout=30)
    assert f"POST {TOY.path}" in reply.json()["error_msg"]
    assert "POST /merchant/{merchant_id}/kiosgamer/project/detail" in reply.json()["error_msg"]
    reply = requests.get(server.url + TOY_PATH, timeout=30)
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert reply.json()["error_msg"] == f"Method GET not allowed: expected POST {TOY.path}"


def test_it_is_journaled_and_matched(server: Server) -> None:
    for content in (GOOD, b'{"days":2}', b"{"):
        ask(server, content)
    requests.post(server.url + PATH, json=fields(), timeout=30)
    journal = server.provider.journal
    first = journal.entries()[0]
    assert (first.operation, first.merchant_id, first.role, first.clause) == (
        "toy_balance", MERCHANT, "success", "TOY-RES-1",
    )  # fmt: skip
    assert first.asked == first.fields == {"account": "main", "days": 3}

    def numbers(**matchers: Any) -> list[int]:
        return [entry.n for entry in journal.find(**matchers)]

    assert numbers(operation="toy_balance") == [1, 2, 3]
    assert numbers(operation="project_detail", page=1) == [4]
    assert numbers(days=3) == [1]
    assert numbers(account=None, operation="toy_balance") == [2, 3]
    assert numbers(role="account") == [2]
    assert numbers(role="json") == [3]
    with pytest.raises(MatcherError, match="did you mean 'account'"):
        numbers(acount="main")


def test_the_admin_side_knows_it(server: Server) -> None:
    ask(server)
    admin = AdminClient(server.url)
    (shown,) = admin.requests(operation="toy_balance", days=3)
    assert (shown["operation"], shown["role"]) == ("toy_balance", "success")
    parameters = admin.openapi()["paths"]["/__admin/requests"]["get"]["parameters"]
    assert {"account", "days", "projectid"} <= {one["name"] for one in parameters}
    page = requests.get(f"{server.url}/__admin/", timeout=30).text
    assert "toy_balance" in page
    for name, value in (("account", "main"), ("days", "3")):
        assert f'<span class="dim">{name}</span> {value}' in page


def test_faults_hit_one_operation(server: Server) -> None:
    AdminClient(server.url).put_faults({"fault": "html_502", "operation": "toy_balance"})
    assert ask(server).status_code == 502
    assert requests.post(server.url + PATH, json=fields(), timeout=30).status_code == 200
    (state,) = AdminClient(server.url).faults()
    assert (state["operation"], state["hit"]) == ("toy_balance", 1)
    with pytest.raises(AdminProblem, match="did you mean 'toy_balance'"):
        AdminClient(server.url).put_faults({"fault": "html_502", "operation": "toy_balence"})
    with pytest.raises(FaultError, match="there is no operation 'nope'"):
        provider_of_both(rules=[Rule(Fault("delay"), operation="nope")])


def test_its_errors_are_forced_by_header_and_by_reserved_text(server: Server) -> None:
    assert ask(server, forced="TOY-ERR-2").json()["error_msg"] == "No account"
    assert ask(server, forced="html_503").status_code == 503
    assert "no fault 'err_3'" in ask(server, forced="ERR-3").json()["error_msg"]
    by_text = ask(server, b'{"account":"RMOCKTOYERR2"}')
    assert by_text.json()["error_msg"] == "No account"
    assert "TOY-ERR-2 was asked for by the account RMOCKTOYERR2" in by_text.headers[DOCTOR_HEADER]
    assert ask(server, b'{"account":"RMOCKHTML504"}').status_code == 504


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the body is empty"),
        (b"account=main&days=1", "the body is form data; TOY-REQ-1 asks for one JSON object"),
        (b'{"account":"main","days":"3"}', "days is a number as text; TOY-REQ-2 shows an integer (reading types)"),
        (b'{"account":"main","days":0}', "days is below 1; TOY-REQ-2 shows 1 or more; send days 1 or more"),
        (b'{"account":"x"}', "account names no account; TOY-REQ-2 has a set of them; send one of main, spare"),
        (b"{}", "account is missing; TOY-ERR-2: No account was named."),
        (b'{"acc":"main"}', "the body has 'acc' and no 'account'; TOY-REQ-2 names it 'account'; call it 'account'"),
    ],
)  # fmt: skip
def test_the_doctor_says_what_is_wrong(server: Server, content: bytes, says: str) -> None:
    assert says in ask(server, content).headers[DOCTOR_HEADER]
    raw = server.provider.journal.kept(1)
    assert raw is not None
    assert says in " / ".join(map(str, server.provider.diagnose(raw)))


def test_it_is_documented() -> None:
    document = openapi(BOTH)
    assert set(document["paths"]) == {TOY.path, "/merchant/{merchant_id}/kiosgamer/project/detail"}
    post = document["paths"][TOY.path]["post"]
    assert post["operationId"] == "toyBalance"
    assert set(post["responses"]) == {"200", "400", "500"}
    assert "TOY-ERR-2: No account" in post["responses"]["500"]["description"]
    schemas = document["components"]["schemas"]
    asked = schemas["ToyBalanceRequest"]
    assert asked["properties"]["days"] == {
        "type": "integer", "minimum": 1, "description": "TOY-REQ-2: of how many days. Default: 1.",
    }  # fmt: skip
    assert asked["examples"] == [{"account": "main", "days": 1}]
    assert request_document(TOY)["$id"] == "urn:apigames-mock:schema:toy-request"


def test_its_replies_fit_its_schemas(server: Server) -> None:
    schemas = openapi(BOTH)["components"]["schemas"]
    assert jsonschema_rs.validator_for(schemas["ToyBalanceSuccess"]).is_valid(ask(server).json())
    errors = jsonschema_rs.validator_for(error_document(TOY))
    assert errors.is_valid(ask(server, b"{").json())
    assert not errors.is_valid({"status": 0, "rc": 500, "error_msg": "Merchant not found"})


@given(
    sent=st.dictionaries(
        st.sampled_from(["account", "days", "other"]),
        st.sampled_from(["main", "spare", "x", "", "1", "0", "01", 1, 0, -1, 7, 1.0, 1.5, True, None, [], {}]),
    ),
    types=st.sampled_from(["strict", "coerce"]),
)
def test_the_parser_takes_what_the_schema_lets_through(sent: dict[str, Any], types: str) -> None:
    readings = Readings.of({"types": types})
    try:
        parse_fields(json.dumps(sent).encode(), TOY, readings)
        parsed = True
    except Refusal:
        parsed = False
    assert validator(request_schema(readings, TOY)).is_valid(sent) == parsed


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("content", [GOOD, b'{"account":"RMOCKDELAY0"}', b'{"days":2}'])
def test_the_request_log_shows_what_it_asked(log_format: str, content: bytes) -> None:
    written: list[str | Callable[[], str]] = []
    log = RequestLog(log_format, written.append)
    provider = provider_of_both(observers=(log,))
    log.masked = provider.journal.masked
    provider.handle(Request("POST", TOY_PATH, content))
    line = "".join(one if isinstance(one, str) else one() for one in written)
    assert "toy_balance" in line
    assert json.dumps(json.loads(content), separators=(",", ":")) in line


def test_the_banner_tells_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    served = Served("http://127.0.0.1:1", built_in_world(Readings(), FrozenClock(NOW)), Readings(), operations=BOTH)
    with CliRunner().isolation():
        write_banner(served, told.append, "text")
    text = "".join(told)
    assert f"POST {TOY.path}: Tell the balance of an account" in text
    assert f"curl -sS http://127.0.0.1:1{TOY_PATH}" in text
    assert """-d '{"account":"main","days":1}'""" in text


class Doubled(NamedTuple):
    merchant: FakeMerchant
    path: str


@pytest.fixture
def doubled() -> Iterator[Doubled]:
    server = FakeServer(handlers=HANDLERS)
    merchant = server.merchant()
    yield Doubled(merchant, f"/toy/{merchant.merchant_id}/balance")
    server.stop()


def test_it_is_answered_behind_requests(doubled: Doubled) -> None:
    merchant, path = doubled
    with merchant.responses():
        assert requests.post(f"https://v1.apigames.id{path}", data=GOOD, timeout=5).json()["rc"] == 0
        with pytest.raises(UndocumentedCall, match=r"there is POST .*project/detail, or POST .*/toy/"):
            requests.post(f"https://v1.apigames.id{path}s", data=GOOD, timeout=5)
    merchant.assert_called(operation="toy_balance", days=3, times=1)
    assert merchant.requests.matching(account="main")[0].role == "success"
    merchant.undocumented_calls.clear()
    with pytest.raises(AssertionError, match=r'#1 POST account="main" days=3 -> HTTP 200, rc 0 \(TOY-RES-1\)'):
        merchant.assert_called(days=9)


def test_it_is_answered_behind_httpx(doubled: Doubled) -> None:
    merchant, path = doubled
    with merchant.httpx() as double:
        assert httpx.post(f"https://v1.apigames.id{path}", content=GOOD).json()["data"] == {"balance": 300}
        with httpx.Client(transport=double) as client:
            assert client.post(f"http://any{path}", content=b"{").json()["rc"] == 400
    merchant.assert_called(operation="toy_balance", role="json", times=1)


def test_no_secret_is_shown_of_what_it_was_sent(server: Server) -> None:
    ask(server, json.dumps({"account": SECRET, "signature": "0" * 32}).encode())
    (entry,) = server.provider.journal.entries()
    assert SECRET not in repr(entry)
    assert entry.fields == {"account": "***", "signature": "***"}
