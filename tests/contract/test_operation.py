"""An operation as data: what a table of them cannot be, and what it finds."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.openapi import openapi
from mockserver.contract.operation import (
    JSON,
    MERCHANT,
    ClosedSet,
    DocumentedError,
    Field,
    Operation,
    Operations,
    Success,
    UnknownOperation,
    When,
)
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, Readings


def field(name: str, **more: Any) -> Field:
    given = {"json_type": "string", "clause": "T-1", "description": "T-1.", "example": "x", **more}
    return Field(name=name, **given)


def operation(**changes: Any) -> Operation:
    whole = {
        "name": "toy",
        "method": "POST",
        "path": "/toy/{merchant_id}",
        "summary": "A toy",
        "fields": (field("a"), field("b", json_type="integer", example=2, default=1, minimum=1)),
        "errors": (DocumentedError(JSON, "T-ERR-1", 400, "no"), DocumentedError(MERCHANT, "T-ERR-2", 500, "who")),
        "success": Success("T-RES-1", 200, "yes", {"type": "object"}),
        "clauses": {id_: id_ for id_ in ("T-1", "T-ERR-1", "T-ERR-2", "T-RES-1")},
        "request_clause": "T-1",
        "request_title": "Toy",
    }
    return Operation(**{**whole, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"path": "/toy"}, "expected a path with {merchant_id} as one of its parts, got '/toy'"),
        ({"path": "/{merchant_id}/{merchant_id}"}, "as one of its parts"),
        ({"path": "/toy-{merchant_id}"}, "as one of its parts"),
        ({"fields": (field("a"), field("a"))}, "toy: the field 'a' appears twice"),
        ({"errors": (DocumentedError(MERCHANT, "T-ERR-2", 500, "who"),)}, "expected an error of the role 'json'"),
        (
            {"errors": (DocumentedError(JSON, "T-ERR-1", 400, "no"), DocumentedError(JSON, "T-ERR-2", 500, "no"))},
            "toy: the role 'json' appears twice",
        ),
        ({"errors": (DocumentedError(JSON, "T-RES-1", 400, "no"),)}, "toy: the clause 'T-RES-1' appears twice"),
    ],
)
def test_what_an_operation_cannot_be_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("{", r"\{")):
        operation(**changes)


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ([], "at least one operation"),
        ([operation(), operation(path="/other/{merchant_id}")], "the operation 'toy' appears twice"),
        ([operation(), operation(name="other")], "the call 'POST /toy/.*' appears twice"),
        ([operation(), operation(name="other", method="PUT")], "the clause 'T-RES-1' appears twice"),
    ],
)
def test_what_a_table_of_operations_cannot_be_is_refused(others: list[Operation], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Operations(others)


@given(st.text(min_size=1).filter(lambda text: "/" not in text and text.isprintable()))
def test_the_path_of_a_merchant_is_one_piece_and_gives_the_merchant_back(merchant_id: str) -> None:
    for one in OPERATIONS:
        path = one.path_of(merchant_id)
        assert path.isascii()
        assert path.count("/") == one.path.count("/")
        assert one.merchant_in(unquote(path)) == merchant_id


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/merchant/M1/kiosgamer/project/detail", ["project_detail"]),
        ("/merchant/M 1/kiosgamer/project/detail", ["project_detail"]),
        ("/merchant/M1/kiosgamer/project/detail/", []),
        ("//merchant/M1/kiosgamer/project/detail", []),
        ("/merchant//kiosgamer/project/detail", []),
        ("/merchant/a/b/kiosgamer/project/detail", []),
        ("/merchant/M1/kiosgamer/projectxdetail", []),
        ("/merchant/M1/kiosgamer/project/detail\n", []),
        ("", []),
    ],
)
def test_an_operation_is_found_by_its_path(path: str, found: list[str]) -> None:
    assert [one.name for one in OPERATIONS.at(path)] == found


def test_an_operation_is_found_by_its_name() -> None:
    assert OPERATIONS.named("project_detail") is PROJECT_DETAIL
    with pytest.raises(
        UnknownOperation, match=r"no operation 'project_details'; did you mean 'project_detail'\?; known are "
    ):
        OPERATIONS.named("project_details")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "project_detail"),
        (b"{", "project_detail"),
        (b'{"signature":"x","projectid":"R1"', "project_detail"),
        (b"projectid=R1&page=1", "project_detail"),
        (b'{"kode_voucher":"QQ==","signature":"x","session_key":""}', "redeem_bulk"),
        (b'{"kode_voucher":', "redeem_bulk"),
    ],
)
def test_a_body_alone_is_taken_for_the_operation_whose_fields_it_names(body: bytes, name: str) -> None:
    assert OPERATIONS.meant_by(body).name == name


def test_two_operations_may_share_a_path() -> None:
    outcomes = {
        "errors": (DocumentedError(JSON, "O-ERR-1", 400, "no"),),
        "success": Success("O-RES-1", 200, "yes", {}),
        "clauses": {"T-1": "", "O-ERR-1": "", "O-RES-1": ""},
    }
    both = Operations((operation(), operation(name="other", method="PUT", **outcomes)))
    assert [one.name for one in both.at("/toy/M1")] == ["toy", "other"]
    assert both.in_words == "POST /toy/{merchant_id}, or PUT /toy/{merchant_id}"
    assert set(openapi(both)["paths"]["/toy/{merchant_id}"]) == {"post", "put"}


@pytest.mark.parametrize(
    ("reading", "required"),
    [
        ({}, []),
        ({"session_key": "required"}, ["session_key"]),
        ({"missing_signature": "json"}, ["signature"]),
        ({"missing_projectid": "json"}, ["projectid"]),
        ({"missing_paging": "json"}, ["status", "page", "limit"]),
    ],
)
def test_the_readings_say_which_fields_a_call_must_have(reading: dict[str, str], required: list[str]) -> None:
    needed = PROJECT_DETAIL.required_fields(Readings.of(reading))
    assert [one.name for one in needed] == required
    assert {one.required_reading for one in needed} == set(reading)


def test_a_field_that_the_page_asks_for_needs_no_reading() -> None:
    toy = operation(fields=(field("a", required_by=True), field("b")))
    (needed,) = toy.required_fields(Readings())
    assert (needed.name, needed.required_reading) == ("a", None)


@pytest.mark.parametrize("one", list(OPERATIONS), ids=lambda one: one.name)
def test_the_table_speaks_of_readings_and_clauses_that_there_are(one: Operation) -> None:
    whens = [when for it in one.fields for when in (it.required_by, it.default_below) if isinstance(when, When)]
    whens += [it.closed_set.when for it in one.fields if it.closed_set is not None and it.closed_set.when is not None]
    whens += [one.form_when] if one.form_when is not None else []
    for when in whens:
        entry = REGISTER[when.reading]
        assert when.value in {entry.default, *entry.values, *entry.tried}
    assert one.precedence is None or one.precedence in REGISTER
    assert {one.request_clause, *one.outcomes, *(it.clause for it in one.fields)} <= set(one.clauses)
    assert one.project_field is None or one.project_field in one.field_of


def test_a_closed_set_refuses_always_or_under_a_reading() -> None:
    always = ClosedSet("colour", lambda _: ("red",), frozenset({"red"}))
    by_reading = ClosedSet("colour", lambda _: ("red",), frozenset({"red"}), When("unknown_status", "json"))
    assert always.refuses(Readings())
    assert not by_reading.refuses(Readings())
    assert by_reading.refuses(Readings.of({"unknown_status": "json"}))


@pytest.mark.parametrize("one", list(OPERATIONS), ids=lambda one: one.name)
def test_every_default_and_every_example_is_one_that_the_field_takes(one: Operation) -> None:
    for it in one.fields:
        for value in (it.example, *([] if it.default is None else [it.default])):
            assert type(value) is it.python_type
            assert it.minimum is None or (isinstance(value, int) and value >= it.minimum)
        assert it.closed_set is None or it.example in it.closed_set.every
