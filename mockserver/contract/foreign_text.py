"""What a client or a target sent, made harmless before anybody is shown it: it is only text, wherever it is read.

A terminal obeys control characters (C0, C1, ESC), an editor and a reviewer believe bidirectional ones, a log is forged
by a line end, a CI runner obeys `::set-output` and `##[...]`, a page of Markdown fetches `![](http://...)`. Secrets are
not this module's business: mask first, see `masking`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

# What GitHub Actions, Azure Pipelines and TeamCity take for a command in what a step prints.
_RUNNER_COMMAND = re.compile(r"(?m)^[ \t]*::|##(?=[a-z]*\[)")
_RUNNER_COMMAND_IN_JSON = re.compile(r"#(?=#[a-z]*\[)")
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")


def harmless(text: str) -> str:
    """Return a text on one line in which nothing commands: what is not printable is escaped, as Python's repr does."""
    return _disarmed(text if text.isprintable() else "".join(map(_escaped, text)))


def harmless_lines(text: str) -> str:
    """Return a text as `harmless` does, with its line ends and tabs left as they are; XML can hold all that is left."""
    if text.isprintable():
        return _disarmed(text)
    return _disarmed("".join(char if char in "\n\t" else _escaped(char) for char in text))


def printable(text: str, limit: int = 120) -> str:
    """Return a text as `harmless` does, cut to `limit` characters. Masked it must be before, not after."""
    return harmless(text if len(text) <= limit else f"{text[: limit - 1]}…")


def json_text(document: Any, *, indent: int | None = None) -> str:
    """Return a document as JSON that any terminal may be shown: the values are the same, the rest is in escapes."""
    return harmless_json(json.dumps(document, indent=indent, ensure_ascii=False))


def harmless_json(text: str) -> str:
    """Return a JSON text with the same values, in which what could command stands in JSON's own escapes."""
    text = _RUNNER_COMMAND_IN_JSON.sub(r"\\u0023", text)
    if text.isprintable():
        return text
    return "".join(char if char == "\n" or char.isprintable() else json.dumps(char)[1:-1] for char in text)


def markdown_text(text: str) -> str:
    """Return what Markdown shows as this text, on one line, wherever it stands: no link, picture, table or HTML."""
    plain = " ".join(text.split())
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", harmless(plain))


def html_text(text: str) -> str:
    """Return what a page shows as this text, in an element or an attribute."""
    return html.escape(harmless_lines(text))


def github_command(name: str, message: str, **properties: str) -> str:
    """Return a workflow command of GitHub Actions, as in `::error title=...::...`, whose values end nothing."""
    given = ",".join(f"{key}={_command_value(value, ':,')}" for key, value in properties.items())
    return f"::{name}{' ' if given else ''}{given}::{_command_value(message)}"


class Variable(NamedTuple):
    """A variable of the shell in the place of a secret."""

    name: str


def shell_word(parts: Iterable[str | bytes | Variable]) -> str:
    """Return one word for bash on one line without a control character, whatever the parts hold; bytes are UTF-8.

    What is not printable stands in `$'...'`; a NUL too, though no shell can hand one on.
    """
    words: list[str] = []
    run: list[bytes] = []
    for part in parts:
        if isinstance(part, Variable):
            words += [_quoted(b"".join(run)), f'"${part.name}"']
            run = []
        else:
            run.append(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
    return "".join([*words, _quoted(b"".join(run))]) or "''"


def _escaped(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def _disarmed(text: str) -> str:
    if "::" not in text and "##" not in text:
        return text
    return _RUNNER_COMMAND.sub(lambda found: f"{found[0][:-2]}\\x{ord(found[0][-1]):x}{found[0][-1]}", text)


def _command_value(text: str, more: str = "") -> str:
    # GitHub undoes these escapes alone, and the percent sign must come first.
    for char in ("%", "\r", "\n", *more):
        text = text.replace(char, f"%{ord(char):02X}")
    return "".join(map(_escaped, text))


def _quoted(sent: bytes) -> str:
    """Return bytes as a shell reads them back; nothing when there are none."""
    try:
        text = sent.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if not sent or _NEEDS_NO_QUOTES.fullmatch(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(map(_shell_byte, sent)) + "'"


def _shell_byte(byte: int) -> str:
    char = chr(byte)
    if char in "'\\":
        return f"\\{char}"
    return char if 32 <= byte < 127 else f"\\x{byte:02x}"
