"""`contract_tests/` is a thin pytest face on the laws: it passes at the fake, and says what a target needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mockserver.verification.laws.registry import ALL_LAWS
from tests.support.command import CLEAN

ROOT = Path(__file__).parents[1]


def run_suite(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "contract_tests"]
    return subprocess.run(
        [*words, *arguments], cwd=ROOT, env={**CLEAN, **environment}, capture_output=True, text=True, check=False
    )


def test_with_no_option_it_runs_at_the_fake_in_process_and_over_http() -> None:
    ended = run_suite("-rs")
    assert ended.returncode == 0, ended.stdout[-3000:]
    skipped = ended.stdout.count("SKIPPED [2]") * 2
    assert f"{2 * len(ALL_LAWS) - skipped} passed" in ended.stdout
    assert "the project's name is not known; give it with --project-name" in ended.stdout


def test_its_tests_have_the_names_of_the_laws_and_run_in_their_order() -> None:
    ended = run_suite("--collect-only", "-m", "clause")
    names = [line.rsplit("::", 1)[-1] for line in ended.stdout.splitlines() if "::" in line]
    laws = [f"test_{law.__name__}" for law in ALL_LAWS]
    assert names == [f"{name}[{place}]" for place in ("fake-in-process", "fake-over-http") for name in laws]


def test_a_target_in_a_checkout_needs_its_credentials() -> None:
    ended = run_suite("--apigames-target", "http://127.0.0.1:9")
    assert ended.returncode == 2
    assert "APIGAMES_MERCHANT_ID" in ended.stdout + ended.stderr


def test_a_target_that_cannot_be_judged_is_exit_3() -> None:
    own = {"APIGAMES_MERCHANT_ID": "M1", "APIGAMES_SECRET_KEY": "of-nobody", "APIGAMES_PROJECT_ID": "R1"}
    ended = run_suite("--apigames-target", "http://127.0.0.1:9", **own)
    assert ended.returncode == 3, ended.stdout
    assert f"{len(ALL_LAWS)} skipped" in ended.stdout
