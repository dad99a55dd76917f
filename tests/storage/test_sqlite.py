"""A fake whose state is in a SQLite file: however often it is opened, and by however many, it is one fake."""

from __future__ import annotations

import base64
import json
import logging
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.internal_error import ERRORS
from mockserver.provider.journal.recorded import Call
from mockserver.provider.journal.written import read_call, write_call
from mockserver.provider.provider import Provider
from mockserver.provider.request import MAX_BODY, Request
from mockserver.provider.state.clock import FrozenClock, MovableClock
from mockserver.provider.state.log import StateError, StateUnavailable
from mockserver.provider.state.log_growth import LogGrowth
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world import Merchant, World
from mockserver.storage.opening import open_log
from mockserver.storage.sqlite import SqliteLog
from mockserver.web.app import create_app
from tests.support.examples import examples
from tests.support.histories import NOW, Histories, begun, called, page, seen, world_of


def opened(file: Path, world: World | None = None, **more: Any) -> Provider:
    return Provider(world or World(), clock=MovableClock(FrozenClock(NOW)), log=SqliteLog(file), **more)


def snapshots_after(provider: Provider, changes: int) -> None:
    """Have a snapshot made as soon as there are more changes than so many, if the state is small."""
    assert provider._shared is not None
    growth = provider._shared._growth = LogGrowth(changes * 4200)
    growth.restart(provider._shared._log.first(), 0)


