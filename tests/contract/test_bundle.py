"""A bundled document needs no other, and lets through what it did."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.bundle import bundled
from mockserver.contract.schemas import ID_PREFIX, NAMES, schema, tolerant, validator
from tests.support.from_schema import from_schema

DOCUMENTS = [made for name in NAMES for made in (schema(name), tolerant(schema(name)))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["$id"])
def test_it_refers_to_nothing_but_itself(document: dict[str, Any]) -> None:
    whole = bundled(document)
    references = [line for line in json.dumps(whole, indent=1).splitlines() if '"$ref"' in line]
    assert all('"#/$defs/' in line for line in references)
    assert ID_PREFIX not in json.dumps({**whole, "$id": ""})
    jsonschema.Draft202012Validator.check_schema(whole)
    for line in references:
        assert line.partition("#/$defs/")[2].strip('",') in whole["$defs"]


def test_a_document_that_refers_to_nothing_is_as_it_was() -> None:
    assert bundled(schema("voucher")) == schema("voucher")


@given(from_schema("admin", "project-change"), st.sampled_from([schema("admin"), tolerant(schema("admin"))]))
def test_it_lets_through_what_the_document_does(change: dict[str, Any], document: dict[str, Any]) -> None:
    whole = bundled({"$ref": f"{document['$id']}#/$defs/project-change"})
    assert jsonschema.Draft202012Validator(whole).is_valid(change)
    assert not jsonschema.Draft202012Validator(whole).is_valid({**change, "plan": {"transition": "?"}})
    assert validator(whole).is_valid({**change, "other": 1}) == document["$id"].endswith("tolerant")
