"""The plugin in environments of its own, beside other people's packages: what works there stays so."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.environments import ROOT, fresh, sh

pytestmark = pytest.mark.matrix

ASK = """
import pytest
import requests

BASE = "https://v1.apigames.id"

def url_of(merchant, base=BASE):
    return f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"

def body_of(merchant):
    project = merchant.projects[0] if merchant.projects else merchant.project(pending=3)
    asked = {"projectid": project.project_id, "status": "", "page": 1, "limit": 30}
    return {**asked, "signature": merchant.signature, "session_key": "made-up"}

def total(merchant, post=requests.post, base=BASE):
    return post(url_of(merchant, base), json=body_of(merchant), timeout=30).json()["data"]["total_data"]
"""

PLAIN = """
from ask import *

@pytest.mark.parametrize("n", range(4))
def test_doubles_and_socket(apigames, apigames_responses, n):
    assert total(apigames) == total(apigames, base=apigames.url) == 3
    apigames.assert_called(times=2)
"""


@pytest.fixture
def environment(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An interpreter with the project, requests, pytest, and what the test names."""
    (tmp_path / "ask.py").write_text(ASK)
    return fresh(tmp_path, sys.executable, "--editable", ROOT, "pytest", "requests", *request.param)


def run(environment: Path, code: str, *arguments: str, python: tuple[str, ...] = ()) -> str:
    """Run tests; return what pytest printed. They are in the folder that the environment is in."""
    folder = environment.parents[2]
    (folder / "test_it.py").write_text(code)
    command = (*python, "-m", "pytest", "-q", "-W", "error", "test_it.py", *arguments)
    return sh(environment, *command, folder=folder)


