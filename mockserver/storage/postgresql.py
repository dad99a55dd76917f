"""The log of changes in PostgreSQL: it outlives its processes, and those of many machines share it.

A row holds how far the log is. Whoever writes holds that row until the commit, and whoever looks reads it: what is
committed is on the disk of the database before anybody sees it.
"""

from __future__ import annotations

import selectors
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import DiagnosticField, ExecStatus, Format

from mockserver.provider.state.log import Head, LoggedCall, StateError, StateUnavailable
from mockserver.storage.forgetting import BYTES_KEPT, Forgetting
from mockserver.storage.shared_replies import SharedReplies

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult
    from typing_extensions import LiteralString

FORMAT = 1
SCHEMA = "apigames_mock"
# Whoever stands still while it writes (a stopped process, a lost machine) is put out before the others give up.
_SETTINGS = {
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "8s",
    "statement_timeout": "60s",
    "client_encoding": "UTF8",
    "synchronous_commit": "on",
}
_CONNECTION = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    # Of several hosts the one that is written: what a standby knows may be old.
    "target_session_attrs": "read-write",
    "application_name": "apigames-mock",
}
# Where nobody answers, an attempt takes its time: not every call shall wait for one.
_SECONDS_BETWEEN_ATTEMPTS = 1.0
# Where the database stands still, who looks gives it up; a call for the page looks before it writes.
_SECONDS_TO_LOOK = 10.0
_CHANGES_AT_ONCE = 100