class Shared(Histories):
    """Two that share a file, and a third that opens it later, cannot be told from one another."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "state.db"
        super().__init__(begun(log=SqliteLog(self.file)), opened(self.file))

    @initialize(changes=st.sampled_from([0, 4, 1000]))
    def make_snapshots(self, changes: int) -> None:
        """Some may be behind when a snapshot takes the place of the changes."""
        for provider in self.providers:
            snapshots_after(provider, changes)

    def teardown(self) -> None:
        one, other = self.providers
        assert seen(other) == seen(one) == seen(opened(self.file))
        self.folder.cleanup()


TestShared = Shared.TestCase
TestShared.settings = settings(
    max_examples=examples(40), stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, file: Path) -> tuple[Provider, Provider]:
    """Return two fakes of one state, in a file and in PostgreSQL."""
    url = f"sqlite:///{file}" if request.param == "sqlite" else request.getfixturevalue("postgresql").new_state()
    one, other = (
        Provider(world, clock=MovableClock(FrozenClock(NOW)), log=open_log(url))
        for world in (world_of("M1", "M2"), World())
    )
    return one, other


def outline(provider: Provider, merchant_id: str = "M1") -> dict[str, Any]:
    merchant = provider.store.merchant(merchant_id)
    assert merchant is not None
    return json.loads(page(provider, merchant, f"P-{merchant_id}"))  # type: ignore[no-any-return]


CHANGES: dict[str, tuple[Callable[[Provider, Any, Any], object], Callable[[Provider], object]]] = {
    "a move": (
        lambda provider, merchant, project: provider.move_vouchers(merchant, project, VoucherStatus.SUCCESS, count=2),
        lambda provider: outline(provider)["data"]["data"]["stats"]["success"] == 2,
    ),
    "a plan": (
        lambda provider, merchant, project: provider.set_plan(merchant, project, Plan("immediate")),
        lambda provider: outline(provider)["data"]["data"]["stats"]["success"] == 5,
    ),
    "a clock": (
        lambda provider, merchant, project: provider.own_clock(merchant).advance(60),
        lambda provider: outline(provider)["ts"] == NOW + 60,
    ),
    "a merchant that goes": (
        lambda provider, merchant, project: provider.remove_merchant("M1"),
        lambda provider: ask(provider, "M1")["error_msg"] == "Merchant not found",
    ),
    "a fault": (
        lambda provider, merchant, project: provider.faults.add(Rule(Fault("maintenance"), operation="redeem_bulk")),
        lambda provider: len(provider.faults.states()) == 1,
    ),
    "a world": (
        lambda provider, merchant, project: provider.put_world(world_of("M3")),
        lambda provider: [one["merchant_id"] for one in [outline(provider, "M3")["data"]["data"]]] == ["M3"],
    ),
}


def ask(provider: Provider, merchant_id: str) -> dict[str, Any]:
    reply = provider.handle(Request("POST", PROJECT_DETAIL.path_of(merchant_id), b'{"signature": "x"}', (), "t"))
    return json.loads(reply.body)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", CHANGES)
def test_what_one_has_acknowledged_the_next_call_to_another_sees(pair: tuple[Provider, Provider], kind: str) -> None:
    one, other = pair
    change, is_seen = CHANGES[kind]
    merchant = one.store.merchant("M1")
    assert merchant is not None
    change(one, merchant, merchant.projects()[0])
    with other.up_to_date():  # what an adapter does before it looks by itself
        pass
    assert is_seen(other)


def test_the_next_calls_are_hit_exactly_and_no_code_is_doubled_whoever_answers(file: Path) -> None:
    providers = [opened(file, world_of("M1")) for _ in range(3)]
    providers[0].faults.add(Rule(Fault("html_502"), times=20, operation="project_detail"))
    replies: list[tuple[str, bytes]] = []

    def client(provider: Provider, name: int) -> None:
        merchant = provider.store.merchant("M1")
        assert merchant is not None
        for number in range(15):
            # Each code is submitted by two.
            code = base64.b64encode(f"CODE-{name // 2}-{number}".encode()).decode()
            replies.append(("redeem_bulk", called(provider, merchant, REDEEM_BULK.path, kode_voucher=code)))
            replies.append(("project_detail", page(provider, merchant, "P-M1")))

    threads = [threading.Thread(target=client, args=(providers[n % 3], n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bodies = Counter(operation for operation, body in replies if body.startswith(b"<"))
    taken = [json.loads(body) for operation, body in replies if operation == "redeem_bulk"]
    assert bodies == {"project_detail": 20}
    assert len([one for one in taken if one["status"] == 1]) == 45
    assert len({one["data"]["id"] for one in taken if one["status"] == 1}) == 45
    for provider in providers:
        assert [entry.n for entry in provider.journal.entries()] == list(range(1, 181))
    assert len({repr(seen(provider)) for provider in providers}) == 1


def test_snapshots_keep_the_log_short_and_nobody_notices(file: Path) -> None:
    one, other = opened(file, world_of("M1")), opened(file)
    for provider in (one, other):
        snapshots_after(provider, 20)
    longest = 0
    for number in range(1, 301):
        one.clock.advance(1)
        if number % 7 == 0:  # mostly behind, and at times by more than a snapshot
            assert outline(other)["ts"] == NOW + number
        if number % 50 == 0:
            other.clock.advance(0)
        longest = max(longest, rows_of(file))
    assert longest <= 25
    assert seen(opened(file)) == seen(one) == seen(other)
    assert one.journal.total == 42


def rows_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as reading:
        return int(reading.execute("SELECT count(*) FROM changes").fetchone()[0])


def test_a_snapshot_that_fails_loses_nothing_and_is_made_later(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = opened(file, world_of("M1")), opened(file)
    snapshots_after(one, 10)
    failed = []

    def fail(log: SqliteLog, _: bytes) -> None:
        failed.append(rows_of(file))
        raise StateUnavailable("the disk is full")

    monkeypatch.setattr(SqliteLog, "replace", fail)
    for number in range(1, 61):
        one.clock.advance(1)
        assert outline(other)["ts"] == NOW + number
    # The more there are, the seldomer it is tried.
    assert failed[:3] == [12, 24, 48]
    monkeypatch.undo()
    for _ in range(60):
        one.clock.advance(1)
    assert rows_of(file) < 50
    assert seen(one) == seen(other) == seen(opened(file))


def test_what_only_looks_makes_no_snapshot(file: Path) -> None:
    one = opened(file, world_of("M1"))
    for _ in range(30):
        one.clock.advance(1)
    other = opened(file)
    snapshots_after(other, 0)
    outline(other)
    assert rows_of(file) == 31
    other.clock.advance(1)
    assert rows_of(file) == 1


def test_a_wait_on_one_sees_calls_to_another(pair: tuple[Provider, Provider]) -> None:
    one, other = pair
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.extend(one.journal.wait(count=2, timeout=20)))
    waiting.start()
    outline(other)
    outline(other, "M2")
    waiting.join()
    assert [(entry.n, entry.merchant_id) for entry in found] == [(1, "M1"), (2, "M2")]


def test_the_journal_is_bounded_and_its_replies_are_whole(file: Path) -> None:
    providers = opened(file, world_of("M1"), journal_capacity=300), opened(file, journal_capacity=300)
    for number in range(1500):
        outline(providers[number % 2])
    third = opened(file, journal_capacity=300)
    entries = third.journal.entries()
    assert [entry.n for entry in entries] == list(range(1201, 1501))
    assert {entry.reply for entry in entries} == {json.dumps(outline(third), separators=(",", ":"))}
    with closing(sqlite3.connect(file)) as reading:
        rows = reading.execute("SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM pieces)").fetchone()
    assert rows[0] <= 300 + 2 * 256
    assert rows[1] < 20


CALLS: dict[str, Callable[[Any], object]] = {
    "a page": outline,
    "a refusal": lambda provider: ask(provider, "M1"),
    "a number of more than 64 bits": lambda provider: called(
        provider,
        provider.store.merchant("M1"),
        PROJECT_DETAIL.path,
        projectid="P-M1",
        status="",
        page=1,
        limit=-(2**70),
    ),
    "a fault over a text that is not Unicode": lambda provider: provider.handle(
        Request(
            "POST",
            PROJECT_DETAIL.path_of("M1").replace("M1", "M\udc80"),
            b"{}",
            (("x-apigames-mock-fault", "rate_limit"),),
            "t",
        )
    ),
    "an unknown merchant": lambda provider: ask(provider, "nobody"),
    "a path that is not UTF-8": lambda provider: provider.handle(
        Request("POST", "/merchant/M\udc80/kiosgamer/project/detail", b"\xff", (), "t")
    ),
    "a path with a NUL": lambda provider: provider.handle(
        Request("POST", PROJECT_DETAIL.path_of("M1").replace("M1", "M\0"), b"{}", (), "t")
    ),
    "a wrong path": lambda provider: provider.handle(Request("GET", "/nowhere", b"", (), "t")),
    "a fault over a refusal": lambda provider: (
        provider.faults.add(Rule(Fault("slow_body", seconds=0))),
        ask(provider, "M1"),
    ),
    "a fault that was asked for": lambda provider: provider.handle(
        Request("POST", PROJECT_DETAIL.path_of("M1"), b"{}", (("x-apigames-mock-fault", "rate_limit"),), "t")
    ),
    "an error that was asked for": lambda provider: provider.handle(
        Request("POST", PROJECT_DETAIL.path_of("M1"), b"{}", (("x-apigames-mock-fault", "ERR-3"),), "t")
    ),
    "a submission": lambda provider: called(
        provider, provider.store.merchant("M1"), REDEEM_BULK.path, kode_voucher="QUJDMTIz"
    ),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_is_read_as_it_was_written(pair: tuple[Provider, Provider], kind: str) -> None:
    one, other = pair
    CALLS[kind](one)
    in_memory = Provider(world_of("M1"), clock=MovableClock(FrozenClock(NOW)))
    CALLS[kind](in_memory)
    (raw,), (read,) = one.journal.calls(), other.journal.calls()
    # The id of a project that is made is another each time.
    assert [repr(known.reply) for known in in_memory.journal.calls()] == [repr(raw.reply)]
    assert read.reply == raw.reply
    assert type(read.reply) is type(raw.reply)
    assert one.journal.entries()[0].reply == other.journal.entries()[0].reply
    assert (read.took, read.n, one.diagnose(raw)) == (raw.took, raw.n, other.diagnose(read))
    if "not U" not in kind:
        assert read == raw


def test_every_field_of_a_call_is_kept() -> None:
    provider = Provider(world_of("M1"), clock=FrozenClock(NOW))
    outline(provider)
    (raw,) = provider.journal.calls()
    request = Request("PUT", "/a", b"{}", (("x", "y"), ("x", "z")), "here:1", is_too_large=True)
    call = Call(request, "M1", 3.5, raw.call.operation, "delay")
    head, own = write_call(call, raw.reply, 0.5)
    assert read_call(7, head, own, raw.reply.body, provider.operations).call == call


@pytest.fixture
def lost(file: Path) -> tuple[Provider, Callable[[], object], Callable[[], object]]:
    """Return a fake, what takes its file away, and what brings it back."""
    provider = opened(file, world_of("M1"))
    away = file.with_name("away")

    def move(here: Path, there: Path) -> None:
        for ending in ("", "-wal", "-shm"):
            if (one := here.with_name(here.name + ending)).exists():
                one.rename(there.with_name(there.name + ending))

    return provider, lambda: move(file, away), lambda: move(away, file)


def test_without_its_file_it_says_so_and_forks_nothing(
    lost: tuple[Provider, Callable[[], object], Callable[[], object]], caplog: pytest.LogCaptureFixture, file: Path
) -> None:
    provider, lose, bring_back = lost
    outline(provider)
    client = create_app(provider).test_client()
    merchant = provider.store.merchant("M1")
    assert merchant is not None
    submission = {"signature": merchant.signature, "kode_voucher": "QUJDMTIz"}
    with caplog.at_level(logging.WARNING, ERRORS):
        lose()
        for _ in range(3):
            assert outline(provider) == {"status": 0, "rc": 503, "error_msg": outline(provider)["error_msg"]}
            reply = client.post(REDEEM_BULK.path_of("M1"), json=submission)
            assert (reply.status_code, reply.get_json()["rc"]) == (503, 503)
            for path in ("ready", "merchants", "requests", "faults"):
                refused = client.get(f"/__admin/{path}")
                assert (refused.status_code, refused.content_type) == (503, "application/problem+json")
            assert client.post("/__admin/clock", json={"advance": 5}).status_code == 503
            assert client.get("/__admin/health").status_code == 200
        assert not file.exists()
        bring_back()
        assert outline(provider)["rc"] == 200
        assert client.get("/__admin/ready").json == {"status": "ready"}
    assert provider.clock.ahead == 0
    assert provider.journal.total == 2
    assert client.post(REDEEM_BULK.path_of("M1"), json=submission).get_json()["status"] == 1
    said = [record.message for record in caplog.records]
    assert len(said) == 2, said
    assert "cannot be reached" in said[0]
    assert said[1].endswith("can be reached again")


def test_another_file_in_its_place_is_served_as_it_is(file: Path, tmp_path: Path) -> None:
    provider = opened(file, world_of("M1"))
    other = tmp_path / "other.db"
    opened(other, world_of("M2"))._shared._log.close()  # type: ignore[union-attr]
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink()
    other.rename(file)
    assert outline(provider)["rc"] == 503
    assert ask(provider, "M1")["error_msg"] == "Merchant not found"
    assert outline(provider, "M2")["rc"] == 200


def test_what_is_not_written_is_not_acknowledged_and_not_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of each kind of call fails once, before or after it: what was said to fail may be there or not."""
    provider = opened(file, world_of("M1"))
    merchant = provider.store.merchant("M1")
    assert merchant is not None

    def fail(_: SqliteLog) -> None:
        raise provider_error

    provider_error = StateUnavailable("the disk is full")
    monkeypatch.setattr(SqliteLog, "commit", fail)
    taken = json.loads(called(provider, merchant, REDEEM_BULK.path, kode_voucher="QUJDMTIz"))
    assert taken["rc"] == 503
    with pytest.raises(StateUnavailable):
        provider.clock.advance(5)
    monkeypatch.undo()
    assert outline(provider)["ts"] == NOW
    assert seen(provider) == seen(opened(file))
    assert [one.project_id for one in provider.store.merchant("M1").projects()] == ["P-M1"]  # type: ignore[union-attr]


