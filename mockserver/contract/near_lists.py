"""Lists of voucher codes as they are submitted, rightly and nearly so: the ways to write them, each under a name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from mockserver.contract.redeem_bulk import encode_codes

Codes = Sequence[str]
Encoding = Callable[[Codes], str]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _wrapped(codes: Codes) -> str:
    right = encode_codes([*codes])
    return f"{right[:8]}\n{right[8:]}"


def _url_safe(codes: Codes) -> str:
    # The ends make it differ from the standard alphabet.
    return base64.urlsafe_b64encode("\n".join(f"{code}??>>" for code in codes).encode()).decode("ascii")


def _unpadded(codes: Codes) -> str:
    text = "\n".join(codes)
    # White space at the end is no part of a code, and makes a length that is padded.
    return _encoded(text + " " * (len(text) % 3 == 0)).rstrip("=")


RIGHT = "right"
# Taken, or refused by a reading.
LISTS: Mapping[str, Encoding] = MappingProxyType(
    {
        RIGHT: lambda codes: encode_codes([*codes]),
        "windows_lines": lambda codes: _encoded("\r\n".join(codes)),
        "empty_lines": lambda codes: _encoded("\n\n".join(codes) + "\n"),
        "spaces_round_codes": lambda codes: _encoded("\n".join(f" {code} " for code in codes)),
        "wrapped": _wrapped,
        "unpadded": _unpadded,
        "url_safe": _url_safe,
        "white_space": lambda codes: _encoded(" \n\r\n"),  # noqa: ARG005
    }
)
# Refused under every reading; a code twice is none of one code.
NO_LISTS: Mapping[str, Encoding] = MappingProxyType(
    {
        "percent_signs": lambda codes: "%%%",  # noqa: ARG005
        "garbage_behind": lambda codes: f"{encode_codes([*codes])}!",
        "padding_within": lambda codes: f"QQ=={encode_codes([*codes])}",
        "not_utf8": lambda codes: base64.b64encode(b"\xff\xfe" + "\n".join(codes).encode()).decode("ascii"),
        "comma_separated": ",".join,
        "json_list": lambda codes: json.dumps([*codes]),
        "twice_in_the_list": lambda codes: encode_codes([*codes[:-1], codes[0]]),
    }
)
ALL: Mapping[str, Encoding] = MappingProxyType({**LISTS, **NO_LISTS})
