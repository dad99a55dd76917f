"""A page of HTML as a test reads it: elements by id, class or tag, and their text."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "input", "br", "img", "rect"})


class Element:
    """One element, with what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.inside: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    @property
    def text(self) -> str:
        """All text in it, white space as one space."""
        return " ".join("".join(self._texts()).split())

    def all(self, tag: str | None = None, **attributes: str) -> list[Element]:
        """Return the elements in it of this tag and with these attributes; of `class_`, one of its classes."""
        return [one for one in self._elements() if one.is_like(tag, attributes)]

    def one(self, tag: str | None = None, **attributes: str) -> Element:
        """Return the only such element."""
        [found] = self.all(tag, **attributes)
        return found

    def is_like(self, tag: str | None, attributes: dict[str, str]) -> bool:
        """Whether it has this tag and these attributes."""
        wanted = dict(attributes)
        cls = wanted.pop("class_", None)
        has_class = cls is None or cls in self.attributes.get("class", "").split()
        has_all = all(self.attributes.get(name.replace("_", "-")) == value for name, value in wanted.items())
        return tag in {None, self.tag} and has_class and has_all

    def _texts(self) -> Iterator[str]:
        for one in self.inside:
            if isinstance(one, str):
                yield one
            else:
                yield from one._texts()

    def _elements(self) -> Iterator[Element]:
        for one in self.inside:
            if isinstance(one, Element):
                yield one
                yield from one._elements()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            ended = self.open.pop()
            assert ended.tag == tag, f"<{ended.tag}> ends with </{tag}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(html: str) -> Element:
    """Return the document; every element that it opens must be closed."""
    reader = _Reader()
    reader.feed(html)
    [document] = reader.open
    return document
