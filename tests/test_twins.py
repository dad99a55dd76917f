"""A page in Indonesian and its English twin say the same: snippets, headings, names, numbers and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TWINS = [*ROOT.glob("*.id.md"), *(ROOT / "docs").glob("*.id.md")]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def english_of(twin: Path) -> Path:
    return twin.with_name(twin.name.replace(".id.md", ".md"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("twin", TWINS, ids=lambda path: path.name)


@pytest.fixture
def pair(twin: Path) -> tuple[str, str]:
    english = english_of(twin)
    return english.read_text(encoding="utf-8"), twin.read_text(encoding="utf-8")


def prose(text: str) -> str:
    return FENCE.sub("", text)


def test_the_snippets_are_the_same(pair: tuple[str, str]) -> None:
    english, indonesian = map(FENCE.findall, pair)
    assert indonesian == english


def test_headings_tables_and_lists_are_alike(pair: tuple[str, str]) -> None:
    def structure(text: str) -> list[str]:
        return re.findall(r"^(#+ |\|(?!-)|- )", prose(text), re.MULTILINE)

    english, indonesian = map(structure, pair)
    assert indonesian == english


def test_names_and_numbers_are_the_same(pair: tuple[str, str]) -> None:
    def named(text: str) -> set[str]:
        return set(CODE.findall(prose(text)))

    def numbers(text: str) -> set[str]:
        without = LINK.sub("", CODE.sub("", prose(text)))
        return set(re.findall(r"\d+(?:[.,]\d+)*", without))

    english, indonesian = pair
    # The one is told in the comment that says what the table is made from.
    assert named(indonesian) == named(english) - {"make documents"}
    assert numbers(indonesian) == numbers(english)


def test_links_lead_to_the_same_pages_and_to_each_other(twin: Path, pair: tuple[str, str]) -> None:
    def targets(text: str) -> set[str]:
        return {link.partition("#")[0].replace(".id.md", ".md") for link in LINK.findall(prose(text))}

    english, indonesian = pair
    name = english_of(twin).name
    assert f"]({twin.name})" in english
    assert f"[English]({name})" in indonesian
    assert targets(indonesian) == targets(english)


def test_a_page_with_a_twin_is_linked_in_its_own_language(twin: Path) -> None:
    for link in LINK.findall(prose(twin.read_text(encoding="utf-8"))):
        path = twin.parent / link.partition("#")[0]
        if path.name.endswith(".md") and not path.name.endswith(".id.md") and path != english_of(twin):
            assert not path.with_name(path.name.replace(".md", ".id.md")).exists(), link
