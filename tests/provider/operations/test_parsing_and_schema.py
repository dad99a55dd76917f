"""The request schema and the parser agree on every input, under each value of the readings that touch a request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.schemas import request_schema, validator
from mockserver.provider.operations.parsing import decode_json, parse_fields
from mockserver.provider.refusal import Refusal
from tests.support.examples import examples

TOUCHING = (
    "session_key",
    "missing_signature",
    "missing_projectid",
    "missing_paging",
    "types",
    "out_of_range",
    "unknown_status",
    "status_filter",
    "status_codes",
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "4", "5", "pending", "1", "-1", "0001", "00", "1.0", "1\n", " 1", "\u0661", "9" * 19])
    | st.text(max_size=4)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
)
names = st.sampled_from(["projectid", "status", "page", "limit", "signature", "session_key", "other"])
bodies = st.dictionaries(names, values, max_size=7) | values
touching_readings = st.fixed_dictionaries(
    {key: st.sampled_from([REGISTER[key].default, *REGISTER[key].tried]) for key in TOUCHING}
).map(Readings.of)


@settings(max_examples=examples(600))
@given(sent=bodies, readings=touching_readings)
@example(sent={"page": 1.0, "limit": 30.0}, readings=Readings())
@example(sent={"page": "1\n"}, readings=Readings.of({"types": "coerce"}))
@example(sent={"status": 0.0}, readings=Readings.of({"types": "coerce", "unknown_status": "json"}))
@example(sent={"status": 7}, readings=Readings.of({"types": "coerce", "unknown_status": "json"}))
def test_the_parser_takes_what_the_schema_lets_through(sent: Any, readings: Readings) -> None:
    body = json.dumps(sent).encode()
    try:
        parse_fields(body, PROJECT_DETAIL, readings)
        parsed = True
    except Refusal:
        parsed = False
    try:
        decoded = decode_json(body)
    except Refusal:
        assert not parsed
        return
    assert validator(request_schema(readings)).is_valid(decoded) == parsed


@pytest.mark.parametrize(
    ("form", "readings", "taken"),
    [
        (b"projectid=R1&page=2&limit=30&status=&signature=x", {"form_body": "accept"}, True),
        (b"projectid=R1&page=2&limit=30&status=&signature=x", {}, False),
        (b"projectid=R%201+2&page=2", {"form_body": "accept"}, True),
        (b"page=two", {"form_body": "accept"}, False),
        (b"page=0", {"form_body": "accept"}, False),
        (b"projectid=%ff", {"form_body": "accept"}, False),
        (b"projectid=%zz", {"form_body": "accept"}, False),
        (b'{"a=b"', {"form_body": "accept"}, False),
        (b"projectid", {"form_body": "accept"}, False),
    ],
)
def test_a_form_is_read_when_the_body_is_one_and_the_reading_accepts_it(
    form: bytes, readings: dict[str, str], taken: bool
) -> None:
    in_force = Readings.of(readings)
    if taken:
        assert parse_fields(form, PROJECT_DETAIL, in_force).get("page") == (2 if b"page=2" in form else None)
    else:
        with pytest.raises(Refusal):
            parse_fields(form, PROJECT_DETAIL, in_force)


def test_a_form_is_decoded_as_browsers_encode_it() -> None:
    sent = parse_fields(b"projectid=R%201+2%C3%A9&limit=7", PROJECT_DETAIL, Readings.of({"form_body": "accept"}))
    assert sent == {"projectid": "R 1 2é", "limit": 7}
