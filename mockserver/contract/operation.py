"""An operation of the vendor as data: where it is called, what it takes, what it answers.

Paths, parsing, schemas, OpenAPI, the journal's matchers, the doctor and the docs are made from these values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from mockserver._text import nearest
from mockserver.contract.readings import Readings

# The roles that every operation has; the others are an operation's own.
JSON = "json"
MERCHANT = "merchant"
SIGNATURE = "signature"
SUCCESS = "success"

MERCHANT_ID = "{merchant_id}"
SESSION_KEY = "session_key"
_PYTHON_TYPES: dict[str, type] = {"string": str, "integer": int}


class When(NamedTuple):
    """A reading at one of its values."""

    reading: str
    value: str

    def holds(self, readings: Readings) -> bool:
        """Whether the reading has this value."""
        return bool(getattr(readings, self.reading) == self.value)


@dataclass(frozen=True)
class ClosedSet:
    """The texts that a field may hold beside its default, each of which names a `noun`.

    `known` returns them under readings; `every` are those of all readings together. Another text is refused `when`
    this holds (None: always). `meant` returns which of them a text that names nothing was meant for, the default too,
    None where nobody can tell; `wider` is a reading under which it may hold more.
    """

    noun: str
    known: Callable[[Readings], Iterable[str]]
    every: frozenset[str]
    when: When | None = None
    meant: Callable[[str, Readings], str | None] = lambda _, __: None
    wider: When | None = None

    def is_known_wider(self, text: str, readings: Readings) -> bool:
        """Whether a text names something under the reading that lets it hold more."""
        wider = self.wider
        return wider is not None and text in self.known(readings.replace(**{wider.reading: wider.value}))

    def refuses(self, readings: Readings) -> bool:
        """Whether a text that names nothing is refused."""
        return self.when is None or self.when.holds(readings)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a request.

    `clause` is the one that documents it, `description` what the schema says of it, and `example` a value that can be
    sent. `default` is taken when it is left out (None: there is none).

    `secret`: its value is masked wherever it is shown. `required_by` is the reading that asks for it, or True when the
    page does. A value below `minimum` is refused, or taken for the default when `default_below` holds. `takes_number`:
    the reading `types` may take a number for the text; of an integer it may take decimal text. `closed_set` are the
    texts it may hold, `form` how such a text is written, in words. `summary` makes of a secret value what may be shown
    of it. `meant_by` are other names that people give it, in lower case and without `_` and `-`.
    """

    name: str
    json_type: Literal["string", "integer"]
    clause: str
    description: str
    example: str | int
    default: str | int | None = None
    secret: bool = False
    required_by: When | bool = False
    minimum: Literal[0, 1] | None = None
    default_below: When | None = None
    takes_number: bool = False
    closed_set: ClosedSet | None = None
    form: str = ""
    summary: Callable[[str], str] | None = None
    meant_by: tuple[str, ...] = ()

    @cached_property
    def python_type(self) -> type:
        """The type that its decoded value has."""
        return _PYTHON_TYPES[self.json_type]

    def is_required(self, readings: Readings) -> bool:
        """Whether a call without it is refused."""
        return self.required_by if isinstance(self.required_by, bool) else self.required_by.holds(readings)

    def takes_default_below(self, readings: Readings) -> bool:
        """Whether a value below its minimum is taken for its default."""
        return self.default_below is not None and self.default_below.holds(readings)

    @property
    def required_reading(self) -> str | None:
        """The key of the reading that says whether it is required; None where the page says it."""
        return None if isinstance(self.required_by, bool) else self.required_by.reading


@dataclass(frozen=True)
class DocumentedError:
    """An error that the page documents: `rc` and `error_msg` go on the wire, `role` says what is wrong in one word."""

    role: str
    clause: str
    rc: int
    error_msg: str


