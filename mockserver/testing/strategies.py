"""Hypothesis strategies for worlds, requests and replies: the one set that our tests and downstream tests use.

A world is built first and a reply is derived from it by the fake itself, so sums, pages and totals hold by
construction and nothing is filtered away. Examples shrink to few vouchers, pending, of nominal 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.signature import sign
from mockserver.contract.wire import (
    DOCUMENTED_ERRORS,
    STATUSES,
    DocumentedError,
    VoucherStatus,
    error_reply,
)
from mockserver.provider.clock import DATE_TIME_FORMAT, FrozenClock
from mockserver.provider.endpoint import answer
from mockserver.provider.store import Store
from mockserver.provider.world import NO_NOTE, Merchant, Project, Voucher, World

__all__ = [
    "DetailExchange",
    "bad_bodies",
    "detail_requests",
    "error_replies",
    "exchanges",
    "projects",
    "readings",
    "success_replies",
    "vouchers",
    "worlds",
]

# Half past two in Jakarta, on the day of the page's example; after every voucher that is made here.
NOW = 1_723_719_138.0
_FIRST_SECOND = datetime(2024, 1, 1)  # noqa: DTZ001 - wall-clock text of the vendor, not an instant
SECONDS = 200 * 24 * 3600
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE_TRIPLES = 26**3
_CODE_NUMBERS = 1000

_NOMINALS = (0, 25, 50, 100, 500, 2_000_000)
NOTES = (
    NO_NOTE,
    "",
    "voucher sudah digunakan",
    "catatan 🎮 ünïcode",
    "<script>alert(1)</script>",
    'kutip "dua" \\ \n',
)
RESPONSES = ("", "{}", '{"code":0,"data":{"gs":25,"list":[1,2,{"a":null}]}}', "[]", "not JSON {")


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


def vouchers(
    *,
    min_size: int = 0,
    max_size: int = 12,
    statuses: Sequence[VoucherStatus] = STATUSES,
    nominals: Sequence[int] = _NOMINALS,
    first_id: int = 1,
) -> st.SearchStrategy[tuple[Voucher, ...]]:
    """Lists of vouchers as a project holds them: newest first, ids and codes unique, dates in order.

    `statuses` and `nominals` are what is chosen from; `first_id` is the lowest id given out.
    """
    texts = st.sampled_from(NOTES) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
    one = st.tuples(
        st.sampled_from(statuses),
        st.sampled_from(nominals),
        texts,
        st.sampled_from(RESPONSES),
        st.integers(0, SECONDS),
        st.integers(0, 3 * 24 * 3600),
        st.integers(0, 2),
    )
    return st.lists(one, min_size=min_size, max_size=max_size).map(partial(numbered, first_id))


def projects(
    vouchers: st.SearchStrategy[tuple[Voucher, ...]] | None = None,
    *,
    number: int = 1,
    named: bool = True,
) -> st.SearchStrategy[Project]:
    """Projects; `number` (1 to 9999) sets `id` and `project_id`, so that two of one world differ."""
    names = st.sampled_from(["DW", "Proyek é"]).map(lambda name: f"{name} {number}") if named else st.none()
    listed = _vouchers(first_id=number * 100_000) if vouchers is None else vouchers
    return st.builds(
        Project,
        id=st.just(5000 + number),
        project_id=st.just(f"R240815XPQR{number:06d}"),
        project_name=st.none() | names,
        vouchers=listed,
    )


def worlds(
    *, min_projects: int = 1, max_projects: int = 3, max_merchants: int = 2, max_vouchers: int = 12
) -> st.SearchStrategy[World]:
    """Worlds of one merchant or more, the first with at least `min_projects` projects; ids unique, secrets made up."""
    merchants = [
        _merchants(number, min_projects if number == 1 else 0, max_projects, max_vouchers)
        for number in range(1, max_merchants + 1)
    ]
    return st.integers(1, max_merchants).flatmap(lambda count: st.tuples(*merchants[:count]).map(World))


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
    return st.sampled_from(DOCUMENTED_ERRORS).map(partial(_error_document, in_force))


def success_replies(readings: Readings | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Successes as decoded replies (RES-1), derived from a world."""
    good = worlds().flatmap(lambda world: _good_exchanges(world, readings or Readings()))
    return good.map(lambda exchange: exchange.json)


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

_vouchers = vouchers


def numbered(first_id: int, drawn: list[tuple[VoucherStatus, int, str, str, int, int, int]]) -> tuple[Voucher, ...]:
    """Return the vouchers of drawn (status, nominal, note, response_json, second made, seconds taken, gap in ids)."""
    seconds = sorted(made for *_, made, _, _ in drawn)
    id_, listed = first_id - 1, []
    for (status, nominal, note, response, _, taken, gap), made in zip(drawn, seconds, strict=True):
        id_ += 1 + gap
        created = _FIRST_SECOND + timedelta(seconds=made)
        updated = created if status is VoucherStatus.PENDING else created + timedelta(seconds=taken)
        listed.append(
            Voucher(
                id=id_,
                voucher_code=_code(id_),
                status=status,
                created_at=created.strftime(DATE_TIME_FORMAT),
                updated_at=updated.strftime(DATE_TIME_FORMAT),
                nominal_gs=nominal,
                note=note,
                response_json=response,
            )
        )
    return tuple(reversed(listed))


def _code(id_: int) -> str:
    """A code such as `ABC123DEF456GHI`, another for each id."""
    low, number = id_ % _CODE_TRIPLES, id_ % _CODE_NUMBERS
    high = id_ // _CODE_TRIPLES % _CODE_TRIPLES
    return f"{_triple(low)}{number:03d}{_triple(high)}{(number * 7) % _CODE_NUMBERS:03d}GHI"


def _triple(number: int) -> str:
    return _LETTERS[number // 676] + _LETTERS[number // 26 % 26] + _LETTERS[number % 26]


def _merchants(number: int, min_projects: int, max_projects: int, max_vouchers: int) -> st.SearchStrategy[Merchant]:
    made = [
        projects(
            _vouchers(max_size=max_vouchers, first_id=number * 1_000_000 + place * 10_000), number=number * 10 + place
        )
        for place in range(max_projects)
    ]
    count = st.integers(min_projects, max_projects)
    listed: st.SearchStrategy[tuple[Project, ...]] = count.flatmap(lambda size: st.tuples(*made[:size]))
    return listed.map(
        lambda held: Merchant(f"M240315GAME{number:04d}K", f"made-up-secret-{number}", None, held),
    )


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


def _error_document(readings: Readings, error: type[DocumentedError]) -> dict[str, Any]:
    reply = error_reply(error("made up"), http_status=200 if readings.http_status == "200" else error.rc)
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
