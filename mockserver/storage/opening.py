"""From the URL of a state to its log."""

from __future__ import annotations

from pathlib import Path

from mockserver.provider.state.log import StateError
from mockserver.storage.sqlite import SqliteLog

_SQLITE = "sqlite:///"


def open_log(url: str, *, make: bool = True) -> SqliteLog:
    """Open the log of `sqlite:///FILE`; the file is made where there is none, unless `make` is False.

    Raises:
        StateError: it is no such URL, or the file cannot be used.
    """
    if not url.startswith(_SQLITE) or url == _SQLITE:
        raise StateError(
            f"state {url!r}: expected sqlite:///FILE, as in sqlite:///mock.db or sqlite:////var/lib/mock.db"
        )
    file = Path(url.removeprefix(_SQLITE))
    if not make and not file.exists():
        raise StateError(f"there is no file {file}; name the state that `serve --state` was given")
    return SqliteLog(file)
