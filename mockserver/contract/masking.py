"""Take secrets out of text that came from outside, before anybody sees it."""

from __future__ import annotations

import base64
import html
import json
import re
import string
import threading
from collections.abc import Callable, Iterable, Iterator, Set
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from mockserver.contract.secret_forms import SHORTEST_HEX_RUN, forms_of, layers, lower

MASK = "***"
# How a text begins that asks the mock for a fault or an error: one in a list of codes is not money.
RESERVED = "RMOCK"

# A shorter one would black out ordinary words, and guards nothing; nor does a short one that is such a word itself.
_SHORTEST_SECRET = 4
_LONGEST_WORD = 5
# Of a longer one its beginning is looked for, and what follows to the end of the text is taken for the rest.
_LONGEST_FORM = 2048
# So long may one be with all its quoting.
LONGEST_WRITTEN = 8192
# Of what one call sends in secret fields, so many characters are looked for in every form, the rest as it stands.
_MOST_SENT = 20_000
# Of these many secrets that are new since the matcher was made, a second one is made, and not the first anew.
_FEW = 32

# A signature in any field, right or wrong, is a long run of hex.
_HEX_RUN = re.compile(rf"[0-9a-fA-F]{{{SHORTEST_HEX_RUN},}}")
_RUN_OF_X = b"x" * SHORTEST_HEX_RUN
_HEX_TO_X = bytes(ord("x") if chr(byte) in string.hexdigits else ord(" ") for byte in range(256))
# In base64 each three of its digits are four letters, of few that each of them can be.
_REST_OF_BASE64 = re.compile(r"[a-z0-9+/_-]+={0,2}")
_THREES = SHORTEST_HEX_RUN // 3 - 1
_HEX_IN_BASE64 = re.compile(
    r"[A-Za-z0-9+/_-]{0,3}"
    rf"(?:[MNOQRYZ][DTjzGWm2EUk0][ABEFIJMNQRUVYZcdghkl][w-z0-5h-mB-G]){{{_THREES},}}"
    r"[A-Za-z0-9+/_-]{0,3}"
)
_RUN_OF_LETTERS = b"x" * 4 * _THREES
_LETTERS_TO_X = bytes(ord("x") if chr(byte).isalnum() and byte < 128 else ord(" ") for byte in range(256))
# How the name of a field ends in which a secret is sent, under the page's name or one that a consumer takes for it.
_CODES = "kode[_-]?voucher"
_SECRET_NAMES = ("signature", "session[_-]?key", "secret[_-]?key", "secret", "sign", _CODES)
_ENDS_IN = f"(?:{'|'.join(_SECRET_NAMES)})"
_HINTS = ("sign", "secret", "session", "kode")
_NAMES_SECRET = re.compile(rf"{_ENDS_IN}\Z", re.IGNORECASE)
# Voucher codes that are submitted are money, each of the list.
_NAMES_CODES = re.compile(rf"{_CODES}\Z", re.IGNORECASE)
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
_BLANK_LINE = re.compile(r"\r?\n\r?\n")
_PART_NAME = re.compile(r"""name\s*=\s*["']?([^"';\r\n]*)""", re.IGNORECASE)


class Masker:
    """Replaces the secrets it knows, in every form, the values of secret fields, and what looks like a signature."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = _matchers(_Matcher(secrets))

    def knowing(self, secrets: Iterable[str]) -> Masker:
        """Return a masker that knows these secrets too; what this one has made to find its own is shared."""
        return self._and(_Matcher(secrets))

    def knowing_sent(self, decoded: Any) -> Masker:
        """Return a masker that also knows what stands in the secret fields of a decoded body, elsewhere in a call."""
        return self._and(_Matcher(sent_secrets(decoded), most=_MOST_SENT))

    def _and(self, matcher: _Matcher) -> Masker:
        made = Masker(())
        made._known = (*self._known, *_matchers(matcher))
        return made

    def __call__(self, text: str) -> str:
        """Return `text` without secrets; where one hides in escapes, these are undone in what is returned."""
        masked = self._masked(text)
        if _MAY_BE_UNDONE.search(masked) or "\0" in masked:
            undone = _undone(masked)
            found = self._masked(undone)
            return masked if found == undone else found
        return masked

    def beginning(self, text: str, limit: int, *, is_cut: bool = False) -> str:
        """Return the first `limit` characters of what a text is without secrets, with an ellipsis where there is more.

        Only what may matter is looked at, and no secret is seen in part because it was cut. `is_cut` says that the text
        was cut already: what stands within `LONGEST_WRITTEN` characters of its end is not shown.
        """
        looked_at = limit + LONGEST_WRITTEN
        while len(text) > looked_at:
            # One that is cut in two stands within so many characters of the end.
            masked = self(text[:looked_at])[:-LONGEST_WRITTEN]
            if len(masked) >= limit:
                return f"{masked[: limit - 1]}…"
            looked_at *= 4
        masked = self(text)[:-LONGEST_WRITTEN] if is_cut else self(text)
        return masked if len(masked) <= limit and not is_cut else f"{masked[: limit - 1]}…"

    def known(self, text: str) -> str:
        """Return a text of the mock's own without the secrets it knows: in it, names of fields are but words."""
        return _without_signatures(self._without_known(text))

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
        if self._known and type(decoded) in {int, float} and self._without_known(text := str(decoded)) != text:
            return MASK
        return decoded

    def _masked(self, text: str) -> str:
        text = self._without_known(text)
        if _may_name_secret(text):
            text = _SECRET_ELEMENT.sub(rf"\1{MASK}", text)
            text = _SECRET_FIELD.sub(rf"\1{MASK}", text)
        return _without_signatures(text)

    def _without_known(self, text: str) -> str:
        if not self._known:
            return text
        spans = [*self._found(lower(text))]
        if any(matcher.needs_layers(text) for matcher in self._known):
            for layer in layers(text):
                spans += [layer.origin(start, stop) for start, stop in self._found(lower(layer.text))]
        if not spans:
            return text
        parts, end = [], 0
        for start, stop in sorted(spans):
            if start >= end:
                parts += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _found(self, lowered: str) -> Iterator[tuple[int, int]]:
        return chain.from_iterable(matcher.find(lowered) for matcher in self._known)


