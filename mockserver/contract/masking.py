"""Take secrets out of text that came from outside, before anybody sees it."""

from __future__ import annotations

import html
import json
import re
import string
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import msgspec
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

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
# What stands between such a name and the value: in JSON, also inside a text, in forms, headers, PHP and Ruby.
_THEN = r"""[\\"'\]]*\s*(?:=>|[:=])\s*"""
# For bodies that do not parse: whatever stands behind the name of a secret field, up to where it can end. A quote with
# more text right behind it is taken for part of the value, and what cannot be told apart goes to the end.
_SECRET_FIELD = re.compile(
    rf"""
    ({_ENDS_IN}{_THEN})
    (?: "(?:[^"\\]|\\.|"(?![\s,:;&)}}\]]|\Z))*(?:"|\\?\Z)
      | '(?:[^'\\]|\\.|'(?![\s,:;&)}}\]]|\Z))*(?:'|\\?\Z)
      | (\\+["']).*?(?:(?<!\\)\2|\Z)
      | [\[{{].*
      | (?<==)[^\s&"\\](?:[^\s&"]|"(?=[^\s,:&}}\]]))*
      | [^\s,&}}\]"\\](?:[^\s,&}}\]"]|"(?=[^\s,:&}}\]]))*
    )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_SECRET_ELEMENT = re.compile(
    rf"(<([\w.:-]*{_ENDS_IN})(?:\s[^<>]*)?(?<!/)>).*?(?=</\2\s*>|\Z)", re.IGNORECASE | re.DOTALL
)
# How a masked one looks, and a name with nothing behind it yet: any other name may have its value in the open.
_MASKED_FIELD = re.compile(
    rf"""(?:{_ENDS_IN}{_THEN}[\\"']*|<[\w.:-]*{_ENDS_IN}(?:\s[^<>]*)?>)\*\*\*(?:</[\w.:-]*{_ENDS_IN}\s*>)?""",
    re.IGNORECASE,
)
_NOTHING_BEHIND = r"""[\\"'\]]*\s*(?:\Z|(?:=>|[:=])[\\"'\s]*(?:&|\Z))|\s*/>"""
_NAME_LEFT = re.compile(rf"{_ENDS_IN}(?![A-Za-z0-9_-]|{_NOTHING_BEHIND})", re.IGNORECASE)
# From the first of several backslashes: in a text within a text each is escaped again.
_ESCAPE = re.compile(r"(?<!\\)\\+(?:u([0-9a-fA-F]{4})|/)")
_MAY_BE_UNDONE = re.compile(r"\\[u/]")
_JSON_BEGINS = ("{", "[", '"')
_NOT_PRINTABLE = re.compile(r"[^ -~\u00a0-\ud7ff\ue000-\ufffc]")


class Masker:
    """Replaces the secrets it knows, the values of secret fields, and anything that looks like a signature."""

    def __init__(self, secrets: Iterable[str]) -> None:
        written = {_lower(form) for secret in secrets if is_looked_for(secret) for form in _forms(secret)}
        # All at once, in one pass: a body may bring tens of thousands, and so may a world of many merchants.
        self._known = (
            AhoCorasick(written, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA)
            if written
            else None
        )

    def __call__(self, text: str) -> str:
        """Return `text` without secrets; where one hides in escapes, these are undone in what is returned."""
        masked = self._masked(text)
        if _MAY_BE_UNDONE.search(masked) or "\0" in masked:
            undone = _undone(masked)
            found = self._masked(undone)
            return masked if found == undone else found
        return masked

    def _masked(self, text: str) -> str:
        # Nearly every text holds none, which a look for words tells twenty times as fast as the patterns. Beyond ASCII
        # it cannot tell: a pattern that ignores case takes a long s for an s.
        text = self._without_known(text)
        plain = text.lower() if text.isascii() else None
        if plain is None or "sign" in plain or "secret" in plain or "session" in plain:
            text = _SECRET_ELEMENT.sub(rf"\1{MASK}", text)
            text = _SECRET_FIELD.sub(rf"\1{MASK}", text)
        if plain is None or (len(text) >= _SHORTEST_RUN and _RUN_OF_X in text.encode().translate(_HEX_TO_X)):
            text = _HEX_RUN.sub(MASK, text)
        return text

    def _without_known(self, text: str) -> str:
        if self._known is None:
            return text
        parts, end = [], 0
        for _, start, stop in self._known.find_matches_as_indexes(_lower(text)):
            parts += [text[end:start], MASK]
            end = stop
        return "".join([*parts, text[end:]]) if parts else text

    def value(self, decoded: Any) -> Any:
        """Return decoded JSON without secrets; what stands in a secret field goes whatever it is.

        So does what stands in one of a text that holds JSON itself.
        """
        if isinstance(decoded, str):
            inner = _inner(decoded)
            if inner is None:
                return self(decoded)
            try:
                masked = self.value(inner)
            except RecursionError:
                return self(decoded)
            return self(decoded) if masked == inner else msgspec.json.encode(masked).decode()
        if isinstance(decoded, list):
            return [self.value(item) for item in decoded]
        if isinstance(decoded, dict):
            return {self(key): MASK if is_secret_field(key) else self.value(item) for key, item in decoded.items()}
        return decoded


def is_looked_for(secret: str) -> bool:
    """Return whether a secret is found only by one who knows it: what looks like a signature is found by its look."""
    return len(secret) >= _SHORTEST_SECRET and not _HEX_RUN.fullmatch(secret)


def may_show_secret(masked: str) -> str | None:
    """Return the name of a secret field in a masked text behind which something stands that nothing masked."""
    seen = html.unescape(unquote(_undone(masked)))
    found = _NAME_LEFT.search(_MASKED_FIELD.sub("", seen))
    return None if found is None else found[0]


def is_secret_field(name: str) -> bool:
    """Return whether a field of this name holds a secret, as `signature` does, and `sessionKey` or `client-secret`."""
    return _NAMES_SECRET.search(name) is not None


def sent_secrets(decoded: Any) -> Iterator[str]:
    """Yield the texts in the secret fields of a decoded body, so that they can be masked elsewhere too."""
    if isinstance(decoded, str):
        decoded = _inner(decoded)
    if isinstance(decoded, dict):
        yield from (value for key, value in decoded.items() if is_secret_field(key) and isinstance(value, str))


def _inner(text: str) -> Any:
    """Return what a text holds as JSON; None when it holds none, or a number or a word."""
    if not text.startswith(_JSON_BEGINS):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _undone(text: str) -> str:
    """Return a text without zero bytes and escapes; a quote or a backslash keeps one, so that it ends nothing."""

    def char(found: re.Match[str]) -> str:
        meant = "/" if found[1] is None else chr(int(found[1], 16))
        return f"\\{meant}" if meant in '"\\' else meant

    undone = _ESCAPE.sub(char, text.replace("\0", ""))
    return undone.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _lower(text: str) -> str:
    """Return a text in lower case, each character in its place, a lone surrogate as a question mark."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few become two when they are lowered
        lowered = "".join(char if len(char.lower()) > 1 else char.lower() for char in text)
    return lowered if lowered.isascii() else lowered.encode("utf-8", "replace").decode("utf-8")


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it stands, and as JSON, a URL, a form and XML write it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield html.escape(secret, quote=False)
    yield html.escape(secret)


def printable(text: str, limit: int = 120) -> str:
    """Return `text` on one line and not too long: what a consumer sends must not forge a log line."""
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if shown.isascii() and shown.isprintable():
        return shown  # nearly every line: the search would cost ten times as much
    return _NOT_PRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), shown)
