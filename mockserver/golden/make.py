"""Makes what stands in `fixtures/`: request cases, small worlds, the fake's exchanges on them, signature vectors."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import hypothesis
from hypothesis import Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from mockserver.contract.judging.exchange import NotJson, decode
from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.golden.request_cases import make_cases
from mockserver.provider.operations.handlers import HANDLERS
from mockserver.provider.operations.project_detail import answer
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import Merchant, Project, Voucher, World
from mockserver.provider.state.world_document import world_to_document
from mockserver.provider.state.world_file import world_from_document
from mockserver.testing.strategies.exchanges import NOW
from mockserver.testing.strategies.worlds import NOTES, RESPONSES, SECONDS, numbered
from mockserver.verification.cases import Case

SEED = 20240815
GENERATED_BODIES = 4
MERCHANT = "M240315GAME2847K"
SECRET = "made-up-secret-of-the-fixtures"  # noqa: S105 - made up, and says so
PROJECT = "R240815XPQR000012"

Files = dict[str, Any]


def make_files() -> Files:
    """Return every generated document by its path under `fixtures/`; the same for the same version of hypothesis."""
    files: Files = {}
    for group, cases in make_cases(_generated_bodies()).items():
        files[f"requests/{group}.json"] = cases_document(cases)
    for name, world in make_worlds().items():
        files[f"worlds/{name}.json"] = world
        files[f"exchanges/{name}.json"] = exchanges_on(name, world)
    for name, (world, steps) in make_flows().items():
        files[f"worlds/{name}.json"] = world
        files[f"flows/{name}.json"] = flow_on(name, world, steps)
    files["signatures.json"] = {"vectors": list(_signature_vectors())}
    files["manifest.json"] = {"hypothesis": hypothesis.__version__, "seed": SEED, "files": sorted(files)}
    return files


def cases_document(cases: Sequence[Case]) -> dict[str, Any]:
    """Return a group of cases, which are of one operation, as a file."""
    return {"operation": cases[0].operation.name, "cases": [case.document() for case in cases]}


def dumped(document: Any) -> str:
    """Return a document as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def exchanges_on(name: str, world_document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the exchanges of the fake on a world, at a clock that stands still, under the default readings."""
    readings, clock = Readings(), FrozenClock(NOW)
    store = Store(world_from_document(world_document, readings, clock))
    listed = []
    for what, merchant_id, request in _requests(len(_listed(world_document))):
        reply = answer(merchant_id, _body(request), store, readings, clock)
        listed.append(
            {
                "name": what,
                "clause": reply.clause,
                "operation": PROJECT_DETAIL.name,
                "merchant_id": merchant_id,
                "request": request,
                "http_status": reply.http_status,
                "reply": reply.body.decode("utf-8"),
            }
        )
    return {"world": f"worlds/{name}.json", "clock": int(NOW), "readings": {}, "exchanges": listed}


class Step(NamedTuple):
    """One call of a flow: what it does, how many seconds after the one before, and what is sent.

    `request` is a decoded body, in which `PROJECT_OF_FLOW` is the project that the first accepted submission became.
    """

    name: str
    operation: Operation
    after: int
    request: dict[str, Any]


def flow_on(name: str, world_document: Mapping[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    """Return a flow: the calls one after the other, and the fake's replies, its clock put forward between them."""
    readings = Readings()
    provider = Provider(world_from_document(world_document, readings, FrozenClock(NOW)), readings, FrozenClock(NOW))
    listed: list[dict[str, Any]] = []
    project_id = None
    for step in steps:
        provider.clock.advance(step.after)
        request = {key: project_id if value == PROJECT_OF_FLOW else value for key, value in step.request.items()}
        handler = next(handler for handler in HANDLERS if handler.operation is step.operation)
        reply = provider.reply_to(handler, MERCHANT, _body(request))
        if project_id is None and reply.clause == REDEEM_BULK.success.clause:
            project_id = json.loads(reply.body)["data"]["project_id"]
        listed.append(
            {
                "name": step.name,
                "clause": reply.clause,
                "operation": step.operation.name,
                "merchant_id": MERCHANT,
                "at": int(provider.clock.now()),
                "request": request,
                "http_status": reply.http_status,
                "reply": reply.body.decode("utf-8"),
            }
        )
    return {"about": _FLOWS[name], "world": f"worlds/{name}.json", "readings": {}, "steps": listed}


PROJECT_OF_FLOW = "$project"
_CODES = ("FLW123AAA456BBB", "FLW123CCC456DDD", "FLW123EEE456FFF")
_FLOWS = {
    "submit-poll-poll": "A list is submitted and polled until every code is done.",
    "some-codes-fail": "A list of which one code ends in an error of the engine, and one in an error of the voucher.",
    "same-list-again": "The same list again is a double, and leaves the first project as it was.",
    "refused-then-taken": "Refused lists leave no trace: the same codes are taken afterwards.",
}


def make_flows() -> dict[str, tuple[dict[str, Any], list[Step]]]:
    """Return the flows by name, each with its world, where a code is pending for 2 s and in process for 3 s more."""
    signature = sign(MERCHANT, SECRET)
    good = {"kode_voucher": encode_codes(_CODES), "signature": signature}
    poll: dict[str, Any] = {
        "projectid": PROJECT_OF_FLOW,
        "status": "",
        "page": 1,
        "limit": 30,
        "signature": signature,
    }
    submit = Step("submit", REDEEM_BULK, 0, good)
    polls = [
        Step("poll at once: pending", PROJECT_DETAIL, 0, poll),
        Step("poll: in process", PROJECT_DETAIL, 3, poll),
        Step("poll: done", PROJECT_DETAIL, 3, poll),
    ]
    all_succeed, some_fail = Plan("timed"), _plan_of(_CODES)
    wrong = {**good, "signature": "0" * 32}
    broken = {**good, "kode_voucher": "%%%"}
    double = {**good, "kode_voucher": encode_codes([*_CODES, _CODES[0]])}
    refused = [
        Step("a wrong signature", REDEEM_BULK, 0, wrong),
        Step("a list that is not base64", REDEEM_BULK, 1, broken),
        Step("a code twice in the list", REDEEM_BULK, 1, double),
        Step("a required field left out", REDEEM_BULK, 1, {"signature": signature}),
    ]
    return {
        "submit-poll-poll": (_world_document((), all_succeed), [submit, *polls]),
        "some-codes-fail": (_world_document((), some_fail), [submit, *polls]),
        "same-list-again": (
            _world_document((), all_succeed),
            [submit, polls[0], Step("the same list again", REDEEM_BULK, 1, good), *polls[1:]],
        ),
        "refused-then-taken": (_world_document((), all_succeed), [*refused, submit, polls[0]]),
    }


def _plan_of(codes: Sequence[str]) -> Plan:
    """Return the first plan under which these codes end in three ways."""
    ends = (VoucherStatus.SUCCESS, VoucherStatus.ERROR_ENGINE, VoucherStatus.ERROR_VOUCHER)
    plans = (Plan("timed", outcomes=tuple((end, 1.0) for end in ends), seed=seed) for seed in range(1000))
    return next(plan for plan in plans if {plan.draw(place).outcome for place in range(len(codes))} == {*ends})


def make_worlds() -> dict[str, dict[str, Any]]:
    """Return the worlds by name, each chosen for what it reaches."""
    mixed = _drawn("mixed", 7)
    worlds: dict[str, tuple[Voucher, ...]] = {
        "empty": (),
        "one-voucher": _drawn("one-voucher", 1),
        "one-page-exactly": _drawn("one-page-exactly", 30),
        "last-page-partial": _drawn("last-page-partial", 32),
        "all-nominals-equal": _drawn("all-nominals-equal", 5, nominals=(25,)),
        "mixed": mixed,
        "unicode-notes": tuple(
            _changed(voucher, note=note)
            for voucher, note in zip(_drawn("unicode-notes", 4), _UNICODE_NOTES, strict=True)
        ),
        "nested-json": tuple(
            _changed(voucher, response_json=text)
            for voucher, text in zip(_drawn("nested-json", 4), _NESTED, strict=True)
        ),
    }
    for status in STATUSES:
        name = f"only-{status.value.replace('_', '-')}"
        worlds[name] = _drawn(name, 3, statuses=(status,))
    return {name: _world_document(listed) for name, listed in worlds.items()}


_UNICODE_NOTES = ("ditukar 🎮 ok", "日本語のメモ", "مرحبا", 'e\u0301 combining, \u200b zero width, \\ and "quotes"')
_NESTED = ("", '{"code":0,"data":{"gs":25}}', '{"a":{"b":[1,{"c":"{\\"d\\":null}"}]}}', "not JSON {")


def _world_document(listed: tuple[Voucher, ...], plan: Plan | None = None) -> dict[str, Any]:
    project = Project(5847, PROJECT, "DW", listed)
    world = World((Merchant(MERCHANT, SECRET, None, (project,)),), plan)
    return world_to_document(world, Readings(), with_secrets=True)


def _listed(world_document: Mapping[str, Any]) -> list[Any]:
    vouchers_of: list[Any] = world_document["merchants"][0]["projects"][0]["vouchers"]
    return vouchers_of


def _changed(voucher: Voucher, **texts: str) -> Voucher:
    import msgspec  # noqa: PLC0415 - nowhere else here

    return msgspec.structs.replace(voucher, **texts)


def _drawn(
    name: str, count: int, *, statuses: tuple[VoucherStatus, ...] = STATUSES, nominals: tuple[int, ...] = (0, 25, 100)
) -> tuple[Voucher, ...]:
    rng = _entropy(name)
    drawn = [
        (
            rng.choice(statuses),
            rng.choice(nominals),
            rng.choice(NOTES),
            rng.choice(RESPONSES),
            rng.randrange(SECONDS),
            rng.randrange(3 * 24 * 3600),
            rng.randrange(3),
        )
        for _ in range(count)
    ]
    return numbered(23000, drawn)


def _entropy(name: str) -> random.Random:
    """Return what draws for one file, from bytes that hypothesis draws.

    Only bytes of a fixed length are asked for: into texts and numbers hypothesis mixes constants of whatever modules
    are loaded, and the files would change with the code.
    """
    drawn: list[bytes] = []

    @seeded(f"{SEED} {name}")
    @settings(max_examples=3, database=None, phases=[Phase.generate], deadline=None)
    @given(st.binary(min_size=256, max_size=256))
    def draw(entropy: bytes) -> None:
        drawn.append(entropy)

    draw()
    # The first example is the simplest, all zeros.
    return random.Random(drawn[-1])  # noqa: S311 - nothing here is secret


def _generated_bodies() -> dict[str, bytes]:
    """Break a good body at drawn places, each time so that it is not JSON."""
    rng = _entropy("bodies")
    good = '{"projectid":"$projectid","status":"","page":1,"limit":30,"signature":"$signature"}'
    ways = (
        lambda place: good[:place],
        lambda place: good[:place] + rng.choice('{}[]:,"\\') + good[place:],
        lambda place: good[:place] + good[place + 1 :],
        lambda place: good[:place] + "/* kosong */" + good[place:],
    )
    bodies: dict[str, bytes] = {}
    while len(bodies) < GENERATED_BODIES:
        body = ways[len(bodies) % len(ways)](rng.randrange(2, len(good) - 1)).encode()
        if not _is_json(body) and b"$" in body:
            bodies[f"generated-{len(bodies) + 1}"] = body
    return bodies


def _is_json(body: bytes) -> bool:
    try:
        decode(body)
    except NotJson:
        return False
    return True


def _requests(count: int) -> Iterator[tuple[str, str, dict[str, Any] | str]]:
    good: dict[str, Any] = {
        "projectid": PROJECT,
        "status": "",
        "page": 1,
        "limit": 30,
        "signature": sign(MERCHANT, SECRET),
    }
    half = max(1, count // 2)
    yield "the whole list", MERCHANT, good
    yield "page 2", MERCHANT, {**good, "page": 2}
    yield "page 1 of smaller pages", MERCHANT, {**good, "limit": half}
    yield "the last of smaller pages", MERCHANT, {**good, "limit": half, "page": max(1, -(-count // half))}
    yield "past the last page", MERCHANT, {**good, "page": 99}
    for code in range(5):
        yield f"status {code}", MERCHANT, {**good, "status": str(code)}
    yield "a status that is none", MERCHANT, {**good, "status": "9"}
    yield "not JSON", MERCHANT, "{"
    yield "unknown merchant", "M000000NONE0000X", good
    yield "wrong signature", MERCHANT, {**good, "signature": "0" * 32}
    yield "unknown project", MERCHANT, {**good, "projectid": "R000000NONE000000"}


def _body(request: dict[str, Any] | str) -> bytes:
    return (request if isinstance(request, str) else json.dumps(request)).encode("utf-8")


def _signature_vectors() -> Iterator[dict[str, str]]:
    for about, merchant_id, secret_key in (
        ("plain", MERCHANT, "apigames-mock-secret"),
        ("empty secret", MERCHANT, ""),
        ("empty merchant", "", "secret"),
        ("UTF-8: letters beyond ASCII are two bytes or more", "M240315GAME2847K", "rahasia-é-日本-🎮"),
        ("spaces and a colon are part of the secret", "M1", " a:b "),
        ("long", "M" * 64, "s" * 256),
        ("quotes and a backslash", "M2", "\"'\\"),
        ("a signature with leading zeros keeps them", "M7", "zero-3"),
    ):
        signature = sign(merchant_id, secret_key)
        yield {"about": about, "merchant_id": merchant_id, "secret_key": secret_key, "signature": signature}
