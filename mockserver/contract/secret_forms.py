"""How programs write a secret: the texts to look for, and a text without the quoting that programs put into it.

No list of forms is ever whole, as each can be written in another: JSON in a form, a form in JSON, PHP in a shell. So
quoting is not added to the secret but taken out of the text, layer by layer (`Layer`); what is left to look for are
few texts (`forms_of`): the secret itself, and what an encoding makes of it that hides its letters.
"""

from __future__ import annotations

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import quote, quote_plus

# Escapes: a surrogate pair, one of four hex digits, of eight, in braces; bytes beyond ASCII, which only together are
# a character; a byte of ASCII in hex; an entity. In a text within a text each backslash is one of several, and what is
# looked at begins with the first of them: from each anew, a run of backslashes would take the square of its length.
_ESCAPED = re.compile(
    r"""
    (?<!\\)\\+u(d[89ab][0-9a-f]{2})\\+u(d[c-f][0-9a-f]{2})
  | (?<!\\)\\+(?-i:U)([0-9a-f]{8})
  | (?<!\\)\\+u(?:([0-9a-f]{4})|\{([0-9a-f]{1,6})\})
  | ((?:(?:(?<!\\)\\+x|%)[89a-f][0-9a-f]|(?<!\\)\\+[23][0-7]{2})+)
  | (?:(?<!\\)\\+x|%)([0-7][0-9a-f])
  | &(?:\#([0-9]{1,7})|\#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,31}));
    """,
    re.IGNORECASE | re.VERBOSE,
)
# A percent sign of the secret's own, and what is beside it, look like such an escape.
_ESCAPED_BUT_PERCENT = re.compile(_ESCAPED.pattern.replace("|%", ""), _ESCAPED.flags)
_BYTE = re.compile(r"(?:(?<!\\)\\+x|%)([0-9a-f]{2})|(?<!\\)\\+([0-7]{3})", re.IGNORECASE)
_HINTS = ("%", "&", "\\u", "\\U", "\\x", "\\X", "\\2", "\\3")

# What quotes stands before, round and between what is meant, and no two programs agree where. To each belongs a
# character that nobody uses, for one that stands in an escape itself.
_QUOTING = {"\\": "\ue000", '"': "\ue001", "'": "\ue002", "\0": "\ue003"}

# Longer runs of hex are masked by their look, whatever they stand for.
SHORTEST_HEX_RUN = 32
_SHORTEST_FORM = 4
_SHORTEST_BASE64 = 6
_LONGEST_BASE64 = 16
_UNCHANGED = re.compile(r"[A-Za-z0-9._~-]+")


class Forms(NamedTuple):
    """What to look for, in lower case, in a text without quoting: texts, and how a text in base64 begins."""

    texts: set[str]
    base64: set[str]


def forms_of(secret: str) -> Forms:
    """Return what stands for a secret in each of its forms once the quoting is taken out."""
    texts, data = {lower(secret)}, {secret.encode("utf-8", "replace")}
    if not _UNCHANGED.fullmatch(secret):
        in_json = json.dumps(secret)[1:-1]
        data.add(in_json.encode())
        # A control character may stand for itself, or as a letter behind a backslash.
        written = {secret, in_json, repr(secret)[1:-1], ascii(secret)[1:-1], secret.replace(" ", "+")}
        if "\0" in secret:
            # As PHP writes it; a digit behind it makes an octal escape of the two.
            written |= {text.replace("\0", "\\0") for text in (secret, in_json)}
        if not secret.isascii():
            written.update(_wrongly_decoded(secret))
        forms = {form for text in written for form in (unquoted(text), lower(_without_quotes(text)))}
        if min(map(len, forms)) < _SHORTEST_FORM:
            # Next to nothing but quotes: only what is whole can be told from other text.
            written.add(repr(secret.encode("utf-8", "replace"))[2:-1])
            forms = {*map(lower, written), lower(quote(secret, safe="")), lower(quote_plus(secret))}
        texts |= forms
    texts |= {bytes_.hex() for bytes_ in data if 2 * len(bytes_) < SHORTEST_HEX_RUN}
    return Forms(texts, {form for bytes_ in data for form in _in_base64(bytes_)})


