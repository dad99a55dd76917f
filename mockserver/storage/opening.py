"""From the URL of a state to its log."""

from __future__ import annotations

from pathlib import Path

from mockserver.provider.state.log import StateError
from mockserver.storage.sqlite import SqliteLog

_SQLITE = "sqlite:///"


def open_log(url: str) -> SqliteLog:
    """Open the log of `sqlite:///FILE`; the file is made where there is none.

    Raises:
        StateError: it is no such URL, or the file cannot be used.
    """
    if not url.startswith(_SQLITE) or url == _SQLITE:
        raise StateError(
            f"state {url!r}: expected sqlite:///FILE, as in sqlite:///mock.db or sqlite:////var/lib/mock.db"
        )
    return SqliteLog(Path(url.removeprefix(_SQLITE)))
