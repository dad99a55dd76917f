"""Nothing that foreign text comes to grows faster than the text: the command `tools/growth.py`, and its quick part."""

from __future__ import annotations

import random
import re
from itertools import islice

import pytest

from tools import growth
from tools.growth import PIECES, Shape, Use, growth_of, look, pieces_of, uses, uses_in, ways

# Enough for a square, and for what is worse: a million steps take longer than no time.
SMALL = 4096
# What grew once, here or in other people's programs, and what holds the most of something.
SHAPES = [
    Shape("a=", "&a=", "{"),
    Shape('x"', '\\"', ""),
    Shape("&|", "\\\\", ""),
    Shape("", "Traceback (most recent call last):\n", ""),
    Shape("", 'sign="', ""),
    Shape("", "\\u0041", "\\"),
    Shape("", "%25", "41"),
    Shape("{", '"asecret":"value",', "}"),
    Shape("", "\ud7ff\x1b", ""),
    Shape("", "x:1:in a: b</a>", ""),
    Shape("", "HTTP/1.1 200\n", ""),
    Shape("x:1:in `a': ", "b': c(Error", ")"),
]


def test_no_pattern_grows_faster_than_the_text() -> None:
    grown = [
        growth_of(f"{use.name} ({use.method})", use.run, Shape("", again, "\x01"), longest=SMALL)
        for use in uses()
        for again in dict.fromkeys([*PIECES, *pieces_of(use.pattern)])
    ]
    assert not [str(one) for one in grown if one is not None]


@pytest.mark.parametrize("way", ways())
def test_no_way_grows_faster_than_the_text(way: str) -> None:
    run = ways()[way]
    grown = [growth_of(way, run, shape, longest=SMALL) for shape in SHAPES]
    assert not [str(one) for one in grown if one is not None]


@pytest.mark.parametrize("word", ["{}", "'{}'", '"{}"', "$'{}'"])
def test_a_long_word_of_a_curl_line_takes_no_longer_for_its_length(word: str) -> None:
    before, after = word.split("{}")
    assert (
        growth_of(word, ways()["a saved curl line"], Shape(f"-d {before}", "\U0001f600", after), longest=65_536) is None
    )


def test_every_pattern_of_the_package_is_known() -> None:
    """`uses` fails for one that it cannot tell."""
    names = [use.name for use in uses()]
    assert "mockserver.contract.masking._SECRET_FIELD" in names
    assert any(name.startswith("mockserver.provider.doctor.body._break, line") for name in names)
    assert len(names) > 60


@pytest.mark.parametrize(
    "source",
    [
        "import re\ndef f(text):\n    return re.compile(text)\n",
        "import re\ndef f(text):\n    return re.search(text, text)\n",
        "import re\nX = re.sub(__name__, '', '')\n",
    ],
)
def test_one_that_is_made_of_what_nobody_knows_is_told_of(source: str) -> None:
    with pytest.raises(LookupError, match="say in `_MADE` which"):
        list(uses_in(source, "mockserver.new"))


def test_one_that_is_never_called_by_its_name_is_looked_for_everywhere() -> None:
    source = "import re\n_HINTS = None\n_DIGITS = re.compile('x')\n"
    (use,) = uses_in(source, "mockserver.verification.report.causes")
    assert (use.pattern.pattern, use.method) == (r"\d+", "finditer")


@pytest.mark.parametrize(
    ("pattern", "method", "again"),
    [
        (r"\\+u", "finditer", "\\"),
        (r"a.*?b", "sub", "a"),
        (r"\s*(.*?)\s*x", "fullmatch", " "),
        (r"(a|a)*b", "match", "a"),
    ],
)
def test_what_grows_is_found(pattern: str, method: str, again: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_NEVER", 0.05)
    use = Use("grows", re.compile(pattern), method)
    found = growth_of("grows", use.run, Shape("", again, ""), longest=SMALL)
    assert found is not None
    assert str(found).startswith("grows: ")


@pytest.mark.parametrize(("pattern", "method"), [(r"(?<!\\)\\+u", "finditer"), (r"[^a]*", "search"), (rb"\s+", "sub")])
def test_what_is_linear_is_not(pattern: str, method: str) -> None:
    use = Use("does not", re.compile(pattern), method)
    assert growth_of("does not", use.run, Shape("", "\\ ", "")) is None


def test_the_command_draws_for_each_pattern_and_each_way() -> None:
    drawn = islice(look(random.Random(5), ["foreign_text", "harmless text"], longest=1), 40)
    assert list(drawn) == [None] * 40


def test_the_command_says_what_grew(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(growth, "ways", lambda: {"a square": lambda text: sum(range(len(text) ** 2 // 200))})
    monkeypatch.setattr("sys.argv", ["growth", "--seconds", "0", "a square"])
    assert growth.main() == 1
    assert "a square: " in capsys.readouterr().out
