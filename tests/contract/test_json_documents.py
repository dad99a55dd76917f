"""Documents that people write: what readers of JSON would take differently is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.json_documents import DocumentError, FileError, document_in, plain_document, read_document

texts = st.text(st.characters(codec="utf-8"), max_size=5)
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
documents = st.recursive(values, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10)


@given(documents)
def test_what_is_sound_stays_as_it_is(document: object) -> None:
    assert plain_document(document) == document
    assert document_in(json.dumps(document)) == document


@given(st.integers(-(2**53), 2**53))
def test_a_whole_float_is_an_integer(number: int) -> None:
    made = plain_document({"a": [float(number), 0.5]})
    assert [type(one) for one in made["a"]] == [int, float]
    assert made == {"a": [number, 0.5]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [{"b": NaN}]}', "a[0].b: NaN and Infinity are not numbers of JSON"),
        ('{"a": [-Infinity]}', "a[0]: NaN"),
        ("1e999", "the top: NaN and Infinity are not numbers of JSON, nor is one beyond 1e308"),
        ('{"a": [{"b": 1, "c": 2, "b": 1}]}', "a[0]: the key 'b' appears twice; keep one"),
        ('{"a": {"b": "x\\ud800"}}', "a.b: half of a surrogate pair"),
        ('{"a": {"b\\udfff": 1}}', "a.b\\udfff: half of a surrogate pair"),
    ],
)
def test_what_readers_of_json_take_differently_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as raised:
        document_in(text)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, "cannot read {file}: No such file or directory"),
        (b"{", "{file} is not JSON: "),
        (b"{}\xff", "{file} is not UTF-8 (byte 2); save it as UTF-8"),
        (b"[" * 100_000, "{file} is nested too deeply"),
        (b'{"a": 1, "a": 2}', "{file}: the top: the key 'a' appears twice; keep one"),
    ],
)
def test_a_file_that_holds_no_document_is_refused_by_name(tmp_path: Path, written: bytes | None, message: str) -> None:
    file = tmp_path / "document.json"
    if written is not None:
        file.write_bytes(written)
    with pytest.raises(FileError) as raised:
        read_document(file)
    assert str(raised.value).startswith(message.format(file=file))


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "document.json").write_bytes(b'\xef\xbb\xbf{"a": 1.0}')
    assert read_document(tmp_path / "document.json") == {"a": 1}


def test_what_needs_no_change_is_not_copied() -> None:
    document = {"a": [{"b": "é", "c": 1}, [], {}], "d": [{"e": 1.5}]}
    assert plain_document(document) is document
    changed = {"a": document["a"], "d": [1.0, {"e": 2.0}]}
    plain = plain_document(changed)
    assert plain == {"a": document["a"], "d": [1, {"e": 2}]}
    assert [type(plain["d"][0]), type(plain["d"][1]["e"])] == [int, int]
    assert plain["a"] is document["a"]
    assert changed["d"][1] == {"e": 2.0}
