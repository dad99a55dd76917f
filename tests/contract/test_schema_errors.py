"""What is wrong with a document is data, and its words hold no value of the document."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract.schema_errors import failures
from mockserver.contract.schemas import schema


@pytest.mark.parametrize(
    ("document", "instance", "text"),
    [
        ({"type": "integer"}, "secret", "the top: expected integer, got string"),
        ({"type": ["string", "null"]}, 1, "the top: expected string or null, got integer"),
        ({"required": ["a", "b", "c"]}, {"b": 1}, "the top: 'a', 'c' are missing"),
        ({"required": ["a"]}, {}, "the top: 'a' is missing"),
        ({"properties": {"name": {}}, "additionalProperties": False}, {"nme": 1},
         "the top: unknown key 'nme'; did you mean 'name'?; known are name"),
        ({"enum": ["a", "b"]}, "secret", "the top: expected one of 'a', 'b'"),
        ({"const": 1}, "secret", "the top: expected 1"),
        ({"items": {"minimum": 1}}, [1, 0], "[1]: expected 1 or more"),
        ({"properties": {"a": {"items": {"maximum": 1}}}}, {"a": [2]}, "a[0]: expected 1 or less"),
        ({"uniqueItems": True}, [1, 1], "the top: an item appears twice; leave one out"),
        ({"pattern": "^x"}, "secret", "the top: expected text that matches ^x"),
        ({"title": "a date", "pattern": "^x"}, "secret", "the top: expected a date"),
        ({"not": {"required": ["a", "b"]}}, {"a": 1, "b": 2}, "the top: 'a' and 'b' exclude each other; keep one"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "the top: 'a' goes with 'b'; give it too, or leave 'a' out"),
    ],
)  # fmt: skip
def test_a_failure_in_words(document: dict[str, Any], instance: Any, text: str) -> None:
    found = [str(failure) for failure in failures(instance, document)]
    assert found == [text]
    assert "secret" not in found[0]


def test_a_failure_is_data() -> None:
    (failure,) = failures({"merchants": [{"merchant_id": "M1"}]}, schema("world"))
    assert (failure.path, failure.rule, failure.names) == (("merchants", 0), "required", ("secret_key",))
    assert failure.place == "merchants[0]"
