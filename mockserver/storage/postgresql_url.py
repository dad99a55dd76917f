"""The URL of a state in PostgreSQL, as libpq takes it, and as it may be shown."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mockserver.provider.state.log import StateError

SCHEMA = "apigames_mock"
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
# PostgreSQL cuts off what is longer, without a word.
_LONGEST_NAME = 63
_PASSWORDS = ("password", "sslpassword")


class PostgresqlUrl(NamedTuple):
    """A URL as it may be `shown`, the `address` for libpq, the `schema`, and what in the address is secret."""

    shown: str
    address: str
    schema: str
    secrets: tuple[str, ...]

    def masked(self, text: str) -> str:
        """Return a text without what is secret."""
        for secret in self.secrets:
            text = text.replace(secret, "********")
        return text


def read_url(url: str) -> PostgresqlUrl:
    """Read `postgresql://USER@HOST/DATABASE?schema=NAME`; raises StateError, with no password in the message."""
    try:
        found = urlsplit(url)
        if "@" in found.path or found.netloc.count("@") > 1 or "#" in url:
            raise ValueError("a sign of a password")
        # To libpq a plus is a plus, and not a space.
        asked = found.query.replace("+", "%2B")
        query = parse_qsl(asked, keep_blank_values=True, strict_parsing=bool(asked))
        given = conninfo_to_dict(_written(found, [one for one in query if one[0] != "schema"]))
        if not set(str(given.get("port") or "")) <= set("0123456789,"):
            raise ValueError("a port that is none")
    except (ValueError, psycopg.Error):
        # Without what they say: it may quote the password.
        raise StateError(
            "the URL of the state cannot be read: expected postgresql://USER@HOST/DATABASE, and the password in "
            "PGPASSWORD, or with %40 for @ and the like"
        ) from None
    user, at, place = found.netloc.rpartition("@")
    shown = _written(
        found._replace(netloc=user.partition(":")[0] + at + place), [one for one in query if one[0] not in _PASSWORDS]
    )
    return PostgresqlUrl(
        shown,
        make_conninfo("", **{**_CONNECTION, **{key: value for key, value in given.items() if value is not None}}),
        _schema([value for name, value in query if name == "schema"]),
        tuple(str(value) for key in _PASSWORDS if (value := given.get(key))),
    )


def _written(parts: SplitResult, query: list[tuple[str, str]]) -> str:
    # Not urlunsplit, which leaves the slashes out where there is no host.
    asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{asked}"


def _schema(given: list[str]) -> str:
    schema = given[0] if given else SCHEMA
    if len(given) > 1:
        raise StateError(f"?schema= is given twice; name one, as in ?schema={SCHEMA}")
    # What PostgreSQL has another meaning for in a search path, or cannot have in a name.
    if not schema or '"' in schema or "\0" in schema or schema == "$user":
        raise StateError(f"?schema={schema!r}: expected the name of a schema, as in ?schema={SCHEMA}")
    if len(schema.encode()) > _LONGEST_NAME:
        raise StateError(f"?schema={schema!r}: expected a name of at most {_LONGEST_NAME} bytes")
    return schema
