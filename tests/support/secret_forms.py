"""How programs write a secret, each with the encoder that they use: what a test looks for in all that is written."""

from __future__ import annotations

import base64
import html
import json
import shlex
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

Form = Callable[[str], str]


def php_json(secret: str) -> str:
    return json.dumps(secret)[1:-1].replace("/", "\\/")


def json_in_json(secret: str) -> str:
    return json.dumps(json.dumps({"a": secret}))


def addslashes(secret: str) -> str:
    for char in "\\'\"":
        secret = secret.replace(char, f"\\{char}")
    return secret.replace("\0", "\\0")


def php_single_quoted(secret: str) -> str:
    return secret.replace("\\", "\\\\").replace("'", "\\'")


def ansi_c(secret: str) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in secret.encode())


def octal(secret: str) -> str:
    return "".join(chr(b) if b < 128 else f"\\{b:03o}" for b in secret.encode())


def all_percent(secret: str) -> str:
    return "".join(f"%{b:02X}" for b in secret.encode())


def encode_uri_component(secret: str) -> str:
    return quote(secret, safe="!'()*~")


def numeric_entities(secret: str) -> str:
    return "".join(f"&#{ord(char)};" for char in secret)


def sql(secret: str) -> str:
    return secret.replace("'", "''")


FORMS: dict[str, Form] = {
    "plain": str,
    "JSON in ASCII": lambda secret: json.dumps(secret)[1:-1],
    "JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON of PHP": php_json,
    "JSON in JSON": json_in_json,
    "Python": lambda secret: repr(secret)[1:-1],
    "Python in ASCII": lambda secret: ascii(secret)[1:-1],
    "bytes of Python": lambda secret: repr(secret.encode())[2:-1],
    "addslashes": addslashes,
    "PHP in single quotes": php_single_quoted,
    "a shell": shlex.quote,
    "a shell, ANSI-C": ansi_c,
    "octal": octal,
    "SQL": sql,
    "a URL": lambda secret: quote(secret, safe=""),
    "a path": quote,
    "a form": quote_plus,
    "a URL in lower case": lambda secret: quote(secret, safe="").replace("%C3%A9", "%c3%a9").lower(),
    "a URL, all of it": all_percent,
    "JavaScript": encode_uri_component,
    "a URL twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "a form twice": lambda secret: quote_plus(quote_plus(secret)),
    "JSON in a form": lambda secret: quote_plus(json.dumps({"a": secret})),
    "HTML": html.escape,
    "HTML, all of it": numeric_entities,
    "JSON in HTML": lambda secret: html.escape(json.dumps(secret)),
    "hex": lambda secret: secret.encode().hex(),
    "hex in upper case": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 behind a byte": lambda secret: base64.b64encode(b"u" + secret.encode() + b"p").decode(),
    "base64 behind two": lambda secret: base64.b64encode(b"u:" + secret.encode() + b"p").decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(b"merchant:" + secret.encode()).decode(),
    "base64 of JSON": lambda secret: base64.b64encode(json.dumps({"a": secret}).encode()).decode(),
}
_SHORTEST = 6


def _is_told(secret: str) -> bool:
    # Next to nothing but quotes is no secret, and nothing of it could be told from quoting.
    return sum(char not in "\\\"'\0" for char in secret) >= 4


_usual = st.text(st.sampled_from("abcXYZ019 -_./+=&%'\"\\<>{}[]:,;é☃😀ß\n\t"), min_size=6, max_size=60)
_any = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=300)
secrets = (_usual | _any).filter(_is_told)


@lru_cache(maxsize=8)
def traces_of(secret: str) -> tuple[str, ...]:
    """Return, in lower case, what must be nowhere: each form, and of base64 what no neighbour changes.

    A form that is too short to say anything is left out.
    """
    return tuple(dict.fromkeys(_traces_of(secret)))


def _traces_of(secret: str) -> Iterator[str]:
    for name, form in FORMS.items():
        text = form(secret)
        if name in {"JSON in JSON", "JSON in a form", "JSON in HTML", "a shell"}:
            continue  # quoted once more: what is inside is another form
        if name.startswith("base64"):
            yield from _in_base64(secret)
        elif len(text) >= _SHORTEST:
            yield text.lower()


def _in_base64(secret: str) -> Iterator[str]:
    for data in {secret.encode(), json.dumps(secret)[1:-1].encode()}:
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + data).decode()
            inside = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6].lower()
            if len(inside) >= _SHORTEST:
                yield inside
                yield inside.replace("+", "-").replace("/", "_")
