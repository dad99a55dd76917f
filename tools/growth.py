"""Look for what grows faster than what it is given: `python -m tools.growth [--seconds N] [--seed N] [NAME...]`.

Every regular expression of the package, and every way that foreign text takes through it, is given texts of drawn
shapes, each at sizes that double. What takes more than 2.6 times as long for twice the size, three times in a row, is
printed with its shape, and the exit status is 1: make it linear, and put the shape into `tests/test_growth.py`.

With a NAME, only what has it in its name is looked at. Seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import ast
import base64
import gc
import importlib
import json
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from mockserver.cli.doctor.saved_request import saved_request
from mockserver.cli.serve.request_log import RequestLog
from mockserver.contract import foreign_text
from mockserver.contract.judging.checks import violations
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.masking import Masker, masked_body
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER, Request
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import Merchant, Project, World
from mockserver.testing.survive.running import output_in, trace_in
from mockserver.testing.validation import project_id_pattern
from mockserver.web.admin.hosts import host_in
from mockserver.web.admin.routes_journal import curl_line
from mockserver.web.request_reader import RequestReader

MOST = 2.6
_DOUBLINGS = 3
# Shorter times say nothing; what takes longer than this for a text of a few thousand characters will not end.
_FLOOR = 0.002
_NEVER = 10.0
_START = 4096
_LONGEST = 262_144
_ROUNDS = 3

Run = Callable[[str], object]


class Shape(NamedTuple):
    """A text of any size: something again and again, with something before and after it."""

    before: str
    again: str
    after: str

    def of(self, size: int) -> str:
        """Return the text of about this many characters."""
        return self.before + self.again * max(size // max(len(self.again), 1), 1) + self.after


class Growth(NamedTuple):
    """What grew, in which shape, and the seconds for each size; the last may be those after which it was ended."""

    name: str
    shape: Shape
    seconds: Mapping[int, float]

    def __str__(self) -> str:
        measured = ", ".join(f"{size}: {taken * 1000:.1f} ms" for size, taken in self.seconds.items())
        return f"{self.name}: {tuple(self.shape)!r} takes {measured}"


class _Endless(Exception):
    """A run took so long that it is taken for one without an end."""


# --- how time grows with size


def growth_of(name: str, run: Run, shape: Shape, *, longest: int = _LONGEST) -> Growth | None:
    """Return how the time of a run grows with a shape, where that is faster than it may; None where it is not.

    A short time is no time: up to `longest` characters, the size is doubled until there is one to compare with.
    """
    size, seconds = _START, {}
    try:
        seconds[size] = _least(run, shape.of(size))
        while seconds[size] < _FLOOR and size < longest:
            size *= 2
            seconds[size] = _least(run, shape.of(size))
        if seconds[size] < _FLOOR:
            return None
        for _ in range(_DOUBLINGS):
            seconds[2 * size] = _least(run, shape.of(2 * size))
            if seconds[2 * size] <= MOST * seconds[size]:
                return None
            size *= 2
    except _Endless:
        seconds[2 * size if size in seconds else size] = _NEVER
    return Growth(name, shape, seconds)


def _least(run: Run, text: str) -> float:
    """Return the least of a few times, in seconds of the processor: what else runs makes one longer, never shorter."""
    least = _NEVER
    gc.disable()
    try:
        for _ in range(_ROUNDS):
            with _ended_after(_NEVER):
                before = time.thread_time()
                run(text)
                least = min(least, time.thread_time() - before)
            if least < _FLOOR / 8:
                break  # far from anything
    finally:
        gc.enable()
    return least


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End what does not end by itself: matching looks for signals now and then. In another thread it is not ended."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Endless

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# --- every regular expression, found in the source


class Use(NamedTuple):
    """A pattern and a method that is called on it."""

    name: str
    pattern: re.Pattern[Any]
    method: str

    def run(self, text: str) -> object:
        """Match a text as the package does."""
        given: Any = text if isinstance(self.pattern.pattern, str) else text.encode()
        if self.method == "sub":
            return self.pattern.sub("" if given is text else b"", given)
        found = getattr(self.pattern, self.method)(given)
        return list(found) if self.method == "finditer" else found


# A pattern that nobody calls by its name, as one in a table, is looked for at every place of a text, which takes
# the most. One that would grow so, and is only matched where a text begins, is said to be here, by its variable.
_IN_TABLES: Mapping[str, set[str]] = {"mockserver.provider.doctor.body._BREAKS": {"match"}}
# Patterns that a function makes, by its name. One that is nothing but a choice of literal texts is left out.
_MADE: Mapping[str, Callable[[], Iterable[re.Pattern[str]]]] = {
    "mockserver.contract.operation.pattern": lambda: [operation.pattern for operation in OPERATIONS],
    "mockserver.testing.validation.project_id_pattern": lambda: [project_id_pattern()],
    "mockserver.verification.report.curl._parts": list,
}
_ROOT = Path(__file__).parents[1] / "mockserver"
_OF_RE = {"compile", "match", "fullmatch", "search", "sub", "split", "finditer", "findall"}


@cache
def uses() -> tuple[Use, ...]:
    """Return every pattern that stands in the source of the package, with each method that it is used by.

    Raises:
        LookupError: it cannot be told what a pattern is; the message says where to write it.
    """
    return tuple(use for file in sorted(_ROOT.rglob("*.py")) for use in uses_in(file.read_text("utf-8"), _module(file)))


def _module(file: Path) -> str:
    return ".".join(("mockserver", *file.relative_to(_ROOT).with_suffix("").parts)).removesuffix(".__init__")


def uses_in(text: str, module: str) -> Iterator[Use]:
    """Yield those of the source of one module; raises as `uses`."""
    source = ast.parse(text)
    at_top = False
    for function, call in _calls_of_re(source):
        place = f"{module}.{function}" if function else module
        method = call.func.attr
        if function is None and method == "compile":
            at_top = True  # in a variable of the module, see below
        elif method != "compile" and isinstance(call.args[0], ast.Constant):
            yield Use(f"{place}, line {call.lineno}", re.compile(call.args[0].value, _flags(call)), method)
        elif place in _MADE:
            yield from (Use(place, pattern, "fullmatch") for pattern in _MADE[place]())
        else:
            raise LookupError(f"{place}, line {call.lineno}: this makes a pattern; say in `_MADE` which")
    if at_top:
        yield from _uses_of_variables(source, module)


def _uses_of_variables(source: ast.Module, module: str) -> Iterator[Use]:
    made = vars(importlib.import_module(module))
    methods: dict[str, set[str]] = {}
    for node in ast.walk(source):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _OF_RE:
            methods.setdefault(node.value.id, set()).add(node.attr)
    for node in ast.walk(source):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            patterns = [*_patterns(made.get(node.id))]
            how = methods.get(node.id) or _IN_TABLES.get(f"{module}.{node.id}", {"finditer"})
            yield from (Use(f"{module}.{node.id}", pattern, method) for pattern in patterns for method in sorted(how))


def _calls_of_re(node: ast.AST, function: str | None = None) -> Iterator[tuple[str | None, Any]]:
    """Yield each call of a function of `re`, after the name of the function that it stands in, if any."""
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
        called = child.func if isinstance(child, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in _OF_RE and ast.unparse(called.value) == "re":
            yield function, child
        yield from _calls_of_re(child, inside)


def _patterns(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _patterns(item)


def _flags(call: ast.Call) -> int:
    given = [ast.unparse(one.value) for one in call.keywords if one.arg == "flags"]
    return int(eval(given[0], {"re": re})) if given else 0


# --- every way that foreign text takes


def ways() -> dict[str, Run]:
    """Return what is done with foreign text, by name."""
    secrets = ["a-made-up-secret", "sési \"rahasia\" di 'sini'", "0" * 32]
    mask = Masker(secrets)
    world = World((Merchant("M1", secrets[0], secrets[1], (Project(1, "R1", "DW"),)),))
    return {
        "masking of text": mask,
        "masking of a body": lambda text: masked_body(text.encode(), mask),
        "masking of values": lambda text: mask.value({"a": text, text: ["session_key", text]}),
        "what is sent in secret fields": lambda text: mask.knowing_sent({"session_key": text, "b": [text]})(text),
        "the beginning of a text": lambda text: mask.beginning(text, 500),
        "harmless text": foreign_text.harmless_lines,
        "harmless JSON": foreign_text.json_text,
        "Markdown": foreign_text.markdown_text,
        "HTML": foreign_text.html_text,
        "a workflow command": lambda text: foreign_text.github_command("error", text, title=text),
        "a word of the shell": lambda text: foreign_text.shell_word([text]),
        "a call": lambda text: _told_of(world, _request(text.encode())),
        "a call with it in a field": lambda text: _told_of(world, _request(json.dumps({"projectid": text}).encode())),
        "a call with it as a field": lambda text: _told_of(world, _request(json.dumps({text: {"status": 1}}).encode())),
        "a list of codes": lambda text: _told_of(world, _submission(text)),
        "a path": lambda text: _told_of(world, Request("POST", f"/merchant/{text}", b"{}")),
        "a merchant": lambda text: _told_of(world, _request(b"{}", text.replace("/", ""))),
        "a header that asks for a fault": lambda text: _told_of(world, _request(b"{}", forced=text)),
        "a connection": _parsed,
        "a head": lambda text: _parsed(f"POST / HTTP/1.1\r\nHost: a\r\n{text}\r\n\r\n"),
        "a Host": host_in,
        "a saved request": lambda text: _quietly(lambda: saved_request(text.encode())),
        "a saved curl line": lambda text: _quietly(lambda: saved_request(f"curl {text}".encode())),
        "a target's reply": lambda text: violations(Exchange("M1", b"{}", 200, text.encode())),
        "a target's text": lambda text: violations(Exchange("M1", b"{}", 200, json.dumps({"rc": text}).encode())),
        "a client's output": output_in,
        "a client's last words": trace_in,
    }


def _request(body: bytes, merchant_id: str = "M1", forced: str | None = None) -> Request:
    headers = () if forced is None else ((FAULT_HEADER.lower(), forced),)
    return Request("POST", f"/merchant/{merchant_id}/kiosgamer/project/detail", body, headers, "growth")


def _submission(text: str) -> Request:
    codes = base64.b64encode(text.encode()).decode()
    body = json.dumps({"kode_voucher": codes, "signature": sign("M1", "a-made-up-secret")}).encode()
    return Request("POST", "/merchant/M1/kiosgamer/redem/bulk", body, (), "growth")


def _told_of(world: World, request: Request) -> None:
    """Answer a call, and make all that anybody may read of it: journal, log, doctor, curl line."""
    lines: list[str] = []
    log = RequestLog("text", lambda line: lines.append(line if isinstance(line, str) else line()))
    provider = Provider(world, clock=FrozenClock(1_723_719_138), doctor_header=True)
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    provider.handle(request)
    raw = provider.journal.kept(1)
    assert raw is not None
    log(raw)
    provider.diagnose(raw)
    curl_line(provider.journal.masked(raw), "http://127.0.0.1:8787")
    provider.journal.newest(10)


def _parsed(text: str) -> None:
    """Read a text as the bytes of a connection, piece by piece as they come."""
    reader = RequestReader(65_536, lambda _: (1_048_576, 1_048_576), ("a", 1), ("b", 2))
    sent = text.encode()
    for start in range(0, len(sent), 65_536):
        reader.add(sent[start : start + 65_536])
        while reader.rest and not reader.is_last:
            reader.parse()
            reader.requests.clear()


def _quietly(run: Callable[[], object]) -> None:
    with suppress(ValueError):
        run()


# --- shapes

# What has a meaning somewhere: to JSON, forms, HTTP, XML, shells, terminals, runners, and to the masking.
PIECES = (
    *" \t\n\r\0\"'\\/{}[]()<>:;,=&%+-#*.@$|_~^`!?",
    *"aZ0é\u2028\ud7ff\U0001f600",
    *('\\"', "\\\\", "\\u0041", "\\u00", "\\x41", "%41", "%25", "&amp;", "&#65;", "&#", "::", "##[", "\x1b["),
    *("\r\n", "\r\n\r\n", "\n::", "<a>", "</a>", "<sign>", "</sign>", "<!--", "null", "1e9", "==", "--"),
    *("sign", "signature", "session_key", "secret", "kode_voucher", 'sign="', "sign='", "sign: ", "sign\\", "sign   "),
    *('"a":', '{"a":', "[[", "a=", "a=b&", 'name="', "a-made-up-secret", "0123456789abcdef", "MDEyMzQ1Njc4", "http://"),
    *("GET / HTTP/1.1\r\n", "Host: a\r\n", "HTTP/", "HTTP/1.1 200\n", "delay", "seconds=", "export A=", "curl -d '"),
    *("Traceback (most recent call last):\n", "Error", "Error: x\n", "\n  at ", "x:1:in `a': b", "{\n", "//", "/*"),
)  # fmt: skip


def pieces_of(pattern: re.Pattern[Any]) -> list[str]:
    """Return pieces that may mean something to a pattern: its own words and signs."""
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    return list(dict.fromkeys(re.findall(r"[A-Za-z]{2,}|[^\w\\(){}|?*^$]", written)))


def drawn(rng: random.Random, pieces: Sequence[str]) -> Shape:
    """Return a shape of a few pieces."""

    def some(most: int) -> str:
        return "".join(rng.choices(pieces, k=rng.randint(0, most)))

    return Shape(some(2), some(3) or rng.choice(pieces), some(1))


def look(rng: random.Random, names: Sequence[str], *, longest: int = _LONGEST) -> Iterator[Growth | None]:
    """Draw shapes for ever, one for a way or a pattern that has one of these names in its own; yield what grew."""
    listed: list[tuple[str, Run, list[str]]]
    listed = [(f"{use.name} ({use.method})", use.run, [*PIECES, *pieces_of(use.pattern)]) for use in uses()]
    listed += [(name, run, [*PIECES]) for name, run in ways().items()]
    wanted = [one for one in listed if not names or any(name in one[0] for name in names)]
    while wanted:
        for name, run, pieces in wanted:
            yield growth_of(name, run, drawn(rng, pieces), longest=longest)


def main() -> int:
    """Look for so long; return 1 when something grew."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    tried, grown = 0, dict[str, Growth]()
    for found in look(random.Random(seed), given.names):
        tried += 1
        if found is not None and found.name not in grown:
            grown[found.name] = found
            print(found, flush=True)
        if time.process_time() > given.seconds:
            break
    print(f"{tried} shapes tried of {len(uses())} patterns and {len(ways())} ways with seed {seed}: {len(grown)} grew")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
