"""Every 503 of a state that cannot be served has one line in the log that says why."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mockserver.provider.internal_error import ERRORS
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
