"""The log of changes in PostgreSQL: it outlives its processes, and those of many machines share it.

A row holds how far the log is. Whoever writes holds that row until the commit, and whoever looks reads it: what is
committed is on the disk of the database before anybody sees it.
"""

from __future__ import annotations

import re
import selectors
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.pq import DiagnosticField, ExecStatus, Format

from mockserver.provider.state.log import Head, LoggedCall, ReadCall, StateError, StateUnavailable
from mockserver.storage.blocks import Blocks, newest, oldest_piece, slack, without
from mockserver.storage.forgetting import BYTES_KEPT, Forgetting
from mockserver.storage.format_1 import block_of_format_1
from mockserver.storage.postgresql_url import read_url

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult
    from typing_extensions import LiteralString

FORMAT = 2
# The SQLSTATE of a statement that is not prepared.
_NOT_PREPARED = b"26000"
# Whoever stands still while it writes (a stopped process, a lost machine) is put out before the others give up.
_SETTINGS = {
    # Less than `_SECONDS_TO_ANSWER`: the database says why.
    "lock_timeout": "9s",
    "idle_in_transaction_session_timeout": "8s",
    "statement_timeout": "60s",
    "client_encoding": "UTF8",
    "synchronous_commit": "on",
    # Whoever waits for the row sees what it was made into; any stricter level would refuse it.
    "default_transaction_isolation": "read committed",
}
# Where nobody answers, an attempt takes its time: not every call shall wait for one.
_SECONDS_BETWEEN_ATTEMPTS = 1.0
# Where the database stands still, who looks, records calls or begins to write gives it up.
_SECONDS_TO_ANSWER = 10.0
_CHANGES_AT_ONCE, _BLOCKS_AT_ONCE = 100, 64
_MOST_BIGINT = 2**63 - 1

