"""Whatever a body holds, answering, explaining and recording it costs in proportion to its size."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.support.asking import built_in_provider, call

SHAPES: dict[str, Callable[[int], bytes]] = {
    "a form of empty fields that ends as none": lambda size: b"a=" + b"&a=" * (size // 3) + b"{",
    "a form of one long field that ends as none": lambda size: b"a=" + b"b" * size + b"{",
    "a form of one long name": lambda size: b"a" * size,
    "escaped quotes behind a quote": lambda size: b'x"' + b'\\"' * (size // 2),
    "escaped quotes in a text that does not end": lambda size: b'{"a":"' + b'\\"' * (size // 2),
    "quotes": lambda size: b'"' * size,
    "slashes": lambda size: b'{"a":1,' + b"/" * size,
    "lines of comments": lambda size: b'{"a":1,\n' + b"//\n" * (size // 3),
    "white space behind a comma": lambda size: b'{"a":1,' + b" " * size + b"x",
    "a name without quotes": lambda size: b"{" + b"a" * size,
    "nested lists": lambda size: b"[" * size,
    "fields of secret names": lambda size: json.dumps({f"{n}secret": f"value {n}" for n in range(size // 24)}).encode(),
    "names of secrets that hold nothing": lambda size: b"sign" * (size // 4),
    "names of secrets and quotes": lambda size: b'sign="' * (size // 6),
    "elements of secrets that do not end": lambda size: b"<sign>" * (size // 6),
    "hex": lambda size: b"0123456789abcdef " * (size // 17),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_cost_grows_with_the_size(shape: str) -> None:
    """Four times the size costs about four times as much; a square would be sixteen times, a power never ends."""
    small, large = (min(cost(SHAPES[shape](size)) for _ in range(3)) for size in (16_000, 64_000))
    assert large < 9 * max(small, 0.002), f"{small:.4f} s, then {large:.4f} s"


def cost(body: bytes) -> float:
    """Return the processor's seconds for the call, what the doctor says of it, and its entry in the journal."""
    provider = built_in_provider()
    started = time.process_time()
    call(provider, body)
    raw = provider.journal.kept(provider.journal.total)
    assert raw is not None
    provider.diagnose(raw)
    provider.journal.entries()
    return time.process_time() - started