def _may_name_secret(text: str) -> bool:
    """Return whether the name of a secret field may stand in a text; twenty times as fast as the patterns for one."""
    plain = text.lower()
    if not plain.isascii():
        # A pattern that ignores case takes these for an s and an i.
        plain = plain.replace("\u017f", "s").replace("\u0131", "i").replace("\u0307", "")
    return any(hint in plain for hint in _HINTS)


def _without_signatures(text: str) -> str:
    if len(text) < SHORTEST_HEX_RUN:
        return text
    as_bytes = text.encode("utf-8", "replace")
    if _RUN_OF_X in as_bytes.translate(_HEX_TO_X):
        text = _HEX_RUN.sub(MASK, text)
    if _RUN_OF_LETTERS in as_bytes.translate(_LETTERS_TO_X):
        text = _HEX_IN_BASE64.sub(MASK, text)
    return text


class _Matcher:
    """Finds secrets in every form, all at once in one pass over a text: a body may bring tens of thousands.

    Of secrets beyond `most` characters together only the form is looked for in which they are given.
    """

    def __init__(self, secrets: Iterable[str], *, most: int | None = None) -> None:
        texts: set[str] = set()
        base64: set[str] = set()
        self._quoted = False
        left = most
        for secret in filter(needs_literal_match, secrets):
            self._quoted = self._quoted or "'" in secret or '"' in secret
            if left is None or left > 0:
                forms = forms_of(secret)
                texts |= forms.texts
                base64 |= forms.base64
            else:
                texts.add(lower(secret))
            left = None if left is None else left - len(secret)
        self._texts = [*{text[:_LONGEST_FORM] for text in texts}]
        if self._texts:
            self._automaton = AhoCorasick(
                [*self._texts, *base64],
                matchkind=MatchKind.LeftmostLongest,
                implementation=Implementation.ContiguousNFA,
            )

    def __bool__(self) -> bool:
        return bool(self._texts)

    def needs_layers(self, text: str) -> bool:
        """Return whether a secret may stand in a text in a form that quoting hides."""
        if "\\" in text or "%" in text or "&" in text or "\0" in text:
            return True
        return self._quoted and ("'" in text or '"' in text)

    def find(self, lowered: str) -> Iterator[tuple[int, int]]:
        """Yield where in a text in lower case secrets stand."""
        end = 0
        for index, start, stop in self._automaton.find_matches_as_indexes(lowered):
            if start < end:
                continue  # nothing is read twice, however often it stands there
            end = stop
            if index >= len(self._texts):
                rest = _REST_OF_BASE64.match(lowered, stop)
                end = stop if rest is None else rest.end()
            elif len(self._texts[index]) == _LONGEST_FORM:
                end = len(lowered)
            yield start, end


def _matchers(matcher: _Matcher) -> tuple[_Matcher, ...]:
    return (matcher,) if matcher else ()


