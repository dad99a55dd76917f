"""The shape that a schema asks for, as a type to decode into.

A large body of another shape is refused at its first wrong place, before anything is made of it: sixteen megabytes of
`[],` would otherwise become millions of lists first.
"""

from __future__ import annotations

from typing import Any, Union

import msgspec

from mockserver.contract.bundle import bundled
from mockserver.contract.schemas import Document

# A whole float is an integer to JSON.
_SCALARS: dict[str, Any] = {
    "string": str,
    "integer": int | float,
    "number": int | float,
    "boolean": bool,
    "null": None,
}


def shape(document: Document) -> Any:
    """Return a type for msgspec that takes everything that the document lets through, and nothing of another shape.

    Shape is which values are objects, lists, texts and numbers, and which keys an object must and may have. A document
    that refers to itself has none.
    """
    whole = bundled(document)
    return _Shapes(whole.get("$defs", {})).of(whole)


class _Shapes:
    """Types made of one bundled document."""

    def __init__(self, parts: Document) -> None:
        self._parts = parts
        self._made: dict[str, Any] = {}

    def of(self, node: Any) -> Any:
        """Return the type of a part; one that says nothing of its shape may be anything."""
        if not isinstance(node, dict):
            return Any
        if "$ref" in node:
            name = node["$ref"].removeprefix("#/$defs/")
            if name not in self._made:
                self._made[name] = self.of(self._parts[name])
            return self._made[name]
        if "anyOf" in node:
            return self._one_of([self.of(branch) for branch in node["anyOf"]])
        if "enum" in node:
            return self._one_of([type(value) for value in node["enum"]])
        types = node.get("type", [])
        return self._one_of([self._typed(name, node) for name in ([types] if isinstance(types, str) else types)])

    def _one_of(self, kinds: list[Any]) -> Any:
        return Union[tuple(kinds)] if kinds else Any  # noqa: UP007 - made of values

    def _typed(self, name: str, node: Document) -> Any:
        if name == "array":
            return list[self.of(node.get("items", True))]  # type: ignore[misc] # a type that is made here
        return self._object(node) if name == "object" else _SCALARS[name]

    def _object(self, node: Document) -> Any:
        if node.get("additionalProperties") is not False:
            return dict[str, self.of(node.get("additionalProperties", True))]  # type: ignore[misc] # likewise
        names = {f"key_{number}": key for number, key in enumerate(node["properties"])}
        required = set(node.get("required", ()))
        fields: list[Any] = [
            (name, self.of(node["properties"][key]))
            if key in required
            else (name, Union[self.of(node["properties"][key]), msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007
            for name, key in names.items()
        ]
        return msgspec.defstruct("Shape", fields, kw_only=True, rename=names, forbid_unknown_fields=True, gc=False)