# The row is written anew at each commit: room beside it keeps it in one page.
_TABLES = """
CREATE TABLE head (
  format integer NOT NULL, change bigint NOT NULL, call bigint NOT NULL, epoch bigint NOT NULL, keep bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO head VALUES ({format}, 0, 0, (random() * 9e15)::bigint, 0);
CREATE TABLE changes (n bigint PRIMARY KEY, change bytea NOT NULL);
CREATE TABLE replies (id bigint PRIMARY KEY, reply bytea NOT NULL);
CREATE TABLE calls (
  n bigint PRIMARY KEY, merchant_id text, head bytea NOT NULL, reply_id bigint, reply bytea NOT NULL
)
"""
_HEAD = "SELECT change, call, epoch, keep FROM head"
_LOOK, _NOT_PREPARED = b"apigames_mock_look", b"26000"
# Each in one statement, which is one way to the database and back.
_APPEND = """
WITH appended AS (INSERT INTO changes SELECT * FROM unnest(%b::bigint[], %b::bytea[]))
UPDATE head SET change = %b
"""
_APPEND_CALLS = """
WITH begun AS (
  INSERT INTO replies SELECT * FROM unnest(%b::bigint[], %b::bytea[])
  ON CONFLICT (id) DO UPDATE SET reply = excluded.reply
), appended AS (
  INSERT INTO calls SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bytea[], %b::bigint[], %b::bytea[])
)
UPDATE head SET call = %b, keep = %b
"""
_FORGET_HEAVY = """
DELETE FROM calls WHERE n <= (
  SELECT max(n) FROM (
    SELECT n, sum(length(head) + length(reply)) OVER (ORDER BY n DESC) AS size FROM calls
  ) AS sizes WHERE size > %b
)
"""

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresqlLog:
    """The log in a schema of a database, `?schema=` in its URL; its tables are made where there are none.

    `name` is the URL without the password. What the URL leaves out comes from where libpq looks: `PGPASSWORD`, a
    password file, a service.

    Raises:
        StateError: it cannot be reached, its tables cannot be made, or they are of a newer version.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        self.name, self._address, self._schema, self._secrets = _parts(url)
        self._replies = SharedReplies()
        self._forgetting = Forgetting()
        self._connection: Connection | None = None
        self._closing: Callable[[], object] = _nothing
        # Until when no attempt is made, and why.
        self._slow_failure: tuple[float, str] | None = None
        # Of the block that writes: how far the log is with it, and how many calls are kept.
        self._change = self._call = self._keep = 0
        self._is_in_block = False
        try:
            self._connection = self._opened(make)
        except psycopg.Error as error:
            raise StateError(f"cannot use {self.name} as a state: {self._said(error)}") from None

    def _opened(self, make: bool = False) -> Connection:
        # Never made later: tables that are gone are to be missed, and not to begin anew.
        connection = psycopg.connect(self._address, autocommit=True, prepare_threshold=2)
        # Whoever has a provider has no hold of the log that it was given.
        self._selector = selectors.DefaultSelector()
        self._closing = weakref.finalize(self, _close, connection, self._selector)
        self._selector.register(connection.fileno(), selectors.EVENT_READ)
        for name, value in {**_SETTINGS, "search_path": f'"{self._schema}"'}.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if make:
            self._make(connection)
        found = connection.execute("SELECT format FROM head").fetchone()
        if found is None or found[0] > FORMAT:
            raise StateError(
                f"{self.name} was written by a newer apigames-mock (format {found and found[0]}, this one knows "
                f"{FORMAT}); use that version, or begin anew in another schema"
            )
        return connection

    def _make(self, connection: Connection) -> None:
        with connection.transaction():
            # Two that begin at once must not both make them.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('apigames-mock'), hashtext(%s))", (self._schema,))
            tables = {
                name
                for (name,) in connection.execute(
                    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = %s", (self._schema,)
                )
            }
            if tables >= {"head", "changes", "replies", "calls"}:
                return
            if tables:
                raise StateError(
                    f"the schema {self._schema} of {self.name} holds something else; name another with ?schema=NAME"
                )
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self._schema)))
            connection.execute(sql.SQL(_TABLES).format(format=sql.Literal(FORMAT)))

    def _do(self, work: Callable[[Connection], T]) -> T:
        """Do it; where nothing has begun, a connection that is found broken is replaced, and it is done once more."""
        had = self._connection
        if had is None and self._is_in_block:
            raise self._lost(StateError("the connection was lost"))
        try:
            try:
                return work(had or self._reopened())
            except psycopg.OperationalError:
                if had is None or self._is_in_block or not had.broken:
                    raise
                self.close()
                return work(self._reopened())
        except (OSError, psycopg.Error, StateError) as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> StateUnavailable:
        self.close()
        return StateUnavailable(f"the state {self.name} cannot be reached: {self._said(error)}")

    def _reopened(self) -> Connection:
        begun = time.monotonic()
        if self._slow_failure is not None and begun < self._slow_failure[0]:
            raise StateError(self._slow_failure[1])
        self._slow_failure = None
        try:
            self._connection = self._opened()
        except (OSError, psycopg.Error, StateError) as error:
            now = time.monotonic()
            if now - begun > _SECONDS_BETWEEN_ATTEMPTS / 4:
                self._slow_failure = (now + _SECONDS_BETWEEN_ATTEMPTS, self._said(error))
            raise
        return self._connection

    def _said(self, error: Exception) -> str:
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        for secret in self._secrets:
            said = said.replace(secret, "********")
        return said

    def head(self) -> Head:
        """Return how far it is."""
        return self._do(self._look)

    def _look(self, connection: Connection) -> Head:
        # As libpq has it, at half the price of a cursor: each call that is served does this.
        found = self._looked(connection.pgconn)
        if found.error_field(DiagnosticField.SQLSTATE) == _NOT_PREPARED:  # yet, or psycopg forgot all after a rollback
            connection.pgconn.prepare(_LOOK, _HEAD.encode())
            found = self._looked(connection.pgconn)
        if found.status != ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError(found.error_message.decode(errors="replace"))
        if found.ntuples != 1:
            raise StateError("its tables are not whole")
        return Head(*[int.from_bytes(found.get_value(0, n) or b"", "big", signed=True) for n in range(3)])

    def _looked(self, wire: PGconn) -> PGresult:
        wire.send_query_prepared(_LOOK, None, result_format=Format.BINARY)
        wire.flush()
        while wire.is_busy():
            if not self._selector.select(_SECONDS_TO_LOOK):
                raise psycopg.OperationalError(f"no answer within {_SECONDS_TO_LOOK:g} s")
            wire.consume_input()
        found = wire.get_result()
        while wire.get_result():  # up to the None that ends them
            pass
        if found is None:
            raise psycopg.OperationalError("no answer")
        return found

    def first(self) -> int:
        """Return the number of the first change that is there, which `replace` may have put in the place of others."""
        return int(self._do(lambda connection: _one(connection, "SELECT coalesce(min(n), 0) FROM changes")[0]))

    def changes(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Yield the changes behind this number, with their own."""

        def some(connection: Connection) -> list[tuple[Any, ...]]:
            # What is put in the place of those that were read has the number of a later one: it comes as well.
            query = "SELECT n, change FROM changes WHERE n > %b ORDER BY n LIMIT %b"
            return connection.execute(query, (after, _CHANGES_AT_ONCE), binary=True).fetchall()

        while rows := self._do(some):
            for n, change in rows:
                after = n
                yield n, change

    def calls(self, after: int, most: int) -> list[tuple[int, bytes, bytes]]:
        """Return the newest `most` calls behind this number: its own, head and reply; oldest first."""
        query = (
            "SELECT n, head, replies.reply, calls.reply FROM calls LEFT JOIN replies ON id = reply_id WHERE n > %b "
            "ORDER BY n DESC LIMIT %b"
        )
        rows = self._do(lambda connection: connection.execute(query, (after, most), binary=True).fetchall())
        rows.reverse()
        return [(n, head, (start or b"") + rest) for n, head, start, rest in rows]

    def begin(self) -> Head:
        """Let nobody else write, and return how far it is."""

        def begun(connection: Connection) -> Head:
            found = connection.execute(f"BEGIN; {_HEAD} FOR UPDATE")
            found.nextset()
            self._change, self._call, epoch, self._keep = _row(found)
            return Head(self._change, self._call, epoch)

        head = self._do(begun)
        self._is_in_block = True
        return head

    def append(self, changes: Sequence[bytes]) -> None:
        """Write changes behind the last."""

        def append(connection: Connection) -> None:
            last = self._change + len(changes)
            numbers = list(range(self._change + 1, last + 1))
            connection.execute(_APPEND, (numbers, list(changes), last))
            self._change = last

        self._do(append)

    def append_calls(self, calls: Sequence[LoggedCall], keep: int) -> int:
        """Write calls behind the last, and return the number of the first; of all there are `keep` are kept."""
        return self._do(lambda connection: self._append_calls(connection, calls, keep))

    def _append_calls(self, connection: Connection, calls: Sequence[LoggedCall], keep: int) -> int:
        last, most = self._call, max(keep, self._keep)
        shared = [self._replies.of(n, call, most) for n, call in enumerate(calls, last + 1)]
        begun = [one for one in shared if one.begins is not None]
        now_last = last + len(calls)
        columns = (
            list(range(last + 1, now_last + 1)),
            [_text(call.merchant_id) for call in calls],
            [call.head for call in calls],
            [one.reply_id for one in shared],
            [one.rest for one in shared],
        )
        written = sum(len(call.head) + len(one.rest) for call, one in zip(calls, shared, strict=True))
        begins = [one.reply_id for one in begun], [one.begins for one in begun]
        connection.execute(_APPEND_CALLS, (*begins, *columns, now_last, most))
        if self._forgetting.is_due(now_last):
            connection.execute("DELETE FROM calls WHERE n <= %b", (now_last - keep,))
            connection.execute("DELETE FROM replies WHERE id <= %b", (now_last - SharedReplies.reach(most),))
        if self._forgetting.is_heavy(written):
            connection.execute(_FORGET_HEAVY, (BYTES_KEPT,))
        self._call, self._keep = now_last, most
        return last + 1

    def forget_calls(self, merchant_id: str | None = None, *, numbers_too: bool = False) -> None:
        """Forget every call, or those of one merchant; with `numbers_too` they are numbered from 1 again."""

        def forget(connection: Connection) -> None:
            if merchant_id is not None:
                connection.execute("DELETE FROM calls WHERE merchant_id = %s", (_text(merchant_id),))
                return
            connection.execute("DELETE FROM calls")
            connection.execute("DELETE FROM replies")
            if numbers_too:
                connection.execute("UPDATE head SET call = 0")
                self._call = 0

        self.forget_replies()
        self._do(forget)

    def forget_replies(self) -> None:
        """Take it that others may have forgotten calls: what is written from now on leans on none of before."""
        self._replies.forget()
        self._forgetting.begin_anew()

    def replace(self, change: bytes) -> None:
        """Put one change, which says all that they did, in the place of those there are; it has the last's number."""

        def replace(connection: Connection) -> None:
            connection.execute("DELETE FROM changes")
            connection.execute("INSERT INTO changes SELECT change, %b FROM head", (change,))

        self._do(replace)

    def empty(self) -> None:
        """Forget every change and every call: it is as if it had just been made."""

        def empty(connection: Connection) -> None:
            with connection.transaction():
                connection.execute(f"{_HEAD} FOR UPDATE")
                for table in ("changes", "calls", "replies"):
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute("UPDATE head SET change = 0, call = 0, epoch = (random() * 9e15)::bigint")

        self._do(empty)

    def commit(self) -> None:
        """Keep what was written, for good."""
        self._do(lambda connection: connection.execute("COMMIT"))
        self._is_in_block = False

    def rollback(self) -> None:
        """Keep nothing of it; never raises."""
        self._is_in_block = False
        self._replies.forget()
        if self._connection is not None:
            try:
                self._connection.execute("ROLLBACK")
            except psycopg.Error:
                self.close()

    def length(self) -> int:
        """Return how many changes there are to be made when it is opened."""
        return int(self._do(lambda connection: _one(connection, "SELECT count(*) FROM changes")[0]))

    def size(self) -> int:
        """Return how many bytes its tables take in the database."""
        query = (
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(ARRAY['head','changes','replies','calls']) t"
        )
        return int(self._do(lambda connection: _one(connection, query)[0]))

    def vacuum(self) -> None:
        """Give back to the system what the tables no longer need; others wait meanwhile."""
        self._do(lambda connection: connection.execute("VACUUM (FULL) changes, replies, calls, head"))

    def close(self) -> None:
        """Let go of it; never raises."""
        self._connection = None
        self._replies.forget()
        try:
            self._closing()
        except psycopg.Error:
            pass


