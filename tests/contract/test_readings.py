from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import REGISTER, Readings, each_other_value
from mockserver.contract.readings_file import read_readings_file, readings_from_document
from mockserver.contract.schemas import schema, validator


def test_every_default_stands_first_in_its_closed_set() -> None:
    for entry in REGISTER.values():
        assert entry.values[0] == entry.default
        assert Readings().as_dict()[entry.key] == entry.default


def test_every_entry_says_why_and_how_it_would_be_settled() -> None:
    for entry in REGISTER.values():
        assert entry.question.strip()
        assert entry.why.strip()
        assert entry.probe.strip()
        assert entry.clause.strip()


@pytest.mark.parametrize(("key", "value"), list(each_other_value()))
def test_every_other_value_can_be_chosen_alone(key: str, value: str) -> None:
    changed = dict(Readings.of({key: value}).as_dict().items())
    assert changed.pop(key) == value
    assert all(chosen == REGISTER[name].default for name, chosen in changed.items())


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"http_satus": "200"}, "did you mean 'http_status'?"),
        ({1: "200"}, "there is no reading 1; known are http_status, precedence"),
        ("http_status=200", "expected readings as a dict"),
        (["http_status"], "expected readings as a dict"),
        ({"zzz": "1"}, "known are http_status, precedence"),
        ({"http_status": "201"}, "expected the text rc | 200"),
        ({"http_status": 200}, "cannot be 200; expected the text"),
        ({"max_limit": 0}, "a positive integer"),
        ({"max_limit": "-1"}, "a positive integer"),
        ({"max_limit": True}, "a positive integer"),
        ({"max_limit": "٣"}, "a positive integer"),
        ({"status_codes": "1,0,2,3,4"}, "any permutation that keeps 0 = pending"),
        ({"status_codes": "0,1,2,3,3"}, "any permutation that keeps 0 = pending"),
    ],
)
def test_what_the_register_does_not_have_is_refused_with_what_it_has(choices: dict[str, object], message: str) -> None:
    with pytest.raises(ReadingsError, match=message.replace("|", r"\|").replace("?", r"\?")):
        Readings.of(choices)


@pytest.mark.parametrize("choice", [{"http_status": "nope"}, {"http_status": 200}, {"max_limit": "x"}])
def test_readings_made_by_name_are_checked_too(choice: dict[str, Any]) -> None:
    with pytest.raises(ReadingsError, match="expected the text"):
        Readings(**choice)


def test_a_number_given_for_max_limit_is_kept_as_text() -> None:
    assert Readings(max_limit=10) == Readings.of({"max_limit": 10}) == Readings(max_limit="10")  # type: ignore[arg-type]


def test_a_readings_file_holds_values_plain_or_as_a_calibration_writes_them() -> None:
    document = {"readings": {"http_status": "200", "max_limit": {"value": 50, "seen": "observed", "why": "30 of 200"}}}
    assert validator(schema("readings")).is_valid(document)
    readings = readings_from_document(document)
    assert (readings.http_status, readings.limit_cap) == ("200", 50)


@pytest.mark.parametrize("document", [{}, {"readings": []}, {"readings": {"types": {"seen": "unseen"}}}, []])
def test_a_document_of_another_form_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ReadingsError, match="expected"):
        readings_from_document(document)


def test_a_readings_file_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "readings.json"
    file.write_text('{"readings": {"http_satus": "200"}}')
    with pytest.raises(ReadingsError, match=f"^{re.escape(str(file))}: .*did you mean 'http_status'"):
        read_readings_file(file)


scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5)
known_values = st.sampled_from([value for entry in REGISTER.values() for value in (*entry.values, *entry.tried)])


@given(choices=st.dictionaries(st.sampled_from([*REGISTER, "nope"]), known_values | scalars, max_size=4))
def test_the_published_schema_and_the_register_agree(choices: dict[str, object]) -> None:
    document = {"readings": choices}
    try:
        readings_from_document(document)
        taken = True
    except ReadingsError:
        taken = False
    assert validator(schema("readings")).is_valid(document) == taken
