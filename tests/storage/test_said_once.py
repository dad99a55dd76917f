"""Every 503 of a state that cannot be served has one line in the log that says why."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from mockserver.provider.internal_error import ERRORS
from mockserver.provider.state.log import StateUnavailable
from mockserver.storage.sqlite import SqliteLog
from tests.storage.test_sqlite import opened, outline
from tests.support.histories import world_of


@pytest.mark.parametrize(
    ("change", "why"),
    [(None, "was emptied, and has not begun anew"), (b"\x81\xa4type\xa1X", "was written by another version")],
)
def test_a_state_that_cannot_be_gone_on_with_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: bytes | None, why: str
) -> None:
    file = tmp_path / "state.db"
    provider = opened(file, world_of("M1"))
    other = SqliteLog(file)
    with caplog.at_level(logging.WARNING, ERRORS):
        if change is None:
            other.empty()
        else:
            other.begin()
            other.append([change])
            other.commit()
        assert {outline(provider)["rc"] for _ in range(3)} == {503}
    assert [why in record.message for record in caplog.records] == [True]


def test_each_time_that_it_is_away_is_said_also_where_nobody_calls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As of a replica that is asked only whether it is ready."""
    file, away = tmp_path / "state.db", tmp_path / "away.db"
    provider = opened(file, world_of("M1"))
    with caplog.at_level(logging.WARNING, ERRORS):
        for _ in range(2):
            file.rename(away)
            for _ in range(2):
                with pytest.raises(StateUnavailable), provider.up_to_date():
                    pass
            away.rename(file)
            with provider.up_to_date():
                pass
    said = [record.message for record in caplog.records]
    assert ["cannot be reached" in one for one in said] == [True, False] * 2
    assert ["can be reached again" in one for one in said] == [False, True] * 2


def test_that_it_can_be_read_but_not_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = opened(tmp_path / "state.db", world_of("M1"))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SqliteLog, "_write", full)
    with caplog.at_level(logging.WARNING, ERRORS):
        for _ in range(3):
            assert outline(provider)["rc"] == 503
            with provider.up_to_date():
                pass
        assert ["is full" in record.message for record in caplog.records] == [True]
        monkeypatch.undo()
        assert outline(provider)["rc"] == 200
    assert [record.message.endswith("can be reached again") for record in caplog.records] == [False, True]