def _text(merchant_id: str | None) -> str | None:
    """Return an id as the database takes it, which has no NUL; another for each."""
    return None if merchant_id is None else merchant_id.replace("\\", r"\\").replace("\0", r"\0")


def _nothing() -> None:
    """Close what was never opened."""


def _close(connection: Connection, selector: selectors.BaseSelector) -> None:
    selector.close()
    connection.close()


def _parts(url: str) -> tuple[str, str, str, list[str]]:
    """Return the URL without its password, how libpq takes it, the schema, and what must not be shown."""
    expected = (
        "expected postgresql://USER@HOST/DATABASE, and the password in PGPASSWORD, or with %40 for @ and the like"
    )
    try:
        found = urlsplit(url)
        if "@" in found.path or found.netloc.count("@") > 1 or "#" in url:
            raise ValueError("a sign of a password")
        query = parse_qsl(found.query, keep_blank_values=True, strict_parsing=bool(found.query))
        given = conninfo_to_dict(
            urlunsplit(found._replace(query=urlencode([one for one in query if one[0] != "schema"])))
        )
        if not set(str(given.get("port") or "")) <= set("0123456789,"):
            raise ValueError("a port that is none")
    except (ValueError, psycopg.Error):
        # Without what they say: it may quote the password.
        raise StateError(f"the URL of the state cannot be read: {expected}") from None
    schema = dict(query).get("schema", SCHEMA)
    if not schema or '"' in schema or "\0" in schema:
        raise StateError(f"?schema={schema!r}: expected the name of a schema, as in ?schema={SCHEMA}")
    user, at, place = found.netloc.rpartition("@")
    shown = [one for one in query if one[0] not in {"password", "sslpassword"}]
    name = urlunsplit(found._replace(netloc=user.partition(":")[0] + at + place, query=urlencode(shown)))
    secrets = [str(value) for key in ("password", "sslpassword") if (value := given.get(key))]
    address = make_conninfo("", **{**_CONNECTION, **{key: value for key, value in given.items() if value is not None}})
    return name, address, schema, secrets


def _one(connection: Connection, query: LiteralString) -> tuple[Any, ...]:
    return _row(connection.execute(query, binary=True))


def _row(found: psycopg.Cursor[tuple[Any, ...]]) -> tuple[Any, ...]:
    row = found.fetchone()
    if row is None:
        raise StateError("its tables are not whole")
    return row
