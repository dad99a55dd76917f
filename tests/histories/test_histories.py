"""Histories of real servers: one order explains them, and of broken servers the checker says that none does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.postgresql import Postgresql
from tools.histories.running import Outcome, begin, history
from tools.histories.servers import Replicas, Workers, nemeses_of, serve

pytestmark = [pytest.mark.matrix, pytest.mark.once, pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")]


@pytest.fixture
def state(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    begin(url, tmp_path)
    return url


def after(operations: int) -> Callable[[int], bool]:
    return lambda done: done >= operations


def test_three_servers_of_one_file_are_one_fake(state: str, tmp_path: Path) -> None:
    with closing(Replicas(serve(state), 3, tmp_path)) as servers:
        outcome = history(servers, [servers.kill, servers.pause], 1, after(1500))
    assert not outcome.findings, "\n".join(outcome.findings)
    assert outcome.events


def test_three_workers_are_one_fake(state: str, tmp_path: Path) -> None:
    with closing(Workers(serve(state, "--workers", "3"), tmp_path)) as servers:
        outcome = history(servers, [servers.kill, servers.pause], 2, after(1000))
    assert not outcome.findings, "\n".join(outcome.findings)


def test_three_servers_of_one_database_are_one_fake(postgresql: Postgresql, tmp_path: Path) -> None:
    url = postgresql.new_state()
    begin(url, tmp_path)
    with closing(Replicas(serve(url), 3, tmp_path)) as servers:
        outcome = history(servers, [servers.kill, servers.pause, *nemeses_of(postgresql)], 4, after(1200))
    assert not outcome.findings, "\n".join(outcome.findings)
    assert outcome.events


def of_build(build: str, servers: int, folder: Path, operations: int, number: int = 0) -> Outcome:
    url = f"sqlite:///{folder / f'{number}.db'}"
    begin(url, folder)
    command = [sys.executable, "-m", "tests.histories.broken_server", url, build]
    with closing(Replicas(command, servers, folder)) as running:
        return history(running, [running.kill] if servers == 1 else [], 3 + number, after(operations))


@pytest.mark.parametrize(
    ("broken", "servers", "operations"),
    [
        pytest.param("no_catch_up", 2, 300, id="one that does not catch up"),
        pytest.param("unchecked", 2, 300, id="one that answers of what it saw last"),
        # There is one alone, so that nobody else sees the state: what it lost is missed after it was killed.
        pytest.param("unflushed", 1, 1200, id="one that acknowledges too early"),
        pytest.param("stale_write", 2, 800, id="one that takes the next n of what it knew"),
    ],
)
def test_a_broken_server_is_found(broken: str, servers: int, operations: int, tmp_path: Path) -> None:
    """What is broken shows where two happen to meet at the wrong moment: mostly in the first history, if not in all."""
    assert any(of_build(broken, servers, tmp_path, operations, number).findings for number in range(20))


def test_one_that_makes_a_snapshot_again_and_again_is_not_found(tmp_path: Path) -> None:
    assert not of_build("sound", 3, tmp_path, 500).findings
