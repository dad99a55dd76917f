"""What a refused signature was made with: the wrong formula that gives what was sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

PAGE_SAMPLE = "fa375f4e30dbe2cdcf5d1ee0e9d678ef"
_HEX_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_PLACEHOLDER = re.compile(r"[\[<{$].*[\]>}]?|.*(?:md5|signature).*", re.IGNORECASE | re.DOTALL)
_SEPARATORS = ("", ":", "-", "_", "+", " ", ".", "/", "|", ",", ";", "&", "#", "\n")
_SEPARATOR_NAMES = {" ": "a space", "\n": "a newline"}
_LENGTHS = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
# How many others' secrets and how many fields of the body are tried: a refusal must not cost more than a blink.
_MOST_OTHERS = 5000
_MOST_FIELDS = 8
_LONGEST_FIELD = 200


class Credentials(NamedTuple):
    """What a merchant signs with."""

    merchant_id: str
    secret_key: str
    session_key: str | None


class _Variant(NamedTuple):
    value: str
    words: str


def wrong_formula(
    sent: str, who: Credentials, others: Iterator[tuple[str, str]], fields: Mapping[str, object]
) -> str | None:
    """Return, in words without any value of it, how `sent` was made, or None when no known mistake gives it.

    `others` yields (merchant_id, secret_key) of the other known merchants, `fields` is the body.
    """
    return _by_sight(sent, who) or _by_formula(sent, who, fields) or _of_another(sent, who, others)


def _by_sight(sent: str, who: Credentials) -> str | None:
    expected = _md5(who.merchant_id + who.secret_key)
    if not sent:
        return "an empty text"
    if sent.strip().lower() == PAGE_SAMPLE or sent == _base64(PAGE_SAMPLE):
        return "the sample value of the vendor's page, pasted in"
    if sent == who.secret_key:
        return "the secret key itself, not signed"
    if sent.strip() == expected:
        return "the right value with white space around it"
    if sent.lower() == expected:
        return "the right value in upper case"
    if len(sent) >= 8 and expected.startswith(sent.lower()):
        return f"only the first {len(sent)} characters of the right value"
    if sent == _base64(expected):
        return "the right digest in base64 in place of hex"
    if who.session_key and sent == who.session_key:
        return "the session key"
    return None


def _by_formula(sent: str, who: Credentials, fields: Mapping[str, object]) -> str | None:
    digest = sent.strip().lower()
    merchants, secrets = _merchant_variants(who.merchant_id), _secret_variants(who)
    # The plainest explanation is the first found: the right values first, then one of the two spoilt.
    tried = [*((merchants[0], secret) for secret in secrets), *((merchant, secrets[0]) for merchant in merchants[1:])]
    for made, hashed, words in _hashes(digest):
        for merchant, secret in tried:
            for text, how in _joined(merchant, secret):
                if made(text) == digest:
                    return f"{hashed}({how})" if words else f"md5({how})"
    return _hmac(digest, who) or _with_field(digest, who, fields) or _of_parts(digest, who)


def _hashes(digest: str) -> Iterator[tuple[Callable[[str], str], str, bool]]:
    name = _LENGTHS.get(len(digest))
    if name is not None:
        yield (lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()), name, True
    elif len(digest) == 32:
        yield _md5, "md5", False


def _joined(merchant: _Variant, secret: _Variant) -> Iterator[tuple[str, str]]:
    for separator in _SEPARATORS:
        between = f" + {_SEPARATOR_NAMES.get(separator, repr(separator))} + " if separator else " + "
        yield f"{merchant.value}{separator}{secret.value}", f"{merchant.words}{between}{secret.words}"
        yield f"{secret.value}{separator}{merchant.value}", f"{secret.words}{between}{merchant.words}"


def _merchant_variants(merchant_id: str) -> list[_Variant]:
    return _variants(
        "merchant_id",
        merchant_id,
        (merchant_id.lower(), "merchant_id in lower case"),
        (merchant_id.upper(), "merchant_id in upper case"),
        *_spaced(merchant_id, "merchant_id"),
    )


def _secret_variants(who: Credentials) -> list[_Variant]:
    secret = who.secret_key
    return _variants(
        "secret_key",
        secret,
        *_spaced(secret, "secret_key"),
        (secret.lower(), "secret_key in lower case"),
        (secret.upper(), "secret_key in upper case"),
        (secret.strip(), "secret_key without its white space"),
        (f'"{secret}"', "secret_key in quotes"),
        (f"'{secret}'", "secret_key in quotes"),
        (_md5(secret), "md5(secret_key)"),
        *([(who.session_key, "session_key in place of secret_key")] if who.session_key else []),
    )


def _spaced(value: str, name: str) -> list[tuple[str, str]]:
    return [
        (f"{value}\n", f"{name} with a newline behind it"),
        (f"{value}\r\n", f"{name} with a Windows newline behind it"),
        (f"{value}\r", f"{name} with a carriage return behind it"),
        (f"{value} ", f"{name} with a space behind it"),
        (f" {value}", f"{name} with a space before it"),
        (f"{value}\t", f"{name} with a tab behind it"),
        (f"\ufeff{value}", f"{name} with a byte-order mark before it"),
    ]


def _variants(name: str, right: str, *wrong: tuple[str, str]) -> list[_Variant]:
    """Return the right value first, then each wrong one once."""
    distinct = {value: words for value, words in reversed(wrong) if value != right}
    return [_Variant(right, name), *(_Variant(value, distinct[value]) for value in reversed(distinct))]


def _hmac(digest: str, who: Credentials) -> str | None:
    pairs = [
        (who.secret_key, who.merchant_id, "key secret_key, message merchant_id"),
        (who.merchant_id, who.secret_key, "key merchant_id, message secret_key"),
        (who.secret_key, who.merchant_id + who.secret_key, "key secret_key, message merchant_id + secret_key"),
        (who.secret_key, "", "key secret_key, empty message"),
    ]
    name = {32: "md5", **_LENGTHS}.get(len(digest))
    for key, message, words in pairs if name else ():
        if hmac.new(key.encode(), message.encode(), name or "md5").hexdigest() == digest:
            return f"HMAC-{name} ({words})"
    return None


def _with_field(digest: str, who: Credentials, fields: Mapping[str, object]) -> str | None:
    name = {32: "md5", **_LENGTHS}.get(len(digest))
    texts = [(key, str(value)) for key, value in fields.items() if isinstance(value, (str, int)) and key != "signature"]
    texts = [(key, value) for key, value in texts if value and len(value) <= _LONGEST_FIELD][:_MOST_FIELDS]
    for (key, value), separator in product(texts if name else (), _SEPARATORS):
        parts = {"merchant_id": who.merchant_id, "secret_key": who.secret_key, key: value}
        for order in _ORDERS:
            names = [[*parts][place] for place in order] if len(parts) == 3 else [*parts]
            text = separator.join(parts[part] for part in names)
            if hashlib.new(name or "md5", text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest() == digest:
                between = f" + {_SEPARATOR_NAMES.get(separator, repr(separator))} + " if separator else " + "
                return f"{name}({between.join(names)}): nothing of the body belongs in it"
    return None


_ORDERS = ((0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0), (0, 2, 1), (1, 2, 0))


def _of_parts(digest: str, who: Credentials) -> str | None:
    alone = {
        _md5(who.secret_key): "md5(secret_key): merchant_id is missing",
        _md5(who.merchant_id): "md5(merchant_id): secret_key is missing",
        _md5(who.merchant_id * 2): "md5(merchant_id + merchant_id): secret_key is missing",
        _md5(_md5(who.merchant_id + who.secret_key)): "md5 of the right value: md5 was taken twice",
        _md5(""): "md5 of an empty text: merchant_id and secret_key were both empty",
    }
    return alone.get(digest)


def _of_another(sent: str, who: Credentials, others: Iterator[tuple[str, str]]) -> str | None:
    digest = sent.strip().lower()
    for _, (merchant_id, secret_key) in zip(range(_MOST_OTHERS), others, strict=False):
        if _md5(who.merchant_id + secret_key) == digest:
            return f"md5(merchant_id + secret_key) with the secret_key of merchant {merchant_id!r}"
        if _md5(merchant_id + secret_key) == digest:
            return f"the signature of merchant {merchant_id!r}"
    return None


def shape(sent: str) -> str | None:
    """Return what is odd about a signature whatever it was made with, or None for 32 hex digits."""
    if _HEX_MD5.fullmatch(sent):
        return None
    if _PLACEHOLDER.fullmatch(sent):
        return "a placeholder or a formula in words, not its result"
    if len(sent) in _LENGTHS and re.fullmatch(r"[0-9a-fA-F]+", sent):
        return f"{len(sent)} hex digits, as {_LENGTHS[len(sent)]} gives; md5 gives 32"
    return f"{len(sent)} characters; md5 in hex has 32, of 0-9 and a-f"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
