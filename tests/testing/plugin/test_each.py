"""`--apigames-readings=each`: every test under every reading, and what is said of it at the end."""

from __future__ import annotations

import pytest

from tests.support.plugin_runs import run

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
