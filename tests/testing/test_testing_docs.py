"""The pages for people who test their own code: every snippet run as a reader would."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import FakeMerchant
from tests.support.command import CLEAN

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


def snippets(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def sh(*command: str | Path, folder: Path, **variables: str) -> str:
    environment = {**CLEAN, "PATH": f"{PROGRAMS}{os.pathsep}{CLEAN['PATH']}", **variables}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed on this machine")


def run_pytest(folder: Path) -> str:
    plugins = ("-p", "no:schemathesis", "-p", "no:randomly", "-p", "no:cacheprovider", "-W", "error")
    return sh(sys.executable, "-m", "pytest", "-q", "--strict-markers", *plugins, folder=folder)


def test_the_page_for_pytest(tmp_path: Path) -> None:
    code = snippets("pytest.md", "python")
    for number, text in enumerate(code):
        (tmp_path / f"test_{number}.py").write_text(text)
    tests = sum(text.count("\ndef test_") for text in code)
    assert f"{tests} passed" in run_pytest(tmp_path)


def test_the_page_about_submitting(tmp_path: Path) -> None:
    (code,) = snippets("submit.md", "python")
    (tmp_path / "test_submit.py").write_text(code)
    assert "4 passed" in run_pytest(tmp_path)


def test_the_page_without_pytest(tmp_path: Path) -> None:
    plain, case, *others = snippets("unittest.md", "python")
    sh(sys.executable, "-c", "\n".join([plain, *others]), folder=tmp_path)
    (tmp_path / "test_case.py").write_text(case)
    sh(sys.executable, "-W", "error", "-m", "unittest", "-q", folder=tmp_path)


def test_the_page_for_other_languages(tmp_path: Path) -> None:
    needs("node", "php")
    runner, client = snippets("other-languages.md", "js")
    (tmp_path / "own.test.mjs").write_text(runner)
    assert "# pass 1" in sh("node", "--test", "--test-reporter=tap", "own.test.mjs", folder=tmp_path)
    (php,) = snippets("other-languages.md", "php")
    (tmp_path / "own.php").write_text(php)
    assert sh("php", "own.php", folder=tmp_path) == "3\n"
    (started,) = snippets("other-languages.md", "python")
    (tmp_path / "client.mjs").write_text(client)
    (tmp_path / "test_node.py").write_text(started)
    assert "1 passed" in run_pytest(tmp_path)


@pytest.fixture
def certificate(tmp_path: Path) -> None:
    """The certificate of the page, in the test's folder."""
    needs("curl", "openssl")
    (commands,) = snippets("built-in-address.md", "sh")
    sh("bash", "-c", commands.split("apigames-mock serve")[0], folder=tmp_path)


@pytest.fixture
def front(apigames: FakeMerchant, certificate: None, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The ports of the front and of the proxy, run beside the certificate."""
    needs("node", "php")
    shutil.copy(ROOT / "examples" / "built-in-address" / "front.mjs", tmp_path)
    environment = {**CLEAN, "FRONT_PORT": "0", "PROXY_PORT": "0", "APIGAMES_BASE_URL": apigames.url}
    with subprocess.Popen(
        ["node", "front.mjs"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        _, front_port, _, proxy_port = running.stdout.readline().split()
        yield front_port, proxy_port
        running.kill()


ASK_IN_PHP = """
$curl = curl_init(getenv("URL"));
curl_setopt_array($curl, [CURLOPT_POSTFIELDS => getenv("BODY"), CURLOPT_RETURNTRANSFER => true]);
echo curl_exec($curl) ?: curl_error($curl);
"""
ASK_IN_PYTHON = "import os, {0}; print({0}.post(os.environ['URL'], {1}=os.environ['BODY']).text)"


def test_the_page_for_a_built_in_address(apigames: FakeMerchant, front: tuple[str, str], tmp_path: Path) -> None:
    project = apigames.project(pending=3)
    url = f"https://v1.apigames.id/merchant/{apigames.merchant_id}/kiosgamer/project/detail"
    body = json.dumps({"projectid": project.project_id, "signature": apigames.signature})
    proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{front[1]}", "URL": url, "BODY": body}
    curl = ("curl", "-sS", "--cacert", "apigames.crt", "-d", body)
    own_php = f"curl.cainfo={tmp_path / 'apigames.crt'}"
    by_proxy = [
        sh(*curl, url, folder=tmp_path, **proxy),
        sh("php", "-d", own_php, "-r", ASK_IN_PHP, folder=tmp_path, **proxy),
        sh(
            sys.executable,
            "-c",
            ASK_IN_PYTHON.format("requests", "data"),
            folder=tmp_path,
            **proxy,
            REQUESTS_CA_BUNDLE="apigames.crt",
        ),
        sh(
            sys.executable,
            "-c",
            ASK_IN_PYTHON.format("httpx", "content"),
            folder=tmp_path,
            **proxy,
            SSL_CERT_FILE="apigames.crt",
        ),
    ]
    # What a line in the hosts file does, for one curl alone.
    by_name = sh(*curl, "--connect-to", f"v1.apigames.id:443:127.0.0.1:{front[0]}", url, folder=tmp_path)
    for reply in [*by_proxy, by_name]:
        assert json.loads(reply)["data"]["total_data"] == 3
    apigames.assert_called(times=5)
    refused = subprocess.run(
        ["curl", "-sS", "-x", proxy["HTTPS_PROXY"], "https://example.com/"], capture_output=True, text=True, check=False
    )
    assert "403" in refused.stderr


@pytest.fixture
def nginx(apigames: FakeMerchant, certificate: None, tmp_path: Path) -> Iterator[int]:
    """The port of nginx, run with the configuration of the page."""
    needs("nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (text,) = snippets("built-in-address.md", "nginx")
    # Debian's keeps what it buffers where only root may write.
    own = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace(":443", f":{port}").replace("http://127.0.0.1:8787", apigames.url)
    (tmp_path / "nginx.conf").write_text(text.replace("http {", f"http {{ {own}"))
    command = ["nginx", "-e", "stderr", "-p", str(tmp_path), "-c", "nginx.conf", "-g", "daemon off;"]
    with subprocess.Popen(command, env=CLEAN) as running:
        yield port
        running.terminate()


def test_nginx_before_the_mock(apigames: FakeMerchant, nginx: int, tmp_path: Path) -> None:
    project = apigames.project(pending=3)
    reply = sh(
        *("curl", "-sS", "--cacert", "apigames.crt", "--retry", "50", "--retry-connrefused", "--retry-delay", "0"),
        *("--connect-to", f"v1.apigames.id:443:127.0.0.1:{nginx}"),
        *("-d", json.dumps({"projectid": project.project_id, "signature": apigames.signature})),
        f"https://v1.apigames.id/merchant/{apigames.merchant_id}/kiosgamer/project/detail",
        folder=tmp_path,
    )
    assert json.loads(reply)["data"]["total_data"] == 3
    apigames.assert_called(times=1)
