"""The plugin in runs of pytest of its own: isolation, markers, options, `each`, and how a guest behaves."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mockserver import FakeServer, Readings

pytest_plugins = ["pytester"]

QUIET = ("-p", "apigames", "-p", "no:cacheprovider", "-W", "error")


@pytest.fixture(autouse=True)
def only_our_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other plugins take seconds to load; a test that needs one names it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


ASK = """
import pytest
import requests

BASE = "https://v1.apigames.id"

def ask(merchant, project_id, base=BASE, **fields):
    body = {"projectid": project_id, "status": "", "page": 1, "limit": 30, "signature": merchant.signature, **fields}
    return requests.post(f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail", json=body, timeout=5)
"""


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(ASK + code)
    return pytester.runpytest_subprocess(*QUIET, *arguments)


def test_the_first_minute(pytester: pytest.Pytester) -> None:
    """The example of the documentation, as it stands."""
    result = run(
        pytester,
        """
def test_counts(apigames):
    project = apigames.project(pending=40, success=5)
    reply = requests.post(
        f"{apigames.url}/merchant/{apigames.merchant_id}/kiosgamer/project/detail",
        json={"projectid": project.project_id, "status": "0", "page": 2, "limit": 30, "signature": apigames.signature},
    ).json()
    assert len(reply["data"]["data"]["vouchers"]) == 10
    project.move("pending", to="success", count=3)
    apigames.assert_called(page=2)
""",
        "--strict-markers",
        "--strict-config",
    )
    result.assert_outcomes(passed=1)


def test_tests_share_a_server_and_nothing_else(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
seen = []

@pytest.mark.parametrize("n", range(3))
def test_one(apigames, apigames_server, n):
    assert apigames.requests == []
    assert apigames.projects == ()
    assert apigames.server is apigames_server
    project = apigames.project(pending=n)
    assert ask(apigames, project.project_id, apigames.url).json()["data"]["total_data"] == n
    seen.append((apigames.merchant_id, apigames.secret_key, apigames.url))

def test_after(apigames_server):
    assert len({merchant for merchant, _, _ in seen}) == len({secret for _, secret, _ in seen}) == 3
    assert len({url for _, _, url in seen}) == 1
    assert list(apigames_server.provider.store.merchants()) == []
""",
    )
    result.assert_outcomes(passed=4)


def test_nothing_starts_before_the_url_is_read(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import threading

def test_lazy(apigames, apigames_responses, apigames_httpx, apigames_server):
    assert ask(apigames, apigames.project(pending=1).project_id).status_code == 200
    assert not apigames_server.started
    assert threading.active_count() == 1
    assert apigames.url == apigames_server.url
    assert apigames_server.started
""",
    )
    result.assert_outcomes(passed=1)


def test_a_failure_shows_what_was_received_with_secrets_masked(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_fails(apigames, apigames_responses):
    ask(apigames, "DW", session_key=apigames.session_key)
    with open("secrets.txt", "w") as out:
        out.write(f"{apigames.secret_key} {apigames.session_key} {apigames.signature}")
    assert len(apigames.requests) == 2
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*apigames: calls received*", '#1 POST projectid="DW"*ERR-4*has no project*'])
    printed = result.stdout.str()
    for secret in (pytester.path / "secrets.txt").read_text().split():
        assert secret not in printed


def test_assert_called_fails_with_every_candidate_and_no_frame_of_ours(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_fails(apigames, apigames_responses):
    ask(apigames, "DW")
    apigames.assert_called(page=2)
""",
    )
    result.stdout.fnmatch_lines(["E*page: expected 2, got 1"])
    result.stdout.no_fnmatch_line("*merchant.py*")


@pytest.mark.parametrize("call", ["requests.get", "httpx.get"])
def test_an_unknown_path_of_the_built_in_host_fails_the_test_even_when_swallowed(
    pytester: pytest.Pytester, call: str
) -> None:
    result = run(
        pytester,
        f"""
import httpx
import threading

def test_raised(apigames_responses, apigames_httpx):
    {call}(BASE + "/merchant/M1/order", timeout=5)

def test_swallowed(apigames_responses, apigames_httpx):
    try:
        {call}(BASE + "/merchant/M1/order", timeout=5)
    except BaseException:
        pass

def test_fine(apigames_responses, apigames_httpx):
    pass
""",
    )
    result.assert_outcomes(failed=2, passed=1)
    told = "*GET https://v1.apigames.id/merchant/M1/order was called*there is one call: POST*kiosgamer/project/detail*"
    result.stdout.fnmatch_lines([told, told])


