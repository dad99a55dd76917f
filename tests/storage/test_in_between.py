"""What others do between two steps of one that shares a state with them: nobody sees what is not, or misses what is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.wire import VoucherStatus
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.journal.recorded import RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import Request
from mockserver.provider.state.clock import FrozenClock, MovableClock
from mockserver.provider.state.log import StateUnavailable
from mockserver.provider.state.world import Merchant, World
from mockserver.storage.sqlite import SqliteLog
from mockserver.web.app import create_app
from tests.support.histories import NOW, page, world_of


class Interrupted(SqliteLog):
    """Before a method is called, or after it, somebody else does something, once."""

    def __init__(self, file: Path) -> None:
        self.before: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}
        super().__init__(file)

    def _around(self, name: str, method: Callable[[], Any]) -> Any:
        self.before.pop(name, lambda: None)()
        result = method()
        self.after.pop(name, lambda: None)()
        return result

    def head(self) -> Any:
        return self._around("head", super().head)

    def begin(self) -> Any:
        return self._around("begin", super().begin)

    def record(self, *given: Any) -> Any:
        return self._around("record", lambda: super(Interrupted, self).record(*given))

    def calls(self, *given: Any) -> Any:
        return self._around("calls", lambda: super(Interrupted, self).calls(*given))

    def commit(self) -> None:
        self._around("commit", super().commit)


@pytest.fixture
def log(tmp_path: Path) -> Interrupted:
    return Interrupted(tmp_path / "state.db")


@pytest.fixture
def provider(log: Interrupted) -> Provider:
    return Provider(world_of("M1", "M2"), clock=MovableClock(FrozenClock(NOW)), log=log)


@pytest.fixture
def other(provider: Provider, tmp_path: Path) -> Provider:
    return Provider(World(), clock=MovableClock(FrozenClock(NOW)), log=SqliteLog(tmp_path / "state.db"))


def ask(provider: Provider, merchant_id: str) -> bytes:
    merchant = provider.store.merchant(merchant_id)
    assert merchant is not None
    return page(provider, merchant, f"P-{merchant_id}")


def numbers(provider: Provider) -> list[int]:
    return [one.n for one in provider.journal.calls()]


@pytest.mark.parametrize("what", ["reset", "remove", "move"])
def test_a_call_is_answered_of_one_state_also_where_its_fault_is_taken_in_the_next(
    log: Interrupted, provider: Provider, other: Provider, what: str
) -> None:
    """It is counted under a lock that is taken behind the first look: what changed until then counts for all of it."""
    provider.faults.add(Rule(Fault("html_502"), times=1, merchant_id="M1"))
    merchant = other.store.merchant("M1")
    assert merchant is not None
    (project,) = merchant.projects()
    other.move_vouchers(merchant, project, VoucherStatus.SUCCESS, count=2)
    changes: dict[str, Callable[[], object]] = {
        "reset": lambda: other.reset_merchant("M1"),
        "remove": lambda: other.remove_merchant("M1"),
        "move": lambda: other.move_vouchers(merchant, project, VoucherStatus.SUCCESS, count=1),
    }
    log.before["begin"] = changes[what]
    reply = ask(provider, "M1")
    if what == "move":
        assert reply.startswith(b"<")
    elif what == "remove":
        assert b"Merchant not found" in reply
    else:
        assert b'"success":0' in reply
    assert [call.reply.body for call in provider.journal.calls()][-1] == reply


@pytest.mark.parametrize("count", [1, 3])
def test_calls_are_answered_anew_where_others_changed_something_before_they_are_recorded(
    count: int, log: Interrupted, provider: Provider, other: Provider
) -> None:
    """They are answered of what was seen last, without a look: it counts only if it still holds when they are kept."""
    ask(provider, "M1")
    merchant = other.store.merchant("M1")
    assert merchant is not None
    (project,) = merchant.projects()
    log.before["record"] = lambda: other.move_vouchers(merchant, project, VoucherStatus.SUCCESS, count=2)
    body = json.dumps({"projectid": "P-M1", "status": "", "page": 1, "limit": 30, "signature": merchant.signature})
    path = "/merchant/M1/kiosgamer/project/detail"
    replies = provider.handle_together([Request("POST", path, body.encode())] * count)
    assert ['"success":2' in reply.body.decode() for reply in replies] == [True] * count
    assert [call.reply.body for call in other.journal.calls()][1:] == [reply.body for reply in replies]
    assert numbers(provider) == numbers(other) == list(range(1, count + 2))


def test_calls_that_others_recorded_meanwhile_change_no_reply_and_no_number(
    log: Interrupted, provider: Provider, other: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(provider, "M1")
    answered = []
    as_it_is = provider._judged

    def judged(request: Request) -> Reply:
        answered.append(request)
        return as_it_is(request)

    monkeypatch.setattr(provider, "_judged", judged)
    log.before["record"] = lambda: ask(other, "M2")
    ask(provider, "M1")
    assert len(answered) == 1
    assert [(one.n, one.call.merchant_id) for one in provider.journal.calls()] == [(1, "M1"), (2, "M2"), (3, "M1")]
    assert numbers(other) == numbers(provider)


FORGETTING: dict[str, Callable[[Provider], object]] = {
    "a merchant is reset": lambda provider: provider.reset_merchant("M1"),
    "the journal is cleared": lambda provider: provider.clear_journal(),
    "everything is reset": lambda provider: provider.reset(),
}


@pytest.mark.parametrize("forget", FORGETTING)
@pytest.mark.parametrize("with_a_call", [False, True])
def test_a_call_that_is_recorded_after_others_were_forgotten_is_kept(
    forget: str, with_a_call: bool, provider: Provider, other: Provider, log: Interrupted
) -> None:
    ask(provider, "M1")

    def meanwhile() -> None:
        FORGETTING[forget](other)
        if with_a_call:
            ask(other, "M2")

    log.before["record"] = meanwhile
    ask(provider, "M1")
    assert "record" not in log.before
    assert numbers(provider) == numbers(other)
    assert [one.call.merchant_id for one in provider.journal.calls()] == ["M2"] * with_a_call + ["M1"]


@pytest.mark.parametrize("forget", FORGETTING)
def test_a_call_that_comes_while_the_journal_is_read_is_kept(
    forget: str, provider: Provider, other: Provider, log: Interrupted
) -> None:
    ask(other, "M1")

    def meanwhile() -> None:
        FORGETTING[forget](other)
        ask(other, "M1")

    log.after["head"] = meanwhile
    numbers(provider)
    assert numbers(provider) == numbers(other)
    assert len(numbers(provider)) == 1


def test_the_journal_may_be_read_while_something_is_changed(provider: Provider, other: Provider) -> None:
    ask(other, "M1")
    with provider.up_to_date():
        assert numbers(provider) == [1]
    ask(other, "M1")
    with provider.changing:
        assert numbers(provider) == [1, 2]
        provider.reset()
        assert numbers(provider) == []
    assert numbers(provider) == []
    ask(provider, "M1")
    assert numbers(provider) == numbers(other) == [1]


READS = {
    "/__admin/merchants": "admin.get_merchants",
    "/__admin/merchants/M1": "admin.get_merchant",
    "/__admin/projects": "admin.get_projects",
    "/__admin/projects/P-M1": "admin.get_project",
    "/__admin/projects/P-M1/vouchers": "admin.get_vouchers",
    "/__admin/projects/P-M1/vouchers/10": "admin.get_voucher",
    "/__admin/world": "admin.get_world",
    "/__admin/clock?merchant_id=M1": "admin.get_clock",
    "/__admin/faults": "admin.get_faults",
    "/__admin/readings": "admin.get_readings",
    "/__admin/submissions": "admin.get_submissions",
    "/__admin/requests": "admin.get_requests",
    "/__admin/requests/1": "admin.get_request",
    "/__admin/": "page.index",
    "/__admin/?view=vouchers": "page.index",
    "/__admin/?view=time": "page.index",
    "/__admin/page/requests/1": "page.call",
}


@pytest.mark.parametrize("path", READS)
def test_nobody_sees_what_is_not_kept_yet(path: str, provider: Provider, other: Provider, log: Interrupted) -> None:
    """A change is made and cannot be kept; who looks meanwhile is not shown it, for it never was."""
    ask(provider, "M1")
    app = create_app(provider)
    before = app.test_client().get(path).get_data()
    is_made, is_seen = threading.Event(), threading.Event()
    view = app.view_functions[READS[path]]

    def change() -> None:
        merchant = provider.store.merchant("M1")
        assert merchant is not None
        project = merchant.project("P-M1")
        assert project is not None

        def fail() -> None:
            raise StateUnavailable("no space")

        with suppress(StateUnavailable), provider.changing:
            provider.move_vouchers(merchant, project, VoucherStatus.SUCCESS, note="moved")
            provider.faults.add(Rule(Fault("html_502")))
            provider.own_clock(merchant).advance(60)
            provider.readings = provider.readings.replace(timezone="UTC")
            provider.clear_journal()
            is_made.set()
            is_seen.wait(0.05)
            log.before["commit"] = fail

    changing = threading.Thread(target=change)

    def seen(**values: Any) -> Any:
        changing.start()
        is_made.wait(30)
        shown = view(**values)
        is_seen.set()
        return shown

    app.view_functions[READS[path]] = seen
    shown = app.test_client().get(path).get_data()
    changing.join()
    assert shown == before


def test_the_page_shows_what_others_changed(provider: Provider, other: Provider) -> None:
    client = create_app(provider).test_client()
    other.clock.advance(3600)
    other.faults.add(Rule(Fault("html_502"), times=77))
    assert "77" in client.get("/__admin/?view=time").get_data(as_text=True)


def test_a_secret_of_a_merchant_that_another_added_is_masked_in_the_first_list(
    provider: Provider, other: Provider
) -> None:
    numbers(provider)
    provider.journal.entries()
    secret = "a-made-up-secret-of-somebody"
    merchant = other.add_merchant(Merchant("M9", secret))
    page(other, merchant, f"P-{secret}")
    assert secret not in repr(other.journal.entries())
    assert secret not in repr(provider.journal.entries())
    assert secret not in repr(provider.journal.newest(10))


OF_ONE: dict[str, tuple[str, str, Any]] = {
    "a reset": ("POST", "/__admin/reset?merchant_id=M1", {}),
    "faults": ("PUT", "/__admin/faults?merchant_id=M1", {"faults": [{"fault": "html_502"}]}),
    "no faults": ("DELETE", "/__admin/faults?merchant_id=M1", None),
    "readings": ("PUT", "/__admin/readings?merchant_id=M1", {"readings": {}}),
    "a clock": ("POST", "/__admin/clock?merchant_id=M1", {"advance": 5}),
    "a failure of the vendor": ("PATCH", "/__admin/merchants/M1", {"vendor_state": None}),
    "its end": ("DELETE", "/__admin/merchants/M1", None),
    "a project": ("POST", "/__admin/merchants/M1/projects", {}),
    "a move": ("PATCH", "/__admin/projects/P-M1/vouchers", {"to": "success"}),
}


@pytest.mark.parametrize("change", OF_ONE)
def test_a_change_of_a_merchant_that_another_removes_meanwhile_is_refused(
    change: str, provider: Provider, other: Provider, log: Interrupted
) -> None:
    method, path, document = OF_ONE[change]
    log.before["begin"] = lambda: other.remove_merchant("M1")
    reply = create_app(provider).test_client().open(path, method=method, json=document)
    assert (reply.status_code, provider.store.merchant("M1")) == (404, None)
    assert not provider.faults.states()


def test_a_journal_is_read_as_it_was_at_one_moment(provider: Provider, other: Provider, log: Interrupted) -> None:
    """Others begin it again from 1 between the look at how far it is and the look at its calls."""
    numbers(provider)
    ask(provider, "M1")
    for _ in range(3):
        ask(other, "M1")

    def meanwhile() -> None:
        other.reset()
        for _ in range(5):
            ask(other, "M2")

    log.before["calls"] = meanwhile
    assert [(one.n, one.call.merchant_id) for one in provider.journal.calls()] == [(n, "M2") for n in range(1, 6)]


def test_a_journal_that_others_begin_again_and_again_is_read_all_the_same(
    provider: Provider, other: Provider, log: Interrupted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.storage.sqlite._SECONDS_TO_WAIT", 0.01)
    numbers(provider)
    ask(other, "M1")
    is_begun: list[bool] = []

    def begin_again() -> None:
        if len(is_begun) < 5:
            log.before["calls"] = begin_again
        is_begun.append(False)
        with suppress(StateUnavailable):
            other.reset()
            is_begun[-1] = True
            ask(other, "M1")

    log.before["calls"] = begin_again
    assert numbers(provider) == [1]
    # The second time they are read while nobody else writes.
    assert is_begun == [True, False]
    log.before.clear()
    other.reset()
    assert numbers(provider) == numbers(other) == []


@pytest.mark.parametrize("forget", FORGETTING)
def test_a_call_that_is_forgotten_in_its_own_block_is_in_no_journal(
    forget: str, provider: Provider, other: Provider
) -> None:
    heard: list[int] = []
    provider.journal._observers = (lambda kept: heard.append(kept.n),)
    with provider.changing:
        ask(provider, "M1")
        FORGETTING[forget](provider)
    assert numbers(provider) == numbers(other) == []
    ask(provider, "M1")
    assert numbers(provider) == numbers(other)
    assert heard == [1, *numbers(provider)]


def test_who_hears_of_a_call_may_change_something_and_call(provider: Provider, other: Provider) -> None:
    """It is kept before the call that it heard of is answered, and holds nobody up."""

    def heard(kept: RawEntry) -> None:
        if kept.n == 1:
            provider.clock.advance(5)
            ask(provider, "M2")
        elif kept.n == 2:
            ask(provider, "M2")

    provider.journal._observers = (heard,)
    ask(provider, "M1")
    other.clock.advance(5)
    assert other.clock.ahead == 10
    assert [(one.n, one.call.merchant_id) for one in other.journal.calls()] == [(1, "M1"), (2, "M2"), (3, "M2")]
    assert numbers(provider) == [1, 2, 3]


def test_an_error_of_the_mock_itself_while_calls_are_written_holds_nobody_up(
    provider: Provider, other: Provider, log: Interrupted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(log._blocks, "made", fail)
    with pytest.raises(KeyboardInterrupt):
        ask(provider, "M1")
    monkeypatch.undo()
    monkeypatch.setattr("mockserver.storage.sqlite._SECONDS_TO_WAIT", 0.01)
    other.clock.advance(5)
    ask(provider, "M1")
    assert numbers(provider) == numbers(other) == [1]


def test_of_calls_that_came_together_so_many_are_answered_as_have_few_bytes(provider: Provider) -> None:
    calls = [Request("POST", "/merchant/M1/kiosgamer/project/detail", b"x" * 600)] * 10
    assert len(provider.handle_together(calls, 2000)) == 4
