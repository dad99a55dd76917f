"""What is masked is gone in every spelling, and whatever else stands there is left as it was."""

from __future__ import annotations

import string
from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.contract.masking import MASK, Masker

SECRET = "Kunci-Rahasia-7"
fillers = st.text(st.sampled_from(' {}[]":,\n.,-ghmnt0189é☃\u0131'), max_size=31)
cases = st.sampled_from([str, str.upper, str.lower, str.swapcase])
around = st.tuples(fillers, fillers)


@given(around, cases)
def test_a_known_secret_is_masked_in_any_case(texts: tuple[str, str], case: Callable[[str], str]) -> None:
    before, after = texts
    assert Masker([SECRET])(f"{before}{case(SECRET)}{after}") == f"{before}{MASK}{after}"


@given(around, st.text(string.hexdigits, min_size=32, max_size=80), cases)
def test_whatever_looks_like_a_signature_is_masked(
    texts: tuple[str, str], run: str, case: Callable[[str], str]
) -> None:
    before, after = texts[0] + " ", " " + texts[1]
    assert Masker([])(f"{before}{case(run)}{after}") == f"{before}{MASK}{after}"


@given(
    around,
    st.sampled_from(["signature", "session_key", "sessionKey", "secret_key", "secret", "sign"]),
    cases,
    st.sampled_from(['"', "'", ""]),
)
@example(("", ""), "\u017fignature", str, '"')
def test_the_value_of_a_secret_field_is_masked(
    texts: tuple[str, str], name: str, case: Callable[[str], str], quote: str
) -> None:
    before, after = texts[0] + " ", " " + texts[1]
    told = f"{before}{quote}{case(name)}{quote}: "
    assert Masker([])(f'{told}"short one"{after}') == f"{told}{MASK}{after}"


@given(st.text(st.sampled_from(' {}[]":,\nabcdefABCDEF0123456789.-ghmté\u0131☃'), max_size=31))
def test_nothing_else_changes(text: str) -> None:
    assert Masker([SECRET])(text) == text
