"""The text of a body that is no JSON object, as a person may read it: without secrets, or not at all."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from mockserver.contract.masking import MASK, Masker, is_secret_field, may_show_secret

_BLANK_LINE = re.compile(r"\r?\n\r?\n")
_PART_NAME = re.compile(r"""name\s*=\s*["']?([^"';\r\n]*)""", re.IGNORECASE)


class BodyText(NamedTuple):
    """What is shown of a body; `is_withheld` says that it is not its text but why that is not shown."""

    text: str
    is_withheld: bool


def masked_body(body: bytes, mask: Masker) -> BodyText:
    """Return the text of a body without secrets.

    It is withheld when the name of a secret field stands there in a form whose value nobody knows how to mask.
    """
    encoding = json.detect_encoding(body)
    text = body.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace")
    boundary = _boundary(text)
    parts = [text] if boundary is None else text.split(boundary)
    secret = [_is_secret_part(part) for part in parts] if boundary else [False]
    shown = [_hidden(part) if hidden else mask.value(part) for part, hidden in zip(parts, secret, strict=True)]
    for part, hidden in zip(shown, secret, strict=True):
        name = None if hidden else may_show_secret(part)
        if name is not None:
            why = f"what stands behind {name!r} may be a secret"
            return BodyText(f"({len(body)} bytes withheld: {why})", is_withheld=True)
    return BodyText((boundary or "").join(shown), is_withheld=False)


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