class Maskers:
    """Makes the maskers of a world whose secrets come and go: what is known already is not taken in anew.

    `secrets` gives them when asked. Safe under threads.
    """

    def __init__(self, secrets: Callable[[], Set[str]]) -> None:
        self._secrets = secrets
        self._lock = threading.Lock()
        self._seen: Set[str] = frozenset()
        self._first: tuple[Set[str], Masker] = (frozenset(), Masker(()))
        self._masker = self._first[1]

    def masker(self) -> Masker:
        """Return what masks the secrets that there are now; one that is gone may be masked still."""
        secrets = self._secrets()
        with self._lock:
            if secrets is not self._seen and secrets != self._seen:
                known, masker = self._first
                fresh = secrets - known
                if len(fresh) > max(_FEW, len(known) // 4):
                    self._first = (secrets, Masker(secrets))
                    self._masker = self._first[1]
                else:
                    self._masker = masker.knowing(fresh)
            self._seen = secrets
            return self._masker


def needs_literal_match(secret: str) -> bool:
    """Return whether a secret is found only by one who knows it: what looks like a signature is found by its look."""
    return not is_unmaskable(secret) and not _HEX_RUN.fullmatch(secret)


def is_unmaskable(secret: str) -> bool:
    """Return whether a secret is an ordinary word: masked, it would black out whatever else is said."""
    if len(secret) < _SHORTEST_SECRET:
        return True
    return len(secret) <= _LONGEST_WORD and (secret.isalpha() or secret.isdigit())


def is_secret_field(name: str) -> bool:
    """Return whether a field of this name holds a secret, as `signature` does, and `sessionKey` or `client-secret`."""
    return _NAMES_SECRET.search(name) is not None


def sent_secrets(decoded: Any) -> Iterator[str]:
    """Yield the texts in the secret fields of a decoded body, so that they can be masked elsewhere too."""
    if isinstance(decoded, str):
        decoded = _inner(decoded)
    left = [decoded]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            for key, item in value.items():
                if is_secret_field(key):
                    for text in _texts_in(item):
                        yield text
                        if _NAMES_CODES.search(key):
                            yield from _codes_in(text)
                elif isinstance(item, (dict, list)):
                    left.append(item)


def _codes_in(text: str) -> Iterator[str]:
    """Yield the voucher codes of a list that is submitted: base64, one a line."""
    try:
        lines = base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8").splitlines()
    except ValueError:
        return
    yield from (code for code in map(str.strip, lines) if not code.upper().startswith(RESERVED))


def _texts_in(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, (dict, list)):
            left += item.values() if isinstance(item, dict) else item
        elif isinstance(item, int) and not isinstance(item, bool):
            yield str(item)


class BodyText(NamedTuple):
    """What is shown of a body; `is_withheld` says that it is not its text but why that is not shown."""

    text: str
    is_withheld: bool


def masked_body(body: bytes, mask: Masker) -> BodyText:
    """Return the text of a body that is no JSON object, as a person may read it: without secrets.

    It is withheld when the name of a secret field stands there in a form whose value nobody knows how to mask.
    """
    encoding = json.detect_encoding(body)
    text = body.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace")
    mask = mask.knowing_sent({"secret": [*_sent_in(text)]})
    boundary = _boundary(text)
    parts = [text] if boundary is None else text.split(boundary)
    secret = [_is_secret_part(part) for part in parts] if boundary else [False]
    shown = [_hidden(part) if hidden else mask.value(part) for part, hidden in zip(parts, secret, strict=True)]
    for part, hidden in zip(shown, secret, strict=True):
        name = None if hidden else _may_show_secret(part)
        if name is not None:
            why = f"what stands behind {name!r} may be a secret"
            return BodyText(f"({len(body)} bytes withheld: {why})", is_withheld=True)
    return BodyText((boundary or "").join(shown), is_withheld=False)


def _sent_in(text: str) -> Iterator[str]:
    """Yield what stands in the secret fields of a text that does not parse."""
    if _may_name_secret(text):
        for found in _SECRET_FIELD.finditer(text):
            value = found[0][len(found[1]) :].strip("\\\"'")
            yield value
            if "kode" in found[1].lower():
                yield from _codes_in(value)


def _boundary(text: str) -> str | None:
    """Return the line between the parts of a multipart form; None for anything else."""
    first, newline, _ = text.partition("\n")
    boundary = first.rstrip("\r")
    return boundary if newline and len(boundary) > len("--") and boundary.startswith("--") else None


def _is_secret_part(part: str) -> bool:
    head, *_ = _BLANK_LINE.split(part, maxsplit=1)
    found = _PART_NAME.search(head)
    return found is not None and is_secret_field(found[1].strip())


def _hidden(part: str) -> str:
    blank = _BLANK_LINE.search(part)
    return part if blank is None else f"{part[: blank.end()]}{MASK}\r\n"


def _may_show_secret(masked: str) -> str | None:
    """Return the name of a secret field in a masked text behind which something stands that nothing masked."""
    seen = html.unescape(unquote(_undone(masked)))
    if not _may_name_secret(seen):
        return None
    found = _NAME_LEFT.search(_MASKED_FIELD.sub("", seen))
    return None if found is None else found[0]


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
