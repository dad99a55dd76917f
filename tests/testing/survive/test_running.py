"""How a client is run: in a group of its own, bounded, with what it needs in its environment."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

import mockserver
from mockserver.testing.survive.running import Command, CommandError, InProcess
from mockserver.testing.survive.status_call.scenarios import SCENARIOS
from tests.support.survive_clients import NoList, ask, careful

ENVIRONMENT = {"APIGAMES_BASE_URL": "http://127.0.0.1:9"}


def python(code: str) -> Command:
    return Command([sys.executable, "-c", code])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def gone(pid: int) -> bool:
    """Whether a process is gone, once the system had the time to see to it."""
    for _ in range(500):
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


def test_it_gets_the_variables_and_the_user_s_own() -> None:
    run = python("import os; print(os.environ['APIGAMES_BASE_URL'], 'PATH' in os.environ, os.environ['NO_PROXY'])")(
        ENVIRONMENT, 30
    )
    assert run.exit_status == 0
    assert run.said.startswith("http://127.0.0.1:9 True ")
    assert "127.0.0.1" in run.said


@pytest.mark.parametrize("ends", ["time.sleep(600)", "pass"], ids=["hangs", "ends"])
def test_nothing_of_it_is_left_running(tmp_path: Path, ends: str) -> None:
    """Its children go with it, also when it ended by itself and left them behind."""
    noted = tmp_path / "pid"
    child = "import time; time.sleep(600)"
    code = (
        "import pathlib, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"pathlib.Path({str(noted)!r}).write_text(str(child.pid))\n"
        f"{ends}\n"
    )
    # On a busy machine it may take long until it has a child.
    for seconds in (1, 8, 60):
        run = python(code)(ENVIRONMENT, seconds)
        if noted.exists():
            break
    assert run.ended is (ends == "pass")
    assert gone(int(noted.read_text()))


def test_it_may_print_without_end() -> None:
    run = python("while True: print('x' * 10_000)")(ENVIRONMENT, 1)
    assert not run.ended
    assert len(run.said) <= 65_536


def test_a_signal_is_an_exit_status_below_0() -> None:
    run = python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")(ENVIRONMENT, 30)
    assert run.exit_status == -signal.SIGSEGV


@pytest.mark.parametrize("words", [["no-such-program-of-mine"], ["/"], ["a\0b"]])
def test_a_command_that_cannot_be_run_is_no_client(words: list[str]) -> None:
    with pytest.raises(CommandError, match="cannot run"):
        mockserver.survive(words, scenarios=["one-voucher"])


def test_what_a_callable_raises_is_a_crash_unless_it_is_its_way_to_fail() -> None:
    def fails(env: Mapping[str, str]) -> None:
        raise NoList("Signature Not Valid")

    crash = InProcess(fails)(ENVIRONMENT, 30)
    assert crash.trace == "NoList: Signature Not Valid"
    assert crash.output is None
    reported = InProcess(fails, (NoList,))(ENVIRONMENT, 30)
    assert reported.trace is None
    assert reported.output == {"error": "Signature Not Valid"}


def test_a_callable_that_leaves_the_interpreter_crashes() -> None:
    assert InProcess(lambda _: sys.exit(3))(ENVIRONMENT, 30).trace == "SystemExit: 3"


def test_what_a_callable_held_when_it_raised_is_let_go_at_once() -> None:
    """Its connections close then, and not when the garbage of some later test is collected."""
    held: list[weakref.ref[Any]] = []

    def client(env: Mapping[str, str]) -> None:
        connection = HTTPConnection("127.0.0.1")
        held.append(weakref.ref(connection))
        raise ConnectionError("reset")

    gc.disable()
    try:
        assert InProcess(client)(ENVIRONMENT, 30).trace == "ConnectionError: reset"
        assert held[0]() is None
    finally:
        gc.enable()


def test_an_async_callable_is_awaited() -> None:
    async def client(env: Mapping[str, str]) -> dict[str, Any]:
        return await asyncio.to_thread(careful, env)

    assert mockserver.survive(client, scenarios=["many-pages"]).survives


def test_a_callable_that_does_not_come_back_is_left_behind() -> None:
    over = threading.Event()
    run = InProcess(lambda _: over.wait(60))(ENVIRONMENT, 0.2)
    over.set()
    assert not run.ended


def test_a_callable_that_loops_is_cut_off_from_the_server() -> None:
    """Or it would go on asking for as long as the tests run."""
    ended = threading.Event()

    def loops(env: Mapping[str, str]) -> None:
        try:
            while True:
                ask(env, 1)
        finally:
            ended.set()

    report = mockserver.survive(loops, scenarios=["one-voucher"], timeout=0.5)
    assert not report.survives
    assert ended.wait(30)


def test_a_callable_gets_the_five_variables() -> None:
    seen: list[Mapping[str, str]] = []
    mockserver.survive(seen.append, scenarios=["one-voucher"])
    names = ("BASE_URL", "MERCHANT_ID", "SECRET_KEY", "SESSION_KEY", "PROJECT_ID")
    assert set(seen[0]) == {f"APIGAMES_{name}" for name in names}


def test_each_scenario_has_a_merchant_of_its_own() -> None:
    seen: list[str] = []
    mockserver.survive(lambda env: seen.append(env["APIGAMES_MERCHANT_ID"]), examples=0)
    assert len(set(seen)) == len(seen) == len(SCENARIOS)


def test_the_simplest_case_is_found() -> None:
    """A client that fails at more than ten vouchers of a capped list, whatever else is about it."""

    def client(env: Mapping[str, str]) -> dict[str, Any]:
        seen = careful(env)
        return {**seen, "vouchers": seen["vouchers"][:10]}

    report = mockserver.survive(
        client, scenarios=["vouchers=75+kategori_order=count+max_limit=10+timezone=UTC"], errors=NoList
    )
    assert report.verdicts[0].smallest is not None
    assert report.verdicts[0].smallest.situation.name == "vouchers=11"


def test_who_never_calls_is_accused_of_nothing() -> None:
    report = mockserver.survive(lambda _: {"error": "connection refused"}, scenarios=["one-voucher", "unknown-project"])
    assert len(report.failed) == 2
    assert not report.habits
    assert "No call reached the endpoint" in str(report)


def test_who_asks_for_ever_what_fails_each_time_is_told_so() -> None:
    over = threading.Event()

    def stubborn(env: Mapping[str, str]) -> dict[str, Any]:
        try:
            return careful(env)
        except NoList:
            if over.wait(0.05):
                raise
            return stubborn(env)

    report = mockserver.survive(stubborn, scenarios=["html-502", "one-voucher"], timeout=2)
    over.set()
    assert dict(report.habits) == {"endless-retry": ("html-502",)}
