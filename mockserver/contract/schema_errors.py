"""What is wrong with a document, as data and in words; neither holds a value of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any

import jsonschema
import jsonschema_rs
import msgspec

from mockserver._text import json_type, nearest
from mockserver.contract.bundle import bundled
from mockserver.contract.foreign_text import printable
from mockserver.contract.schemas import Document, surely_fits

# Nobody mends more at once, and a large document may hold millions.
MOST_FAILURES = 20

_Errors = Iterator[Any]


@dataclass(frozen=True)
class SchemaFailure:
    """One thing that is wrong with a document.

    `path` are the keys and places from the top. `rule` is the keyword of JSON Schema that is broken and `expected` its
    value in the schema. `got` is the JSON type of what is there, `names` are the keys that are missing or unknown,
    `known` are those that there may be, and `title` is the schema's own. `alternatives` are the failures of an `anyOf`.
    """

    path: tuple[str | int, ...]
    rule: str
    expected: Any
    got: str
    names: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    title: str = ""
    alternatives: tuple[SchemaFailure, ...] = ()

    @property
    def place(self) -> str:
        """The path in words: `data.vouchers[3].id`, or `the top`."""
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{printable(part)}" for part in self.path)
        return shown.lstrip(".") or "the top"

    @property
    def reason(self) -> str:
        """What is wrong there, in words."""
        return _reason(self)

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def failures(instance: object, document: Document, most: int = MOST_FAILURES) -> list[SchemaFailure]:
    """Return the first `most` things that are wrong with `instance`.

    Slow, for its detail (jsonschema), but no slower than the document is large: what is right is passed over by the
    compiled schema, and nothing is looked for beyond the last that is returned.
    """
    whole = bundled(document)
    rules = {"items": _Items(whole), "anyOf": _any_of, "uniqueItems": _unique_items, "required": _required}
    described: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, rules)  # type: ignore[no-untyped-call]
    found: _Errors = described(whole).iter_errors(instance)
    return [_failure(jsonschema.exceptions.best_match([error])) for error in islice(found, most)]


class _Items:
    """The rule `items`, which goes into those alone that are wrong."""

    def __init__(self, whole: Document) -> None:
        self._parts = {"$defs": whole.get("$defs", {})}
        self._compiled = cache(self._compile)

    def __call__(self, validator: Any, items: Any, instance: object, _: Any) -> _Errors:
        if not isinstance(instance, list):
            return
        compiled = self._compiled(msgspec.json.encode(items))
        for index, item in enumerate(instance):
            if not surely_fits(compiled, item):
                yield from validator.descend(item, items, path=index)

    def _compile(self, items: bytes) -> Any:
        return jsonschema_rs.validator_for({**msgspec.json.decode(items), **self._parts})


def _any_of(validator: Any, branches: list[Any], instance: object, _: Any) -> _Errors:
    """Say what is wrong by the one branch whose type is right, which is the one that was meant."""
    meant: list[_Errors] = []
    types: list[str] = []
    for branch in branches:
        errors = validator.descend(instance, branch)
        first = next(errors, None)
        if first is None:
            return
        if first.validator == "type" and not first.relative_path:
            types += [first.validator_value] if isinstance(first.validator_value, str) else first.validator_value
        else:
            meant.append(chain([first], errors))
    if len(meant) == 1:
        yield from meant[0]
    elif meant:
        yield jsonschema.ValidationError("", context=[next(errors) for errors in meant])
    else:
        yield jsonschema.ValidationError("", validator="type", validator_value=list(dict.fromkeys(types)))


def _unique_items(_: Any, is_asked: bool, instance: object, __: Any) -> _Errors:
    # The library's own compares each with each where they cannot be sorted.
    if is_asked and isinstance(instance, list) and len(set(map(msgspec.json.encode, instance))) < len(instance):
        yield jsonschema.ValidationError("")


def _required(_: Any, names: list[str], instance: object, __: Any) -> _Errors:
    # One for all of them, where the library has one for each.
    if isinstance(instance, dict) and not instance.keys() >= set(names):
        yield jsonschema.ValidationError("")


def _failure(error: Any) -> SchemaFailure:
    # The library's messages quote the instance, which may hold a secret; these name the rule and keys only.
    rule, expected = error.validator, error.validator_value
    its_schema = error.schema if isinstance(error.schema, dict) else {}
    known = tuple(its_schema.get("properties", {}))
    names: tuple[str, ...] = ()
    if rule == "required":
        names = tuple(name for name in expected if name not in error.instance)
    elif rule == "additionalProperties":
        names = tuple(name for name in error.instance if name not in known)
    elif rule == "dependentRequired":
        names = tuple(
            key for key, others in expected.items() if key in error.instance and others[0] not in error.instance
        )
    return SchemaFailure(
        tuple(error.absolute_path),
        rule,
        expected,
        json_type(error.instance),
        names,
        known,
        its_schema.get("title", ""),
        tuple(map(_failure, error.context)) if rule == "anyOf" else (),
    )


_RULES = {
    "minimum": "expected {} or more",
    "maximum": "expected {} or less",
    "minLength": "expected at least {} characters",
    "maxLength": "expected at most {} characters",
    "minItems": "expected at least {} items",
    "maxItems": "expected at most {} items",
    "uniqueItems": "an item appears twice; leave one out",
    "minProperties": "expected at least {} keys",
    "maxProperties": "expected at most {} keys",
    "const": "expected {!r}",
}


def _reason(failure: SchemaFailure) -> str:
    rule, expected = failure.rule, failure.expected
    if rule == "required":
        return f"{', '.join(map(repr, failure.names))} {'is' if len(failure.names) == 1 else 'are'} missing"
    if rule == "additionalProperties":
        unknown, known = failure.names[0], failure.known
        return f"unknown key '{printable(unknown)}'{nearest(unknown, known)}; known are {', '.join(known)}"
    if rule == "enum":
        return f"expected one of {', '.join(map(repr, expected))}"
    if rule == "type":
        wanted = expected if isinstance(expected, str) else " or ".join(expected)
        return f"expected {wanted}, got {failure.got}"
    if rule == "not" and isinstance(expected, dict) and "required" in expected:
        return f"{' and '.join(map(repr, expected['required']))} exclude each other; keep one"
    if rule == "pattern":
        return f"expected {failure.title or f'text that matches {expected}'}"
    if rule == "dependentRequired":
        key = failure.names[0]
        return f"{key!r} goes with {' and '.join(map(repr, expected[key]))}; give it too, or leave {key!r} out"
    if rule == "oneOf":
        titles = [branch.get("title", "") for branch in expected]
        return f"fits none of {', '.join(titles)}" if all(titles) else "fits none of what is documented"
    if rule == "anyOf":
        return ", or ".join(dict.fromkeys(alternative.reason for alternative in failure.alternatives))
    return _RULES.get(rule, f"breaks the rule {rule!r}").format(expected)
