"""What is masked is gone in every spelling, and whatever else stands there is left as it was."""

from __future__ import annotations

import json
import string
from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.contract.masking import MASK, Masker

SECRET = "Kunci-Rahasia-7"
fillers = st.text(st.sampled_from(' {}[]":,\n.,-ghmnt0189é☃\u0131'), max_size=31)
cases = st.sampled_from([str, str.upper, str.lower, str.swapcase])
around = st.tuples(fillers, fillers)
secret_names = st.sampled_from(
    [
        "signature",
        "session_key",
        "sessionKey",
        "session-key",
        "secret_key",
        "secretKey",
        "secret-key",
        "secret",
        "clientSecret",
        "sign",
        "x-sign",
    ]
)


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
    secret_names,
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


@given(secret_names, cases, st.sampled_from(["short one", 12345, ["a"], {"b": "c"}, None]), fillers)
@example("\u017fignature", str, "short one", "")
def test_a_secret_field_is_one_in_a_decoded_body_too(
    name: str, case: Callable[[str], str], value: object, other: str
) -> None:
    decoded = {case(name): value, "inner": [{case(name): value, "note": "R1"}], "other": other}
    masked = {case(name): MASK, "inner": [{case(name): MASK, "note": "R1"}], "other": other}
    assert Masker([]).value(decoded) == masked


@given(st.sampled_from(["projectid", "status", "page", "signed_by", "session", "key", "secretary"]), cases)
def test_a_field_of_another_name_is_left_alone_in_text_and_decoded(name: str, case: Callable[[str], str]) -> None:
    decoded = {case(name): "short one"}
    assert Masker([]).value(decoded) == decoded
    assert Masker([])(json.dumps(decoded)) == json.dumps(decoded)


@given(st.text(st.sampled_from(' {}[]":,\nabcdefABCDEF0123456789.-ghmté\u0131☃'), max_size=31))
def test_nothing_else_changes(text: str) -> None:
    assert Masker([SECRET])(text) == text
