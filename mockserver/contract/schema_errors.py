"""What is wrong with a document, as data and in words; neither holds a value of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mockserver._text import json_type, nearest
from mockserver.contract.schemas import NAMES, Document, schema, tolerant


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
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return shown.lstrip(".") or "the top"

    @property
    def reason(self) -> str:
        """What is wrong there, in words."""
        return _reason(self)

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def failures(instance: object, document: Document) -> list[SchemaFailure]:
    """Return what is wrong with `instance`.

    Slow, for its detail (jsonschema): call it when `schemas.validator` has already said no.
    """
    documents = [schema(name) for name in NAMES]
    documents += [tolerant(known) for known in documents]
    resources = [DRAFT202012.create_resource(known) for known in documents]
    registry: Registry[Any] = resources @ Registry()
    found = jsonschema.Draft202012Validator(document, registry=registry).iter_errors(instance)
    listed: list[SchemaFailure] = []
    incomplete: set[tuple[tuple[str | int, ...], tuple[str, ...]]] = set()
    for error in found:
        failure = _failure(jsonschema.exceptions.best_match([error]))
        # The library counts each missing key of an object by itself; here they are one failure.
        if failure.rule == "required":
            if (failure.path, failure.names) in incomplete:
                continue
            incomplete.add((failure.path, failure.names))
        listed.append(failure)
    return listed


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
    "const": "expected {!r}",
}


def _reason(failure: SchemaFailure) -> str:
    rule, expected = failure.rule, failure.expected
    if rule == "required":
        return f"{', '.join(map(repr, failure.names))} {'is' if len(failure.names) == 1 else 'are'} missing"
    if rule == "additionalProperties":
        unknown, known = failure.names[0], failure.known
        return f"unknown key {unknown!r}{nearest(unknown, known)}; known are {', '.join(known)}"
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
    if rule == "anyOf":
        return ", or ".join(dict.fromkeys(alternative.reason for alternative in failure.alternatives))
    return _RULES.get(rule, f"breaks the rule {rule!r}").format(expected)
