"""A state that an older version wrote is brought up to date as it is opened, and nothing of it is lost."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock, MovableClock
from mockserver.provider.state.world import World
from mockserver.storage.opening import open_log
from tests.support.histories import NOW
from tests.support.postgresql import Postgresql

# The rows of a file that version wrote, and its journal as it showed it.
WRITTEN = json.loads((Path(__file__).parent / "format_1.json").read_text())
SQLITE = """
CREATE TABLE head (change INTEGER NOT NULL, call INTEGER NOT NULL, epoch INTEGER NOT NULL, keep INTEGER NOT NULL);
CREATE TABLE changes (n INTEGER PRIMARY KEY, change BLOB NOT NULL);
CREATE TABLE replies (id INTEGER PRIMARY KEY, reply BLOB NOT NULL);
CREATE TABLE calls (
  n INTEGER PRIMARY KEY, merchant_id TEXT, head BLOB NOT NULL, reply_id INTEGER, reply BLOB NOT NULL
);
PRAGMA user_version = 1;
"""
POSTGRESQL = """
CREATE TABLE head (
  format integer NOT NULL, change bigint NOT NULL, call bigint NOT NULL, epoch bigint NOT NULL, keep bigint NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE changes (n bigint PRIMARY KEY, change bytea NOT NULL);
CREATE TABLE replies (id bigint PRIMARY KEY, reply bytea NOT NULL);
CREATE TABLE calls (
  n bigint PRIMARY KEY, merchant_id text, head bytea NOT NULL, reply_id bigint, reply bytea NOT NULL
)
"""


def rows(table: str, blobs: dict[str, list[int]] = {"changes": [1], "replies": [1], "calls": [2, 4]}) -> list[Any]:  # noqa: B006
    where = blobs.get(table, [])
    return [[base64.b64decode(one) if n in where else one for n, one in enumerate(row)] for row in WRITTEN[table]]


def in_sqlite(folder: Path, _: Postgresql) -> str:
    file = folder / "old.db"
    with closing(sqlite3.connect(file)) as old:
        old.executescript(SQLITE)
        for table in ("head", "changes", "replies", "calls"):
            for row in rows(table):
                old.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        old.commit()
    return f"sqlite:///{file}"


def in_postgresql(_: Path, postgresql: Postgresql) -> str:
    url = postgresql.new_state()
    schema = url.partition("=")[2]
    with psycopg.connect(postgresql.url) as old:
        old.execute(f"CREATE SCHEMA {schema}")
        old.execute(f"SET search_path = {schema}")
        old.execute(POSTGRESQL)
        for table in ("head", "changes", "replies", "calls"):
            for row in rows(table):
                values = [1, *row] if table == "head" else row
                if table == "calls" and row[1] is not None:
                    row[1] = row[1].replace("\\", r"\\").replace("\0", r"\0")
                old.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(values))})", values)
    return url


@pytest.mark.parametrize("make", [in_sqlite, in_postgresql], ids=["sqlite", "postgresql"])
def test_what_an_older_version_wrote_is_there(
    make: Callable[[Path, Postgresql], str], tmp_path: Path, postgresql: Postgresql
) -> None:
    url = make(tmp_path, postgresql)
    for _ in range(2):  # also when it is opened again
        provider = Provider(World(), clock=MovableClock(FrozenClock(NOW)), log=open_log(url))
        merchant = provider.store.merchant("M1")
        assert merchant is not None
        assert len(merchant.projects()) == 2
        shown = [{name: getattr(entry, name) for name in WRITTEN["journal"][0]} for entry in provider.journal.entries()]
        assert shown == WRITTEN["journal"]
    provider.reset_merchant("M1")
    assert {entry.merchant_id for entry in provider.journal.entries()} == {None, "a\\0b\0c"}
