"""The suite as pytest runs it: it passes at the fake, and every clause of the contract has a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mockserver.contract.clauses import CLAUSES
from mockserver.contract.readings import REGISTER
from mockserver.verification.laws.law import clauses_of
from mockserver.verification.laws.registry import LAWS
from tests.support.command import CLEAN
from tests.verification.broken_fake import SECRET, BrokenFake, a_world
from tests.verification.suite_runner import judged

ROOT = Path(__file__).parents[2]


def test_every_clause_has_a_test() -> None:
    assert {id_ for law in LAWS for id_ in clauses_of(law)} == set(CLAUSES)


def test_every_law_says_what_it_holds_a_target_to() -> None:
    assert all(law.__doc__ and clauses_of(law) for law in LAWS)


def test_every_reading_completes_a_clause() -> None:
    assert {entry.clause for entry in REGISTER.values()} <= set(CLAUSES)


def test_with_no_option_it_runs_at_the_fake_in_process_and_over_http() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "contract_tests"],
        cwd=ROOT,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert f"{2 * len(LAWS)} passed" in ended.stdout or "skipped" in ended.stdout


def test_a_target_in_a_checkout_needs_its_credentials() -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "contract_tests",
            "--apigames-target",
            "http://127.0.0.1:9",
        ],
        cwd=ROOT,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "APIGAMES_MERCHANT_ID" in ended.stdout + ended.stderr


def test_calls_stay_within_the_budget_and_every_law_is_judged() -> None:
    run = judged(BrokenFake(world=a_world(137)))
    assert run.pace.made <= 200
    assert {result.law for result in run.results if result.outcome != "holds"} <= {"ts is now and moves on"}


def test_no_second_run_is_like_the_first_but_for_its_seed() -> None:
    first, again, other = (judged(BrokenFake(), seed=seed) for seed in (1, 1, 2))
    requests = [[made.request for made in run.caller.made] for run in (first, again, other)]
    assert requests[0] == requests[1]
    assert requests[0] != requests[2]


def test_a_session_key_goes_with_every_call_that_is_an_object() -> None:
    run = judged(BrokenFake(), session_key="session-of-mine")
    sent = [made for made in run.caller.made if made.fields]
    assert sent
    assert all(made.fields.get("session_key") == "session-of-mine" for made in sent if "signature" in made.fields)
    assert not run.record.broken


def test_a_secret_stands_in_no_repr() -> None:
    run = judged(BrokenFake())
    shown = f"{run.caller.credentials!r} {run!r} {run.caller.made[0]!r}"
    assert SECRET not in shown
    assert run.caller.credentials.signature not in shown
