"""What is said of a URL that cannot be a state, and what to do; and that nothing else is touched by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from mockserver.provider.state.log import StateError
from mockserver.storage.opening import open_log
from mockserver.storage.postgresql import PostgresqlLog
from mockserver.storage.postgresql_url import read_url
from tests.support.postgresql import Postgresql


@pytest.mark.parametrize("version", [0, 1, 99])
def test_a_database_of_another_program_is_refused_and_left_as_it_was(tmp_path: Path, version: int) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE things (n)")
        other.execute(f"PRAGMA user_version = {version}")
    before = file.read_bytes()
    with pytest.raises(StateError, match="is a database of something else; name another file"):
        open_log(f"sqlite:///{file}")
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ("n" * 64, "at most 63 bytes"),
        ("%C3%BC" * 32, "at most 63 bytes"),
        ("%24user", "expected the name of a schema"),
        ("one&schema=two", "is given twice"),
    ],
)
def test_what_postgresql_would_take_for_another_name_is_refused(schema: str, told: str) -> None:
    with pytest.raises(StateError, match=told):
        open_log(f"postgresql://mock@127.0.0.1:1/db?schema={schema}")


def test_a_url_without_a_host_is_the_socket_that_libpq_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "/nowhere")
    with pytest.raises(StateError, match=r"cannot use postgresql:///db\?schema=x as a state: .*/nowhere/.*see that it"):
        open_log("postgresql:///db?schema=x")


def test_a_schema_that_was_made_for_the_user_needs_no_right_to_make_one(postgresql: Postgresql) -> None:
    with psycopg.connect(postgresql.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE guest LOGIN")
        admin.execute("CREATE SCHEMA of_guest AUTHORIZATION guest")
    as_guest = postgresql.url.replace("mock@", "guest@")
    with pytest.raises(StateError, match=r"permission denied .*; let its user make a schema .* or name one"):
        open_log(f"{as_guest}?schema=other_of_guest")
    PostgresqlLog(f"{as_guest}?schema=of_guest").close()


def test_a_state_that_is_not_there_is_said_and_what_to_name(postgresql: Postgresql) -> None:
    with pytest.raises(StateError, match=r"schema=not_there as a state: there is none; name the one that"):
        open_log(f"{postgresql.url}?schema=not_there", make=False)


def test_a_server_that_refuses_says_what_to_look_at(postgresql: Postgresql) -> None:
    with pytest.raises(StateError, match=r'"nowhere" does not exist; see that it runs, and that user, password'):
        open_log(postgresql.url.replace("/postgres", "/nowhere"))


def test_a_url_means_what_it_means_to_libpq() -> None:
    """A plus is a plus there, and a space is %20."""
    shown, address, _, secrets = read_url("postgresql://mock@127.0.0.1:1/db?application_name=a%20b+c&password=p+w")
    given = conninfo_to_dict(address)
    assert (given["application_name"], given["password"], secrets) == ("a b+c", "p+w", ("p+w",))
    assert shown == "postgresql://mock@127.0.0.1:1/db?application_name=a%20b%2Bc"
