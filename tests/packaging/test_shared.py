"""The files for several replicas: valid, of one piece, and naming only what the mock has; the balancer, really run."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from mockserver.cli.serve.serve import serve
from mockserver.cli.shared.configuration import PREFIX, variable
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.request import UNAVAILABLE
from mockserver.provider.state.world import World
from mockserver.testing.admin_client import AdminClient
from mockserver.web.admin.access import Access
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, SECRET, fields
from tests.support.command import Serving
from tests.support.postgresql import Postgresql
from tests.support.waiting import until

PACKAGING = Path(__file__).parents[2] / "packaging"
COMPOSE: dict[str, Any] = yaml.safe_load((PACKAGING / "compose-shared.yaml").read_text(encoding="utf-8"))
SECRETS, DEPLOYMENT, SERVICE = yaml.safe_load_all((PACKAGING / "kubernetes" / "mock.yaml").read_text(encoding="utf-8"))
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
    assert [one["kind"] for one in (SECRETS, DEPLOYMENT, SERVICE)] == ["Secret", "Deployment", "Service"]
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert labels == DEPLOYMENT["spec"]["selector"]["matchLabels"] == SERVICE["spec"]["selector"]
    assert SERVICE["spec"]["ports"][0]["targetPort"] == CONTAINER["ports"][0]["name"]
    keys = [one["valueFrom"]["secretKeyRef"] for one in CONTAINER["env"] if "secretKeyRef" in one.get("valueFrom", {})]
    assert {one["name"] for one in keys} == {SECRETS["metadata"]["name"]}
    assert {one["key"] for one in keys} == SECRETS["stringData"].keys()


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


@pytest.fixture
def balancer(replicas: list[Serving], tmp_path: Path) -> Iterator[str]:
    """The URL of the balancer of the compose file, before two replicas of this machine."""
    haproxy = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if haproxy is None:
        pytest.skip("haproxy is not installed on this machine")
    port = free_port()
    servers = [f"server replica{n} {one.url.removeprefix('http://')}" for n, one in enumerate(replicas, 1)]
    # What a container has in place of this machine: its name server, and the names that it knows.
    text = re.sub(r"(?m)^resolvers docker\n(  .*\n)+", "", BALANCER).replace("bind :8787", f"bind 127.0.0.1:{port}")
    text, count = re.subn(r"(?m)^  server-template .*$", "".join(f"  {one}\n" for one in servers), text)
    assert count == 2
    file = tmp_path / "haproxy.cfg"
    file.write_text(text)
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [haproxy, "-db", "-f", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            # Until it has found both ready, and serves by each in turn.
            until(lambda: len({*asked(url).cookies.values(), *asked(url).cookies.values()}) == 2)
            yield url
        finally:
            running.terminate()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def asked(url: str) -> requests.Response:
    """Return the reply to a status call; one of 502 where nobody listens."""
    try:
        return requests.post(url + PATH, json=fields(), timeout=30)
    except requests.ConnectionError:
        nobody = requests.Response()
        nobody.status_code = 502
        return nobody


def until_all_are(status: int, url: str, *, times: int = 10) -> requests.Response:
    """Ask until so many in a row get this status; return the last reply."""
    replies: list[requests.Response] = []

    def are_all() -> bool:
        replies.append(asked(url))
        time.sleep(0.02)
        return [one.status_code for one in replies[-times:]] == [status] * times

    until(are_all)
    return replies[-1]


@pytest.mark.once
@pytest.mark.matrix
def test_the_balancer_goes_by_who_is_ready(postgresql: Postgresql, replicas: list[Serving], balancer: str) -> None:
    admin = AdminClient(balancer, token="made-up-key")
    for _ in range(4):
        admin.advance(5)
    assert admin.clock()["ahead"] == 20
    postgresql.stop("fast")
    try:
        assert until_all_are(503, balancer).json()["rc"] == 503
    finally:
        postgresql.start()
    until_all_are(200, balancer)
    replicas[0].stop(signal.SIGKILL)
    until_all_are(200, balancer, times=20)


class Submitting(threading.Thread):
    """A client that submits one code after another, none of them again, over one connection while it lasts."""

    def __init__(self, url: str, name: str, over: threading.Event) -> None:
        super().__init__(name=name)
        self._url = url + REDEEM_BULK.path_of(MERCHANT)
        self._over = over
        self.acknowledged: dict[str, str] = {}
        self.unlike: list[str] = []

    def run(self) -> None:
        session, n = requests.Session(), 0
        while not self._over.wait(0.005):
            code, n = f"{self.name}{n:06}", n + 1
            sent = {"kode_voucher": encode_codes([code]), "signature": sign(MERCHANT, SECRET)}
            try:
                reply = session.post(self._url, json=sent, timeout=60)
            except requests.ConnectionError:
                continue  # the replica is gone, and whether it took the call cannot be told
            if reply.status_code == 200:
                self.acknowledged[code] = reply.json()["data"]["project_id"]
            elif reply.status_code != 502 and (reply.status_code, UNAVAILABLE in reply.text) != (503, True):
                self.unlike.append(f"{reply.status_code} {reply.text[:200]}")


@pytest.mark.once
@pytest.mark.matrix
def test_under_load_a_replica_and_the_database_die_and_nothing_acknowledged_is_lost(
    postgresql: Postgresql, replicas: list[Serving], balancer: str
) -> None:
    over = threading.Event()
    clients = [Submitting(balancer, f"CLIENT{n}N", over) for n in range(4)]
    for client in clients:
        client.start()

    def goes_on() -> None:
        """Return when each client has heard of a new submission."""
        before = [len(client.acknowledged) for client in clients]
        until(lambda: all(len(one.acknowledged) > n for one, n in zip(clients, before, strict=True)))

    try:
        goes_on()
        for _ in range(2):
            postgresql.restart()
            goes_on()
        replicas[0].stop(signal.SIGKILL)
        goes_on()
        postgresql.restart()
        goes_on()
    finally:
        over.set()
        for client in clients:
            client.join()
    assert [said for client in clients for said in client.unlike] == []
    projects = AdminClient(replicas[1].url, token="made-up-key").world()["merchants"][0]["projects"]
    kept = {voucher["voucher_code"]: one["project_id"] for one in projects for voucher in one["vouchers"]}
    for client in clients:
        assert client.acknowledged.items() <= kept.items()
