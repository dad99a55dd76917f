"""Whatever is in a file or an option that people write: it is taken, or refused in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver._resources import resource
from mockserver.cli.serve.control import clock_from, plan_from, rule_from
from mockserver.provider.faults.faults import FAULTS
from tests.cli.test_verify import options
from tests.support.asking import body, built_in_provider, call
from tests.support.command import run
from tests.support.examples import examples
from tests.support.from_schema import from_schema

_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
REPLY = call(built_in_provider(), body(limit=2)).body
DOCUMENTS: dict[str, st.SearchStrategy[Any]] = {
    "world": from_schema("world"),
    "readings": from_schema("readings"),
    "reply": st.just(json.loads(REPLY)),
}
TARGET = options("http://127.0.0.1:9")
COMMANDS = {
    "world check": ["world", "check", "file"],
    "world make": ["world", "make", "--from", "file"],
    "verify": ["verify", "--dry-run", *TARGET, "--readings", "file"],
    "calibrate": ["calibrate", "--dry-run", *TARGET, "--compare", "file"],
    "serve": ["serve", "--readings", "file", "--host", "no host"],
    "sign": ["sign", "M1", "--world", "file"],
    "doctor": ["doctor", "file", "--world", "file", "--merchant", "M1"],
    "env file": ["verify", "--dry-run", *TARGET, "--env-file", "file"],
}


def changed(document: Any, data: st.DataObject) -> Any:
    """Return a document with something in it that was not there, at a place of hypothesis's choice."""
    if isinstance(document, dict) and document and data.draw(st.integers(0, 3)):
        key = data.draw(st.sampled_from(sorted(document)))
        return {**document, key: changed(document[key], data)}
    if isinstance(document, list) and document and data.draw(st.integers(0, 3)):
        place = data.draw(st.integers(0, len(document) - 1))
        return [*document[:place], changed(document[place], data), *document[place + 1 :]]
    return data.draw(_JSON | st.sampled_from([1e400, -(10**400), 2**63, "\ud800", "\0", "9" * 5000, -1, 1e-320]))


def told_in_one_line(returncode: int, said: str, statuses: tuple[int, ...] = (0, 2)) -> None:
    assert returncode in statuses, said
    assert "Traceback" not in said
    # Notes on short secrets are lines of their own.
    lines = [line for line in said.splitlines() if "is not masked in logs" not in line]
    assert len(lines) <= 1 or returncode != 2, said


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_is_taken_or_refused_in_one_line(words: list[str], data: st.DataObject, tmp_path: Path) -> None:
    document = data.draw(st.sampled_from(sorted(DOCUMENTS)).flatmap(DOCUMENTS.__getitem__) | _JSON)
    if data.draw(st.booleans()):
        document = changed(document, data)
    content = json.dumps(document).encode()
    if data.draw(st.integers(0, 4)) == 0:
        content = data.draw(
            st.binary(max_size=40) | st.sampled_from([content[:-2], b"\xff\xfe" + content, b"[" * 9999])
        )
    (tmp_path / "file").write_bytes(content)
    done = run(*words, folder=tmp_path)
    told_in_one_line(done.returncode, done.stderr, (0, 1, 2))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_fixtures_are_told(data: st.DataObject, fixtures: Path) -> None:
    file = data.draw(st.sampled_from(sorted(fixtures.rglob("*.json"))))
    before = file.read_bytes()
    try:
        document = json.loads(before)
        other = changed(document, data) if data.draw(st.booleans()) else data.draw(from_schema("fixtures") | _JSON)
        file.write_text(json.dumps(other))
        done = run("fixtures", "check", str(fixtures), folder=fixtures)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
    finally:
        file.write_bytes(before)


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(resource("fixtures"), tmp_path_factory.mktemp("changed") / "fixtures"))


_NUMBERS = st.sampled_from(["0", "-1", "1e400", "nan", "1e-320", "9" * 5000, "1.5", "inf", "\u0663", " 2 ", ""])
_RULES = st.builds(
    lambda name, parameters: ";".join([name, *(f"{key}={value}" for key, value in parameters)]),
    st.sampled_from([*FAULTS, "x", ""]),
    st.lists(
        st.tuples(
            st.sampled_from(["seconds", "retry_after", "times", "share", "seed", "merchant_id", "operation", "x"]),
            _NUMBERS | st.text(max_size=5),
        ),
        max_size=3,
    ),
)
_PLANS = (from_schema("world", "plan") | _JSON).map(json.dumps) | st.text(max_size=20)


@pytest.mark.parametrize(
    ("read", "texts"),
    [
        (rule_from, _RULES | st.text(max_size=20)),
        (plan_from, _PLANS),
        (lambda text: clock_from(text, "UTC"), _NUMBERS | st.text(max_size=20) | st.datetimes().map(str)),
    ],
    ids=["fault", "plan", "clock"],
)
@settings(max_examples=examples(200))
@given(data=st.data())
def test_an_option_is_taken_or_refused(read: Callable[[str], object], texts: Any, data: st.DataObject) -> None:
    try:
        read(data.draw(texts))
    except click.UsageError:
        pass
