"""Names that spell a situation out, as in `vouchers=31+max_limit=10`: read alike, whatever the situation has in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mockserver._text import nearest
from mockserver.contract.reading import ReadingsError
from mockserver.contract.readings import REGISTER, Readings
from mockserver.testing.survive.scenario import ScenarioError


@dataclass
class Parts:
    """What a name spells out: what is in the situation, by its fields, and the readings other than the defaults."""

    values: dict[str, object] = field(default_factory=dict)
    readings: dict[str, str] = field(default_factory=dict)


def is_spelt_out(name: str, keys: Sequence[str]) -> bool:
    """Whether a name spells a situation out, and names none of the list."""
    return "=" in name and name.partition("=")[0] in {*keys, *REGISTER}


def parts_of(
    name: str, keys: Sequence[str], read: Callable[[str, str, dict[str, object]], None], *, example: str
) -> Parts:
    """Return what a name spells out; `read` puts the value behind one of `keys` into the values.

    Raises:
        ScenarioError: a word of it is unknown or appears twice, or a value is out of its set.
    """
    parts = Parts()
    given: set[str] = set()
    for word in name.split("+"):
        key, separator, value = word.partition("=")
        if not separator:
            raise ScenarioError(f"{word!r}: expected KEY=VALUE, as in {example}")
        if key in given:
            raise ScenarioError(f"{name!r}: {key} appears twice; keep one")
        given.add(key)
        if key in keys:
            read(key, value, parts.values)
        elif key in REGISTER:
            parts.readings[key] = value
        else:
            hint = nearest(key, [*keys, *REGISTER])
            raise ScenarioError(f"the name of a scenario has no {key!r}{hint}; it has {', '.join(keys)} and readings")
    try:
        Readings.of(dict(parts.readings))
    except ReadingsError as error:
        raise ScenarioError(str(error)) from None
    if {"error", "fault"} <= given:
        raise ScenarioError(f"{name!r}: error and fault exclude each other; keep one")
    return parts


def number(key: str, value: str, low: int, high: int) -> int:
    """Return the number that a value is; raises ScenarioError where it is none of `low` to `high`."""
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise ScenarioError(f"{key}={value}: expected {low} to {high}")
    return int(value)


def one_of(key: str, value: str, known: Sequence[str]) -> str:
    """Return a value that is one of `known`; raises ScenarioError where it is not."""
    if value not in known:
        raise ScenarioError(f"there is no {key} {value!r}{nearest(value, known)}; known are {', '.join(known)}")
    return value
