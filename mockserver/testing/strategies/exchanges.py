"""Hypothesis strategies for requests and replies, and for whole exchanges with the fake.

A world is built first and a reply is derived from it by the fake itself, so sums, pages and totals hold by
construction and nothing is filtered away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

from mockserver.contract.operation import DocumentedError
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.signature import sign
from mockserver.provider.faults.faults import FAULTS
from mockserver.provider.operations.project_detail import answer
from mockserver.provider.refusal import AskedFor
from mockserver.provider.reply import error_reply
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import Merchant, Project, World
from mockserver.testing.strategies.worlds import worlds

# Half past two in Jakarta, on the day of the page's example; after every voucher that is made here.
NOW = 1_723_719_138.0


@dataclass(frozen=True)
class DetailExchange:
    """One call to the fake and its reply: `request` and `reply` are the bodies, in UTF-8.

    `clause` is the id of the clause that decided (RES-1 for a success), `world` and `readings` what was served.
    """

    merchant_id: str
    request: bytes
    http_status: int
    reply: bytes
    clause: str
    world: World
    readings: Readings

    @property
    def json(self) -> Any:
        """The decoded reply."""
        return json.loads(self.reply)


def detail_requests(world: World | None = None, readings: Readings | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Good requests as decoded bodies: existing project, right signature, a page and a limit around the list's end.

    With no `world` the ids are made up. `readings` say how a status is named in a filter.
    """
    if world is None:
        return worlds().flatmap(lambda made: detail_requests(made, readings))
    return _owners(world).flatmap(
        lambda owner: _requests_of(owner[0], owner[1], readings or Readings()),
    )


def bad_bodies() -> st.SearchStrategy[bytes]:
    """Bodies that are not one JSON object: each gets ERR-1 from the fake under every reading."""
    documents = detail_requests().map(lambda fields: json.dumps(fields).encode())
    return st.one_of(
        st.sampled_from(NOT_JSON),
        st.one_of(_scalars(), st.lists(_json_values(), max_size=3)).map(_dumped),
        documents.map(lambda body: body[:-1]),
        documents.map(lambda body: body[:-1] + b",}"),
        documents.map(lambda body: body + body),
        documents.map(lambda body: body.replace(b'"', b"'")),
        documents.map(lambda body: body[:-1] + b" //kosong\n}"),
        documents.map(lambda body: body[:1] + b'"x":"\xff\xfe",' + body[1:]),
        documents.map(lambda body: body.decode().encode("utf-16")),
    )


def error_replies(readings: Readings | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """The documented errors as decoded replies (ERR-1 to ERR-4)."""
    in_force = readings or Readings()
    return st.sampled_from(PROJECT_DETAIL.errors).map(partial(_error_document, in_force))


def success_replies(
    readings: Readings | None = None, *, added_fields: bool = False
) -> st.SearchStrategy[dict[str, Any]]:
    """Successes as decoded replies (RES-1), derived from a world.

    With `added_fields` they have fields of names that the page does not have, at any level: a vendor adds them without
    a word, and a tolerant reader lets them pass.
    """
    good = worlds().flatmap(lambda world: _good_exchanges(world, readings or Readings()))
    replies = good.map(lambda exchange: exchange.json)
    added = st.dictionaries(_NEW_NAMES, _json_values(), min_size=1, max_size=2)
    return st.tuples(replies, added).map(_with_added) if added_fields else replies


def faults() -> st.SearchStrategy[dict[str, Any]]:
    """Faults as arguments of `merchant.fault(**fault)`: of each kind, for the next call or two or for all of them."""
    few = st.fixed_dictionaries({"name": st.sampled_from([*FAULTS])}, optional={"times": st.integers(1, 2)})
    # A sync double keeps nobody waiting; over a socket, and for an async client, this is what they wait.
    return few.map(lambda fault: {**fault, "seconds": 0.05} if fault["name"] in {"delay", "slow_body"} else fault)


def readings() -> st.SearchStrategy[Readings]:
    """Any choice of every reading of the register; shrinks to the defaults."""
    choices = {key: st.sampled_from((entry.default, *entry.values, *entry.tried)) for key, entry in REGISTER.items()}
    return st.fixed_dictionaries(choices).map(Readings.of)


def exchanges(world: World | None = None, readings: Readings | None = None) -> st.SearchStrategy[DetailExchange]:
    """Exchanges with the fake: good calls, bad bodies, wrong signatures, unknown merchants and projects."""
    in_force = readings or Readings()
    if world is None:
        return worlds().flatmap(lambda made: exchanges(made, in_force))
    good = detail_requests(world, in_force)
    first = world.merchants[0].merchant_id
    bad = bad_bodies().map(lambda body: _exchange(world, in_force, first, body))
    wrong = st.fixed_dictionaries(
        {}, optional={"signature": st.just("0" * 32), "projectid": st.just("R000000NONE000000")}
    )
    refused = st.tuples(good, wrong).map(lambda pair: _exchange_of(world, in_force, {**pair[0], **pair[1]}))
    unknown = good.map(lambda fields: _exchange(world, in_force, "M000000NONE0000X", _dumped(fields)))
    return st.one_of(_good_exchanges(world, in_force), refused, bad, unknown)


NOT_JSON = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'""',
    b"0",
    b"{'projectid':'DW'}",
    b'{"page":NaN}',
    b'{"page":1,}',
    b'{"page":1}}',
    b"not JSON",
    b'{"projectid":"DW","status":"", //kosong jika tidak melakukan pencarian by status\n"page":1,"limit":30}',
    b'{"projectid":"\xff"}',
    '{"projectid":"DW"}'.encode("utf-16"),
)