def test_whoever_writes_is_waited_for_but_not_without_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Before Python 3.11 SQLite waits, for as long.
    monkeypatch.setattr("mockserver.storage.sqlite._SECONDS_TO_WAIT", 0.5)
    monkeypatch.setattr("mockserver.storage.sqlite._SECONDS_SQLITE_WAITS", 0.0 if sys.version_info >= (3, 11) else 0.5)
    provider = opened(file, world_of("M1"))
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = threading.Timer(0.02, lambda: other.execute("COMMIT"))
        done.start()
        assert outline(provider)["rc"] == 200
        done.join()
        other.execute("BEGIN IMMEDIATE")
        assert outline(provider)["rc"] == 503
        other.execute("COMMIT")
    assert outline(provider)["rc"] == 200
    assert [entry.n for entry in provider.journal.entries()] == [1, 2]


def test_the_file_beside_begins_anew_as_soon_as_nobody_reads_what_was_before(file: Path) -> None:
    log, beside = SqliteLog(file), file.with_name(file.name + "-wal")

    def written(change: bytes) -> int:
        log.begin()
        log.append([change])
        log.commit()
        return beside.stat().st_size

    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM changes").fetchone()
        assert written(bytes(20_000_000)) > 20_000_000
        assert written(b"behind it") > 20_000_000
        other.execute("COMMIT")
    assert written(b"alone") < 100_000
    assert log.length() == 3