def lower(text: str) -> str:
    """Return a text in lower case, each character in its place, a lone surrogate as a question mark."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few become two when they are lowered
        lowered = "".join(char if len(char.lower()) > 1 else char.lower() for char in text)
    return lowered if lowered.isascii() else lowered.encode("utf-8", "replace").decode("utf-8")


def unquoted(text: str) -> str:
    """Return a text without any layer of quoting, in lower case."""
    for layer in layers(text):
        text = layer.text
    return lower(text)


def layers(text: str, most: int = 6) -> Iterator[Layer]:
    """Yield what a text means when one layer of quoting is taken out of it, then one more; the last has none."""
    below: Layer | None = None
    for _ in range(most):
        layer = Layer(text, below)
        if layer.text == text:
            return
        # What is beside a secret may make an escape of its end, as a digit does of a percent sign.
        without_quotes = Layer(text, below, undo_escapes=False)
        if without_quotes.text not in (text, layer.text):
            yield without_quotes
        if "%" in text and ("\\" in text or "&" in text):
            yield Layer(text, below, undo_percent=False)
        yield layer
        text, below = layer.text, layer


class Layer:
    """A text with one layer of quoting taken out: escapes stand for what they mean, quotes and backslashes are gone.

    Without `undo_escapes` only these are gone; without `undo_percent` the escapes of URLs stay.
    """

    def __init__(
        self, written: str, below: Layer | None = None, *, undo_escapes: bool = True, undo_percent: bool = True
    ) -> None:
        self._written = written
        self._below = below
        self._marks: tuple[list[int], list[int], list[int]] | None = None
        has_escapes = undo_escapes and any(hint in written for hint in _HINTS)
        escaped, or_quotes = _ALL if undo_percent else _ALL_BUT_PERCENT
        self._quoting = or_quotes if has_escapes else _QUOTES
        text = _without_quotes(escaped.sub(_meant, written) if has_escapes else written)
        if has_escapes and not text.isascii():
            for char, kept in _QUOTING.items():
                text = text.replace(kept, char)
        self.text = text

    def origin(self, start: int, stop: int) -> tuple[int, int]:
        """Return from where to where in the lowest text stands what is between two places of this one."""
        here, literal, there = self._marks = self._marks or self._marked()
        first = bisect_right(here, start) - 1
        last = bisect_right(here, stop - 1) - 1
        begins = there[first] + min(start - here[first], literal[first])
        into = stop - here[last]
        ends = there[last] + into if into <= literal[last] else there[last + 1]
        return (begins, ends) if self._below is None else self._below.origin(begins, ends)

    def _marked(self) -> tuple[list[int], list[int], list[int]]:
        """Return where in this text and in the one below each part without quoting begins, and how long it is."""
        meant, literal, there, end = [], [], [], 0
        for found in self._quoting.finditer(self._written):
            there.append(end)
            literal.append(found.start() - end)
            meant.append(literal[-1] + (len(_meant(found)) if found.lastindex else 0))
            end = found.end()
        there.append(end)
        literal.append(len(self._written) - end)
        return [0, *accumulate(meant)], literal, [*there, len(self._written)]


_QUOTES = re.compile(r"""["'\0]+|\\+""")
# Escapes, and escapes or what quotes.
_ALL, _ALL_BUT_PERCENT = (
    (escaped, re.compile(f"{escaped.pattern}|{_QUOTES.pattern}", escaped.flags))
    for escaped in (_ESCAPED, _ESCAPED_BUT_PERCENT)
)


def _without_quotes(text: str) -> str:
    # Four times as fast as a pattern, and nearly every text is ordinary JSON: no escapes but of quotes.
    for char in _QUOTING:
        text = text.replace(char, "")
    return text


def _meant(found: re.Match[str]) -> str:
    """Return what an escape means; what would quote does so one layer further up, and has a place of its own here."""
    high, low, long, short, braced, bytes_, hex_, number, hex_number, name = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    if bytes_:
        raw = bytes(int(one[1], 16) if one[1] else int(one[2], 8) for one in _BYTE.finditer(bytes_))
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    if name:
        char = html.unescape(found[0])
    else:
        code = int(number) if number else int(long or short or braced or hex_ or hex_number, 16)
        char = chr(code) if code <= 0x10FFFF else ""
    return _QUOTING.get(char, char)


def _wrongly_decoded(secret: str) -> list[str]:
    """Return what is made of a secret by who takes one encoding for another, or has no letters beyond ASCII."""
    made = [secret.encode("utf-8", "replace").decode("latin-1"), secret.encode("ascii", "replace").decode()]
    latin = secret.encode("latin-1", "replace")
    return [*made, latin.decode("utf-8", "replace"), latin.decode("latin-1")]


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield how these bytes begin in base64 wherever they stand in what is encoded, in either alphabet."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data[:_LONGEST_BASE64]).decode().lower()
        # The characters at both ends stand for bits of what is beside it too.
        inside = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6][:_LONGEST_BASE64]
        if len(inside) >= _SHORTEST_BASE64:
            yield inside
            if not inside.isalnum():
                yield inside.replace("+", "-").replace("/", "_")
