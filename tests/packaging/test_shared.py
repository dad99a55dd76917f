"""The files for several replicas: valid, of one piece, and naming only what the mock has; the balancer, really run."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from mockserver.cli.serve.serve import serve
from mockserver.cli.shared.configuration import PREFIX, variable
from mockserver.provider.provider import Provider
from mockserver.provider.state.world import World
from mockserver.testing.admin_client import AdminClient
from mockserver.web.admin.access import Access
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import PATH, fields
from tests.support.command import Serving
from tests.support.postgresql import Postgresql

PACKAGING = Path(__file__).parents[2] / "packaging"
COMPOSE: dict[str, Any] = yaml.safe_load((PACKAGING / "compose-shared.yaml").read_text(encoding="utf-8"))
SECRET, DEPLOYMENT, SERVICE = yaml.safe_load_all((PACKAGING / "kubernetes" / "mock.yaml").read_text(encoding="utf-8"))
BALANCER: str = COMPOSE["configs"]["balancer"]["content"]
(CONTAINER,) = DEPLOYMENT["spec"]["template"]["spec"]["containers"]
VARIABLES = {
    "compose": COMPOSE["services"]["mock"]["environment"],
    "kubernetes": {one["name"]: one.get("value") for one in CONTAINER["env"]},
}


@pytest.mark.parametrize("where", VARIABLES)
def test_the_variables_are_those_of_options_and_the_state_has_no_password(where: str) -> None:
    known = {variable(option.name) for option in serve.params if option.name} | {"PGPASSWORD", "NAMESPACE"}
    assert VARIABLES[where].keys() <= known
    assert {"PGPASSWORD", f"{PREFIX}STATE", f"{PREFIX}ADMIN_TOKEN"} <= VARIABLES[where].keys()
    assert re.fullmatch(r"postgresql://mock@\w+/mock(\?schema=\w+)?", VARIABLES[where][f"{PREFIX}STATE"])


def test_what_is_asked_of_a_replica_is_told_without_a_key() -> None:
    probes = [CONTAINER[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")]
    asked = re.findall(r"uri (\S+)", BALANCER)
    assert probes == asked[::-1] == ["/__admin/health", "/__admin/ready"]
    client = create_app(Provider(World()), Access("made-up", is_open=False)).test_client()
    for path in probes:
        assert client.get(path, environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code == 200


def test_the_port_is_the_one_that_is_served_by_default() -> None:
    (port,) = (option.default for option in serve.params if option.name == "port")
    assert [one["containerPort"] for one in CONTAINER["ports"]] == [port]
    assert {CONTAINER[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")} == {"http"}
    assert set(re.findall(r"bind :(\d+)|mock:(\d+)", BALANCER)) == {(str(port), ""), ("", str(port))}
    assert COMPOSE["services"]["balancer"]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_the_parts_for_kubernetes_fit_one_another() -> None:
    assert [one["kind"] for one in (SECRET, DEPLOYMENT, SERVICE)] == ["Secret", "Deployment", "Service"]
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert labels == DEPLOYMENT["spec"]["selector"]["matchLabels"] == SERVICE["spec"]["selector"]
    assert SERVICE["spec"]["ports"][0]["targetPort"] == CONTAINER["ports"][0]["name"]
    keys = [one["valueFrom"]["secretKeyRef"] for one in CONTAINER["env"] if "secretKeyRef" in one.get("valueFrom", {})]
    assert {one["name"] for one in keys} == {SECRET["metadata"]["name"]}
    assert {one["key"] for one in keys} == SECRET["stringData"].keys()


def test_kubernetes_sets_no_variables_of_its_own_that_begin_like_those_of_the_mock() -> None:
    """For each Service it does, by its name, unless the pod says that it wants none."""
    assert SERVICE["metadata"]["name"].upper().replace("-", "_") + "_" == PREFIX
    assert DEPLOYMENT["spec"]["template"]["spec"]["enableServiceLinks"] is False


@pytest.fixture
def as_deployed(provider: Provider) -> Iterator[Server]:
    """A server that is told of keys and names what those of the Deployment are."""
    names = VARIABLES["kubernetes"][f"{PREFIX}ALLOWED_HOST"].replace("$(NAMESPACE)", "staging").split()
    with Server(provider, host="0.0.0.0", admin_token="made-up", allowed_hosts=names) as running:
        yield running


def test_the_service_and_the_probes_of_kubernetes_are_let_in_and_no_other_name(as_deployed: Server) -> None:
    name = SERVICE["metadata"]["name"]
    names = (name, f"{name}.staging", f"{name}.staging.svc", f"{name}.staging.svc.cluster.local")
    hosts = [f"{one}{port}" for one in names for port in ("", ":80")]

    def status(path: str, host: str, **headers: str) -> int:
        return requests.get(as_deployed.url + path, headers={"Host": host, **headers}, timeout=30).status_code

    for host in hosts:
        assert status("/__admin/world", host, Authorization="Bearer made-up") == 200, host
        assert status("/__admin/world", host) == 401, host
    assert status("/__admin/world", f"{name}.elsewhere", Authorization="Bearer made-up") == 421
    # A probe names the address of its pod.
    for host in ("10.244.1.7:8787", "[fd00::7]:8787"):
        for probe in ("livenessProbe", "readinessProbe"):
            path = CONTAINER[probe]["httpGet"]["path"]
            assert status(path, host, **{"User-Agent": "kube-probe/1.34"}) == 200, (path, host)


@pytest.fixture
def replicas(postgresql: Postgresql, tmp_path: Path) -> Iterator[list[Serving]]:
    state = ("--state", postgresql.new_state(), "--admin-token", "made-up-key")
    with Serving(*state, folder=tmp_path) as one, Serving(*state, folder=tmp_path) as other:
        yield [one, other]


@pytest.mark.once
@pytest.mark.matrix
def test_the_balancer_goes_by_who_is_ready(postgresql: Postgresql, replicas: list[Serving], tmp_path: Path) -> None:
    haproxy = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if haproxy is None:
        pytest.skip("haproxy is not installed on this machine")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    servers = [f"server replica{n} {one.url.removeprefix('http://')}" for n, one in enumerate(replicas, 1)]
    # What a container has in place of this machine: its name server, and the names that it knows.
    text = re.sub(r"(?m)^resolvers docker\n(  .*\n)+", "", BALANCER).replace("bind :8787", f"bind 127.0.0.1:{port}")
    text, count = re.subn(r"(?m)^  server-template .*$", "".join(f"  {one}\n" for one in servers), text)
    assert count == 2
    file = tmp_path / "haproxy.cfg"
    file.write_text(text)
    url = f"http://127.0.0.1:{port}"

    def asked() -> requests.Response:
        return requests.post(url + PATH, json=fields(), timeout=30)

    def until(status: int, *, times: int = 10) -> requests.Response:
        """Ask until so many in a row get this status; return the last reply."""
        deadline, seen = time.monotonic() + 30, 0
        while seen < times:
            reply = asked()
            seen = seen + 1 if reply.status_code == status else 0
            assert time.monotonic() < deadline, reply.text
            time.sleep(0.02)
        return reply

    with subprocess.Popen([haproxy, "-db", "-f", file], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    requests.get(url, timeout=5)
                    break
                except requests.ConnectionError:
                    time.sleep(0.05)
            served_by: set[str] = set()
            while len(served_by) < 2:  # until it has found both ready, and serves by each in turn
                served_by |= {*until(200, times=1).cookies.values()}
                assert time.monotonic() < deadline, served_by
            admin = AdminClient(url, token="made-up-key")
            for _ in range(4):
                admin.advance(5)
            assert admin.clock()["ahead"] == 20
            postgresql.stop("fast")
            try:
                assert until(503).json()["rc"] == 503
            finally:
                postgresql.start()
            until(200)
            replicas[0].stop(signal.SIGKILL)
            until(200, times=20)
        finally:
            running.terminate()
        assert running.wait(10) is not None