def test_a_call_that_says_its_own_number_has_that_number(file: Path) -> None:
    providers = opened(file, world_of("M1"), doctor_header=True), opened(file, doctor_header=True)
    for number in range(1, 5):
        with providers[number % 2].up_to_date():
            request = Request("POST", PROJECT_DETAIL.path_of("M1"), b"{" + b" " * MAX_BODY, (), "t")
            reply = providers[number % 2].handle(msgspec.structs.replace(request, body=request.body[:MAX_BODY]))
        assert f"GET /__admin/requests/{number} says why" in dict(reply.headers)["x-apigames-mock-doctor"]
        assert providers[0].journal.total == number


def test_the_file_is_for_its_owner_alone(file: Path) -> None:
    before = os.umask(0)
    try:
        opened(file, world_of("M1"))
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in file.parent.iterdir()} == {0o600}


def test_a_file_of_a_newer_version_or_of_something_else_is_refused(file: Path, tmp_path: Path) -> None:
    opened(file, world_of("M1"))
    with closing(sqlite3.connect(file)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(StateError, match=r"newer apigames-mock \(format 99, this one knows 2\); use that version"):
        open_log(f"sqlite:///{file}")
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as another:
        another.execute("CREATE TABLE things (n)")
    with pytest.raises(StateError, match="a database of something else"):
        open_log(f"sqlite:///{other}")
    (tmp_path / "text").write_text("not a database" * 100)
    with pytest.raises(StateError, match="not a database; name another file"):
        open_log(f"sqlite:///{tmp_path / 'text'}")
    for url in ("sqlite://x", "state.db", "sqlite:///", "postgresq://x/y"):
        with pytest.raises(StateError, match="expected sqlite:///FILE"):
            open_log(url)
    with pytest.raises(StateError, match=r"as text, as in sqlite:///mock\.db, got .*Path"):
        open_log(file)  # type: ignore[arg-type]


def test_a_change_that_this_version_does_not_know_is_refused_and_never_left_out(file: Path) -> None:
    provider = opened(file, world_of("M1"))
    with closing(sqlite3.connect(file)) as newer:
        newer.execute("INSERT INTO changes VALUES (2, x'81a474797065a1587a')")
        newer.execute("UPDATE head SET change = 2")
        newer.commit()
    with pytest.raises(StateError, match=r"change 2 of the state .* was written by another version"):
        opened(file)
    assert outline(provider)["rc"] == 503
    assert outline(provider)["rc"] == 503


def test_a_copy_of_the_file_is_a_fake_of_its_own(file: Path, tmp_path: Path) -> None:
    provider = opened(file, world_of("M1"))
    provider._shared._log.close()  # type: ignore[union-attr]
    shutil.copy(file, tmp_path / "copy.db")
    copy = opened(tmp_path / "copy.db")
    copy.add_merchant(Merchant("M9", "made-up"))
    assert copy.store.merchant("M9") is not None
    with provider.up_to_date():
        assert provider.store.merchant("M9") is None
