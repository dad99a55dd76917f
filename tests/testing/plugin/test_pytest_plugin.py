"""The plugin in runs of pytest of its own: isolation, doubles, markers and options."""

from __future__ import annotations

import socket

import pytest

from mockserver import FakeServer, Readings
from tests.support.plugin_runs import run, run_process

pytest_plugins = ["pytester"]


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
    result = run_process(
        pytester,
        """
import threading

def test_lazy(apigames, apigames_responses, apigames_httpx, apigames_server):
    assert ask(apigames, apigames.project(pending=1).project_id).status_code == 200
    assert repr(apigames_server) == "FakeServer(not started)"
    assert threading.active_count() == 1
    assert apigames.url == apigames_server.url
    assert repr(apigames_server).startswith("FakeServer(http://")
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
    told = "*GET https://v1.apigames.id/merchant/M1/order was called*there is POST*kiosgamer/project/detail*"
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


def test_of_the_words_of_an_option_the_last_that_names_a_reading_holds(pytester: pytest.Pytester) -> None:
    """Also where a file gives back the default."""
    pytester.makefile(".json", calibrated='{"readings": {"http_status": {"value": "rc", "seen": "observed"}}}')
    code = "def test_it(apigames): assert apigames.readings.http_status == %r"
    options = ("--apigames-readings", "http_status=200", "--apigames-readings", "calibrated.json")
    run(pytester, code % "rc", *options).assert_outcomes(passed=1)
    run(pytester, code % "200", *options[2:], *options[:2]).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--apigames-readings=http_statu=200"], "there is no reading 'http_statu'; did you mean 'http_status'"),
        (["--apigames-readings=http_status=201"], "'http_status' cannot be '201'"),
        (["--apigames-readings=eahc"], "neither 'each'; did you mean 'each'"),
        (["--apigames-seed=x"], "the seed 'x' is not a whole number"),
        (["--apigames-port=x"], "the port 'x' is none; expected one from 1 to 65535"),
        (["--apigames-port=65536"], "the port '65536' is none"),
        (["-p", "xdist", "-n", "2", "--apigames-port=8787"], "each of the 2 workers of xdist has one of its own"),
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
        ("'x'", "takes readings, world and faults by name"),
        ("readings=3", "takes a dict or mockserver.Readings"),
        ("world='nowhere.json'", "cannot read *nowhere.json"),
        ("world={'merchant': []}", "did you mean 'merchants'"),
        ("faults='html_502'", "takes a list of names"),
        ("faults=['html_505']", "'html_505': there is no fault 'html_505'; did you mean"),
        ("faults=[{'name': 'delay', 'time': 1}]", "unexpected keyword argument 'time'"),
    ],
)
def test_a_wrong_marker_says_so_without_a_traceback(pytester: pytest.Pytester, marker: str, says: str) -> None:
    result = run(pytester, f"@pytest.mark.apigames({marker})\ndef test_it(apigames): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*test_it: *{says}*"])
    result.stdout.no_fnmatch_line("*session.py*")


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

def test_raised_with_the_server_alone(apigames_server):
    with apigames_server.merchant().responses():
        requests.get(BASE + "/x", timeout=5)

def test_second_merchant(apigames, apigames_responses, apigames_server):
    with apigames_server.merchant().responses():
        swallowed()

def test_while_fixtures_end(late):
    pass

def test_raised_while_fixtures_begin(apigames_responses):
    requests.get(BASE + "/x", timeout=5)

def test_expected(apigames, apigames_responses):
    with pytest.raises(BaseException, match="does not document; there is POST"):
        requests.get(BASE + "/x", timeout=5)
    assert len(apigames.undocumented_calls) == 1
    apigames.undocumented_calls.clear()
""",
    )
    result.assert_outcomes(passed=2, failed=4, errors=1)


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
        ("apigames_seed = x", "the seed 'x' is not a whole number"),
    ],
)
def test_a_wrong_ini_key_is_said_once_at_the_start(pytester: pytest.Pytester, ini: str, said: str) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = run(pytester, "def test_one(apigames): pass\ndef test_two(apigames): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: apigames: {said}*"])


def test_faults_by_marker_hit_the_calls_of_the_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark = pytest.mark.apigames(faults=["empty_body"])

def test_module(apigames, apigames_responses):
    assert ask(apigames, apigames.project().project_id).content == b""

@pytest.mark.apigames(faults=["html-502", {"name": "html_503", "times": 1}][::-1])
def test_own(apigames, apigames_responses):
    project = apigames.project()
    assert [ask(apigames, project.project_id).status_code for _ in range(3)] == [503, 502, 502]
    apigames.clear_faults()
    assert ask(apigames, project.project_id).json()["rc"] == 200

@pytest.mark.apigames(faults=["delay"])
def test_unused(apigames_server):
    pass
""",
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*expected here: apigames_server.merchant().fault(...)*"])


def test_the_address_of_the_server_by_option_and_ini_key(pytester: pytest.Pytester) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = """
def test_it(apigames):
    assert apigames.url == %r
    assert ask(apigames, "DW", apigames.url).json()["rc"] == 500
"""
    pytester.makeini(f"[pytest]\napigames_port = {port}\napigames_host = 0.0.0.0\n")
    run(pytester, code % f"http://127.0.0.1:{port}").assert_outcomes(passed=1)
    options = ("--apigames-host=127.0.0.2", f"--apigames-port={port}")
    run(pytester, code % f"http://127.0.0.2:{port}", *options).assert_outcomes(passed=1)


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="[tool.pytest] is of pytest 9")
def test_numbers_and_lists_of_the_native_table(pytester: pytest.Pytester) -> None:
    (pytester.path / "world.json").write_text('{"merchants": []}')
    pytester.makepyprojecttoml(
        """
[tool.pytest]
apigames_seed = 7
apigames_port = 0
apigames_readings = ["max_limit=7", "http_status=200"]
apigames_allow_vendor_host = true
apigames_host = "127.0.0.2"
apigames_world = "world.json"
"""
    )
    code = """
def test_it(apigames, apigames_server, request):
    assert (apigames.readings.max_limit, apigames.readings.http_status) == ("7", "200")
    assert apigames.url.startswith("http://127.0.0.2:")
    assert apigames_server.allows_vendor_host
"""
    run(pytester, code).assert_outcomes(passed=1)


def test_with_a_seed_a_test_gets_the_same_in_each_run_whatever_runs_beside_it(pytester: pytest.Pytester) -> None:
    code = """
@pytest.fixture(scope="module")
def shared(apigames_server):
    return apigames_server.merchant()

@pytest.mark.parametrize("n", range(3))
def test_it(apigames, shared, n):
    project = apigames.project(vouchers=[{}])
    with apigames.responses():
        reply = ask(apigames, project.project_id).text
    with open(f"{OUT}-{n}", "w") as out:
        out.write(f"{apigames.merchant_id} {apigames.secret_key} {shared.merchant_id} {shared.secret_key} {reply}")
"""
    for name, arguments in (
        ("one", ()),
        ("two", ("-k", "2 or 1", "-p", "randomly")),
        ("other", ("--apigames-seed=8",)),
    ):
        run(pytester, f"OUT = {name!r}\n{code}", "--apigames-seed=7", *arguments)
    texts = {path.name: path.read_text() for path in pytester.path.glob("*-*")}
    assert texts["one-1"] == texts["two-1"] != texts["one-2"] == texts["two-2"] != texts["other-2"]
    assert texts["one-1"].split()[2:4] == texts["one-2"].split()[2:4]
