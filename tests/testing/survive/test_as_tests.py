"""The fixture `apigames_scenario` in runs of pytest of its own."""

from __future__ import annotations

import re

import pytest

from mockserver.testing.survive.flow.scenarios import SCENARIOS as FLOW_SCENARIOS
from mockserver.testing.survive.status_call.scenarios import SCENARIOS, generated
from mockserver.testing.survive.survive import DEFAULT_EXAMPLES
from tests.support.plugin_runs import run

pytest_plugins = ["pytester"]

CODE = """
from tests.support.survive_clients import NoList, careful

def counts_pending_only(env):
    return {**careful(env), "counts": {"pending": 12}}

def test_careful(apigames_scenario):
    assert apigames_scenario.careful
    assert apigames_scenario.check(careful, errors=NoList).result == "passed"

def test_wrong(apigames_scenario):
    apigames_scenario.check(counts_pending_only, errors=NoList)

def test_silent(apigames_scenario):
    assert apigames_scenario.check(lambda env: None).result == "not judged"
"""


def test_each_scenario_is_a_test(pytester: pytest.Pytester) -> None:
    wanted = "careful and not no-reply and not stalled-body"
    result = run(pytester, CODE, "--apigames-seed=3", "-k", wanted)
    each = len(SCENARIOS) + DEFAULT_EXAMPLES
    result.assert_outcomes(passed=each - 2, deselected=2 * each + 2)


def test_each_flow_scenario_is_a_test_too(pytester: pytest.Pytester) -> None:
    code = """
from tests.support.flow_clients import FlowClient, careful

def test_careful(apigames_flow_scenario):
    assert apigames_flow_scenario.check(careful).result == "passed"

def test_wrong(apigames_flow_scenario):
    apigames_flow_scenario.check(FlowClient("submits-again"))
"""
    result = run(pytester, code, "--apigames-readings=each", "-k", "close-before-taken-twice or one-code")
    result.assert_outcomes(passed=3, failed=1, deselected=2 * (len(FLOW_SCENARIOS) + DEFAULT_EXAMPLES) - 4)
    result.stdout.fnmatch_lines(["*close-before-taken-twice: *", "*submitted again: 3 codes*", "*submits-again: *"])


def test_a_failure_says_all_about_it_and_what_is_not_judged_is_known(pytester: pytest.Pytester) -> None:
    wanted = "one-voucher or all-pending or html-504"
    result = run(pytester, CODE, "-k", f"({wanted}) and not careful", "--junitxml=r.xml")
    result.assert_outcomes(passed=5, failed=1, deselected=3 * (len(SCENARIOS) + DEFAULT_EXAMPLES) - 6)
    result.stdout.fnmatch_lines(
        ["*one-voucher: The smallest list.*", "*expected pending*got 12*", "*replay*one-voucher*"]
    )
    assert re.search('name="apigames_judged" value="ending, crashing"', (pytester.path / "r.xml").read_text())


def test_the_seed_of_the_run_makes_the_generated_ones(pytester: pytest.Pytester) -> None:
    result = run(pytester, CODE, "--apigames-seed=5", "--collect-only", "-q", "-k", "silent")
    assert f"test_silent[{generated(5, 1)[0].name}]" in result.stdout.str()


def test_an_each_run_leaves_scenarios_alone(pytester: pytest.Pytester) -> None:
    """They have readings of their own."""
    result = run(pytester, CODE, "--apigames-readings=each", "-k", "test_silent and no-vouchers")
    result.assert_outcomes(passed=1, deselected=3 * (len(SCENARIOS) + DEFAULT_EXAMPLES) - 1)
