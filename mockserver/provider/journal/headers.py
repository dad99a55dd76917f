"""The headers of a call as a person may read them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mockserver.contract.masking import MASK, Masker, is_secret_field

# What a call may keep: the server bounds their bytes, and of short ones there could be ten thousand.
MOST_HEADERS = 100
_SECRET = re.compile(
    "auth|cookie|token|secret|sign|session|passw|credential|(?:api|access|account|client|private|subscription)[_-]?key"
)

Headers = tuple[tuple[str, str], ...]


def is_secret_header(name: str) -> bool:
    """Return whether a header of this name (in lower case) may hold a secret, as `authorization` and `cookie` do."""
    return _SECRET.search(name) is not None or is_secret_field(name)


def shown_headers(headers: Iterable[tuple[str, str]], mask: Masker) -> dict[str, str]:
    """Return headers by name (in lower case) without secrets; the values of those that came several times are one list.

    The value of a header that may hold a secret is masked as a whole.
    """
    joined: dict[str, str] = {}
    for name, sent in headers:
        value = MASK if is_secret_header(name) else _text(sent)
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    # Hardly ever is there one, and one pass over all of them takes a fifth of the time.
    together = "\n".join(f"{name}: {value}" for name, value in joined.items())
    if mask(together) == together:
        return joined
    return {mask(name): mask(value) for name, value in joined.items()}


def _text(value: str) -> str:
    """Return a value as it was meant: on the wire it is bytes, mostly UTF-8, which were read as Latin-1."""
    try:
        return value if value.isascii() else value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
