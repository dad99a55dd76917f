"""What counts as surviving: ending, not crashing, and having seen what was there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mockserver.testing.survive.running import ClientRun, output_in, trace_in
from mockserver.testing.survive.status_call.judging import Expected, judge
from mockserver.testing.survive.status_call.situations import Situation

COUNTS = {"pending": 2, "success": 1, "process": 0, "error_engine": 0, "error_voucher": 0}
EXPECTED = Expected(("A", "B", "C"), ("N",), (COUNTS,))
GOOD = {"vouchers": ["C", "A", "B"], "counts": COUNTS, "error": None}
TRACE = "Traceback (most recent call last):\n  File\n"
WORLD, ERROR, FAULT, SLOW = (
    Situation(3),
    Situation(error="ERR-3"),
    Situation(fault="html_502"),
    Situation(fault="delay"),
)


def judged(
    situation: Situation, output: Mapping[str, Any] | None, *, exit_status: int | None = 0, trace: str | None = None
) -> tuple[str, list[str]]:
    judgement = judge(situation, EXPECTED, ClientRun(0.1, True, exit_status, trace, output, ""), 10)
    return judgement.result, [problem.symptom for problem in judgement.problems]


@pytest.mark.parametrize(
    ("situation", "output", "symptoms"),
    [
        (WORLD, GOOD, []),
        (WORLD, {"vouchers": ["A", "B", "C", "N"]}, []),
        (WORLD, {"counts": {"pending": 2}}, []),
        (WORLD, {"counts": {**COUNTS, "total": 3, "refunded": 9}}, []),
        (WORLD, {"counts": {"total": 4}}, ["counts"]),
        (WORLD, {"error": None}, []),
        (WORLD, {"error": ""}, []),
        (WORLD, {"vouchers": ["A", "B"]}, ["missing"]),
        (WORLD, {"vouchers": ["A", "B", "C", "C"]}, ["too_many"]),
        (WORLD, {"vouchers": ["A", "B", "C", "X"]}, ["too_many"]),
        (WORLD, {"vouchers": None}, ["output"]),
        (WORLD, {"vouchers": [1, 2, 3]}, ["output"]),
        (WORLD, {"counts": {"pending": 3}}, ["counts"]),
        (WORLD, {"counts": {"pending": "2"}}, ["output"]),
        (WORLD, {"counts": {"pending": True}}, ["output"]),
        (WORLD, {"counts": {"0": 2}}, ["output"]),
        (WORLD, {"error": 500}, ["output"]),
        (WORLD, {**GOOD, "error": "failed"}, ["false_alarm"]),
        (ERROR, {"vouchers": [], "counts": {}, "error": "Signature Not Valid"}, []),
        (ERROR, {"vouchers": None, "counts": None, "error": "API: signature not valid (500)"}, []),
        (ERROR, {"error": "HTTP 500"}, ["wrong_error"]),
        (ERROR, {"error": None}, ["false_success"]),
        (ERROR, {"vouchers": []}, ["false_success"]),
        (ERROR, {"counts": {}, "error": ""}, ["false_success"]),
        (FAULT, {"error": "what a proxy says"}, []),
        (FAULT, {"vouchers": []}, ["false_success"]),
        (SLOW, GOOD, []),
        (SLOW, {"error": "too slow"}, []),
        (SLOW, {"vouchers": ["A"]}, ["missing"]),
    ],
)
def test_what_it_says_it_saw(situation: Situation, output: dict[str, Any], symptoms: list[str]) -> None:
    assert judged(situation, output) == ("failed" if symptoms else "passed", symptoms)


@pytest.mark.parametrize("situation", [WORLD, ERROR, FAULT, SLOW])
def test_without_output_only_ending_and_crashing_are_judged(situation: Situation) -> None:
    assert judged(situation, None) == ("not judged", [])
    assert judge(situation, EXPECTED, ClientRun(0.1, True, 0, None, None, ""), 10).judged == ("ending", "crashing")


def test_an_exit_status_is_a_crash_when_the_call_was_good_and_an_answer_when_it_had_to_fail() -> None:
    assert judged(WORLD, GOOD, exit_status=1) == ("failed", ["crash"])
    assert judged(WORLD, None, exit_status=1) == ("failed", ["crash"])
    assert judged(FAULT, None, exit_status=1) == ("not judged", [])
    assert judged(ERROR, {"error": "Signature Not Valid"}, exit_status=1) == ("passed", [])


def test_exit_status_and_traceback_are_told_apart() -> None:
    texts = {
        trace: judge(WORLD, EXPECTED, ClientRun(0.1, True, 3, trace, None, ""), 10).problems[0].text
        for trace in (None, "KeyError: 'data'")
    }
    assert texts[None] == "exit status 3 without a traceback; expected 0, as the call is good"
    assert texts["KeyError: 'data'"] == "it crashed: exit status 3, and nothing caught KeyError: 'data'"
    assert judged(ERROR, None, exit_status=1, trace="KeyError: 'data'") == ("failed", ["crash"])
    assert judged(ERROR, None, exit_status=-11) == ("failed", ["crash"])
    # What was caught and logged is no crash.
    assert judged(WORLD, GOOD, exit_status=0, trace="KeyError: 'data'") == ("passed", [])


def test_who_does_not_end_is_judged_by_nothing_else() -> None:
    judgement = judge(WORLD, EXPECTED, ClientRun(10.0, False, -9, None, GOOD, ""), 10)
    assert [problem.text for problem in judgement.problems] == ["expected it to end within 10 s; it had to be stopped"]


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ('{"error": null}', {"error": None}),
        ('reading...\n{"vouchers": ["A"]}\ndone\n', {"vouchers": ["A"]}),
        ('{"error": "first"}\n{"error": "last"}\n', {"error": "last"}),
        ('{\n  "counts": {\n    "pending": 1\n  }\n}\n', {"counts": {"pending": 1}}),
        ('\ufeff{"error": null}', {"error": None}),
        ('{"level": "info"}\n', None),
        ('[{"error": null}]', None),
        ('{"error": ', None),
        ("{" * 5000, None),
        ("", None),
    ],
)
def test_the_output_is_found_among_what_it_prints(text: str, output: dict[str, Any] | None) -> None:
    assert output_in(text) == output


@pytest.mark.parametrize(
    ("text", "trace"),
    [
        ("Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'data'\n", "KeyError: 'data'"),
        (
            f"{TRACE}a.B: 1\n\nDuring handling of the above exception, another one occurred:\n\n{TRACE}ValueError\n",
            "ValueError",
        ),
        ("x.mjs:3\n    a.b.c\n      ^\n\nTypeError: a is null\n    at x.mjs:3:1\n", "TypeError: a is null"),
        (
            "PHP Fatal error:  Uncaught TypeError: call(): null in x.php:23\nStack trace:\n#0 {main}\n",
            "Uncaught TypeError: call(): null in x.php:23",
        ),
        ("panic: runtime error: index out of range [0]\n\ngoroutine 1\n", "panic: runtime error: index out of range"),
        ('Exception in thread "main" java.lang.NullPointerException\n\tat X\n', 'Exception in thread "main" java'),
        ("thread 'main' panicked at src/main.rs:3\n", "src/main.rs:3"),
        ("x.rb:1:in `a': undefined method (NoMethodError)\n", "undefined method (NoMethodError)"),
        ("x.rb:1:in 'A::B#c': a: b() (A::CError)\n", "a: b() (A::CError)"),
        ("curl: (28) Operation timed out\n", None),
        ("Error: no such project\n", None),
    ],
)
def test_a_traceback_is_known_in_many_languages(text: str, trace: str | None) -> None:
    found = trace_in(text)
    assert found is trace is None or (found or "").startswith(trace or "?")


def test_the_rest_of_a_line_that_is_cut_is_taken_for_no_error() -> None:
    text = f"{'kunci' * 60}ValueError: x\n    at main\n"
    assert "kunci" in (trace_in(text) or "")
    assert trace_in(text + "\n" * (65_536 - len(text) + 50)) is None
