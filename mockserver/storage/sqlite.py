"""The log of changes in a SQLite file: it outlives its process, and the processes of one machine share it.

Write-ahead logging, each commit handed to the system before it is acknowledged: it survives that the process is killed
at any instant. A machine that loses its power may lose the last ones, never the file.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from mockserver.provider.state.log import Head, LoggedCall, ReadCall, StateError, StateUnavailable
from mockserver.storage.blocks import Blocks, newest, oldest_piece, without
from mockserver.storage.forgetting import BYTES_KEPT, Forgetting
from mockserver.storage.format_1 import block_of_format_1

FORMAT = 2
_SQLITE_BUSY = 5
# A world or a snapshot of a million vouchers takes others some seconds to write; calls, so little that SQLite's own way
# of waiting, up to a tenth of a second at a time, finds others at it again and again.
_SECONDS_TO_WAIT = 10.0
# Before Python 3.11 nothing but words tells that another process writes: there SQLite waits in its own way.
_SECONDS_SQLITE_WAITS = 0.0 if sys.version_info >= (3, 11) else _SECONDS_TO_WAIT
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.00005, 0.002
_PAGE_BYTES = 8192
# So many pages are written to the file beside before the file itself is, which waits for the disk: the more there are,
# the longer do the calls of that moment wait.
_PAGES_AHEAD = 1000
# SQLite begins the file beside anew only where nobody has written to it meanwhile. Processes that take turns always
# have: it would grow for good, and each commit would wait for the disk.
_BYTES_AHEAD = 12 * 1_048_576
_CHANGES_AT_ONCE = 100

# The last call is the last of the last block, or where that was forgotten, the one in `head`.
_SCHEMA = """
CREATE TABLE head (change INTEGER NOT NULL, call INTEGER NOT NULL, epoch INTEGER NOT NULL, keep INTEGER NOT NULL);
INSERT INTO head VALUES (0, 0, random(), 0);
CREATE TABLE changes (n INTEGER PRIMARY KEY, change BLOB NOT NULL);
"""
_CALLS = """
CREATE TABLE calls (n INTEGER PRIMARY KEY, block BLOB NOT NULL);
CREATE TABLE pieces (id INTEGER PRIMARY KEY, piece BLOB NOT NULL);
"""
_LAST_CALL = "max(call, coalesce((SELECT max(n) FROM calls), 0))"
_HEAD = f"SELECT change, {_LAST_CALL}, epoch, keep FROM head"  # noqa: S608 - as it stands above
# With the oldest calls, those that are above so many bytes together.
_FORGET_HEAVY = """
DELETE FROM calls WHERE n <= (
  SELECT max(n) FROM (SELECT n, sum(length(block)) OVER (ORDER BY n DESC) AS size FROM calls) WHERE size > ?
)
"""

T = TypeVar("T")


class SqliteLog:
    """The log in a file, which is made (mode 0600) where there is none.

    Raises:
        StateError: it cannot be made, is no such file, or of a newer version.
    """

    def __init__(self, file: Path) -> None:
        self.name = f"sqlite:///{file}"
        self._file = file.absolute()
        self._path = str(self._file)
        self._beside = f"{self._path}-wal"
        self._blocks = Blocks()
        self._forgetting = Forgetting()
        try:
            self._make()
            self._connection: sqlite3.Connection | None = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"cannot use {file} as a state: {error}; name another file") from None

    def _make(self) -> None:
        # Before SQLite does, and for the owner alone: secrets are in it.
        os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))

    def _opened(self) -> sqlite3.Connection:
        # Never made here: a file that is gone is to be missed, and not to begin anew.
        address = f"{self._file.as_uri()}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=_SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False
        )
        # Whoever has a provider has no hold of the log that it was given.
        self._closing = weakref.finalize(self, connection.close)
        self._inode = _inode(self._path)
        self._check(connection)
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_AHEAD}")
        connection.execute("BEGIN IMMEDIATE")
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # Now that nobody else writes: another may have been first.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if tables == 0:
            _execute_all(connection, _SCHEMA + _CALLS)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        elif version == 1:
            _bring_up_to_date(connection)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
        _let_wait(connection, _SECONDS_SQLITE_WAITS)
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        """Refuse what is not for this version, before anything of it is changed."""
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables >= {"head", "changes"}:
            raise StateError(f"{self._file} is a database of something else; name another file")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > FORMAT:
            raise StateError(
                f"{self._file} was written by a newer apigames-mock (format {version}, this one knows {FORMAT}); "
                "use that version, or begin anew in another file"
            )

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do it, and where another process writes, once more until it no longer does."""
        try:
            if self._connection is None:
                self._connection = self._opened()
            pause, until = _SHORTEST_PAUSE, 0.0
            while True:
                try:
                    return work(self._connection)
                except sqlite3.OperationalError as error:
                    now = time.monotonic()
                    until = until or now + _SECONDS_TO_WAIT
                    if not _is_busy(error) or self._connection.in_transaction or now > until:
                        raise
                time.sleep(pause)
                pause = min(pause * 1.1, _LONGEST_PAUSE)
        except (OSError, sqlite3.Error, StateError) as error:
            self.close()
            raise StateUnavailable(f"the state {self.name} cannot be reached: {error}") from None

    def _check_place(self) -> None:
        # Before what is read counts, and before what is written is acknowledged.
        if _inode(self._path) != self._inode:
            raise OSError("another file has taken its place")

    def head(self) -> Head:
        """Return how far it is."""

        def head(connection: sqlite3.Connection) -> Head:
            self._check_place()
            return _head(connection)

        return self._do(head)

    def first(self) -> int:
        """Return the number of the first change that is there, which `replace` may have put in the place of others."""
        (first,) = self._do(lambda connection: connection.execute("SELECT coalesce(min(n), 0) FROM changes").fetchone())
        return int(first)

    def changes(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Yield the changes behind this number, with their own."""

        def some(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
            # What is put in the place of those that were read has the number of a later one: it comes as well.
            query = "SELECT n, change FROM changes WHERE n > ? ORDER BY n LIMIT ?"
            return connection.execute(query, (after, _CHANGES_AT_ONCE)).fetchall()

        while rows := self._do(some):
            for n, change in rows:
                after = n
                yield n, change

    def calls(self, after: int, most: int) -> list[ReadCall]:
        """Return the newest `most` calls behind this number, oldest first."""

        def calls(connection: sqlite3.Connection) -> list[ReadCall]:
            # A block has at least one call.
            query = "SELECT n, block FROM calls WHERE n > ? ORDER BY n DESC LIMIT ?"
            blocks = connection.execute(query, (after, most))
            return newest(blocks, after, most, lambda ids: _pieces(connection, ids))

        return self._do(calls)

    def record(self, calls: Sequence[LoggedCall], keep: int, seen: Head) -> int | None:
        """Write calls behind the last if no change was made since `seen`, and keep them for good.

        Return the number of the first, None where nothing is written.
        """

        def record(connection: sqlite3.Connection) -> int | None:
            connection.execute("BEGIN IMMEDIATE")
            change, call, epoch, kept = connection.execute(_HEAD).fetchone()
            if (change, epoch) != (seen.change, seen.epoch) or call < seen.call:
                connection.execute("ROLLBACK")
                return None
            self._write(connection, calls, call, keep, kept)
            self._commit(connection)
            return int(call) + 1

        return self._do(record)

    def begin(self) -> Head:
        """Let nobody else write, and return how far it is."""

        def begun(connection: sqlite3.Connection) -> Head:
            self._check_place()
            connection.execute("BEGIN IMMEDIATE")
            return _head(connection)

        return self._do(begun)

    def append(self, changes: Sequence[bytes]) -> None:
        """Write changes behind the last."""
        self._do(lambda connection: _append(connection, changes))

    def append_calls(self, calls: Sequence[LoggedCall], keep: int) -> int:
        """Write calls behind the last, and return the number of the first; the newest `keep` are kept, or more."""
        return self._do(lambda connection: self._append_calls(connection, calls, keep))

    def _append_calls(self, connection: sqlite3.Connection, calls: Sequence[LoggedCall], keep: int) -> int:
        _, last, _, kept = connection.execute(_HEAD).fetchone()
        self._write(connection, calls, last, keep, kept)
        return int(last) + 1

    def _write(
        self, connection: sqlite3.Connection, calls: Sequence[LoggedCall], last: int, keep: int, kept: int
    ) -> None:
        most = max(keep, kept)
        block = self._blocks.made(calls, last, most)
        if block.pieces:
            connection.executemany("INSERT INTO pieces VALUES (?, ?)", block.pieces)
        last += len(calls)
        connection.execute("INSERT INTO calls VALUES (?, ?)", (last, block.calls))
        if most > kept:
            connection.execute("UPDATE head SET keep = ?", (most,))
        is_due, is_heavy = self._forgetting.is_due(last), self._forgetting.is_heavy(block.size)
        if is_due or is_heavy:
            # The last block may be among those that go.
            connection.execute("UPDATE head SET call = ?", (last,))
        if is_due:
            connection.execute("DELETE FROM calls WHERE n <= ?", (last - most,))
            connection.execute("DELETE FROM pieces WHERE id < ?", (oldest_piece(last, most),))
        if is_heavy:
            connection.execute(_FORGET_HEAVY, (BYTES_KEPT,))

    def forget_calls(self, merchant_id: str | None = None, *, numbers_too: bool = False) -> None:
        """Forget every call, or those of one merchant; with `numbers_too` they are numbered from 1 again."""

        def forget(connection: sqlite3.Connection) -> None:
            connection.execute(f"UPDATE head SET call = {'0' if numbers_too else _LAST_CALL}")  # noqa: S608 - one of these
            if merchant_id is None:
                connection.execute("DELETE FROM calls")
                connection.execute("DELETE FROM pieces")
                return
            for n, block in connection.execute("SELECT n, block FROM calls").fetchall():
                left = without(block, merchant_id)
                if left is not None:
                    connection.execute("UPDATE calls SET block = ? WHERE n = ?", (left, n))

        self.lean_on_nothing()
        self._do(forget)

    def lean_on_nothing(self) -> None:
        """Take it that others may have forgotten calls: what is written from now on leans on none of before."""
        self._blocks.forget()
        self._forgetting.begin_anew()

    def replace(self, change: bytes) -> None:
        """Put one change, which says all that they did, in the place of those there are; it has the last's number."""

        def replace(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM changes")
            connection.execute("INSERT INTO changes SELECT change, ? FROM head", (change,))

        self._do(replace)

    def empty(self) -> None:
        """Forget every change and every call: it is as if it had just been made."""

        def empty(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("changes", "calls", "pieces"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - one of these
            connection.execute("UPDATE head SET change = 0, call = 0, epoch = random()")
            connection.execute("COMMIT")

        self._do(empty)

    def commit(self) -> None:
        """Keep what was written, for good."""
        self._do(self._commit)

    def _commit(self, connection: sqlite3.Connection) -> None:
        self._check_place()
        connection.execute("COMMIT")
        self._blocks.keep()
        self._shorten_file_beside(connection)

    def _shorten_file_beside(self, connection: sqlite3.Connection) -> None:
        """Let nobody write until all of a file beside that is too long is in the file."""
        # What is committed is committed; where others are in the way, the next one tries.
        with suppress(OSError, sqlite3.Error):
            if os.stat(self._beside).st_size > _BYTES_AHEAD:  # noqa: PTH116 - as in `_inode`
                _let_wait(connection, 0)
                try:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    _let_wait(connection, _SECONDS_SQLITE_WAITS)

    def rollback(self) -> None:
        """Keep nothing of it; never raises."""
        self._blocks.drop()
        if self._connection is not None:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def length(self) -> int:
        """Return how many changes there are to be made when it is opened."""
        (length,) = self._do(lambda connection: connection.execute("SELECT count(*) FROM changes").fetchone())
        return int(length)

    def size(self) -> int:
        """Return how many bytes it takes on the disk."""
        files = (self._file.with_name(self._file.name + ending) for ending in ("", "-wal", "-shm"))
        return sum(one.stat().st_size for one in files if one.exists())

    def vacuum(self) -> None:
        """Give back to the system what the file no longer needs."""
        self._do(lambda connection: connection.execute("VACUUM"))
        self._do(lambda connection: _let_wait(connection, _SECONDS_TO_WAIT))
        self._do(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        self._do(lambda connection: _let_wait(connection, _SECONDS_SQLITE_WAITS))

    def close(self) -> None:
        """Let go of it; never raises."""
        self._connection = None
        self._blocks.forget()
        try:
            self._closing()
        except sqlite3.Error:
            pass


def _let_wait(connection: sqlite3.Connection, seconds: float) -> None:
    """Say how long SQLite itself waits where another process writes."""
    connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")


def _is_busy(error: sqlite3.OperationalError) -> bool:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == _SQLITE_BUSY


def _head(connection: sqlite3.Connection) -> Head:
    return Head(*connection.execute(_HEAD).fetchone()[:3])


def _pieces(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    for one in ids:
        yield from connection.execute("SELECT id, piece FROM pieces WHERE id = ?", (one,))


def _execute_all(connection: sqlite3.Connection, statements: str) -> None:
    # Not as a script, which would end the transaction.
    for statement in filter(str.strip, statements.split(";")):
        connection.execute(statement)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Write the calls of format 1, each of which had a row, as blocks."""
    query = "SELECT n, merchant_id, head, replies.reply, calls.reply FROM calls LEFT JOIN replies ON id = reply_id"
    blocks = [
        (n, block_of_format_1(merchant_id, head, (start or b"") + rest))
        for n, merchant_id, head, start, rest in connection.execute(query)
    ]
    _execute_all(connection, f"DROP TABLE calls; DROP TABLE replies; {_CALLS}")
    connection.executemany("INSERT INTO calls VALUES (?, ?)", blocks)


def _append(connection: sqlite3.Connection, changes: Sequence[bytes]) -> None:
    (last,) = connection.execute("SELECT change FROM head").fetchone()
    connection.executemany("INSERT INTO changes VALUES (?, ?)", list(enumerate(changes, last + 1)))
    connection.execute("UPDATE head SET change = ?", (last + len(changes),))


def _inode(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - a Path takes twice as long, and each call that is served asks
    return found.st_dev, found.st_ino
