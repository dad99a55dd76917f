"""The log of changes in a SQLite file: it outlives its process, and the processes of one machine share it.

Write-ahead logging, each commit handed to the system before it is acknowledged: it survives that the process is killed
at any instant. A machine that loses its power may lose the last ones, never the file.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from mockserver.provider.state.log import Head, LoggedCall, StateError, StateUnavailable
from mockserver.storage.forgetting import BYTES_KEPT, Forgetting
from mockserver.storage.shared_replies import SharedReplies

FORMAT = 1
# A world or a snapshot of a million vouchers takes others some seconds to write.
_SECONDS_TO_WAIT = 10.0
_PAGE_BYTES = 8192
# So many pages are written behind one another before the file itself is, which waits for the disk.
_PAGES_AHEAD = 4000

_SCHEMA = """
CREATE TABLE head (change INTEGER NOT NULL, call INTEGER NOT NULL, epoch INTEGER NOT NULL, keep INTEGER NOT NULL);
INSERT INTO head VALUES (0, 0, random(), 0);
CREATE TABLE changes (n INTEGER PRIMARY KEY, change BLOB NOT NULL);
CREATE TABLE replies (id INTEGER PRIMARY KEY, reply BLOB NOT NULL);
CREATE TABLE calls (
  n INTEGER PRIMARY KEY, merchant_id TEXT, head BLOB NOT NULL, reply_id INTEGER, reply BLOB NOT NULL
);
"""

# With the oldest calls, those that are above so many bytes together.
_FORGET_HEAVY = """
DELETE FROM calls WHERE n <= (
  SELECT max(n) FROM (SELECT n, sum(length(head) + length(reply)) OVER (ORDER BY n DESC) AS size FROM calls)
  WHERE size > ?
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
        self._replies = SharedReplies()
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
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_AHEAD}")
        # What a large change made of the file beside is given back.
        connection.execute(f"PRAGMA journal_size_limit = {_PAGES_AHEAD * _PAGE_BYTES}")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and tables == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
        if version > FORMAT:
            raise StateError(
                f"{self._file} was written by a newer apigames-mock (format {version}, this one knows {FORMAT}); "
                "use that version, or begin anew in another file"
            )
        if version == 0 and tables:
            raise StateError(f"{self._file} is a database of something else; name another file")
        return connection

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._opened()
            return work(self._connection)
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
        query = "SELECT n, change FROM changes WHERE n > ? ORDER BY n"
        rows = self._do(lambda connection: connection.execute(query, (after,)))
        while some := self._do(lambda _: list(islice(rows, 100))):
            yield from some

    def calls(self, after: int, most: int) -> list[tuple[int, bytes, bytes]]:
        """Return the newest `most` calls behind this number: its own, head and reply; oldest first."""
        query = (
            "SELECT n, head, replies.reply, calls.reply FROM calls LEFT JOIN replies ON id = reply_id WHERE n > ? "
            "ORDER BY n DESC LIMIT ?"
        )
        rows = self._do(lambda connection: connection.execute(query, (after, most)).fetchall())
        rows.reverse()
        return [(n, head, (start or b"") + rest) for n, head, start, rest in rows]

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
        """Write calls behind the last, and return the number of the first; of all there are `keep` are kept."""
        return self._do(lambda connection: self._append_calls(connection, calls, keep))

    def _append_calls(self, connection: sqlite3.Connection, calls: Sequence[LoggedCall], keep: int) -> int:
        last: int
        last, kept = connection.execute("SELECT call, keep FROM head").fetchone()
        most = max(keep, kept)
        rows = [
            (n, call.merchant_id, call.head, *self._shared_reply(connection, n, call, most))
            for n, call in enumerate(calls, last + 1)
        ]
        connection.executemany("INSERT INTO calls VALUES (?, ?, ?, ?, ?)", rows)
        now_last = last + len(rows)
        connection.execute("UPDATE head SET call = ?, keep = ?", (now_last, most))
        if self._forgetting.is_due(now_last):
            _forget_old(connection, now_last, keep, most)
        if self._forgetting.is_heavy(sum([len(row[2]) + len(row[4]) for row in rows])):
            connection.execute(_FORGET_HEAVY, (BYTES_KEPT,))
        return last + 1

    def _shared_reply(
        self, connection: sqlite3.Connection, n: int, call: LoggedCall, most: int
    ) -> tuple[int | None, bytes]:
        """Return where the reply is, as far as one to the same request began like it, and the rest of it."""
        shared = self._replies.of(n, call, most)
        if shared.begins is not None:
            connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (n, shared.begins))
        return shared.reply_id, shared.rest

    def forget_calls(self, merchant_id: str | None = None, *, numbers_too: bool = False) -> None:
        """Forget every call, or those of one merchant; with `numbers_too` they are numbered from 1 again."""

        def forget(connection: sqlite3.Connection) -> None:
            if merchant_id is not None:
                connection.execute("DELETE FROM calls WHERE merchant_id = ?", (merchant_id,))
                return
            connection.execute("DELETE FROM calls")
            connection.execute("DELETE FROM replies")
            if numbers_too:
                connection.execute("UPDATE head SET call = 0")

        self.forget_replies()
        self._do(forget)

    def forget_replies(self) -> None:
        """Take it that others may have forgotten calls: what is written from now on leans on none of before."""
        self._replies.forget()
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
            for table in ("changes", "calls", "replies"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - one of these
            connection.execute("UPDATE head SET change = 0, call = 0, epoch = random()")
            connection.execute("COMMIT")

        self._do(empty)

    def commit(self) -> None:
        """Keep what was written, for good."""

        def commit(connection: sqlite3.Connection) -> None:
            self._check_place()
            connection.execute("COMMIT")

        self._do(commit)

    def rollback(self) -> None:
        """Keep nothing of it; never raises."""
        self._replies.forget()
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
        self._do(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))

    def close(self) -> None:
        """Let go of it; never raises."""
        self._connection = None
        self._replies.forget()
        try:
            self._closing()
        except sqlite3.Error:
            pass


def _head(connection: sqlite3.Connection) -> Head:
    return Head(*connection.execute("SELECT change, call, epoch FROM head").fetchone())


def _append(connection: sqlite3.Connection, changes: Sequence[bytes]) -> None:
    (last,) = connection.execute("SELECT change FROM head").fetchone()
    connection.executemany("INSERT INTO changes VALUES (?, ?)", list(enumerate(changes, last + 1)))
    connection.execute("UPDATE head SET change = ?", (last + len(changes),))


def _forget_old(connection: sqlite3.Connection, last: int, keep: int, most: int) -> None:
    """Forget the oldest calls, and replies that none of those kept can begin with."""
    connection.execute("DELETE FROM calls WHERE n <= ?", (last - keep,))
    connection.execute("DELETE FROM replies WHERE id <= ?", (last - SharedReplies.reach(most),))


def _inode(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - a Path takes twice as long, and each call that is served asks
    return found.st_dev, found.st_ino