# The row is written anew at each commit: room beside it keeps it in one page.
_TABLES = """
CREATE TABLE head (
  format integer NOT NULL, change bigint NOT NULL, call bigint NOT NULL, epoch bigint NOT NULL, keep bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO head VALUES ({format}, 0, 0, (random() * 9e15)::bigint, 0);
CREATE TABLE changes (n bigint PRIMARY KEY, change bytea NOT NULL);
"""
_CALLS = """
CREATE TABLE calls (n bigint PRIMARY KEY, block bytea NOT NULL);
CREATE TABLE pieces (id bigint PRIMARY KEY, piece bytea NOT NULL)
"""
_HEAD = "SELECT change, call, epoch, keep FROM head"
# Each in one statement, which is one way to the database and back. The id of a piece comes again where calls that
# lean on it were not written.
_APPEND = """
WITH appended AS (INSERT INTO changes SELECT * FROM unnest(%b::bigint[], %b::bytea[]))
UPDATE head SET change = %b
"""
_APPEND_CALLS = """
WITH pieces AS (
  INSERT INTO pieces SELECT * FROM unnest(%b::bigint[], %b::bytea[])
  ON CONFLICT (id) DO UPDATE SET piece = excluded.piece
),
appended AS (INSERT INTO calls VALUES (%b, %b))
UPDATE head SET call = %b, keep = %b
"""
# What is told of the log is so when the row is held, whoever else has it before.
_RECORD = """
WITH moved AS (
  UPDATE head SET call = call + $1::bigint, keep = greatest(keep, $2::bigint)
  WHERE change = $3::bigint AND epoch = $4::bigint AND call BETWEEN $5::bigint AND $6::bigint RETURNING call
)
INSERT INTO calls SELECT call, $7::bytea FROM moved RETURNING n
"""
# Before the calls that lean on it: if those are not written, nobody does.
_ADD_PIECE = """
INSERT INTO pieces VALUES ($1::bigint, $2::bytea) ON CONFLICT (id) DO UPDATE SET piece = excluded.piece RETURNING id
"""
_FORGET_HEAVY = """
DELETE FROM calls WHERE n <= (
  SELECT max(n) FROM (
    SELECT n, sum(length(block)) OVER (ORDER BY n DESC) AS size FROM calls
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
        self._url = read_url(url)
        self.name = self._url.shown
        self._blocks = Blocks()
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
        except psycopg.errors.UndefinedTable:
            raise StateError(
                f"cannot use {self.name} as a state: there is none; name the one that `serve --state` was given"
            ) from None
        except psycopg.errors.InsufficientPrivilege as error:
            raise StateError(
                f"cannot use {self.name} as a state: {self._said(error)}; let its user make a schema (GRANT CREATE ON "
                "DATABASE), or name one that belongs to that user with ?schema=NAME"
            ) from None
        except psycopg.OperationalError as error:
            raise StateError(
                f"cannot use {self.name} as a state: {self._said(error)}; see that it runs, and that user, password "
                "(PGPASSWORD) and database are right"
            ) from None
        except psycopg.Error as error:
            raise StateError(f"cannot use {self.name} as a state: {self._said(error)}") from None

    def _opened(self, make: bool = False) -> Connection:
        # Never made later: tables that are gone are to be missed, and not to begin anew.
        connection = psycopg.connect(self._url.address, autocommit=True, prepare_threshold=2)
        # Whoever has a provider has no hold of the log that it was given.
        self._selector = selectors.DefaultSelector()
        self._closing = weakref.finalize(self, _close, connection, self._selector)
        self._selector.register(connection.fileno(), selectors.EVENT_READ)
        for name, value in {**_SETTINGS, "search_path": f'"{self._url.schema}"'}.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if make:
            self._make(connection)
        found = connection.execute("SELECT format FROM head").fetchone()
        if found is not None and found[0] == 1:
            found = _bring_up_to_date(connection)
        if found is None or found[0] > FORMAT:
            raise StateError(
                f"{self.name} was written by a newer apigames-mock (format {found and found[0]}, this one knows "
                f"{FORMAT}); use that version, or begin anew in another schema"
            )
        return connection

    def _make(self, connection: Connection) -> None:
        schema = self._url.schema
        with connection.transaction():
            # Two that begin at once must not both make them.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('apigames-mock'), hashtext(%s))", (schema,))
            tables = {
                name
                for (name,) in connection.execute(
                    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = %s",
                    (schema,),
                )
            }
            if tables >= {"head", "changes", "calls"}:
                return
            if tables:
                raise StateError(
                    f"the schema {schema} of {self.name} holds something else; name another with ?schema=NAME"
                )
            # Not IF NOT EXISTS, which asks for the right to make one where it is there.
            if connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            connection.execute(sql.SQL(_TABLES + _CALLS).format(format=sql.Literal(FORMAT)))

    def _do(self, work: Callable[[Connection], T], *, again: bool = True) -> T:
        """Do it; where nothing has begun, a connection that is found broken is replaced, and it is done once more.

        Not so with `again` False: whether it was done cannot be told.
        """
        had = self._connection
        if had is None and self._is_in_block:
            raise self._lost(StateError("the connection was lost"))
        try:
            try:
                return work(had or self._reopened())
            except psycopg.OperationalError:
                if had is None or self._is_in_block or not again or not had.broken:
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
        return self._url.masked(str(error).strip().partition("\n")[0] or type(error).__name__)

    def head(self) -> Head:
        """Return how far it is."""
        return self._do(self._look)

    def _look(self, connection: Connection) -> Head:
        # As libpq has it, at half the price of a cursor: each call that is served does this, or records.
        found = self._answered(connection.pgconn, b"apigames_mock_look", _HEAD, [])
        if found.ntuples != 1:
            raise StateError("its tables are not whole")
        return Head(*[_integer(found, column) for column in range(3)])

    def _answered(self, wire: PGconn, name: bytes, query: str, values: list[bytes]) -> PGresult:
        """Return what a statement says that is prepared under this name; its values and results are binary."""
        formats = [Format.BINARY] * len(values)
        for attempt in range(2):
            wire.send_query_prepared(name, values, param_formats=formats, result_format=Format.BINARY)
            found = self._result(wire)
            if attempt or found.error_field(DiagnosticField.SQLSTATE) != _NOT_PREPARED:
                break
            # Not yet, or psycopg forgot all after a rollback.
            wire.send_prepare(name, query.encode())
            self._result(wire)
        return _with_rows(found)

    def _result(self, wire: PGconn) -> PGresult:
        """Return what the last statement says of those that were sent."""
        if wire.flush():  # more than the system takes at once
            self._selector.modify(wire.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while wire.flush():
                self._wait(wire)
            self._selector.modify(wire.socket, selectors.EVENT_READ)
        while wire.is_busy():
            self._wait(wire)
        found = wire.get_result()
        if found is None:
            raise psycopg.OperationalError("no answer")
        while following := wire.get_result():  # up to the None that ends them
            found = following
        return found

    def _wait(self, wire: PGconn) -> None:
        if not self._selector.select(_SECONDS_TO_ANSWER):
            raise psycopg.OperationalError(f"no answer within {_SECONDS_TO_ANSWER:g} s")
        wire.consume_input()

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

    def calls(self, after: int, most: int) -> list[ReadCall]:
        """Return the newest `most` calls behind this number, oldest first."""
        return newest(self._newest_blocks(after), after, most, self._pieces)

    def _newest_blocks(self, after: int) -> Iterator[tuple[int, bytes]]:
        query = "SELECT n, block FROM calls WHERE n > %b AND n < %b ORDER BY n DESC LIMIT %b"

        def some(connection: Connection) -> list[tuple[Any, ...]]:
            return connection.execute(query, (after, before, _BLOCKS_AT_ONCE), binary=True).fetchall()

        before = _MOST_BIGINT
        while rows := self._do(some):
            for n, block in rows:
                before = n
                yield n, block

    def _pieces(self, ids: list[int]) -> list[tuple[Any, ...]]:
        query = "SELECT id, piece FROM pieces WHERE id = ANY(%b::bigint[])"
        return self._do(lambda connection: connection.execute(query, (ids,), binary=True).fetchall()) if ids else []

    def record(self, calls: Sequence[LoggedCall], keep: int, seen: Head) -> int | None:
        """Write calls behind the last if no change was made since `seen`, and keep them for good.

        Return the number of the first, None where nothing is written.
        """
        had = self._connection
        if had is not None and (had.broken or self._selector.select(0)):
            # It says something though it was not asked: that it is closed. What is written may not be tried twice.
            self.close()
        return self._do(lambda connection: self._record(connection, calls, keep, seen), again=False)

    def _record(self, connection: Connection, calls: Sequence[LoggedCall], keep: int, seen: Head) -> int | None:
        most = max(keep, self._keep)
        block = self._blocks.made(calls, seen.call, most)
        for piece_id, piece in block.pieces:
            self._answered(connection.pgconn, b"apigames_mock_piece", _ADD_PIECE, [_bigint(piece_id), piece])
        numbers = (len(calls), most, seen.change, seen.epoch, seen.call, seen.call + slack(most))
        values = [*map(_bigint, numbers), block.calls]
        found = self._answered(connection.pgconn, b"apigames_mock_record", _RECORD, values)
        if found.ntuples != 1:
            self._blocks.drop()
            return None
        self._blocks.keep()
        last, self._keep = _integer(found, 0), most
        try:
            self._forget_old(connection, last, block.size)
        except psycopg.Error:  # the calls are kept all the same
            self._forgetting.begin_anew()
        return last - len(calls) + 1

    def begin(self) -> Head:
        """Let nobody else write, and return how far it is."""

        def begun(connection: Connection) -> Head:
            wire = connection.pgconn
            wire.send_query(f"BEGIN; {_HEAD} FOR UPDATE".encode())
            found = _with_rows(self._result(wire))
            if found.ntuples != 1:
                raise StateError("its tables are not whole")
            self._change, self._call, epoch, self._keep = [int(found.get_value(0, one) or 0) for one in range(4)]
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
        """Write calls behind the last, and return the number of the first; the newest `keep` are kept, or more."""
        return self._do(lambda connection: self._append_calls(connection, calls, keep))

    def _append_calls(self, connection: Connection, calls: Sequence[LoggedCall], keep: int) -> int:
        most = max(keep, self._keep)
        block = self._blocks.made(calls, self._call, most)
        first, last = self._call + 1, self._call + len(calls)
        connection.execute(_APPEND_CALLS, (*_columns(block.pieces), last, block.calls, last, most))
        self._forget_old(connection, last, block.size)
        self._call, self._keep = last, most
        return first

    def _forget_old(self, connection: Connection, last: int, written: int) -> None:
        is_due, is_heavy = self._forgetting.is_due(last), self._forgetting.is_heavy(written)
        if not (is_due or is_heavy):
            return
        with connection.transaction():
            # Others forget too: one after another, none of them waits for what the next one holds. They may also keep
            # more, or have had the calls numbered from 1 again.
            last, most = _row(connection.execute("SELECT call, keep FROM head FOR UPDATE"))
            if is_due:
                connection.execute("DELETE FROM calls WHERE n <= %b", (last - most,))
                connection.execute("DELETE FROM pieces WHERE id < %b", (oldest_piece(last, most),))
            if is_heavy:
                connection.execute(_FORGET_HEAVY, (BYTES_KEPT,))

    def forget_calls(self, merchant_id: str | None = None, *, numbers_too: bool = False) -> None:
        """Forget every call, or those of one merchant; with `numbers_too` they are numbered from 1 again."""

        def forget(connection: Connection) -> None:
            if merchant_id is None:
                connection.execute("DELETE FROM calls")
                connection.execute("DELETE FROM pieces")
                if numbers_too:
                    connection.execute("UPDATE head SET call = 0")
                    self._call = 0
                return
            for n, block in connection.execute("SELECT n, block FROM calls", binary=True).fetchall():
                left = without(block, merchant_id)
                if left is not None:
                    connection.execute("UPDATE calls SET block = %b WHERE n = %b", (left, n))

        self.lean_on_nothing()
        self._do(forget)

    def lean_on_nothing(self) -> None:
        """Take it that others may have forgotten calls: what is written from now on leans on none of before."""
        self._blocks.forget()
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
                for table in ("changes", "calls", "pieces"):
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute("UPDATE head SET change = 0, call = 0, epoch = (random() * 9e15)::bigint")

        self._do(empty)

    def commit(self) -> None:
        """Keep what was written, for good."""
        self._do(lambda connection: connection.execute("COMMIT"))
        self._is_in_block = False
        self._blocks.keep()

    def rollback(self) -> None:
        """Keep nothing of it; never raises."""
        self._is_in_block = False
        self._blocks.drop()
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
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(ARRAY['head','changes','calls','pieces']) t"
        )
        return int(self._do(lambda connection: _one(connection, query)[0]))

    def vacuum(self) -> None:
        """Give back to the system what the tables no longer need; others wait meanwhile."""
        self._do(lambda connection: connection.execute("VACUUM (FULL) head, changes, calls, pieces"))

    def close(self) -> None:
        """Let go of it; never raises."""
        self._connection = None
        self._blocks.forget()
        try:
            self._closing()
        except psycopg.Error:
            pass


def _nothing() -> None:
    """Close what was never opened."""


def _close(connection: Connection, selector: selectors.BaseSelector) -> None:
    selector.close()
    connection.close()


def _columns(pieces: list[tuple[int, bytes]]) -> tuple[list[int], list[bytes]]:
    return [piece_id for piece_id, _ in pieces], [piece for _, piece in pieces]


def _with_rows(found: PGresult) -> PGresult:
    if found.status != ExecStatus.TUPLES_OK:
        raise psycopg.OperationalError(found.error_message.decode(errors="replace"))
    return found


def _bigint(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


def _integer(found: PGresult, column: int) -> int:
    return int.from_bytes(found.get_value(0, column) or b"", "big", signed=True)


def _bring_up_to_date(connection: Connection) -> tuple[int] | None:
    """Write the calls of format 1, each of which had a row, as blocks; return the format then."""
    with connection.transaction():
        found = connection.execute("SELECT format FROM head FOR UPDATE").fetchone()
        if found != (1,):
            return found
        query = "SELECT n, merchant_id, head, replies.reply, calls.reply FROM calls LEFT JOIN replies ON id = reply_id"
        rows = connection.execute(query, binary=True).fetchall()
        connection.execute("DROP TABLE calls, replies")
        connection.execute(_CALLS)
        for n, merchant_id, head, start, rest in rows:
            block = block_of_format_1(_text_of_format_1(merchant_id), head, (start or b"") + rest)
            connection.execute("INSERT INTO calls VALUES (%b, %b)", (n, block))
        connection.execute("UPDATE head SET format = %b", (FORMAT,))
    return (FORMAT,)


def _text_of_format_1(merchant_id: str | None) -> str | None:
    """Return an id that was written without NUL and with each backslash doubled."""
    if merchant_id is None:
        return None
    return re.sub(r"\\(.)", lambda found: {"0": "\0"}.get(found[1], found[1]), merchant_id)


def _one(connection: Connection, query: LiteralString) -> tuple[Any, ...]:
    return _row(connection.execute(query, binary=True))


def _row(found: psycopg.Cursor[tuple[Any, ...]]) -> tuple[Any, ...]:
    row = found.fetchone()
    if row is None:
        raise StateError("its tables are not whole")
    return row
