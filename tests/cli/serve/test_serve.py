"""`serve` as a user meets it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.cli.serve.banner import Served, curl_line, journey, url_elsewhere
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings, each_other_value
from mockserver.contract.signature import sign
from mockserver.web.connection import Limits
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PAGE_PROJECT, PATH, SECRET, fields
from tests.support.command import CLEAN, Serving, run, run_process

WORLD = {
    "merchants": [
        {
            "merchant_id": "M/é".replace("/", "-"),
            "secret_key": "rahasia-marked-secret",
            "session_key": "sesi-marked-session",
            "projects": [{"project_id": "R-ku", "vouchers": [{"voucher_code": "A1"}, {"voucher_code": "A2"}]}],
        }
    ]
}


def curl_of(banner: str) -> str:
    return next(line for line in banner.splitlines() if line.startswith("curl"))


def read_banner(serving: Serving) -> list[str]:
    """Read what is written for people, up to the curl line."""
    assert serving.process.stderr is not None
    lines = []
    for line in serving.process.stderr:
        lines.append(line)
        if line.startswith("curl"):
            break
    return lines


def pasted(line: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={**CLEAN, **(environment or {})},
    )
    decoded: dict[str, Any] = json.loads(done.stdout)
    return decoded


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_line_is_the_base_url_alone_and_a_signal_ends_it_with_0(tmp_path: Path, number: int) -> None:
    with Serving(folder=tmp_path) as serving:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", serving.url)
        with requests.Session() as kept_alive:
            assert kept_alive.post(serving.url + PATH, json=fields()).json()["rc"] == 200
            status, out, err = serving.stop(number)
    assert (status, out) == (0, "")
    assert "Traceback" not in err
    assert SECRET in err
    assert '"DW"' in err


def test_the_curl_line_of_the_banner_works_as_pasted(tmp_path: Path) -> None:
    with Serving(folder=tmp_path) as serving:
        reply = pasted(curl_of("".join(read_banner(serving))))
    assert reply["data"]["data"]["project_id"] == PAGE_PROJECT
    assert len(reply["data"]["data"]["vouchers"]) == 3


@pytest.mark.parametrize(("key", "value"), [("", ""), *each_other_value(operation="project_detail")])
def test_the_curl_line_of_the_banner_is_right_under_every_reading(server: Server, key: str, value: str) -> None:
    readings = server.provider.readings = Readings.of({key: value} if key else {})
    served = Served(server.url, server.provider.store.snapshot(), readings)
    assert pasted(curl_line(served, PROJECT_DETAIL, served.world.merchants[0]))["rc"] == 200


@pytest.mark.parametrize(
    ("key", "value"), [("bulk_most", "1"), ("http_status", "200"), *each_other_value(operation="redeem_bulk")]
)
def test_the_lines_that_submit_and_ask_do_so_in_any_shell(server: Server, key: str, value: str) -> None:
    readings = server.provider.readings = Readings.of({key: value})
    served = Served(server.url, server.provider.store.snapshot(), readings)
    lines = "\n".join(journey(served, served.world.merchants[0]))
    done = subprocess.run(["sh", "-eu", "-c", lines], capture_output=True, text=True, timeout=30, check=True)
    submitted, asked = map(json.loads, done.stdout.replace("}{", "}\n{").splitlines())
    assert submitted["rc"] == 0
    assert asked["data"]["data"]["project_id"] == submitted["data"]["project_id"]
    assert asked["data"]["data"]["stats"]["pending"] == (1 if key == "bulk_most" and value == "1" else 2)


def test_a_merchant_without_projects_is_shown_how_to_submit(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"merchants": [{"merchant_id": "M-new", "secret_key": "made-up-secret"}]}')
    with Serving("--world", "world.json", folder=tmp_path) as serving:
        _, _, err = serving.stop(signal.SIGTERM)
        lines = [line for line in err.splitlines() if line.startswith(("list=", "reply=", "project_id=", "curl"))]
    assert [line.partition("=")[0] for line in lines[:3]] == ["list", "reply", "project_id"]
    assert "kiosgamer/redem/bulk" in lines[1]
    assert '"projectid":"\'"$project_id"\'"' in lines[3]
    assert "made-up-secret" not in err


def test_a_world_file_is_served_and_its_curl_line_holds_no_signature(tmp_path: Path) -> None:
    (tmp_path / "my world.json").write_text(json.dumps(WORLD))
    merchant = WORLD["merchants"][0]
    signature = sign(str(merchant["merchant_id"]), str(merchant["secret_key"]))
    with Serving("--world", "my world.json", folder=tmp_path) as serving:
        lines = read_banner(serving)
        reply = pasted(lines[-1])
        _, _, rest = serving.stop(signal.SIGTERM)
    assert [voucher["voucher_code"] for voucher in reply["data"]["data"]["vouchers"]] == ["A1", "A2"]
    for secret in (signature, "rahasia-marked-secret", "sesi-marked-session"):
        assert secret not in "".join(lines) + rest


def test_the_demo_world_is_served_under_a_users_own_ids(tmp_path: Path) -> None:
    environment = {"APIGAMES_MOCK_SECRET_KEY": "my-marked-secret"}
    with Serving("--merchant", "M-mine", folder=tmp_path, environment=environment) as serving:
        asked = fields(signature=sign("M-mine", "my-marked-secret"))
        assert requests.post(serving.url + PATH.replace(MERCHANT, "M-mine"), json=asked).json()["rc"] == 200
        assert requests.post(serving.url + PATH, json=fields()).json()["error_msg"] == "Merchant not found"
        _, _, err = serving.stop(signal.SIGTERM)
    assert "my-marked-secret" not in err
    assert asked["signature"] not in err
    assert 'sign M-mine)"' in curl_of(err)


def test_the_log_has_a_line_for_each_call_and_no_secret(tmp_path: Path) -> None:
    with Serving("--log-format", "json", folder=tmp_path) as serving:
        requests.post(serving.url + PATH, json=fields())
        requests.post(serving.url + PATH, json=fields(status=sign(MERCHANT, SECRET)))
        requests.post(serving.url + PATH, data=b"{")
        requests.get(serving.url + "/nowhere")
        _, _, err = serving.stop(signal.SIGTERM)
    banner, *log = [json.loads(line) for line in err.splitlines()]
    assert (banner["url"], banner["admin"]) == (serving.url, f"{serving.url}/__admin/")
    assert SECRET not in err
    assert [(entry["rc"], entry["clause"]) for entry in log] == [
        (200, "RES-1"),
        (200, "RES-1"),
        (400, "ERR-1"),
        (404, None),
    ]
    assert log[0]["asked"] == {"projectid": "R250101DEMO000137", "status": "", "page": 1, "limit": 30}
    assert sign(MERCHANT, SECRET) not in err


@pytest.mark.parametrize(
    ("arguments", "says"), [(("--reading", "http_satus=200"), "http_status"), (("--host", "not a host"), "127.0.0.1")]
)
def test_why_it_cannot_serve_is_in_the_format_of_the_log(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = run_process("serve", "--log-format", "json", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    line = json.loads(done.stderr)
    assert line["level"] == "error"
    assert says in line["message"]


def test_a_full_disk_is_said_in_the_format_of_the_log(tmp_path: Path) -> None:
    with redirected("--log-format json >/dev/full", tmp_path) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert json.loads(err)["message"] == "cannot use standard output: No space left on device"


def test_the_banner_names_the_file_that_options_came_from(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.apigames-mock.reading]\nhttp_status = "200"\n')
    (tmp_path / "inner").mkdir()
    with Serving(folder=tmp_path / "inner") as serving:
        _, _, err = serving.stop(signal.SIGTERM)
    assert f"options taken from {tmp_path / 'pyproject.toml'}" in err
    assert "http_status=200" in err


def test_the_banner_names_no_file_that_has_nothing_for_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    with Serving("--log-format", "json", folder=tmp_path) as serving:
        _, _, err = serving.stop(signal.SIGTERM)
    banner = json.loads(err)
    assert (banner["configuration"], banner["configuration_left_aside"]) == (None, [])


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights there")
@pytest.mark.parametrize("open_to_others", ["folder", "file", "folder behind a link"])
def test_no_option_comes_from_a_file_that_others_can_write(open_to_others: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.apigames-mock]\nlog-format = 'json'\n")
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    file = project / "pyproject.toml"
    if open_to_others == "folder behind a link":
        file.symlink_to(elsewhere / "theirs.toml")
    file.write_text("[tool.apigames-mock]\nport = 'no port'\n")
    {"folder": project, "file": file, "folder behind a link": elsewhere}[open_to_others].chmod(0o777)
    with Serving(folder=project) as serving:
        _, _, err = serving.stop(signal.SIGTERM)
    banner = json.loads(err)
    assert banner["configuration"] == str(tmp_path / "pyproject.toml"), "the next one that is nobody else's"
    assert banner["configuration_left_aside"] == [str(file)]
    file.chmod(0o600)
    with Serving("--log-format", "text", folder=project) as serving:
        _, _, err = serving.stop(signal.SIGTERM)
    assert open_to_others == "file" or f"{file} was left aside" in err


def test_the_banner_shows_an_address_that_other_machines_can_reach(tmp_path: Path) -> None:
    with Serving("--host", "0.0.0.0", "--log-format", "json", folder=tmp_path) as serving:
        _, _, err = serving.stop(signal.SIGTERM)
    banner = json.loads(err)
    assert banner["url"].startswith("http://127.0.0.1:")
    assert url_elsewhere("127.0.0.1", 1) is None
    if banner["url_elsewhere"] is not None:  # a machine with a network
        address = banner["url_elsewhere"].removeprefix("http://").rpartition(":")[0]
        socket.create_server((address, 0)).close()
        assert not address.startswith(("127.", "0."))


def test_options_come_from_the_command_line_over_the_environment_over_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.apigames-mock]\nlog-format = "json"\n'
        '[tool.apigames-mock.reading]\nhttp_status = "200"\ntypes = "coerce"\nout_of_range = "default"\n'
    )
    inner = tmp_path / "src" / "inner"
    inner.mkdir(parents=True)
    environment = {"APIGAMES_MOCK_READING": "types=strict out_of_range=json"}
    with Serving("--reading", "out_of_range=default", folder=inner, environment=environment) as serving:
        wrong_type = requests.post(serving.url + PATH, json=fields(page="1"))
        out_of_range = requests.post(serving.url + PATH, json=fields(page=0))
        _, _, err = serving.stop(signal.SIGTERM)
    assert (wrong_type.status_code, wrong_type.json()["rc"]) == (200, 400)
    assert out_of_range.json()["rc"] == 200
    assert '"rc":400' in err


def test_a_readings_file_is_served(tmp_path: Path) -> None:
    document = {"readings": {"http_status": {"value": "200", "seen": "observed", "why": "one bad body"}}}
    (tmp_path / "readings.json").write_text(json.dumps(document))
    with Serving("--readings", "readings.json", folder=tmp_path) as serving:
        assert requests.post(serving.url + PATH, data=b"{").status_code == 200
        assert "http_status=200" in serving.stop(signal.SIGTERM)[2]


@pytest.mark.parametrize(
    ("arguments", "environment", "pyproject", "message"),
    [
        (["--prot", "1"], {}, "", "--port"),
        (["--port", "99999"], {}, "", "99999"),
        (["--port", "x"], {}, "", "'x' is not a valid integer"),
        (["--world", "absent.json"], {}, "", "absent.json"),
        (["--world", "broken.json"], {}, "", "is not JSON"),
        (["--world", "wrong.json"], {}, "", "merchants[0]: 'secret_key' is missing"),
        (["--readings", "wrong.json"], {}, "", 'expected {"readings"'),
        (["--readings", "twice.json"], {}, "", "twice.json: readings: the key 'types' appears twice"),
        (["--reading", "http_satus=200"], {}, "", "did you mean 'http_status'?"),
        (["--reading", "http_status=404"], {}, "", "expected the text rc | 200"),
        (["--reading", "http_status"], {}, "", "expected KEY=VALUE"),
        (["--merchant", "M1"], {}, "", "APIGAMES_MOCK_SECRET_KEY"),
        (["--merchant", "M1", "--world", "wrong.json"], {}, "", "give one of the two"),
        (
            ["--merchant", "M/1"],
            {"APIGAMES_MOCK_SECRET_KEY": "s"},
            "",
            "expected text that a path can hold: without a slash",
        ),
        (["--log-format", "xml"], {}, "", "'xml' is not one of"),
        (["extra"], {}, "", "extra"),
        ([], {"APIGAMES_MOCK_PROT": "1"}, "", "did you mean 'APIGAMES_MOCK_PORT'?"),
        (
            [],
            {"APIGAMES_MOCK_PORT": "tcp://10.0.0.1:80", "APIGAMES_MOCK_SERVICE_HOST": "10.0.0.1"},
            "",
            "give the pod `enableServiceLinks: false`",
        ),
        ([], {"APIGAMES_MOCK_LOG_FORMAT": "xml"}, "", "'xml' is not one of"),
        ([], {}, "[tool.apigames-mock]\nprot = 1\n", "did you mean 'port'?"),
        ([], {}, "[tool.apigames-mock]\nport = [1]\n", "port: expected text or an integer, got array"),
        ([], {}, "[tool.apigames-mock]\nreading = 'a=b'\n", "expected a table of KEY = VALUE"),
        ([], {}, "[tool.apigames-mock\n", "cannot read"),
        ([], {}, "tool = 3\n", "tool: expected a table, [tool], got integer"),
        ([], {}, '[tool]\n"apigames-mock" = 1\n', "expected a table, [tool.apigames-mock], got integer"),
        ([], {}, "[tool.apigames-mock]\ndoctor_header = 1\n", "doctor_header: expected true or false, got integer"),
        ([], {}, "[tool.apigames-mock]\ndoctor-header = 'x'\n", "doctor-header: expected true or false, got string"),
        ([], {}, "\ufeff[tool.apigames-mock]\nprot = 1\n", "did you mean 'port'?"),
        (["--merchant", "M1"], {"APIGAMES_MOCK_SECRET_KEY": "\udcff"}, "", "SECRET_KEY is not UTF-8 text"),
        (["--merchant", "\udcff"], {"APIGAMES_MOCK_SECRET_KEY": "s"}, "", "--merchant is not UTF-8 text"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], pyproject: str, message: str
) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "twice.json").write_text('{"readings": {"types": "strict", "types": "coerce"}}')
    (tmp_path / "wrong.json").write_text('{"merchants": [{"merchant_id": "M1"}]}')
    if pyproject:
        (tmp_path / "pyproject.toml").write_text(pyproject)
    done = run("serve", "--port", "0", *arguments, folder=tmp_path, environment=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def redirected(how: str, folder: Path) -> subprocess.Popen[str]:
    """`serve` with a standard stream turned elsewhere by a shell, as in `2>&-`."""
    words = ["bash", "-c", f'exec "$0" -m mockserver serve --port 0 {how}', sys.executable]
    return subprocess.Popen(words, cwd=folder, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_what_is_needed_later_is_there_when_folder_and_home_are_gone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    world = {"merchants": [{"merchant_id": "M1"}]}
    with Serving(folder=folder, environment={"HOME": str(folder)}) as serving:
        folder.rmdir()
        for path in ("", "health", "openapi.json", "schemas/world", "world", "requests", "readings"):
            assert requests.get(f"{serving.url}/__admin/{path}", timeout=30).status_code == 200, path
        assert requests.put(f"{serving.url}/__admin/world", json=world, timeout=30).status_code == 422
        assert requests.post(serving.url + PATH, data=b"{", timeout=30).json()["rc"] == 400
        status, _, err = serving.stop(signal.SIGTERM)
    assert status == 0
    assert "Traceback" not in err


@pytest.mark.parametrize("how", ["2>&-", "2>/dev/full"])
def test_without_a_place_for_its_log_the_endpoint_goes_on(tmp_path: Path, how: str) -> None:
    with redirected(how, tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for _ in range(3):
            assert requests.post(url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_with_standard_output_closed_the_endpoint_goes_on(tmp_path: Path) -> None:
    with redirected(">&-", tmp_path) as process:
        assert process.stderr is not None
        url = process.stderr.readline().partition(" at ")[2].partition(". ")[0]
        assert requests.post(url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_full_disk_behind_standard_output_is_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    with redirected(">/dev/full", tmp_path) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == "apigames-mock: cannot use standard output: No space left on device\n"


def test_a_host_that_is_none_is_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", "--host", "not a host", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "use 127.0.0.1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]), folder=tmp_path)
    assert done.returncode == 2
    assert "is taken" in done.stderr
    assert "--port 0" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_log_that_nobody_reads_does_not_hold_up_the_endpoint(tmp_path: Path) -> None:
    with Serving(folder=tmp_path) as serving, requests.Session() as session:
        # A pipe takes 64 KiB, a line of the log has about 130 bytes.
        for _ in range(1_000):
            assert session.post(serving.url + PATH, json=fields(limit=1), timeout=10).status_code == 200
        status, _, err = serving.stop(signal.SIGTERM)
    assert status == 0
    assert "Traceback" not in err


def test_a_connection_is_kept_as_long_as_was_asked_for(tmp_path: Path) -> None:
    with (
        Serving("--keep-alive", "0.05", folder=tmp_path) as serving,
        socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2])), timeout=30) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: mock\r\n\r\n")
        received = b""
        while chunk := client.recv(65_536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 404")
    assert b"connection: close" not in received
    assert Limits().keep_alive_seconds == 75


def test_a_connection_cannot_be_kept_for_no_time(tmp_path: Path) -> None:
    done = run("serve", "--keep-alive", "0", folder=tmp_path)
    assert done.returncode == 2
    assert "--keep-alive" in done.stderr


def _has_namespaces() -> bool:
    try:
        done = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.mark.skipif(not _has_namespaces(), reason="a process of the number 1 needs namespaces")
def test_as_process_1_of_a_container_it_stops_when_it_is_told(tmp_path: Path) -> None:
    words = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-m", "mockserver", "serve", "--port", "0"]
    with subprocess.Popen(words, cwd=tmp_path, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as outer:
        assert outer.stdout is not None
        url = outer.stdout.readline().decode().strip()
        assert requests.post(url + PATH, json=fields(), timeout=10).json()["rc"] == 200
        (inner,) = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        assert Path(f"/proc/{inner}/status").read_text().split("NSpid:")[1].split("\n")[0].split()[-1] == "1"
        os.kill(int(inner), signal.SIGTERM)
        assert outer.wait(10) == 0
