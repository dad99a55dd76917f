"""`--apigames-readings=each`: every test under every reading, and what is said of it at the end."""

from __future__ import annotations

import pytest

from mockserver.contract.readings import each_other_value
from tests.support.plugin_runs import QUIET, run

pytest_plugins = ["pytester"]


EACH = """
def client(merchant, project_id):
    reply = ask(merchant, project_id)
    reply.raise_for_status()
    return reply.json()

def test_careful(apigames, apigames_responses):
    assert ask(apigames, "DW").json()["error_msg"]

def test_counts(apigames, apigames_responses):
    with pytest.raises(requests.HTTPError):
        client(apigames, "DW")

@pytest.mark.apigames(readings={"http_status": "rc"})
@pytest.mark.parametrize("n", [1, 2])
def test_pinned(apigames, apigames_responses, n):
    with pytest.raises(requests.HTTPError):
        client(apigames, "DW")

def test_broken(apigames):
    assert False

def test_server_alone(apigames_server):
    assert ask(apigames_server.merchant(), "DW", apigames_server.url).status_code != 200

def test_without():
    pass
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_each_runs_every_test_under_every_reading_and_names_the_fatal_ones(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = run(pytester, EACH, "--apigames-readings=each", *workers)
    result.stdout.fnmatch_lines(
        [
            "*apigames readings*",
            "6 tests ran under the defaults and 28 other answers *",
            "1 test failed under the defaults already*test_broken",
            "The client does not survive 1 of them:",
            "  http_status=200  (ERR-5: *",
            "      *::test_counts, *::test_server_alone",
        ]
    )
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1 + 1 + 29
    # Each but the one without a fixture, 29 times; the pinned ones have one reading less.
    assert outcomes["passed"] + outcomes["failed"] == 4 * 29 + 2 * 28 + 1


def test_each_names_reading_and_value_in_the_id(pytester: pytest.Pytester) -> None:
    result = run(pytester, EACH, "--apigames-readings=each", "--collect-only", "-q", "-k", "http_status")
    result.stdout.fnmatch_lines(["*::test_careful?http_status=200?", "*::test_counts?http_status=200?"])
    result.stdout.no_fnmatch_line("*test_pinned*")
    one = run(pytester, EACH, "--apigames-readings=each", "-k", "test_careful and http_status")
    one.assert_outcomes(passed=1, deselected=one.parseoutcomes()["deselected"])


def test_each_goes_out_from_the_readings_of_the_project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\napigames_readings = http_status=200\n")
    result = run(pytester, EACH, "--apigames-readings=each", "--collect-only", "-q", "-k", "test_careful")
    result.stdout.fnmatch_lines(["*test_careful?http_status=rc?"])
    result.stdout.no_fnmatch_line("*test_careful?http_status=200?")


def test_each_says_when_a_client_survives_everything(pytester: pytest.Pytester) -> None:
    result = run(pytester, EACH, "--apigames-readings=each", "-k", "test_careful")
    result.stdout.fnmatch_lines(["The client survives every one of them."])


def test_each_leaves_out_what_a_marker_of_a_parameter_fixes(pytester: pytest.Pytester) -> None:
    code = """
fixed = pytest.mark.apigames(readings={"http_status": "rc"})

@pytest.mark.parametrize("x", [pytest.param("one", marks=fixed), "two"])
def test_it(apigames, x):
    assert x == "two" or apigames.readings.http_status == "rc"
"""
    result = run(pytester, code, "--apigames-readings=each", "-k", "http_status", "-v")
    result.assert_outcomes(passed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*test_it?two-http_status=200?*"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-k", "test_careful and defaults"), ["*under the defaults and 0 other answers*", "Nothing can be said."]),
        (
            ("-k", "test_careful and http_status"),
            ["*ran under 1 other answers*", "None ran under the defaults*", "The client survives every one of them."],
        ),
        (
            ("-k", "test_broken", "-x"),
            [
                "*under the defaults and 0 other*",
                "The run ended early*",
                "1 test failed*already*",
                "Nothing can be said.",
            ],
        ),
        (
            ("-k", "test_careful", "--apigames-readings=each,http_status=200"),
            ["*under the readings of this run and 28 other*", "The client survives every one of them."],
        ),
    ],
)
def test_each_says_no_more_than_what_ran(
    pytester: pytest.Pytester, arguments: tuple[str, ...], said: list[str]
) -> None:
    result = run(pytester, EACH, "--apigames-readings=each", *arguments)
    result.stdout.fnmatch_lines(said, consecutive=True)


DIES_ON_NULL = """
def codes(merchant, project_id, base=BASE):
    listed = ask(merchant, project_id, base, session_key="made-up").json()["data"]["data"]["vouchers"]
    return [voucher["voucher_code"] for voucher in listed]