def test_readings_belong_to_the_test_and_the_nearest_marker_wins(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark = pytest.mark.apigames(readings={"http_status": "200", "empty_vouchers": "null"})

def test_module(apigames, apigames_responses):
    assert ask(apigames, "DW").status_code == 200
    assert apigames.readings.http_status == "200"
    assert ask(apigames, apigames.project().project_id).json()["data"]["data"]["vouchers"] is None

@pytest.mark.apigames(readings={"http_status": "rc"})
def test_own(apigames, apigames_responses):
    assert ask(apigames, "DW").status_code == 500
    assert ask(apigames, apigames.project().project_id).json()["data"]["data"]["vouchers"] is None

def test_unknown_merchant(apigames, apigames_responses):
    reply = requests.post(BASE + "/merchant/M0/kiosgamer/project/detail", json={}, timeout=5)
    assert (reply.status_code, reply.json()["error_msg"]) == (200, "Merchant not found")

def test_server_alone(apigames_server):
    merchant = apigames_server.merchant()
    assert ask(merchant, "DW", apigames_server.url).status_code == 200
""",
    )
    result.assert_outcomes(passed=4)


def test_unknown_merchants_are_under_the_run_when_several_tests_are_active() -> None:
    server = FakeServer(readings={"http_status": "200"})
    one, two = Readings(), Readings.of({"precedence": "signature-merchant-project"})
    with server.under(one):
        assert server.provider.readings is one
        with server.under(two):
            assert server.provider.readings is server.readings
        assert server.provider.readings is one
    assert server.provider.readings is server.readings


WORLD = '{"merchants": [{"merchant_id": "M1", "secret_key": "s", "projects": [{"project_id": "%s"}]}]}'


def test_a_world_by_marker_option_and_ini_key(pytester: pytest.Pytester) -> None:
    for name in ("ini", "option", "mark"):
        (pytester.path / f"{name}.json").write_text(WORLD % name)
    code = """
import mockserver

def test_run(apigames):
    assert [project.project_id for project in apigames.projects] == [%r]

@pytest.mark.apigames(world="mark.json")
def test_file(apigames):
    assert [project.project_id for project in apigames.projects] == ["mark"]

@pytest.mark.apigames(world={"merchants": [{"merchant_id": "M", "secret_key": "s"}]})
def test_document(apigames):
    assert apigames.projects == ()

@pytest.mark.apigames(world=mockserver.World((mockserver.Merchant("M", "s", None, ()),)))
def test_value(apigames):
    assert apigames.projects == ()
"""
    pytester.makeini("[pytest]\napigames_world = ini.json\n")
    run(pytester, code % "ini").assert_outcomes(passed=4)
    run(pytester, code % "option", "--apigames-world", "option.json").assert_outcomes(passed=4)


def test_readings_and_seed_by_option_and_ini_key(pytester: pytest.Pytester) -> None:
    (pytester.path / "seen.json").write_text('{"readings": {"http_status": {"value": "200", "seen": "observed"}}}')
    pytester.makeini("[pytest]\napigames_readings =\n  seen.json\n  max_limit=7\napigames_seed = 5\n")
    code = """
def test_it(apigames):
    assert (apigames.readings.http_status, apigames.readings.status_codes, apigames.readings.max_limit) == %r
    assert apigames.server.seed == %d
"""
    run(pytester, code % (("200", "0,1,2,3,4", "7"), 5)).assert_outcomes(passed=1)
    options = ("--apigames-readings", "status_codes=0,2,1,4,3,max_limit=9", "--apigames-seed=6")
    run(pytester, code % (("rc", "0,2,1,4,3", "9"), 6), *options).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--apigames-readings=http_statu=200"], "there is no reading 'http_statu'; did you mean 'http_status'"),
        (["--apigames-readings=http_status=201"], "'http_status' cannot be '201'"),
        (["--apigames-readings=eahc"], "neither 'each'; did you mean 'each'"),
        (["--apigames-seed=x"], "the seed 'x' is no whole number"),
        (["--apigames-world=nowhere.json"], "cannot read *nowhere.json"),
    ],
)
def test_a_wrong_option_is_one_clear_line(pytester: pytest.Pytester, arguments: list[str], says: str) -> None:
    result = run(pytester, "def test_it(apigames): pass", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: apigames: *{says}*"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("readings={'http_statu': '200'}", "there is no reading 'http_statu'"),
        ("reading={}", "has no 'reading'; did you mean 'readings'"),
        ("'x'", "takes readings and world by name"),
        ("readings=3", "takes a dict or mockserver.Readings"),
        ("world='nowhere.json'", "cannot read *nowhere.json"),
        ("world={'merchant': []}", "did you mean 'merchants'"),
    ],
)
def test_a_wrong_marker_says_so_without_a_traceback(pytester: pytest.Pytester, marker: str, says: str) -> None:
    result = run(pytester, f"@pytest.mark.apigames({marker})\ndef test_it(apigames): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*test_it: *{says}*"])
    result.stdout.no_fnmatch_line("*run.py*")


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
    one = pytester.runpytest_subprocess(*QUIET, "--apigames-readings=each", "-k", "test_careful and http_status")
    one.assert_outcomes(passed=1, deselected=one.parseoutcomes()["deselected"])


def test_each_goes_out_from_the_readings_of_the_project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\napigames_readings = http_status=200\n")
    result = run(pytester, EACH, "--apigames-readings=each", "--collect-only", "-q", "-k", "test_careful")
    result.stdout.fnmatch_lines(["*test_careful?http_status=rc?"])
    result.stdout.no_fnmatch_line("*test_careful?http_status=200?")


def test_each_says_when_a_client_survives_everything(pytester: pytest.Pytester) -> None:
    result = run(pytester, EACH, "--apigames-readings=each", "-k", "test_careful")
    result.stdout.fnmatch_lines(["The client survives every one of them."])


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_every_import_mode_beside_packages_of_the_same_names_as_our_folders(
    pytester: pytest.Pytester, mode: str
) -> None:
    for name in ("schemas", "fixtures", "contract_tests"):
        package = pytester.mkpydir(name)
        (package / "own.py").write_text(f"NAME = {name!r}\n")
    pytester.makeini("[pytest]\npythonpath = .\n")
    result = run(
        pytester,
        """
import contract_tests.own, fixtures.own, schemas.own

def test_it(apigames, apigames_responses):
    assert schemas.own.NAME == "schemas"
    project = apigames.project(vouchers=[{"voucher_code": "A"}])
    assert ask(apigames, project.project_id).json()["rc"] == 200
""",
        f"--import-mode={mode}",
        "--strict-markers",
    )
    result.assert_outcomes(passed=1)


def test_a_run_that_uses_no_fixture_imports_nothing_of_ours(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
import sys

def pytest_unconfigure(config):
    names = sorted(name for name in sys.modules if name.startswith("mockserver"))
    heavy = "flask jsonschema jsonschema_rs msgspec uvicorn responses requests httpx hypothesis asyncio click rich"
    print("IMPORTED", names, sorted(set(heavy.split()) & set(sys.modules)))
"""
    )
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess(*QUIET, "-s")
    result.assert_outcomes(passed=1)
    expected = "IMPORTED ['mockserver', 'mockserver.testing', 'mockserver.testing.pytest_plugin'] []"
    assert expected in result.stdout.str()


