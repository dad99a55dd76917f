"""What is wrong with a document, in words that hold no value of it."""

from __future__ import annotations

from typing import Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mockserver._text import json_type, nearest
from mockserver.contract.schemas import NAMES, Document, schema, tolerant


def failures(instance: object, document: Document) -> list[str]:
    """Return what is wrong with `instance`, each as `path: reason`.

    Slow, for its detail (jsonschema): call it when `schemas.validator` has already said no.
    """
    documents = [schema(name) for name in NAMES]
    documents += [tolerant(known) for known in documents]
    resources = [DRAFT202012.create_resource(known) for known in documents]
    registry: Registry[Any] = resources @ Registry()
    found = jsonschema.Draft202012Validator(document, registry=registry).iter_errors(instance)
    return [_in_words(jsonschema.exceptions.best_match([error])) for error in found]


def _in_words(error: Any) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return f"{path.lstrip('.') or 'the top'}: {_reason(error)}"


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


def _reason(error: Any) -> str:
    # The library's messages quote the instance, which may hold a secret; these name the rule and keys only.
    rule, expected = error.validator, error.validator_value
    if rule == "required":
        missing = [name for name in expected if name not in error.instance]
        return f"{', '.join(map(repr, missing))} is missing"
    if rule == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = next(name for name in error.instance if name not in known)
        return f"unknown key {unknown!r}{nearest(unknown, known)}; known are {', '.join(known)}"
    if rule == "enum":
        return f"expected one of {', '.join(map(repr, expected))}"
    if rule == "type":
        wanted = expected if isinstance(expected, str) else " or ".join(expected)
        return f"expected {wanted}, got {json_type(error.instance)}"
    if rule == "not" and isinstance(expected, dict) and "required" in expected:
        return f"{' and '.join(map(repr, expected['required']))} exclude each other; keep one"
    if rule == "pattern":
        return f"expected {error.schema.get('title', f'text that matches {expected}')}"
    if rule == "dependentRequired":
        key = next(key for key, others in expected.items() if key in error.instance and others[0] not in error.instance)
        return f"{key!r} goes with {' and '.join(map(repr, expected[key]))}; give it too, or leave {key!r} out"
    if rule == "anyOf":
        return ", or ".join(dict.fromkeys(map(_reason, error.context)))
    return _RULES.get(rule, f"breaks the rule {rule!r}").format(expected)