"""
FATAL = ["The client does not survive 1 of them:", "  empty_vouchers=null  (RES-3: *"]


@pytest.mark.parametrize("made", ["FakeServer(host='0.0.0.0')", "FakeServer(readings={'max_limit': '7'})"])
def test_a_server_of_a_project_s_own_follows_the_readings(pytester: pytest.Pytester, made: str) -> None:
    """Its fixture takes the place of ours, for a fixed port or another address."""
    code = f"""
{DIES_ON_NULL}
from mockserver import FakeServer

@pytest.fixture(scope="session")
def apigames_server():
    server = {made}
    yield server
    server.stop()

def test_alone(apigames_server):
    merchant = apigames_server.merchant()
    assert codes(merchant, merchant.project().project_id, apigames_server.url) == []

def test_with_a_merchant(apigames):
    assert codes(apigames, apigames.project().project_id, apigames.url) == []
"""
    result = run(pytester, code, "--apigames-readings=each", "-k", "defaults or empty_vouchers or http_status")
    result.assert_outcomes(passed=4, failed=2, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines([*FATAL, "      *::test_alone, *::test_with_a_merchant"])


def test_a_fixture_of_that_name_that_is_no_server_is_refused(pytester: pytest.Pytester) -> None:
    code = """
@pytest.fixture(scope="session")
def apigames_server():
    return "http://127.0.0.1:8787"

def test_it(apigames):
    pass
"""
    result = run(pytester, code)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the fixture apigames_server is a str; expected a mockserver.FakeServer*"])


NOT_COLLECTED_AS_OURS = f"""
{DIES_ON_NULL}
import unittest

@pytest.fixture
def by_name(request):
    return request.getfixturevalue("apigames")

def test_by_name(by_name):
    with by_name.responses():
        assert codes(by_name, by_name.project().project_id) == []

@pytest.mark.usefixtures("given")
class TestCase(unittest.TestCase):
    @pytest.fixture
    def given(self, apigames, apigames_responses):
        self.merchant = apigames

    def test_case(self):
        assert codes(self.merchant, self.merchant.project().project_id) == []

@pytest.mark.apigames(readings={{"empty_vouchers": "list"}})
def test_pinned(by_name):
    with by_name.responses():
        assert codes(by_name, by_name.project().project_id) == []

def test_of_nothing_of_ours():
    pass
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_a_test_that_turns_out_to_call_the_fake_is_run_again(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    arguments = ("--apigames-readings=each", "--apigames-readings=max_limit=10", "--junitxml=r.xml")
    result = run(pytester, NOT_COLLECTED_AS_OURS, *arguments, *workers)
    result.assert_outcomes(failed=2, passed=2 * 28 + 28 + 1)
    result.stdout.fnmatch_lines(
        [
            "3 tests ran under the readings of this run and 28 other answers *",
            *FATAL,
            "      *::test_case, *::test_by_name",
        ]
    )
    result.stdout.fnmatch_lines_random(["FAILED *::test_case?empty_vouchers=null?*", "FAILED *::test_by_name?empty_*"])
    assert 'name="test_by_name[empty_vouchers=null]"' in (pytester.path / "r.xml").read_text()


def test_a_test_is_run_again_no_further_than_the_run_goes(pytester: pytest.Pytester) -> None:
    result = run(pytester, NOT_COLLECTED_AS_OURS, "--apigames-readings=each", "-k", "test_by_name", "-x")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["The run ended early: of what did not run, nothing is known."])