def test_loading_the_plugin_imports_pytest_and_nothing_else() -> None:
    code = (
        "import sys, pytest, importlib; before = set(sys.modules); "
        "import mockserver.testing.pytest_plugin; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['mockserver', 'mockserver.testing', 'mockserver.testing.pytest_plugin']"


def test_strategies_without_hypothesis_say_how_to_get_it() -> None:
    code = "import sys; sys.modules['hypothesis'] = None\nimport mockserver\nmockserver.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: mockserver.strategies needs hypothesis: pip install 'apigames-mock[verify]'" in done.stderr


def test_a_downstream_run_never_needs_hypothesis(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
import sys

def test_it(apigames, apigames_responses, apigames_httpx):
    assert ask(apigames, apigames.project(pending=3, vouchers=None).project_id, apigames.url).status_code == 200
    assert "hypothesis" not in sys.modules
    assert "flask" not in sys.modules
""",
    )
    result.assert_outcomes(passed=1)


def test_workers_threads_and_any_order(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        ASK
        + """
import threading

@pytest.mark.parametrize("n", range(40))
def test_it(apigames, n):
    project = apigames.project(pending=n)
    totals = []

    def work():
        totals.append(ask(apigames, project.project_id, apigames.url).json()["data"]["total_data"])

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert totals == [n] * 4
    apigames.assert_called(times=4)
"""
    )
    result = pytester.runpytest_subprocess("-p", "xdist", "-p", "randomly", "-n", "2", *QUIET)
    result.assert_outcomes(passed=40)


def test_unittest_test_cases(pytester: pytest.Pytester) -> None:
    """The recipe of the documentation, under pytest and under unittest."""
    pytester.makepyfile(
        test_case="""
import unittest

import requests

import mockserver


class TestCounts(unittest.TestCase):
    def setUp(self):
        serving = mockserver.serve()
        self.server = serving.__enter__()
        self.addCleanup(serving.__exit__, None, None, None)

    def test_counts(self):
        project = self.server.project(pending=3)
        url = f"{self.server.url}/merchant/{self.server.merchant_id}/kiosgamer/project/detail"
        body = {"projectid": project.project_id, "signature": self.server.signature}
        self.assertEqual(requests.post(url, json=body, timeout=5).json()["data"]["total_data"], 3)
        self.server.assert_called(projectid=project.project_id)
"""
    )
    pytester.runpytest_subprocess(*QUIET).assert_outcomes(passed=1)
    done = pytester.run(sys.executable, "-W", "error", "-m", "unittest", "-q", "test_case")
    assert done.ret == 0


def test_the_fixtures_are_listed_with_what_they_are(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", *QUIET)
    for name in ("apigames", "apigames_server", "apigames_responses", "apigames_httpx"):
        result.stdout.fnmatch_lines([f"{name}*pytest_plugin.py*"])
    markers = pytester.runpytest_subprocess("--markers", *QUIET)
    markers.stdout.fnmatch_lines(["@pytest.mark.apigames(readings={...}, world=...)*"])


def test_readings_hold_from_the_first_fixture_to_the_last_and_when_a_world_is_read(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark = pytest.mark.apigames(readings={"http_status": "200", "status_codes": "0,2,1,4,3"})
WORLD = {"merchants": [{"merchant_id": "M", "secret_key": "s", "projects": [
    {"project_id": "R1", "vouchers": [{"voucher_code": "A", "status": 1}]}]}]}

@pytest.fixture
def merchant(apigames_server):
    merchant = apigames_server.merchant(world=WORLD)
    with merchant.responses():
        assert ask(merchant, "DW").status_code == 200
        yield merchant
        assert ask(merchant, "DW").status_code == 200

def test_alone(merchant):
    assert ask(merchant, "R1").json()["data"]["data"]["vouchers"][0]["status"] == 1

def test_by_name_too(apigames_server, request):
    request.getfixturevalue("apigames")
    with apigames_server.merchant().responses():
        assert requests.post(BASE + "/merchant/M0/kiosgamer/project/detail", json={}, timeout=5).status_code == 200
""",
    )
    result.assert_outcomes(passed=2)


def test_a_call_to_an_unknown_path_fails_the_test_through_whichever_double(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def swallowed():
    try:
        requests.get(BASE + "/x", timeout=5)
    except BaseException:
        pass

@pytest.fixture
def late(apigames_responses):
    yield
    swallowed()

def test_server_alone(apigames_server):
    with apigames_server.merchant().responses():
        swallowed()

def test_second_merchant(apigames, apigames_responses, apigames_server):
    with apigames_server.merchant().responses():
        swallowed()

def test_while_fixtures_end(late):
    pass

def test_raised_while_fixtures_begin(apigames_responses):
    requests.get(BASE + "/x", timeout=5)

def test_expected(apigames, apigames_responses):
    with pytest.raises(BaseException, match="there is one call"):
        requests.get(BASE + "/x", timeout=5)
    assert len(apigames.undocumented_calls) == 1
    apigames.undocumented_calls.clear()
""",
    )
    result.assert_outcomes(passed=2, failed=3, errors=1)


def test_what_was_received_is_shown_in_whichever_phase_a_test_fails(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.fixture
def early(apigames, apigames_responses):
    ask(apigames, "DW")
    raise ValueError

@pytest.fixture
def late(apigames, apigames_responses):
    yield
    ask(apigames, "DW")
    raise ValueError

def test_early(early): pass
def test_late(late): pass
""",
    )
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*apigames: calls received*", "*(ERR-4)*"] * 2)


def test_a_world_for_a_fixture_that_is_not_used_is_an_error(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.apigames(world="nope.json")
def test_server_alone(apigames_server):
    pass
""",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*expected here: apigames_server.merchant(world=...)*"])


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("apigames_readings = foo=1", "there is no reading 'foo'"),
        ("apigames_seed = x", "the seed 'x' is no whole number"),
    ],
)
def test_a_wrong_ini_key_is_said_once_at_the_start(pytester: pytest.Pytester, ini: str, said: str) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = run(pytester, "def test_one(apigames): pass\ndef test_two(apigames): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: apigames: {said}*"])


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
            ("-k", "test_careful", "--apigames-readings=http_status=200"),
            ["*under the readings of this run and 28 other*", "The client survives every one of them."],
        ),
    ],
)
def test_each_says_no_more_than_what_ran(
    pytester: pytest.Pytester, arguments: tuple[str, ...], said: list[str]
) -> None:
    result = run(pytester, EACH, "--apigames-readings=each", *arguments)
    result.stdout.fnmatch_lines(said, consecutive=True)