def beside(*packages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("environment", [packages], indirect=True, ids=["-".join(packages) or "nothing"])


@beside("moto[s3]", "vcrpy", "pytest-recording", "requests-mock", "respx", "aiohttp", "aioresponses", "httpx")
def test_other_mocks(environment: Path) -> None:
    shown = run(
        environment,
        """
import asyncio
import aiohttp, boto3, httpx, respx, vcr as vcrpy
from aioresponses import aioresponses
from moto import mock_aws
from ask import *
from mockserver import EscapedCall

@pytest.fixture
def aws():
    with mock_aws():
        yield

def buckets():
    keys = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    s3 = boto3.client("s3", region_name="us-east-1", **keys)
    s3.create_bucket(Bucket="bucket")
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

def test_moto_that_began_before(aws, apigames, apigames_responses):
    assert (buckets(), total(apigames)) == (["bucket"], 3)

def test_moto_that_began_later_opens_no_way(apigames, apigames_responses, aws):
    assert buckets() == ["bucket"]
    with pytest.raises(EscapedCall, match="through requests: .* begun after any other mock of requests"):
        total(apigames)
    apigames.undocumented_calls.clear()

@pytest.mark.vcr
def test_the_marker_of_vcr(vcr, apigames, apigames_responses, apigames_httpx):
    assert total(apigames) == total(apigames, httpx.post) == 3
    assert len(vcr) == 0

def test_a_cassette_that_a_test_opens(apigames, apigames_responses, tmp_path):
    with vcrpy.use_cassette(str(tmp_path / "cassette.yaml")) as cassette:
        assert total(apigames) == 3
    assert len(cassette) == 0

def test_a_cassette_in_a_fixture_before_the_double(tmp_path, request):
    with vcrpy.use_cassette(str(tmp_path / "cassette.yaml")) as cassette:
        request.getfixturevalue("apigames_httpx")
        assert total(request.getfixturevalue("apigames"), httpx.post) == 3
    assert len(cassette) == 0

def test_requests_mock(apigames, apigames_responses, requests_mock):
    requests_mock.real_http = True
    requests_mock.get("https://example.com/", text="theirs")
    assert (requests.get("https://example.com/").text, total(apigames)) == ("theirs", 3)

@pytest.mark.parametrize("is_first", [True, False])
def test_respx(apigames, request, is_first):
    if not is_first:
        request.getfixturevalue("apigames_httpx")
    with respx.mock() as router:
        router.get("https://example.com/").respond(text="theirs")
        request.getfixturevalue("apigames_httpx")
        assert (httpx.get("https://example.com/").text, total(apigames, httpx.post)) == ("theirs", 3)

async def ask(url, body):
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as reply:
        return (await reply.json())["data"]["total_data"]

def test_aiohttp_needs_the_url(apigames):
    body = body_of(apigames)
    assert asyncio.run(ask(url_of(apigames, apigames.url), body)) == 3
    with pytest.raises(EscapedCall, match="through aiohttp: "):
        asyncio.run(ask(url_of(apigames), body))
    apigames.undocumented_calls.clear()

def test_aioresponses(apigames):
    with aioresponses(passthrough=["http://127.0.0.1"]) as mock:
        mock.get("https://example.com/", payload={})
        assert asyncio.run(ask(url_of(apigames, apigames.url), body_of(apigames))) == 3
""",
        # boto3 is not free of warnings of its own.
        "-W", "default",
    )  # fmt: skip
    assert "10 passed" in shown


@beside("httpx", "pytest-httpx")
def test_pytest_httpx(environment: Path) -> None:
    code = """
import httpx
from ask import *

def test_it(httpx_mock, apigames, apigames_httpx):
    httpx_mock.add_response(url="https://example.com/", text="theirs")
    assert (httpx.get("https://example.com/").text, total(apigames, httpx.post)) == ("theirs", 3)
"""
    assert "1 passed" in run(environment, code)


@beside("pytest-socket", "freezegun", "time-machine", "pytest-randomly")
def test_sockets_and_time(environment: Path) -> None:
    code = """
import time
import freezegun, time_machine
from ask import *

def test_the_doubles_need_no_socket(socket_disabled, apigames, apigames_responses):
    assert total(apigames) == 3

@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_url_needs_one_host(apigames):
    assert total(apigames, base=apigames.url) == 3

@pytest.mark.parametrize("freeze", [freezegun.freeze_time, lambda at: time_machine.travel(at, tick=False)])
def test_time_that_stands(apigames, apigames_responses, freeze):
    body = body_of(apigames)
    with freeze("2031-02-03 04:05:06"):
        for base in (BASE, apigames.url):
            reply = requests.post(url_of(apigames, base), json=body, timeout=30).json()
            assert reply["ts"] == int(time.time())
        apigames.wait_for(times=2, within=30)
"""
    assert "4 passed" in run(environment, code)


@beside("uvloop", "nest-asyncio", "pytest-asyncio", "anyio", "trio", "httpx")
def test_event_loops(environment: Path) -> None:
    code = """
import asyncio
import anyio, httpx, nest_asyncio, uvloop
from ask import *
from mockserver import EscapedCall

async def ask(merchant, base=BASE):
    async with httpx.AsyncClient() as client:
        return (await client.post(url_of(merchant, base), json=body_of(merchant))).json()["data"]["total_data"]

@pytest.mark.asyncio
async def test_asyncio(apigames, apigames_httpx):
    assert await ask(apigames) == await ask(apigames, apigames.url) == 3
    apigames.fault("delay", seconds=0.5, times=1)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(ask(apigames), 0.05)

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_anyio_and_trio(apigames, apigames_httpx, anyio_backend):
    assert await ask(apigames) == await ask(apigames, apigames.url) == 3

def test_uvloop(apigames, apigames_httpx):
    assert uvloop.run(ask(apigames)) == uvloop.run(ask(apigames, apigames.url)) == 3

@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_nothing_leaves_by_a_loop(apigames, run):
    with pytest.raises(EscapedCall):
        run(asyncio.wait_for(open_connection(), 30))
    apigames.undocumented_calls.clear()

async def open_connection():
    await asyncio.open_connection("v1.apigames.id", 443, ssl=True)

def test_nest_asyncio(apigames, apigames_httpx):
    async def outer():
        return asyncio.get_event_loop().run_until_complete(ask(apigames))

    loop = asyncio.new_event_loop()
    nest_asyncio.apply(loop)
    asyncio.set_event_loop(loop)
    try:
        assert loop.run_until_complete(outer()) == 3
    finally:
        asyncio.set_event_loop(None)
        loop.close()
"""
    assert "7 passed" in run(environment, code, "-W", "default", "-p", "no:randomly")


@beside("pytest-rerunfailures", "pytest-repeat", "pytest-timeout", "pytest-xdist")
def test_runners(environment: Path) -> None:
    again = """
from ask import *

seen = []

def test_again(apigames, apigames_responses):
    seen.append(apigames.merchant_id)
    assert total(apigames) == 3
    apigames.assert_called(times=1)
    assert len(seen) == 3, "tried again"
"""
    assert "1 passed, 2 rerun" in run(environment, again, "--reruns", "2", "-W", "default")
    assert "12 passed" in run(environment, PLAIN, "--count", "3", "--timeout", "300")
    for distribution in ("load", "loadscope", "loadfile", "worksteal"):
        assert "4 passed" in run(environment, PLAIN, "-n", "2", "--dist", distribution)


@beside("pytest-bdd", "pytest-subtests")
def test_steps_and_subtests(environment: Path) -> None:
    folder = environment.parents[2]
    (folder / "vouchers.feature").write_text(
        "Feature: vouchers\n  Scenario: none\n    Given a project without vouchers\n    Then none is listed\n"
    )
    code = """
from pytest_bdd import given, scenarios, then
from ask import *

scenarios("vouchers.feature")

@given("a project without vouchers")
def project(apigames):
    apigames.project()

@then("none is listed")
def listed(apigames):
    with apigames.responses():
        assert requests.post(url_of(apigames), json=body_of(apigames)).json()["data"]["data"]["vouchers"] in ([], None)

def test_subtests(apigames, apigames_responses, subtests):
    for n in range(3):
        with subtests.test(n=n):
            assert total(apigames) == 3
"""
    assert "2 passed" in run(environment, code)
    shown = run(environment, code, "--apigames-readings=each")
    assert re.search(r"2 tests ran under the defaults and \d\d other answers", shown)
    assert "The client survives every one of them." in shown


@beside()
def test_strict_and_optimized(environment: Path) -> None:
    folder = environment.parents[2]
    assert "4 passed" in run(environment, PLAIN, python=("-X", "dev", "-W", "error"))
    script = """
import sys
import requests
import mockserver

with mockserver.serve() as server:
    project = server.project(pending=3)
    server.fault("html_502", times=1)
    body = {"projectid": project.project_id, "signature": server.signature}
    path = f"/merchant/{server.merchant_id}/kiosgamer/project/detail"
    seen = [requests.post(server.url + path, json=body).status_code for _ in range(2)]
    with server.responses():
        seen.append(requests.post("https://v1.apigames.id" + path, json=body).status_code)
    server.assert_called(times=3)
    project.move("pending", to="success")
    print(seen, project.stats["success"])
    try:
        server.assert_called(page=9)
    except AssertionError as error:
        print("told" if "page: expected 9" in str(error) else error)
"""
    (folder / "script.py").write_text(script)
    for options in (("-OO",), ("-X", "dev", "-W", "error"), ("-OO", "-X", "dev", "-W", "error")):
        assert sh(environment, *options, "script.py", folder=folder) == "[502, 200, 200] 3\ntold\n"
    case = """
import unittest
import requests
import mockserver

class TestVouchers(unittest.TestCase):
    def test_it(self):
        with mockserver.serve() as server, self.subTest("counts"):
            project = server.project(pending=3)
            self.assertEqual(len(project), 3)
"""
    (folder / "test_case.py").write_text(case)
    sh(environment, "-X", "dev", "-W", "error", "-m", "unittest", "-q", "test_case", folder=folder)


@beside("pyfakefs")
def test_files(environment: Path) -> None:
    folder = environment.parents[2]
    world = '{"merchants": [{"merchant_id": "M1", "secret_key": "s", "projects": [{"project_id": "R1"}]}]}'
    (folder / "world.json").write_bytes(b"\xef\xbb\xbf" + world.replace(", ", ",\r\n").encode())
    (folder / "own.json").write_text(world.replace("R1", "R2"))
    code = """
import pathlib, shutil
import mockserver
from ask import *

def test_pyfakefs(fs, apigames, apigames_responses):
    assert [project.project_id for project in apigames.projects] == ["R1"]
    apigames.project(vouchers=[{"voucher_code": "A"}])
    with pytest.raises(mockserver.WorldError, match="did you mean 'voucher_code'"):
        apigames.project(vouchers=[{"voucher_cod": "A"}])
    assert total(apigames) == total(apigames, base=apigames.url) == 0
    assert requests.get(f"{apigames.url}/__admin/requests").status_code == 200
    with pytest.raises(AssertionError, match="page: expected 9"):
        apigames.assert_called(page=9)

def test_a_home_and_a_directory_that_are_gone(monkeypatch, tmp_path, apigames, apigames_responses):
    monkeypatch.delenv("HOME")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)
    assert total(apigames) == total(apigames, base=apigames.url) == 0
    assert requests.get(f"{apigames.url}/__admin/").status_code == 200

@pytest.mark.apigames(world="own.json")
def test_a_world_of_its_own_that_is_hidden_later(fs, apigames):
    assert [project.project_id for project in apigames.projects] == ["R2"]

@pytest.fixture
def moved(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

@pytest.mark.apigames(world="world.json")
def test_a_directory_that_was_changed(moved, apigames):
    assert [project.project_id for project in apigames.projects] == ["R1"]

@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_and_carriage_returns(tmp_path, encoding):
    text = pathlib.Path("world.json").read_bytes().decode("utf-8-sig")
    (tmp_path / "world.json").write_bytes(text.encode(encoding))
    with mockserver.serve(tmp_path / "world.json") as server:
        assert server.merchant_id == "M1"

def test_the_other_loopback():
    with mockserver.serve(host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert total(server, base=server.url) == 3
"""
    assert "7 passed" in run(environment, code, "--apigames-world", "world.json", "-p", "no:cacheprovider")
    if os.geteuid():
        folder.chmod(0o555)
    try:
        assert "4 passed" in run(environment, PLAIN, "-p", "no:cacheprovider", python=("-B",))
    finally:
        folder.chmod(0o755)


@beside("mypy", "pyright", "httpx", "types-requests", "hypothesis")
def test_snippets_and_examples_are_typed(environment: Path) -> None:
    folder = environment.parents[2]
    snippets = folder / "snippets"
    snippets.mkdir()
    # A page in another language has the snippets of its twin: tests/test_twins.py.
    for page in [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - set((ROOT / "docs").glob("*.id.md")))]:
        found = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for number, text in enumerate(found):
            (snippets / f"{page.stem.replace('-', '_').lower()}_{number}.py").write_text(text)
    examples = ROOT / "examples"
    programs = [*(examples / "python").glob("*.py"), *(examples / "clients").rglob("*.py")]
    cache = ("--cache-dir", str(folder / "cache"))
    for one in [snippets, *programs]:
        sh(environment, "-m", "mypy", "--strict", *cache, one, folder=folder)
    sh(environment, "-m", "mypy", "--strict", *cache, ".", folder=examples / "downstream")
    for one in (snippets, examples / "python", examples / "clients", examples / "downstream"):
        sh(environment.parent / "pyright", "--pythonpath", environment, ".", folder=one)


@beside()
def test_strategies_without_their_extra_say_which_it_is(environment: Path) -> None:
    folder = environment.parents[2]
    for code in ("from mockserver import strategies", "import mockserver; mockserver.strategies"):
        (folder / "script.py").write_text(
            f"try:\n    {code.replace('; ', chr(10) + '    ')}\nexcept ImportError as error:\n    print(error)\n"
        )
        said = sh(environment, "script.py", folder=folder)
        assert said == "mockserver.strategies needs hypothesis: pip install 'apigames-mock[strategies]'\n"
