"""A schema document that needs no other: what it refers to stands in it."""

from __future__ import annotations

from typing import Any

from mockserver.contract.schemas import ID_PREFIX, Document, schema, tolerant

_OWN = "#/$defs/"
_TOLERANT = ":tolerant"


def bundled(document: Document) -> Document:
    """Return the document with everything that it refers to under its own `$defs`.

    A part of another document is named after both, as in `world-project`; a whole one as itself, as in `voucher`.
    Every `$ref` in what is returned begins with `#/$defs/`, which any tool can resolve.
    """
    bundle = _Bundle(document.get("$id", ""))
    whole: Document = bundle.local({key: value for key, value in document.items() if key != "$defs"}, "")
    for name, part in document.get("$defs", {}).items():
        bundle.parts[name] = bundle.local(part, "")
    return {**whole, "$defs": bundle.parts} if bundle.parts else whole


class _Bundle:
    """The parts of one bundle, each taken in the first time that something refers to it."""

    def __init__(self, own_id: str) -> None:
        self.parts: Document = {}
        self._own_id = own_id

    def local(self, node: Any, source: str) -> Any:
        """Return a part of the document `source` (empty: the bundle's own) with references into the bundle."""
        if isinstance(node, list):
            return [self.local(item, source) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._reference(value, source)
            if key == "$ref" and isinstance(value, str)
            else self.local(value, source)
            for key, value in node.items()
        }

    def _reference(self, reference: str, source: str) -> str:
        identifier, _, fragment = reference.partition("#")
        if identifier == self._own_id:
            identifier = ""
        part = fragment.removeprefix("/$defs/")
        if not identifier:
            identifier = source
        if not identifier:
            return reference if reference.startswith("#") else f"#{fragment}"
        name = "-".join(filter(None, (_name(identifier), part)))
        if name not in self.parts:
            self.parts[name] = None  # it may refer to itself
            self.parts[name] = self.local(_part(identifier, part), identifier)
        return _OWN + name


def _name(identifier: str) -> str:
    return identifier.removeprefix(ID_PREFIX).removesuffix(_TOLERANT)


def _part(identifier: str, part: str) -> Document:
    document = schema(_name(identifier))
    if identifier.endswith(_TOLERANT):
        document = tolerant(document)
    if part:
        found: Document = document["$defs"][part]
        return found
    return {key: value for key, value in document.items() if key not in {"$schema", "$id", "$defs"}}
