"""Bodies that cost too much once, or that would cost a careless reader too much: of any size, a shape a line."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any


def _fields(count: int, name: str, value: Any) -> bytes:
    return json.dumps({name.format(number): value for number in range(count)}).encode()


def _submission(codes: str) -> bytes:
    return json.dumps({"kode_voucher": base64.b64encode(codes.encode()).decode(), "signature": "0" * 32}).encode()


HOSTILE_BODIES: Mapping[str, Callable[[int], bytes]] = {
    # forms
    "a form of empty fields that ends as none": lambda size: b"a=" + b"&a=" * (size // 3) + b"{",
    "a form of one long field that ends as none": lambda size: b"a=" + b"b" * size + b"{",
    "a form of one long name": lambda size: b"a" * size,
    "a form of escapes": lambda size: b"projectid=" + b"%25" * (size // 3),
    "a form of many fields": lambda size: b"&".join(b"f%d=1" % number for number in range(size // 8)),
    # quotes, comments, white space
    "escaped quotes behind a quote": lambda size: b'x"' + b'\\"' * (size // 2),
    "escaped quotes in a text that does not end": lambda size: b'{"a":"' + b'\\"' * (size // 2),
    "quotes": lambda size: b'"' * size,
    "backslashes": lambda size: b'{"a":&' + b"\\" * size,
    "slashes": lambda size: b'{"a":1,' + b"/" * size,
    "lines of comments": lambda size: b'{"a":1,\n' + b"//\n" * (size // 3),
    "a comment that does not end": lambda size: b'{"a":1,/*' + b"*/ /*" * (size // 5),
    "white space behind a comma": lambda size: b'{"a":1,' + b" " * size + b"x",
    "white space alone": lambda size: b" \t\r\n" * (size // 4),
    "a name without quotes": lambda size: b"{" + b"a" * size,
    # depth and width
    "nested lists": lambda size: b"[" * size,
    "nested objects": lambda size: b'{"a":' * (size // 5),
    "nested lists that end": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "JSON in JSON": lambda size: json.dumps({"a": json.dumps({"b": json.dumps({"sign": '"' * (size // 8)})})}).encode(),
    "many small lists": lambda size: b"[" + b"[]," * (size // 3) + b"[]]",
    "many fields": lambda size: _fields(size // 16, "field {}", 1),
    "one field many times": lambda size: b"{" + b'"projectid":"R1",' * (size // 17) + b'"page":1}',
    # texts and numbers
    "a number of many digits": lambda size: b'{"page":' + b"9" * size + b"}",
    "a fraction of many digits": lambda size: b'{"page":0.' + b"9" * size + b"}",
    "a large exponent": lambda size: b'{"page":1e' + b"9" * size + b"}",
    "a long projectid": lambda size: json.dumps({"projectid": "R" * size}).encode(),
    "a long key": lambda size: json.dumps({"R" * size: {"projectid": "R1"}}).encode(),
    "escapes": lambda size: b'{"projectid":"' + b"\\u0041" * (size // 6) + b'"}',
    "zero bytes": lambda size: b'{"projectid":"' + b"\\u0000" * (size // 6) + b'"}',
    "halves of surrogate pairs": lambda size: b'{"projectid":"' + b"\\ud800" * (size // 6) + b'"}',
    "no UTF-8": lambda size: b'{"projectid":"' + b"\xff" * size + b'"}',
    "UTF-16": lambda size: ('{"projectid":"' + "R" * (size // 2)).encode("utf-16"),
    "controls of a terminal": lambda size: b'{"projectid":"' + b"\x1b[2J" * (size // 4),
    "compressed": lambda size: gzip.compress(b"[" * size * 100),
    # secrets
    "fields of secret names": lambda size: json.dumps({f"{n}secret": f"value {n}" for n in range(size // 24)}).encode(),
    "one long secret": lambda size: json.dumps({"session_key": "kunci " * (size // 6)}).encode(),
    "a long signature": lambda size: json.dumps({"signature": "0" * size}).encode(),
    "names of secrets that hold nothing": lambda size: b"sign" * (size // 4),
    "names of secrets and quotes": lambda size: b'sign="' * (size // 6),
    "names of secrets and white space": lambda size: b"sign    " * (size // 8),
    "elements of secrets that do not end": lambda size: b"<sign>" * (size // 6),
    "hex": lambda size: b"0123456789abcdef " * (size // 17),
    "base64 of hex": lambda size: b"MDEyMzQ1Njc4" * (size // 12),
    "parts of a form": lambda size: b'--x\r\nContent-Disposition: form-data; name="sign"\r\n\r\n1\r\n' * (size // 56),
    "a boundary of a form": lambda size: b"--" + b"x" * (size // 2) + b"\r\n" + b"--" + b"x" * (size // 2),
    # lists of codes
    "many codes": lambda size: _submission("\n".join(f"CODE{number}" for number in range(size // 16))),
    "one code many times": lambda size: _submission("CODE\n" * (size * 3 // 20)),
    "no base64": lambda size: json.dumps({"kode_voucher": "=" * size}).encode(),
    "base64 of base64": lambda size: _submission(base64.b64encode(b"CODE\n" * (size // 12)).decode()),
}  # fmt: skip
