"""Take secrets out of text that came from outside, before anybody sees it."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

# A shorter one would black out ordinary words, and guards nothing.
_SHORTEST_SECRET = 4

# A signature in any field, right or wrong, is a long run of hex.
_SHORTEST_RUN = 32
_HEX_RUN = re.compile(rf"[0-9a-fA-F]{{{_SHORTEST_RUN},}}")
_RUN_OF_X = b"x" * _SHORTEST_RUN
_HEX_TO_X = bytes(ord("x") if chr(byte) in string.hexdigits else ord(" ") for byte in range(256))
# How the name of a field ends in which a secret is sent, under the page's name or one that a consumer takes for it.
_ENDS_IN = "(?:signature|session[_-]?key|secret[_-]?key|secret|sign)"
_NAMES_SECRET = re.compile(rf"{_ENDS_IN}\Z", re.IGNORECASE)
# For bodies that do not parse: whatever stands behind the name of a secret field, up to where it can end.
_SECRET_FIELD = re.compile(
    rf"""({_ENDS_IN}["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|[^\s,&}}\]"]+)""",
    re.IGNORECASE | re.DOTALL,
)
_NOT_PRINTABLE = re.compile(r"[^ -~\u00a0-\ud7ff\ue000-\ufffc]")


class Masker:
    """Replaces the secrets it knows, the values of secret fields, and anything that looks like a signature."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # What looks like a signature is found by its look alone; thousands of words to look for would take seconds.
        looked_for = (secret for secret in secrets if not _HEX_RUN.fullmatch(secret))
        written = {form for secret in looked_for if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)}
        known = sorted(written, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None
        self._known_words = tuple(form.lower() for form in known)

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        # Nearly every text holds none, which a look for words tells twenty times as fast as the patterns. Beyond ASCII
        # it cannot tell: a pattern that ignores case takes a long s for an s.
        plain = text.lower() if text.isascii() else None
        if self._known is not None and (plain is None or any(word in plain for word in self._known_words)):
            text = self._known.sub(MASK, text)
        if plain is None or "sign" in plain or "secret" in plain or "session" in plain:
            text = _SECRET_FIELD.sub(rf"\1{MASK}", text)
        if plain is None or (len(text) >= _SHORTEST_RUN and _RUN_OF_X in text.encode().translate(_HEX_TO_X)):
            text = _HEX_RUN.sub(MASK, text)
        return text

    def value(self, decoded: Any) -> Any:
        """Return decoded JSON without secrets; what stands in a secret field goes whatever it is."""
        if isinstance(decoded, str):
            return self(decoded)
        if isinstance(decoded, list):
            return [self.value(item) for item in decoded]
        if isinstance(decoded, dict):
            return {self(key): MASK if is_secret_field(key) else self.value(item) for key, item in decoded.items()}
        return decoded


def is_secret_field(name: str) -> bool:
    """Return whether a field of this name holds a secret, as `signature` does, and `sessionKey` or `client-secret`."""
    return _NAMES_SECRET.search(name) is not None


def sent_secrets(decoded: Any) -> Iterator[str]:
    """Yield the texts in the secret fields of a decoded body, so that they can be masked elsewhere too."""
    if isinstance(decoded, dict):
        yield from (value for key, value in decoded.items() if is_secret_field(key) and isinstance(value, str))


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it stands, and as JSON, a URL and a form write it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)


def printable(text: str, limit: int = 120) -> str:
    """Return `text` on one line and not too long: what a consumer sends must not forge a log line."""
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if shown.isascii() and shown.isprintable():
        return shown  # nearly every line: the search would cost ten times as much
    return _NOT_PRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), shown)
