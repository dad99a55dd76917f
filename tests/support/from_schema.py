"""Whatever a schema lets through, and often its ends: hypothesis draws it."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from mockserver.contract.bundle import bundled
from mockserver.contract.schemas import Document, validator

_FAR = 10**30
_TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["", "\0", "0", "null", "é\u202e", "x" * 300]
)
# Rules that are not drawn by but sifted by.
_SIFTED = {"dependentRequired", "dependentSchemas", "not", "minProperties"}


@cache
def from_schema(name: str, part: str = "") -> st.SearchStrategy[Any]:
    """Return what draws documents that fit `schemas/NAME.json`, or one of its `$defs`."""
    reference = f"urn:apigames-mock:schema:{name}" + (f"#/$defs/{part}" if part else "")
    whole = bundled({"$ref": reference})
    is_valid = validator({"$ref": reference}).is_valid
    return _Drawn(whole["$defs"]).of(whole).filter(is_valid)


class _Drawn:
    def __init__(self, parts: Document) -> None:
        self._parts = parts

    def of(self, node: Any) -> st.SearchStrategy[Any]:
        if node is True or node == {}:
            return st.none() | st.booleans() | st.integers() | _TEXT | st.lists(_TEXT, max_size=2)
        if "$ref" in node:
            return st.deferred(lambda: self.of(self._parts[node["$ref"].removeprefix("#/$defs/")]))
        if "anyOf" in node or "oneOf" in node:
            return st.one_of([self.of(branch) for branch in node.get("anyOf", node.get("oneOf"))])
        if "const" in node:
            return st.just(node["const"])
        if "enum" in node:
            return st.sampled_from(node["enum"])
        types = node.get("type", "object")
        drawn = [getattr(self, f"_{kind}")(node) for kind in ([types] if isinstance(types, str) else types)]
        made = st.one_of(drawn)
        return made.filter(validator({**node, "$defs": self._parts}).is_valid) if _SIFTED & set(node) else made

    def _null(self, _: Document) -> st.SearchStrategy[None]:
        return st.none()

    def _boolean(self, _: Document) -> st.SearchStrategy[bool]:
        return st.booleans()

    def _string(self, node: Document) -> st.SearchStrategy[str]:
        if "pattern" in node:
            drawn = st.from_regex(node["pattern"].replace("$", r"\Z"))
            return drawn.filter(lambda text: len(text) <= node.get("maxLength", 10**6))
        low, high = node.get("minLength", 0), node.get("maxLength", 10**6)
        return _TEXT.filter(lambda text: low <= len(text) <= high)

    def _integer(self, node: Document) -> st.SearchStrategy[float]:
        low, high = node.get("minimum", -_FAR), node.get("maximum", _FAR)
        whole = (
            st.sampled_from([low, high, min(low + 1, high)]) | st.integers(low, high) | st.integers(low, min(5, high))
        )
        return whole | whole.filter(lambda number: abs(number) < 2**53).map(float)

    def _number(self, node: Document) -> st.SearchStrategy[float]:
        low, high = node.get("minimum"), node.get("maximum")
        drawn = st.floats(low, high, allow_nan=False, allow_infinity=False)
        ends = [end for end in (low, high, 0, 5e-324, 1e-308, 0.1, 1) if end is not None]
        return drawn | st.sampled_from([end for end in ends if (low is None or end >= low)])

    def _array(self, node: Document) -> st.SearchStrategy[list[Any]]:
        least, most = node.get("minItems", 0), min(node.get("maxItems", 4), 4)
        return st.lists(self.of(node.get("items", True)), min_size=least, max_size=max(least, most))

    def _object(self, node: Document) -> st.SearchStrategy[Document]:
        known = {key: self.of(one) for key, one in node.get("properties", {}).items() if one is not False}
        required = {key: known.pop(key) for key in node.get("required", ())}
        drawn = st.fixed_dictionaries(required, optional=known)
        others = node.get("additionalProperties", True)
        if others is False or (others is True and (required or known)):
            return drawn
        names = self.of(node["propertyNames"]) if "propertyNames" in node else _TEXT
        more = st.dictionaries(names, self.of(others), min_size=node.get("minProperties", 0), max_size=4)
        return st.builds(lambda one, two: {**two, **one}, drawn, more)
