"""One open question of the page: its possible answers, and how a value is checked."""

from __future__ import annotations

import itertools
from dataclasses import MISSING, Field, dataclass, field
from typing import Any, get_args

CODE_PERMUTATIONS = tuple(f"0,{','.join(tail)}" for tail in itertools.permutations("1234"))


class ReadingsError(ValueError):
    """A key or a value that the register does not have; the message names what it does have."""


def open_question(
    default: str,
    *,
    clause: str,
    question: str,
    why: str,
    probe: str,
    open_values: str | None = None,
    tried: tuple[str, ...] | None = None,
    is_number: bool = False,
    operation: str = "project_detail",
) -> Any:
    """Return the dataclass field of a reading, with all that the register says of it."""
    about = {
        "clause": clause,
        "question": question,
        "why": why,
        "probe": probe,
        "open_values": open_values,
        "tried": tried,
        "is_number": is_number,
        "operation": operation,
    }
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Reading:
    """One entry of the register.

    `values` is the closed set, default first; where it is too long to list, `open_values` says it in words.
    `tried` are the values that tests and `each` runs use beside the default. `clause` is the clause it completes.
    `operation` is the name of the one that it is about. With `is_number` a whole number from 1 up may be chosen too, as
    text or as a number.
    """

    key: str
    question: str
    values: tuple[str, ...]
    default: str
    why: str
    clause: str
    probe: str
    open_values: str | None
    tried: tuple[str, ...]
    is_number: bool = False
    operation: str = "project_detail"

    @property
    def values_in_words(self) -> str:
        """The closed set as a person reads it, default first."""
        listed = " | ".join(self.values)
        return f"{listed} | {self.open_values}" if self.open_values else listed

    def checked(self, value: object) -> str:
        """Return `value` as the register's text.

        Raises:
            ReadingsError: it is not in the closed set.
        """
        text = str(value) if self._is_whole_number(value) else value
        if isinstance(text, str) and self._holds(text):
            return text
        raise ReadingsError(f"reading {self.key!r} cannot be {value!r}; expected the text {self.values_in_words}")

    def _is_whole_number(self, value: object) -> bool:
        return self.is_number and isinstance(value, int) and not isinstance(value, bool)

    def _holds(self, text: str) -> bool:
        if text in self.values:
            return True
        if self.is_number:
            return text.isascii() and text.isdigit() and len(text) <= 18 and not text.startswith("0")
        return self.key == "status_codes" and text in CODE_PERMUTATIONS


def register_entry(declared: Field[Any], hint: Any) -> Reading:
    """Return the entry of a field made by `open_question`; a `Literal` hint lists its values."""
    assert declared.default is not MISSING
    about = dict(declared.metadata)
    values = get_args(hint) or (declared.default,)
    tried = about.pop("tried") or values[1:]
    return Reading(key=declared.name, values=values, default=declared.default, tried=tried, **about)
