"""What is found is data; each kind of it has words, and no word is left over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import mockserver
from mockserver.contract.judging.violation import Fact, Violation
from mockserver.verification.report.wording import (
    REASONS,
    SEEN,
    VIOLATIONS,
    expected_text,
    got_text,
    reason_text,
    seen_text,
    some_of,
    violation_text,
)
from mockserver.verification.target import Failure
from tests.support.targets import failure
from tests.verification.broken_fake import BrokenFake
from tests.verification.proof import BREAKS
from tests.verification.suite_runner import judged, judged_submissions

PACKAGE = Path(mockserver.__file__).parent


def kinds_made(*names: str) -> Iterator[str]:
    """Yield the kinds that the package makes with these calls, as they are written in it."""
    for folder in ("contract/judging", "verification"):
        for path in (PACKAGE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in names and node.args:
                    yield from _texts(node.args[0])


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant):
        yield node.value  # type: ignore[misc]


def test_each_kind_of_violation_has_words() -> None:
    made = set(kinds_made("Violation"))
    # Named by a variable in the code: which of the two it is depends on what was observed before.
    assert made | {"reading_inconsistent", "reading_changed"} == set(VIOLATIONS)


def test_each_kind_of_fact_has_words() -> None:
    made = set(kinds_made("Fact.of", "Inconclusive", "Aborted"))
    assert made | {"vouchers_null", "vouchers_list"} == set(SEEN) | set(REASONS)


def test_every_break_is_said_in_words_that_name_values() -> None:
    """What the breaks find is said without a failure, with no brace of a template left."""
    kinds = set()
    for known in BREAKS[::9]:
        judge = judged_submissions if known.submits else judged
        for item in judge(BrokenFake(known.broken)).record.broken:
            text = violation_text(item.violation)
            kinds.add(item.violation.kind)
            assert text.startswith(f"{item.violation.clause}: expected ")
            assert "None" not in expected_text(item.violation), text
    assert len(kinds) > 10


def test_some_sentences() -> None:
    slice_ = Violation(
        "page_slice",
        "PAGE-1",
        "data.data.vouchers",
        {"page": 2, "limit": 5, "filter": "1", "vouchers": 5, "from": 6, "first_id": 700},
        {"vouchers": 4, "first_id": None},
    )
    expected = "page 2 of limit 5 under status '1': 5 vouchers from place 6 of the list, the first of id 700"
    assert (expected_text(slice_), got_text(slice_)) == (expected, "4 vouchers")
    dropped = Violation("no_reply", "ERR-1", "", {"case": "cut-off"}, {"failure": failure(Failure.BROKEN_OFF)})
    assert violation_text(dropped) == (
        "ERR-1: expected cut-off: a reply in the contract, as the good calls before and after it get; "
        "got host:80 broke off before the reply was whole ()"
    )
    assert reason_text(Fact.of("stopped", signal="SIGINT")) == "stopped by SIGINT"
    assert (reason_text(None), seen_text(None)) == ("", "")
    assert seen_text(Fact.of("http_statuses", pairs=[(400, 200)])) == "HTTP 200 for rc 400"


def test_a_brace_or_a_percent_in_foreign_text_is_text() -> None:
    strange = Violation("not_a_day", "RES-4", "x", {}, {"text": "{limit} %s {0}"})
    assert got_text(strange) == "'{limit} %s {0}'"


def test_long_lists_of_names_are_cut() -> None:
    assert some_of(list("abc")) == "a, b, c"
    assert some_of(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"
