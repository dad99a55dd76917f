"""The image, built and run without a registry or a daemon: buildah, on a base that debootstrap makes.

The base has Debian's Python under the name of the one that the Dockerfile asks for, and the packages come from a folder
of wheels, so that nothing is asked of a network while it is built.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from mockserver.testing.admin_client import AdminClient
from tests.support.asking import PAGE_PROJECT, PATH, fields
from tests.support.command import CLEAN
from tests.support.postgresql import Postgresql

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.13-slim"
IMAGE = "localhost/apigames-mock"
NEEDED = ("buildah", "debootstrap")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.once,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="debootstrap needs to be root"),
]


@dataclass(frozen=True)
class Buildah:
    """`buildah` with a storage of its own."""

    storage: Path

    def command(self, *arguments: str | Path) -> list[str]:
        where = ("--root", self.storage / "root", "--runroot", self.storage / "run", "--storage-driver", "vfs")
        return [str(part) for part in ("buildah", *where, *arguments)]

    def __call__(self, *arguments: str | Path) -> str:
        return ran(*self.command(*arguments))

    def run(self, container: str, *command: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        words = self.command("run", "--isolation", "chroot", *options, container, "--", *command)
        return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def ran(*command: str | Path, folder: Path | None = None) -> str:
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """The program, which knows the base and the image."""
    folder = tmp_path_factory.mktemp("image")
    made = Buildah(folder / "storage")
    try:
        _make_base(made, folder)
        _build(made, folder)
        yield made
    finally:
        # Gigabytes, which pytest would keep.
        shutil.rmtree(folder, ignore_errors=True)


def _make_base(buildah: Buildah, folder: Path) -> None:
    root = folder / "debian"
    ran("debootstrap", "--variant=minbase", "--include=python3,python3-venv", "bookworm", root)
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    file = folder / "Base"
    file.write_text('FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/usr/bin:/bin\nCMD ["python3"]\n')
    buildah("bud", "--isolation", "chroot", "--tag", BASE, "--file", file, root)
    shutil.rmtree(root)


def _build(buildah: Buildah, folder: Path) -> None:
    wheels = folder / "wheels"
    for name in ("requirements.txt", "build-requirements.txt"):
        # Of Debian's Python, whichever runs the tests.
        for_base = ("--only-binary=:all:", "--python-version", "3.11")
        file = ROOT / "packaging" / name
        ran(sys.executable, "-m", "pip", "download", "--require-hashes", *for_base, "--dest", wheels, "-r", file)
    settings = folder / "pip.conf"
    settings.write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    mounts = ("--volume", f"{wheels}:/wheels:ro", "--volume", f"{settings}:/etc/pip.conf:ro")
    # Only this format has a health check.
    how = ("--isolation", "chroot", "--format", "docker", "--pull-never")
    buildah("bud", *how, *mounts, "--tag", IMAGE, "--file", ROOT / "packaging" / "Dockerfile", ROOT)


@pytest.fixture(scope="module")
def configuration(buildah: Buildah) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]
    return found


@pytest.fixture(scope="module")
def container(buildah: Buildah) -> str:
    """One for every test that mounts nothing: this storage copies the whole image for another."""
    return buildah("from", "--pull-never", IMAGE)


@pytest.fixture
def own_container(buildah: Buildah) -> Iterator[str]:
    """One for a test that mounts something, whose place in it stays."""
    name = buildah("from", "--pull-never", IMAGE)
    yield name
    buildah("rm", name)


class Running:
    """The image as a runtime starts it: entry point, command, user and variables are its own."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def stop(self) -> tuple[int, str]:
        """Stop it as a runtime does; returns its exit status and its log."""
        os.kill(innermost(self.process.pid), signal.SIGTERM)
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


@contextmanager
def running(buildah: Buildah, container: str, *command: str, options: tuple[str, ...] = ()) -> Iterator[Running]:
    known = json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]
    words = [*known["Entrypoint"], *(command or known["Cmd"])]
    started = buildah.command("run", "--isolation", "chroot", *options, container, "--", *words)
    with subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Running(process, process.stdout.readline().strip())
        finally:
            if process.poll() is None:
                os.kill(innermost(process.pid), signal.SIGKILL)


def innermost(process: int) -> int:
    """Return the process of the image behind those of buildah, which hand no signal on."""
    while children := [
        child
        for thread in Path(f"/proc/{process}/task").glob("*/children")
        for child in thread.read_text(encoding="ascii").split()
    ]:
        process = int(children[0])
    return process


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def health(buildah: Buildah, container: str, configuration: dict[str, Any], *options: str) -> tuple[int, str]:
    kind, *command = configuration["Healthcheck"]["Test"]
    assert kind == "CMD"
    asked = buildah.run(container, *command, options=options)
    return asked.returncode, asked.stdout + asked.stderr


