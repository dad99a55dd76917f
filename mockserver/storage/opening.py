"""From the URL of a state to its log."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from mockserver.provider.state.log import Log, StateError
from mockserver.storage.sqlite import SqliteLog

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


class StoredLog(Log, Protocol):
    """A log that outlives the process, with what its owner does to it between two runs."""

    def empty(self) -> None:
        """Forget every change and every call: it is as if it had just been made."""

    def length(self) -> int:
        """Return how many changes there are to be made when it is opened."""

    def size(self) -> int:
        """Return how many bytes it takes where it is kept."""

    def vacuum(self) -> None:
        """Give back what it no longer needs."""


def open_log(url: str, *, make: bool = True) -> StoredLog:
    """Open the log of `sqlite:///FILE` or `postgresql://USER@HOST/DATABASE`.

    The file or the tables are made where there are none, unless `make` is False.

    Raises:
        StateError: it is no such URL, or what it names cannot be used; no password is in the message.
    """
    if not isinstance(url, str):
        raise StateError(f"expected the URL of a state as text, as in sqlite:///mock.db, got {type(url).__name__}")
    if url.startswith(_POSTGRESQL):
        try:
            from mockserver.storage.postgresql import PostgresqlLog  # noqa: PLC0415 - only with the extra
        except ImportError as error:
            raise StateError(
                f"a state in PostgreSQL needs psycopg ({error}): pip install 'apigames-mock[shared]'"
            ) from None
        return PostgresqlLog(url, make=make)
    if not url.startswith(_SQLITE) or url == _SQLITE:
        # Not the whole of it: a password may be in it.
        raise StateError(
            f"state {url.partition(':')[0]!r}: expected sqlite:///FILE, as in sqlite:///mock.db or "
            "sqlite:////var/lib/mock.db, or postgresql://USER@HOST/DATABASE"
        )
    file = Path(url.removeprefix(_SQLITE))
    if not make and not file.exists():
        raise StateError(f"there is no file {file}; name the state that `serve --state` was given, or bring it back")
    return SqliteLog(file)


def let_go(url: str) -> None:
    """Have all of a state that nobody uses any more in its file, and nothing beside it; do nothing to any other."""
    if url.startswith(_SQLITE):
        # Whoever is the last to close it does that, unless it is killed, or two of them close it at once.
        with suppress(StateError):
            open_log(url, make=False).close()
