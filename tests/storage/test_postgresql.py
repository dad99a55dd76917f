"""A fake whose state is in PostgreSQL: however many machines serve it, it is one fake, and the same as in a file."""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.internal_error import ERRORS
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.provider.state.changes import encode_change
from mockserver.provider.state.clock import FrozenClock, MovableClock
from mockserver.provider.state.log import StateError, StateUnavailable
from mockserver.provider.state.world import Merchant, World
from mockserver.storage.opening import open_log
from mockserver.storage.postgresql import PostgresqlLog
from mockserver.web.app import create_app
from tests.storage.test_sqlite import opened as opened_file
from tests.storage.test_sqlite import outline, snapshots_after
from tests.support.histories import NOW, Histories, begun, called, page, seen, world_of
from tests.support.postgresql import Postgresql
from tests.support.waiting import until

TAKEN = "QUJDMTIz"
SLOW = "SELECT pg_sleep(1)"


def opened(url: str, world: World | None = None, **more: Any) -> Provider:
    return Provider(world or World(), clock=MovableClock(FrozenClock(NOW)), log=open_log(url), **more)


def log_of(provider: Provider) -> PostgresqlLog:
    assert provider._shared is not None
    log = provider._shared._log
    assert isinstance(log, PostgresqlLog)
    return log


@pytest.fixture
def url(postgresql: Postgresql) -> str:
    """A state that has not begun."""
    return postgresql.new_state()


class EverywhereTheSame(Histories):
    """Two replicas on PostgreSQL, one on a file, one in memory: whatever happens, none can be told from another."""

    database: ClassVar[Postgresql]
    folder: ClassVar[Path]
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        type(self).runs += 1
        self.url = self.database.new_state()
        file = self.folder / f"{self.runs}.db"
        super().__init__(begun(log=open_log(self.url)), opened(self.url))
        self.alone = [begun(log=open_log(f"sqlite:///{file}")), begun()]

    @initialize(changes=st.sampled_from([0, 4, 1000]))
    def make_snapshots(self, changes: int) -> None:
        for provider in self.providers:
            snapshots_after(provider, changes)

    def teardown(self) -> None:
        one, other = self.providers
        assert seen(other) == seen(one) == seen(opened(self.url))


