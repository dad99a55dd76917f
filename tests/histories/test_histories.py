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


def of_broken(broken: str, servers: int, state: str, folder: Path, operations: int) -> Outcome:
    command = [sys.executable, "-m", "tests.histories.broken_server", state, broken]
    with closing(Replicas(command, servers, folder)) as running:
        return history(running, [running.kill] if servers == 1 else [], 3, after(operations))


def test_a_server_that_does_not_catch_up_is_found(state: str, tmp_path: Path) -> None:
    outcome = of_broken("no_catch_up", 2, state, tmp_path, 300)
    assert [one for one in outcome.findings if "no order explains" in one]


def test_a_server_that_acknowledges_too_early_is_found(state: str, tmp_path: Path) -> None:
    """There is one alone, so that nobody else sees the state: what it lost is missed after it was killed."""
    outcome = of_broken("unflushed", 1, state, tmp_path, 1200)
    assert outcome.events
    assert outcome.findings


def test_a_server_that_takes_the_next_n_of_what_it_knew_is_found(state: str, tmp_path: Path) -> None:
    assert of_broken("stale_write", 2, state, tmp_path, 400).findings


def test_one_that_makes_a_snapshot_again_and_again_is_not_found(state: str, tmp_path: Path) -> None:
    assert not of_broken("sound", 3, state, tmp_path, 500).findings
