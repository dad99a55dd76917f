from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.signature import sign, signatures_match


def test_the_signature_is_md5_of_both_with_nothing_between() -> None:
    assert sign("M240315GAME2847K", "secret") == hashlib.md5(b"M240315GAME2847Ksecret").hexdigest()


def test_text_beyond_ascii_is_signed_as_utf_8() -> None:
    assert sign("Mé", "kunci-ü") == hashlib.md5("Mékunci-ü".encode()).hexdigest()


@given(sent=st.text(st.characters()))
def test_any_text_can_be_compared(sent: str) -> None:
    expected = sign("M", "s")
    assert signatures_match(sent, expected) == (sent == expected)


def test_upper_case_is_taken_only_when_case_is_ignored() -> None:
    expected = sign("M", "s")
    assert not signatures_match(expected.upper(), expected)
    assert signatures_match(expected.upper(), expected, ignore_case=True)
    assert not signatures_match(expected.upper()[:-1], expected, ignore_case=True)