def test_what_a_wider_fixture_asked_for_once_says_nothing_of_the_other_readings(pytester: pytest.Pytester) -> None:
    code = """
@pytest.fixture(scope="module")
def listed(apigames_server):
    merchant = apigames_server.merchant()
    with merchant.responses():
        return ask(merchant, merchant.project(pending=1).project_id).json()

def test_listed(listed):
    assert listed["rc"] == 200

def test_never_called(apigames):
    apigames.assert_not_called()
"""
    result = run(pytester, code, "--apigames-readings=each")
    result.assert_outcomes(passed=2 * 29)
    result.stdout.fnmatch_lines(
        [
            "1 test ran under the defaults and 0 other answers *",
            "1 test made no call to the fake and says nothing here: *::test_never_called",
            "Under 28 other answers no test made a call, so nothing is known of them: *",
            "Nothing can be said.",
        ]
    )
    result.stdout.no_fnmatch_line("*survives*")


def test_what_pytest_cannot_run_again_is_counted_and_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        module='''
def listed(get):
    """
    >>> import requests
    >>> merchant = getfixture("apigames")
    >>> with merchant.responses():
    ...     requests.post(f"https://v1.apigames.id/merchant/{merchant.merchant_id}/kiosgamer/project/detail").json()["rc"]
    400
    """
'''
    )
    result = pytester.runpytest_inprocess(*QUIET, "--doctest-modules", "module.py", "--apigames-readings=each")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "0 tests ran under 0 other answers*",
            "1 test ran under the defaults alone, for pytest cannot run them again: module.py::module.listed",
            "Nothing can be said.",
        ]
    )


SUBMITS = """
import base64

def submit(merchant, codes, base=BASE):
    body = {"kode_voucher": base64.b64encode(codes).decode(), "signature": merchant.signature}
    return requests.post(f"{base}/merchant/{merchant.merchant_id}/kiosgamer/redem/bulk", json=body, timeout=5).json()

def test_windows(apigames, apigames_responses):
    assert submit(apigames, b"AAA\\r\\nBBB")["rc"] == 0
    assert {one.codes for one in apigames.submissions} == {("AAA", "BBB")}

@pytest.mark.apigames(readings={"bulk_most": "none"})
@pytest.mark.parametrize("n", [1, 2])
def test_careful(apigames, apigames_responses, n):
    assert submit(apigames, b"AAA")["rc"] == 0

def test_by_name(request):
    merchant = request.getfixturevalue("apigames")
    with merchant.responses():
        assert submit(merchant, b"AAA\\nBBB")["data"]["total_voucher"] == 0

def test_status(apigames, apigames_responses):
    assert ask(apigames, "DW").json()["error_msg"]
"""
OF_SUBMISSIONS = len(list(each_other_value(operation="redeem_bulk")))
OF_STATUS = len(list(each_other_value()))


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_a_test_that_submits_goes_through_the_readings_of_submissions_and_no_other_does(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = run(pytester, SUBMITS, "--apigames-readings=each", "--junitxml=r.xml", *workers)
    ran = 5 * (1 + OF_STATUS) + 4 * OF_SUBMISSIONS - 2  # two are pinned in one
    result.assert_outcomes(failed=2, passed=ran - 2)
    result.stdout.fnmatch_lines(
        [
            f"5 tests ran under the defaults and {OF_STATUS + OF_SUBMISSIONS} other answers *",
            "The client does not survive 2 of them:",
            "  bulk_lines=strict  (BULK-REQ-2: *",
            "      *::test_windows",
            "  bulk_reply=counted  (BULK-RES-2: *",
            "      *::test_by_name",
        ]
    )
    report = (pytester.path / "r.xml").read_text()
    for name in ("windows[bulk_lines=strict]", "careful[2-bulk_base64=lenient]", "by_name[bulk_empty=json]"):
        assert f'name="test_{name}"' in report
    assert "test_status[bulk" not in report
    assert "test_careful[1-bulk_most" not in report


def test_readings_of_submissions_are_not_tried_where_the_defaults_did_not_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, SUBMITS, "--apigames-readings=each", "-k", "test_windows and http_status")
    result.assert_outcomes(passed=1, deselected=result.parseoutcomes()["deselected"])