@dataclass(frozen=True)
class Success:
    """The success that the page documents; `schema` is the JSON Schema of its body, or a `$ref` to a published one."""

    clause: str
    rc: int
    message: str
    schema: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One call of the vendor.

    `path` has `{merchant_id}` in the place of the merchant. `request_clause` says what the body is, `request_example`
    is the page's own (None: made from the fields). `precedence` is the
    key of the reading that says which error wins (None: merchant, then signature, then the rest). `form_when` is the
    reading that lets a form in. `project_field` names the field that names a project, None where there is none.
    `schema_prefix` begins the names of its schema documents, `request` and `error`.

    Raises:
        ValueError: a path without `{merchant_id}`, no error for a body that is not JSON, or a role, a field or a clause
            that appears twice.
    """

    name: str
    method: str
    path: str
    summary: str
    fields: tuple[Field, ...]
    errors: tuple[DocumentedError, ...]
    success: Success
    clauses: Mapping[str, str] = field(repr=False)
    request_clause: str
    request_title: str
    request_example: Mapping[str, Any] | None = field(default=None, repr=False)
    reads_only: bool = True
    precedence: str | None = None
    form_when: When | None = None
    project_field: str | None = None
    schema_prefix: str = ""

    def __post_init__(self) -> None:
        if self.path.split("/").count(MERCHANT_ID) != 1:
            raise ValueError(f"{self.name}: expected a path with {MERCHANT_ID} as one of its parts, got {self.path!r}")
        if JSON not in self.error_of:
            raise ValueError(
                f"{self.name}: expected an error of the role {JSON!r}, for a body that is not what it takes"
            )
        _refuse_twice(f"{self.name}: the field", (one.name for one in self.fields))
        _refuse_twice(f"{self.name}: the role", (SUCCESS, *(error.role for error in self.errors)))
        _refuse_twice(f"{self.name}: the clause", self.outcomes)

    @property
    def call(self) -> str:
        """How it is called, in words: method and path."""
        return f"{self.method} {self.path}"

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The clauses of its success and its errors: each call that it answers gets one of them."""
        return (self.success.clause, *(error.clause for error in self.errors))

    @property
    def camel_name(self) -> str:
        """Its name as OpenAPI writes it: `projectDetail`."""
        first, *rest = self.name.split("_")
        return first + "".join(part.title() for part in rest)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a percent-decoded path of it looks like; the group is the merchant id."""
        before, after = map(re.escape, self.path.split(MERCHANT_ID))
        return re.compile(f"{before}([^/]+){after}")

    def merchant_in(self, path: str) -> str | None:
        """Return the merchant id in a percent-decoded path, or None when the path is not this operation's."""
        found = self.pattern.fullmatch(path)
        return found and found[1]

    def path_of(self, merchant_id: str) -> str:
        """Return the path for a merchant, percent-encoded."""
        return self.path.replace(MERCHANT_ID, quote(merchant_id, safe=""))

    @cached_property
    def field_of(self) -> Mapping[str, Field]:
        """The fields by name."""
        return MappingProxyType({one.name: one for one in self.fields})

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The names of the fields that say what is asked for: all but the secret ones."""
        return tuple(one.name for one in self.fields if not one.secret)

    @cached_property
    def typed(self) -> tuple[tuple[str, type, Field], ...]:
        """The fields, each after its name and the type that its decoded value has."""
        return tuple((one.name, _PYTHON_TYPES[one.json_type], one) for one in self.fields)

    @cached_property
    def summarized(self) -> tuple[Field, ...]:
        """The secret fields of which a summary may be shown."""
        return tuple(one for one in self.fields if one.summary is not None)

    @cached_property
    def bounded(self) -> tuple[tuple[str, str | int | None, Field], ...]:
        """The fields that not every value of their type fits, each after its name and its default, which does."""
        chosen = (one for one in self.fields if one.minimum is not None or one.closed_set is not None)
        return tuple((one.name, one.default, one) for one in chosen)

    @cached_property
    def error_of(self) -> Mapping[str, DocumentedError]:
        """The errors by role."""
        return MappingProxyType({error.role: error for error in self.errors})

    def example(self, readings: Readings) -> dict[str, Any]:
        """Return the fields of a call as these readings let it through: defaults where there are any, else examples."""
        sent = [one for one in self.fields if one.is_required(readings) or one.name != SESSION_KEY]
        return {one.name: one.example if one.default is None else one.default for one in sent}

    @property
    def sent_fields(self) -> list[Field]:
        """The fields that a sender gives: without one of them a call is refused under every reading."""
        return [one for one in self.fields if one.required_by and one.default is None and one.name != SESSION_KEY]

    def required_fields(self, readings: Readings) -> list[Field]:
        """Return the fields that a call must have."""
        return [one for one in self.fields if one.is_required(readings)]


class UnknownOperation(LookupError):
    """No operation has this name."""


class Operations:
    """The operations that a fake serves, or that a document tells of, in their order; immutable.

    Raises:
        ValueError: none at all, or a name, a call or a clause of an outcome that appears twice.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = tuple(operations)
        if not self._operations:
            raise ValueError("expected at least one operation")
        _refuse_twice("the operation", (one.name for one in self))
        _refuse_twice("the call", (one.call for one in self))
        _refuse_twice("the clause", (clause for one in self for clause in one.outcomes))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations)

    def __len__(self) -> int:
        return len(self._operations)

    def __repr__(self) -> str:
        return f"Operations({', '.join(one.name for one in self)})"

    @cached_property
    def in_words(self) -> str:
        """How each is called, as in `POST /a, or POST /b`."""
        return ", or ".join(one.call for one in self)

    @cached_property
    def clauses(self) -> Mapping[str, str]:
        """What each clause says, by its id."""
        return MappingProxyType({id_: text for one in self for id_, text in one.clauses.items()})

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The names of the fields that say what is asked for, of every operation, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(one.asked for one in self)))

    @cached_property
    def secret(self) -> frozenset[str]:
        """The names of the fields whose values are masked, of every operation."""
        return frozenset(field.name for one in self for field in one.fields if field.secret)

    def at(self, path: str) -> tuple[Operation, ...]:
        """Return the operations at a percent-decoded path, whatever their method."""
        return tuple(one for one in self if one.pattern.fullmatch(path))

    def named(self, name: str) -> Operation:
        """Return the operation of this name.

        Raises:
            UnknownOperation: there is none; the message names the nearest and those there are.
        """
        for one in self:
            if one.name == name:
                return one
        names = [one.name for one in self]
        raise UnknownOperation(f"there is no operation {name!r}{nearest(name, names)}; known are {', '.join(names)}")

    def meant_by(self, body: bytes) -> Operation:
        """Return the operation of which a body, well-formed or not, names the most fields; the first of several."""
        return max(self, key=lambda one: sum(field.name.encode() in body for field in one.fields))


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    seen = set[str]()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} appears twice; expected each once")
        seen.add(name)