def test_it_serves_everywhere_as_nobody_with_a_key_that_is_printed_once(
    buildah: Buildah, container: str, configuration: dict[str, Any]
) -> None:
    assert configuration["User"] == "10001:10001"
    assert list(configuration["ExposedPorts"]) == ["8787/tcp"]
    port = free_port()
    assert health(buildah, container, configuration, "--env", f"APIGAMES_MOCK_PORT={port}")[0] == 1
    with running(buildah, container, options=("--env", f"APIGAMES_MOCK_PORT={port}")) as mock:
        assert mock.url == f"http://127.0.0.1:{port}"
        assert health(buildah, container, configuration) == (0, "ok\n")
        assert requests.post(mock.url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        assert requests.get(f"{mock.url}/__admin/health", timeout=30).json() == {"status": "ok"}
        assert requests.get(f"{mock.url}/__admin/world", timeout=30).status_code == 401
        status, log = mock.stop()
    keys = [line.rpartition(" ")[2] for line in log.splitlines() if "admin token" in line]
    assert len(keys) == 1
    assert len(keys[0]) >= 32
    assert status == 0


def test_its_health_follows_the_port_of_the_command_line_too(
    buildah: Buildah, container: str, configuration: dict[str, Any]
) -> None:
    with running(buildah, container, "--port", "0", "--admin-token", "a-marked-token") as mock:
        assert health(buildah, container, configuration) == (0, "ok\n")
        assert AdminClient(mock.url, "a-marked-token").health()["merchants"] == 1
        status, log = mock.stop()
        assert status == 0, log
    assert health(buildah, container, configuration)[0] == 1


def test_a_world_that_is_mounted_is_served(buildah: Buildah, own_container: str, tmp_path: Path) -> None:
    world = {"merchants": [{"merchant_id": "M-mounted", "secret_key": "s", "projects": []}]}
    (tmp_path / "world.json").write_text(json.dumps(world))
    mount = ("--volume", f"{tmp_path / 'world.json'}:/world.json:ro")
    with running(buildah, own_container, "--port", "0", options=mount) as mock:
        assert requests.post(mock.url + PATH, json=fields(), timeout=30).json()["error_msg"] == "Merchant not found"
        _, log = mock.stop()
    assert "merchant M-mounted" in log


def test_without_a_place_for_its_address_the_health_check_goes_by_the_variables(
    buildah: Buildah, own_container: str, configuration: dict[str, Any], tmp_path: Path
) -> None:
    port = ("--env", f"APIGAMES_MOCK_PORT={free_port()}")
    tmp_path.chmod(0o755)
    options = (*port, "--volume", f"{tmp_path}:/run/apigames-mock:ro")
    with running(buildah, own_container, options=options) as mock:
        assert health(buildah, own_container, configuration, *options) == (0, "ok\n")
        status, log = mock.stop()
        assert status == 0, log


def test_two_of_it_with_one_state_in_postgresql_are_one_fake_and_no_log_has_its_password(
    buildah: Buildah, container: str, postgresql: Postgresql
) -> None:
    """As compose-shared.yaml and kubernetes/mock.yaml run it: all is said by variables."""
    key, password = "a-marked-token", "a-marked-password"
    variables = {
        "APIGAMES_MOCK_STATE": postgresql.new_state(),
        "APIGAMES_MOCK_ADMIN_TOKEN": key,
        "PGPASSWORD": password,
    }
    given = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
    ports = [("--env", f"APIGAMES_MOCK_PORT={free_port()}") for _ in range(2)]
    with (
        running(buildah, container, options=(*given, *ports[0])) as one,
        running(buildah, container, options=(*given, *ports[1])) as other,
    ):
        assert AdminClient(one.url, key).advance(20)["ahead"] == AdminClient(other.url, key).clock()["ahead"] == 20
        assert requests.post(other.url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        assert [call["n"] for call in AdminClient(one.url, key).requests()] == [1]
        for served in (one, other):
            assert requests.get(f"{served.url}/__admin/ready", timeout=30).json() == {"status": "ready"}
            status, log = served.stop()
            assert status == 0, log
            assert "everything is kept in postgresql://mock@127.0.0.1:" in log
            assert password not in log


def test_other_commands_run_in_it_and_what_built_it_is_left_behind(buildah: Buildah, container: str) -> None:
    def run(*command: str) -> str:
        return buildah.run(container, *command).stdout

    assert "version" in run("apigames-mock-entrypoint", "--version")
    assert json.loads(run("apigames-mock-entrypoint", "schema", "success"))["title"] == "Success"
    assert "No module named" in buildah.run(container, "python", "-c", "import pip, hatchling").stderr
    assert run("sh", "-c", "ls /build 2>&1; id -u").splitlines()[-1] == "10001"
    written = run("sh", "-c", "find / -xdev -writable -type d 2>/dev/null").split()
    assert [place for place in written if place.startswith(("/opt", "/usr"))] == []


def test_the_client_of_the_compose_file_waits_for_health_and_gets_its_reply(buildah: Buildah, container: str) -> None:
    compose = yaml.safe_load((ROOT / "packaging" / "compose.yaml").read_text(encoding="utf-8"))
    mock, client = compose["services"]["mock"], compose["services"]["client"]
    assert client["depends_on"] == {"mock": {"condition": "service_healthy"}}
    assert (ROOT / "packaging" / mock["build"]["context"]).resolve() == ROOT
    assert (ROOT / mock["build"]["dockerfile"]).is_file()
    name, key = mock["environment"]["APIGAMES_MOCK_ALLOWED_HOST"], "a-marked-token"
    options = ("--env", f"APIGAMES_MOCK_ALLOWED_HOST={name}", "--env", f"APIGAMES_MOCK_ADMIN_TOKEN={key}")
    with running(buildah, container, "--port", "0", options=options) as served:
        words = [word.replace("http://mock:8787", served.url) for word in client["command"]]
        reply = json.loads(ran("curl", *words))
        headers = {"Host": f"{name}:8787", "Authorization": f"Bearer {key}"}
        assert requests.get(f"{served.url}/__admin/world", headers=headers, timeout=30).status_code == 200
        served.stop()
    assert reply["data"]["data"]["project_id"] == PAGE_PROJECT