# Of no documented field: none of those has a capital letter.
_NEW_NAMES = st.text("ABCXYZ_", min_size=1, max_size=4)


def _with_added(drawn: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Return a reply with these fields in each of its objects; each of a list has them, as on the wire."""
    reply, added = drawn
    page = reply["data"]
    project = page["data"]
    for item in (reply, page, project, project["stats"], *(project["vouchers"] or ()), *project["kategori_voucher"]):
        item.update(added)
    return reply


def _owners(world: World) -> st.SearchStrategy[tuple[Merchant, Project]]:
    return st.sampled_from([(merchant, project) for merchant in world.merchants for project in merchant.projects])


def _requests_of(merchant: Merchant, project: Project, readings: Readings) -> st.SearchStrategy[dict[str, Any]]:
    size = len(project.vouchers)
    limits = st.sampled_from([30, 1, 2, max(size - 1, 1), max(size, 1), size + 1]) | st.integers(1, size + 5)
    required = {
        "projectid": st.just(project.project_id),
        "status": st.sampled_from(["", *readings.status_named]),
        "page": st.integers(1, size + 2),
        "limit": limits,
        "signature": st.just(sign(merchant.merchant_id, merchant.secret_key)),
    }
    session = {"session_key": st.just("made-up-session-key")}
    if readings.session_key == "required":
        return st.fixed_dictionaries({**required, **session})
    return st.fixed_dictionaries(required, optional=session)


def _good_exchanges(world: World, readings: Readings) -> st.SearchStrategy[DetailExchange]:
    return detail_requests(world, readings).map(partial(_exchange_of, world, readings))


def _exchange_of(world: World, readings: Readings, fields: Mapping[str, Any]) -> DetailExchange:
    """Send a request where its project lives."""
    owner = next(
        (
            merchant.merchant_id
            for merchant in world.merchants
            for project in merchant.projects
            if project.project_id == fields["projectid"]
        ),
        world.merchants[0].merchant_id,
    )
    return _exchange(world, readings, owner, _dumped(fields))


def _exchange(world: World, readings: Readings, merchant_id: str, body: bytes) -> DetailExchange:
    reply = answer(merchant_id, body, Store(world), readings, FrozenClock(NOW))
    assert reply.clause is not None
    return DetailExchange(merchant_id, body, reply.http_status, reply.body, reply.clause, world, readings)


def _error_document(readings: Readings, error: DocumentedError) -> dict[str, Any]:
    reply = error_reply(error, AskedFor("a strategy"), readings)
    document: dict[str, Any] = json.loads(reply.body)
    return document


def _scalars() -> st.SearchStrategy[Any]:
    return st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=5)


def _json_values() -> st.SearchStrategy[Any]:
    return st.recursive(
        _scalars(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    )


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
