"""What is masked is gone in every spelling, and whatever else stands there is left as it was."""

from __future__ import annotations

import json
import string
from collections.abc import Callable

import pytest
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


@pytest.mark.parametrize(
    "text",
    [
        r'{"note":"ab\/cd&secret<9"',
        r'{"note":"ab\u002fcd&secret<9"',
        r'"{\"note\":\"ab\\\/cd&secret<9\"',
        "<note>ab/cd&amp;secret&lt;9</note>",
        "note=ab%2Fcd%26secret%3C9",
        "a\0b\0/\0c\0d\0&\0s\0e\0c\0r\0e\0t\0<\x009\0",
        json.dumps("ab/cd&secret<9"),
    ],
)
def test_a_known_secret_is_masked_however_it_is_escaped(text: str) -> None:
    assert Masker(["ab/cd&secret<9"])(text).count(MASK) == 1
    assert "cd" not in Masker(["ab/cd&secret<9"])(text)


def test_a_signature_is_masked_that_an_escape_breaks_in_two() -> None:
    assert Masker([])(r'{"x":"8ecf9bcf82d3baa\u0062b24e8ebbaa1cf6ba') == '{"x":"***'


def test_a_secret_that_is_json_itself_is_masked() -> None:
    assert Masker(['["secret"]']).value({"x": '["secret"]'}) == {"x": MASK}


def test_escapes_that_hide_nothing_are_left_as_they_are() -> None:
    text = r'{"signature":"short one","url":"https:\/\/x\/\u00e9"'
    assert Masker([])(text) == r'{"signature":***,"url":"https:\/\/x\/\u00e9"'


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
