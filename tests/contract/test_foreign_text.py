"""Foreign text commands nothing wherever it is shown, and says the same as before."""

from __future__ import annotations

import html
import json
import re
import subprocess
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.contract.foreign_text import (
    Variable,
    github_command,
    harmless,
    harmless_json,
    harmless_lines,
    html_text,
    json_text,
    markdown_text,
    printable,
    shell_word,
)
from tests.support.examples import examples

# Every kind of character, and often those that command.
COMMANDS = st.sampled_from(
    [
        *("::", "\n::set-output name=a::b", "##[", "##vso[", "![a](b)", "'", '"', "\\", "`", "$("),
        *("\x1b]0;a\x07", "\x9b31m", "\r", "\n", "\t", "\x03", "\x00", "\x7f", "\x85"),
        *("\u202e", "\u2066", "\u2028", "\ufeff", "\ud800", "\U000e0041"),
    ]
)
TEXTS = st.lists(st.text() | COMMANDS, max_size=8).map("".join)
PLAIN = st.text(st.sampled_from("abc XYZ 019 éß☃😀.,;-_/'\"(){}"))
_NOT_TEXT = {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}


def commands_in(text: str, allowed: str = "") -> list[str]:
    """Return what a terminal, an editor or a runner would take for more than text."""
    odd = [char for char in text if unicodedata.category(char) in _NOT_TEXT and char not in allowed]
    lines = re.split("[\n\r]", text)
    return [*odd, *(line for line in lines if re.match(r"[ \t]*::", line) or re.search(r"##[a-z]*\[", line))]


@given(TEXTS)
def test_nothing_commands_in_a_text_on_one_line(text: str) -> None:
    assert not commands_in(harmless(text))
    assert harmless(text).isprintable()


@given(TEXTS)
def test_nothing_commands_in_a_text_of_lines(text: str) -> None:
    shown = harmless_lines(text)
    assert not commands_in(shown, allowed="\n\t")
    assert [shown.count(char) for char in "\n\t"] == [text.count(char) for char in "\n\t"]


@given(PLAIN)
def test_ordinary_text_is_as_it_was(text: str) -> None:
    assert harmless(text) == harmless_lines(text) == text
    assert json.loads(json_text(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb", r"a\nb"),
        ("\ud800", r"\ud800"),
        ("::error::x", r"\x3a:error::x"),
        ("##[group]", r"\x23#[group]"),
    ],
)
def test_what_could_command_is_escaped(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(TEXTS, st.integers(2, 40))
def test_a_cut_text_is_as_harmless(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert not commands_in(shown)
    assert shown == harmless(text) if len(text) <= limit else shown.endswith("…")


_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(_DOCUMENTS, st.sampled_from([None, 2]))
def test_json_has_the_same_values(document: object, indent: int | None) -> None:
    text = json_text(document, indent=indent)
    assert json.loads(text) == document
    assert not commands_in(text, allowed="\n")
    assert harmless_json(text) == text


@given(TEXTS)
def test_markdown_shows_the_text_and_makes_nothing_of_it(text: str) -> None:
    shown = markdown_text(text)
    assert html.unescape(shown) == harmless(" ".join(text.split()))
    assert not re.search(r"[!-%'-/:<-@\[-`{-~]", re.sub(r"&#[0-9]+;", "", shown))


@given(TEXTS)
def test_html_shows_the_text(text: str) -> None:
    shown = html_text(text)
    assert html.unescape(shown) == harmless_lines(text)
    assert not re.search("[<>\"']", shown)


@given(TEXTS, TEXTS)
def test_a_workflow_command_is_one_and_says_the_text(message: str, title: str) -> None:
    line = github_command("error", message, title=title)
    found = re.fullmatch(r"::error title=([^,:]*)::(.*)", line)
    assert found is not None
    assert line.isprintable()

    def meant(value: str) -> str:
        for char in (",", ":", "\n", "\r", "%"):
            value = value.replace(f"%{ord(char):02X}", char)
        return value

    def shown(text: str) -> str:
        return "".join(
            char if char.isprintable() or char in "\r\n" else char.encode("unicode_escape").decode() for char in text
        )

    assert (meant(found[1]), meant(found[2])) == (shown(title), shown(message))


@settings(max_examples=examples(30))
@given(st.lists(TEXTS | st.binary(max_size=20), min_size=1, max_size=30))
@example(
    ["'", "\\", "\\'", "$HOME", "`id`", "$(id)", "!!", "a\nb", "\x03\n", "~", "*", "", " ", "\u202e", b"\xff\xfe", "é"]
)
def test_a_shell_reads_a_word_back(parts: list[str | bytes]) -> None:
    """What no shell can hand on is a NUL."""
    given_ = [part.replace("\0", "") if isinstance(part, str) else part.replace(b"\0", b"") for part in parts]
    words = [shell_word([part]) for part in given_]
    assert all(word.isprintable() for word in words)
    script = " ".join(["printf", "%s\\\\0", *words])
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stderr == b""
    meant = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in given_]
    assert done.stdout.split(b"\0")[:-1] == meant


def test_a_variable_stands_in_a_word_for_a_secret() -> None:
    word = shell_word(['{"a": "', Variable("SIGNATURE"), "\x1b'\"}"])
    script = f"SIGNATURE='a b*'; printf %s {word}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout == b'{"a": "a b*\x1b\'"}'