TestEverywhereTheSame = EverywhereTheSame.TestCase
TestEverywhereTheSame.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def _for_histories(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if request.cls is TestEverywhereTheSame:
        EverywhereTheSame.database, EverywhereTheSame.folder = request.getfixturevalue("postgresql"), tmp_path


def test_the_next_calls_are_hit_exactly_and_no_code_is_doubled_whoever_answers(url: str) -> None:
    providers = [opened(url, world_of("M1")) for _ in range(3)]
    providers[0].faults.add(Rule(Fault("html_502"), times=10, operation="project_detail"))
    replies: list[tuple[str, bytes]] = []

    def client(provider: Provider, name: int) -> None:
        merchant = provider.store.merchant("M1")
        assert merchant is not None
        for number in range(10):
            # Each code is submitted by two.
            code = base64.b64encode(f"CODE-{name // 2}-{number}".encode()).decode()
            replies.append(("redeem_bulk", called(provider, merchant, REDEEM_BULK.path, kode_voucher=code)))
            replies.append(("project_detail", page(provider, merchant, "P-M1")))

    threads = [threading.Thread(target=client, args=(providers[n % 3], n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(operation for operation, body in replies if body.startswith(b"<")) == {"project_detail": 10}
    made = [json.loads(body) for operation, body in replies if operation == "redeem_bulk"]
    ids = [one["data"]["id"] for one in made if one["status"] == 1]
    assert len(ids) == len(set(ids)) == 30
    for provider in providers:
        assert [entry.n for entry in provider.journal.entries()] == list(range(1, 121))
    assert len({repr(seen(provider)) for provider in providers}) == 1


def test_the_journal_is_bounded_and_its_replies_are_whole(url: str) -> None:
    providers = opened(url, world_of("M1"), journal_capacity=50), opened(url, journal_capacity=50)
    for number in range(400):
        outline(providers[number % 2])
    third = opened(url, journal_capacity=50)
    entries = third.journal.entries()
    assert [entry.n for entry in entries] == list(range(351, 401))
    assert {entry.reply for entry in entries} == {json.dumps(outline(third), separators=(",", ":"))}
    with psycopg.connect(url.partition("?")[0]) as looking:
        schema = url.partition("=")[2]
        rows = looking.execute(f"SELECT (SELECT count(*) FROM {schema}.calls), (SELECT count(*) FROM {schema}.pieces)")
        calls, pieces = rows.fetchone() or (0, 0)
    assert calls <= 50 + 2 * 256
    assert pieces < 40


@pytest.fixture
def away(postgresql: Postgresql) -> Iterator[Callable[[], None]]:
    """What stops the database; it runs again afterwards."""
    yield lambda: postgresql.stop("immediate")
    try:
        psycopg.connect(postgresql.url).close()
    except psycopg.OperationalError:
        postgresql.start()


def test_without_its_database_it_says_so_and_forks_nothing(
    url: str, postgresql: Postgresql, away: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    provider = opened(url, world_of("M1"))
    outline(provider)
    client = create_app(provider).test_client()
    merchant = provider.store.merchant("M1")
    assert merchant is not None
    submission = {"signature": merchant.signature, "kode_voucher": TAKEN}
    with caplog.at_level(logging.WARNING, ERRORS):
        away()
        for _ in range(3):
            assert outline(provider)["rc"] == 503
            assert client.post(REDEEM_BULK.path_of("M1"), json=submission).get_json()["rc"] == 503
            for path in ("ready", "merchants", "requests", "faults"):
                refused = client.get(f"/__admin/{path}")
                assert (refused.status_code, refused.content_type) == (503, "application/problem+json")
            assert client.post("/__admin/clock", json={"advance": 5}).status_code == 503
            assert client.get("/__admin/health").status_code == 200
        postgresql.start()
        assert outline(provider)["rc"] == 200
        assert client.get("/__admin/ready").json == {"status": "ready"}
    assert (provider.clock.ahead, provider.journal.total) == (0, 2)
    assert client.post(REDEEM_BULK.path_of("M1"), json=submission).get_json()["status"] == 1
    said = [record.message for record in caplog.records]
    assert len(said) == 2, said
    assert "cannot be reached" in said[0]
    assert said[1].endswith("can be reached again")


def test_a_database_that_began_again_meanwhile_is_not_noticed(
    url: str, postgresql: Postgresql, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = opened(url, world_of("M1")), opened(url)
    one.clock.advance(5)
    postgresql.restart()
    assert (outline(other)["ts"], outline(one)["ts"]) == (NOW + 5, NOW + 5)
    postgresql.restart()
    one.clock.advance(5)
    assert outline(other)["ts"] == NOW + 10
    assert not caplog.records


def test_one_that_stands_still_while_it_writes_is_put_out(url: str) -> None:
    """It comes back to find that nothing of it was kept; nobody waits for it for ever."""
    one, other = opened(url, world_of("M1")), opened(url)
    assert other._shared is not None
    log = other._shared._log
    assert isinstance(log, PostgresqlLog)
    log._do(lambda connection: connection.execute("SET idle_in_transaction_session_timeout = '50ms'"))

    def stand_still() -> None:
        assert other._shared is not None
        with other._shared:
            one.clock.advance(5)  # waits until the other is out
            other.clock.advance(100)

    with pytest.raises(StateUnavailable):
        stand_still()
    assert (outline(one)["ts"], outline(other)["ts"]) == (NOW + 5, NOW + 5)


STOPPED: dict[str, Callable[[Provider], object]] = {
    "a look": lambda provider: provider.journal.total,
    "a call": outline,
    "a change": lambda provider: provider.clock.advance(5),
}


@pytest.mark.parametrize("what", STOPPED)
def test_a_database_that_stands_still_is_not_waited_for(
    what: str, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider = opened(url, world_of("M1"))
    outline(provider)  # what the next one shares with it is to be written
    pid = log_of(provider)._connection.info.backend_pid  # type: ignore[union-attr]
    monkeypatch.setattr("mockserver.storage.postgresql._SECONDS_TO_ANSWER", 0.05)
    os.kill(pid, signal.SIGSTOP)
    goes_on = threading.Timer(20, os.kill, (pid, signal.SIGCONT))
    goes_on.start()
    try:
        with suppress(StateUnavailable):
            assert STOPPED[what](provider)["rc"] == 503  # type: ignore[index]
        assert goes_on.is_alive()
    finally:
        goes_on.cancel()
        os.kill(pid, signal.SIGCONT)
    assert "no answer within" in caplog.text
    monkeypatch.undo()
    assert outline(provider)["rc"] == 200


def after_it_waited(url: str, work: Callable[[], Any]) -> Any:
    """Return what work does while somebody else writes to the row that says how far the log is."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    schema = url.partition("schema=")[2].partition("&")[0]
    with psycopg.connect(url.partition("?")[0]) as holding:
        holding.execute(f"UPDATE {schema}.head SET keep = keep")
        thread.start()
        with psycopg.connect(url.partition("?")[0], autocommit=True) as looking:
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            until(lambda: looking.execute(query).fetchone() == (1,))
        holding.commit()
        thread.join()
    (one,) = found
    return one


@pytest.mark.parametrize("isolation", ["serializable", "repeatable read"])
def test_whatever_isolation_a_database_gives_its_sessions_who_waits_is_answered(isolation: str, url: str) -> None:
    option = "-c default_transaction_isolation=" + isolation.replace(" ", "\\ ")
    url = f"{url}&options={quote(option)}"
    provider = opened(url, world_of("M1"))
    assert after_it_waited(url, lambda: outline(provider))["rc"] == 200
    assert after_it_waited(url, lambda: provider.clock.advance(5)) == NOW + 5
    assert provider.journal.total == 1


def test_what_another_keeps_is_not_forgotten_by_one_that_keeps_less(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.storage.forgetting._CALLS_AT_ONCE", 1)
    less, more = opened(url, world_of("M1"), journal_capacity=2), opened(url, journal_capacity=20)
    for provider in (less, more, more, more, more, less, less):
        outline(provider)
    assert [entry.n for entry in more.journal.entries()] == list(range(1, 8))


def test_what_comes_after_a_reset_is_not_forgotten_by_one_that_did_not_see_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.storage.forgetting._CALLS_AT_ONCE", 1)
    one, other = (opened(url, world_of("M1"), journal_capacity=3) for _ in range(2))
    for _ in range(9):
        outline(one)
    log = log_of(one)
    as_it_is = log._forget_old

    def forget_old(*given: Any) -> None:
        monkeypatch.undo()
        other.reset()
        outline(other)
        as_it_is(*given)

    monkeypatch.setattr(log, "_forget_old", forget_old)
    outline(one)
    assert [entry.n for entry in other.journal.entries()] == [1]
    assert [entry.n for entry in one.journal.entries()] == [1]


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_a_call_that_is_kept_is_answered_though_older_ones_cannot_be_forgotten(
    is_cut_off: bool, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mockserver.storage.forgetting._CALLS_AT_ONCE", 1)
    one = opened(url, world_of("M1"), journal_capacity=3)
    outline(one)
    log = log_of(one)
    as_it_is = log._forget_old

    def forget_old(connection: Any, *given: Any) -> None:
        monkeypatch.undo()
        if is_cut_off:
            with psycopg.connect(url.partition("?")[0], autocommit=True) as killing:
                killing.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
        else:
            connection.execute("SET statement_timeout = 1")
            monkeypatch.setattr("mockserver.storage.postgresql.oldest_piece", lambda *_: connection.execute(SLOW))
        as_it_is(connection, *given)

    monkeypatch.setattr(log, "_forget_old", forget_old)
    assert outline(one)["rc"] == 200
    monkeypatch.undo()
    assert outline(one)["rc"] == 200
    assert [entry.n for entry in one.journal.entries()] == [1, 2, 3]
    assert not caplog.records


def test_a_connection_that_breaks_while_something_is_written_leaves_nothing_half_done(url: str) -> None:
    one, other = opened(url, world_of("M1")), opened(url)
    assert one._shared is not None
    log = one._shared._log
    assert isinstance(log, PostgresqlLog)
    merchant = one.store.merchant("M1")
    assert merchant is not None
    for moment in ("append", "append_calls", "commit"):
        as_it_is = getattr(log, moment)

        def broken(*given: Any, as_it_is: Callable[..., Any] = as_it_is) -> Any:
            assert log._connection is not None
            mine = log._connection.info.backend_pid
            with psycopg.connect(url.partition("?")[0], autocommit=True) as killing:
                killing.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))
            return as_it_is(*given)

        setattr(log, moment, broken)
        assert json.loads(called(one, merchant, REDEEM_BULK.path, kode_voucher=TAKEN))["rc"] == 503
        delattr(log, moment)
        assert seen(one) == seen(other) == seen(opened(url))
    assert [len(merchant.projects()) for one in (one, other) for merchant in one.store.merchants()] == [1, 1]
    assert json.loads(called(one, merchant, REDEEM_BULK.path, kode_voucher=TAKEN))["status"] == 1


@pytest.mark.parametrize("statement", ["apigames_mock_piece", "apigames_mock_record"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_while_a_call_is_recorded_leaves_no_gap_and_no_double(
    statement: str, when: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = opened(url, world_of("M1")), opened(url)
    outline(one)  # what the next one shares with it is to be written
    log = log_of(one)
    as_it_is = log._answered

    def broken(wire: Any, name: bytes, *given: Any) -> Any:
        if name.decode() != statement:
            return as_it_is(wire, name, *given)
        monkeypatch.undo()
        if when == "after":
            as_it_is(wire, name, *given)
        with psycopg.connect(url.partition("?")[0], autocommit=True) as killing:
            killing.execute("SELECT pg_terminate_backend(%s, 5000)", (wire.backend_pid,))
        if when == "before":
            return as_it_is(wire, name, *given)
        raise psycopg.OperationalError("the answer was lost")

    monkeypatch.setattr(log, "_answered", broken)
    assert outline(one)["rc"] == 503
    is_kept = (statement, when) == ("apigames_mock_record", "after")
    assert other.journal.total == 1 + is_kept
    assert [outline(each)["rc"] for each in (one, other)] == [200, 200]
    for each in (one, other):
        assert [entry.n for entry in each.journal.entries()] == list(range(1, 4 + is_kept))
        assert {entry.http_status for entry in each.journal.entries()} == {200}


def test_a_state_that_was_emptied_is_not_answered_from_memory(url: str) -> None:
    one = opened(url, world_of("M1"))
    open_log(url).empty()
    assert outline(one)["rc"] == 503
    opened(url, world_of("M1"))
    assert outline(one)["rc"] == 200


def test_a_database_that_was_brought_back_from_a_copy_is_served_as_it_is(url: str) -> None:
    one = opened(url, world_of("M1"))
    one.clock.advance(5)
    with psycopg.connect(url.partition("?")[0], autocommit=True) as copy:
        schema = url.partition("=")[2]
        copy.execute(f"DELETE FROM {schema}.changes WHERE n = 2")
        copy.execute(f"UPDATE {schema}.head SET change = 1")
    assert outline(one)["ts"] == NOW


def test_many_that_begin_at_once_make_one_state(url: str) -> None:
    made: list[Provider] = []
    threads = [threading.Thread(target=lambda: made.append(opened(url, world_of("M1")))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({repr(seen(provider)) for provider in made}) == 1
    assert made[0]._shared is not None
    assert made[0]._shared._log.head().change == 1


def test_a_state_of_a_newer_version_or_something_else_is_refused(url: str, postgresql: Postgresql) -> None:
    opened(url, world_of("M1"))
    schema = url.partition("=")[2]
    with psycopg.connect(postgresql.url, autocommit=True) as newer:
        newer.execute(f"UPDATE {schema}.head SET format = 99")
        newer.execute("CREATE SCHEMA elsewhere CREATE TABLE things (n integer)")
    with pytest.raises(StateError, match=r"newer apigames-mock \(format 99, this one knows 2\); use that version"):
        open_log(url)
    with pytest.raises(StateError, match=r"holds something else; name another with \?schema=NAME"):
        open_log(f"{postgresql.url}?schema=elsewhere")
    with pytest.raises(StateError, match="cannot use postgresql://"):
        open_log(f"{postgresql.url}?schema=not_there", make=False)


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://mock:made-up-pass%2Fword@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?user=mock&password=made-up-pass%2Fword&schema=x",
        "postgresql://mock:made-up-pass/word@127.0.0.1:1/db",
        "postgresql://mock:made-up-pass@word@127.0.0.1:1/db",
        "postgresql://mock:made-up-pass%2Fword@127.0.0.1:port/db",
        "postgresql://mock:made-up-pass%2Fword@127.0.0.1:1/db?nonsense=made-up-pass",
        "postgresql://mock:made-up-pass%word@127.0.0.1:1/db",
        "postgresql://mock:made-up-pass#word@127.0.0.1:1/db",
        "postgresql://mock:made-up-pass?word@127.0.0.1:1/db",
        "postgresql://mock:made-up-pass%2Fword@127.0.0.1:1/db?schema=",
        "mysql://mock:made-up-pass@127.0.0.1/db",
    ],
)
def test_a_password_is_in_no_message(written: str) -> None:
    with pytest.raises(StateError) as refused:
        open_log(written)
    said = str(refused.value)
    assert "made-up" not in said
    assert any(hint in said for hint in ("postgresql://USER@HOST/DATABASE", "127.0.0.1:1/db", "?schema="))


def test_one_database_holds_many_states(postgresql: Postgresql) -> None:
    one, other = (opened(f"{postgresql.url}?schema={name}", world_of(name)) for name in ("Mine", "yours"))
    one.add_merchant(Merchant("M9", "made-up"))
    assert other.store.merchant("M9") is None
    assert {name.merchant_id for name in opened(f"{postgresql.url}?schema=Mine").store.merchants()} == {"Mine", "M9"}


def test_what_was_in_a_file_is_carried_to_a_database_and_back(url: str, tmp_path: Path) -> None:
    file = opened_file(tmp_path / "state.db", world_of("M1", "M2"))
    file.clock.advance(7)
    ask = {"projectid": "P-M1", "status": "", "page": 1, "limit": 30}
    merchant = file.store.merchant("M1")
    assert merchant is not None
    before = called(file, merchant, PROJECT_DETAIL.path, **ask)
    log = open_log(url)
    log.begin()
    log.append([encode_change(file.as_change())])
    log.commit()
    there = opened(url)
    assert {**seen(there), "calls": None} == {**seen(file), "calls": None}
    assert called(there, merchant, PROJECT_DETAIL.path, **ask) == before


def test_more_than_the_system_sends_at_once_is_written(url: str) -> None:
    one = opened(url, world_of("M1"))
    path = "/merchant/M1/kiosgamer/project/detail"
    replies = one.handle_together([Request("POST", path, bytes([65 + n]) * 1_500_000) for n in range(16)])
    assert [reply.rc for reply in replies] == [400] * 16
    assert [entry.call.body[:1] for entry in opened(url).journal.calls()] == [bytes([65 + n]) for n in range(16)]
