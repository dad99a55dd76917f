"""The plugin is a guest in every run of pytest: what it imports, where it works, and beside what."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.plugin_runs import ASK, QUIET, run, run_process

pytest_plugins = ["pytester"]


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


OWN_PACKAGE = "raise RuntimeError('it is a stranger to the plugin, which must not run it')"


def test_a_folder_of_a_user_s_own_that_hides_the_package_is_one_clear_line(pytester: pytest.Pytester) -> None:
    hider = pytester.mkpydir("mockserver")
    (hider / "__init__.py").write_text(OWN_PACKAGE)
    pytester.makepyfile("def test_it(): pass")
    # As `python -m pytest` does, the folder comes first.
    done = pytester.run(sys.executable, "-m", "pytest", "-p", "apigames")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    told = f"apigames-mock: {hider} hides the package mockserver of apigames-mock; rename it, or *-p no:apigames"
    done.stderr.fnmatch_lines([f"ERROR: {told}"])
    assert len([line for line in [*done.outlines, *done.errlines] if line.strip()]) == 1
    pytester.run(sys.executable, "-m", "pytest", "-p", "no:apigames").assert_outcomes(passed=1)


def test_the_command_says_so_too(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    (pytester.mkpydir("mockserver") / "__init__.py").write_text(OWN_PACKAGE)
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    done = pytester.run(sys.executable, "-c", "import sys, apigames_mock; sys.exit(apigames_mock.main())", "--version")
    assert done.ret == 3
    assert len(done.errlines) == 1
    done.stderr.fnmatch_lines(["apigames-mock: *mockserver hides the package mockserver of apigames-mock; rename it*"])


def test_a_package_that_ours_hides_is_named_beside_the_error(pytester: pytest.Pytester) -> None:
    (pytester.mkpydir("mockserver") / "views.py").touch()
    result = run(pytester, "import mockserver.views\n\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"apigames-mock: its package mockserver hides {pytester.path / 'mockserver'}; rename*"]
    )


def test_strategies_without_hypothesis_say_how_to_get_it() -> None:
    code = "import sys; sys.modules['hypothesis'] = None\nimport mockserver\nmockserver.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: mockserver.strategies needs hypothesis: pip install 'apigames-mock[strategies]'" in done.stderr


def test_a_downstream_run_never_needs_hypothesis(pytester: pytest.Pytester) -> None:
    result = run_process(
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
    markers.stdout.fnmatch_lines(["@pytest.mark.apigames(readings={...}, world=..., faults=*)*"])


def test_without_httpx_its_fixture_says_how_to_get_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys; sys.modules['httpx'] = None")
    result = run(pytester, "def test_it(apigames_httpx): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*apigames_httpx needs httpx: pip install httpx"])
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_test_that_hides_the_file_system_beside_the_fixtures(pytester: pytest.Pytester) -> None:
    """What pyfakefs does to a test, and a patch of `Path.read_text`."""
    result = run(
        pytester,
        """
import pathlib

@pytest.fixture
def hidden(monkeypatch):
    def fail(*args, **kwargs):
        raise FileNotFoundError

    monkeypatch.setattr(pathlib.Path, "open", fail)
    monkeypatch.setattr(pathlib.Path, "read_text", fail)

def test_it(hidden, apigames, apigames_responses):
    project = apigames.project(vouchers=[{"voucher_code": "A"}])
    assert ask(apigames, project.project_id).json()["rc"] == 200
""",
    )
    result.assert_outcomes(passed=1)
