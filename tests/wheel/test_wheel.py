"""The wheel: what is in it, and that it works in a fresh environment beside folders of the same names."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.command import CLEAN

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parents[2]


def sh(*command: str | Path, folder: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=600, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    sh(sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", folder, ROOT, folder=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh environment's programs, with the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = (sys.executable, "-m", "uv")
    sh(*uv, "venv", "--quiet", "--python", sys.executable, folder, folder=folder.parent)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    sh(*uv, "pip", "install", "--quiet", "--python", programs / "python", f"{wheel}[verify]", folder=folder.parent)
    return programs


def test_it_holds_the_package_and_nothing_beside_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"mockserver", "apigames_mock.py", next(top for top in tops if top.endswith(".dist-info"))}
    assert "mockserver/py.typed" in names
    assert "mockserver/_bundled/schemas/success.json" in names
    assert "mockserver/provider/state/built_in_world.json" in names
    bundled = {Path(name).suffix for name in names if name.startswith("mockserver/_bundled/")}
    assert bundled == {".json"}


@contextmanager
def serving(environment: Path, folder: Path) -> Iterator[str]:
    """Serve the built-in world from the wheel; gives the base URL."""
    with subprocess.Popen(
        [environment / "apigames-mock", "serve", "--port", "0"],
        cwd=folder,
        env=CLEAN,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_command_works_in_a_folder_that_owns_folders_of_the_same_names(environment: Path, tmp_path: Path) -> None:
    for name in ("schemas", "fixtures", "contract_tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('the wrong one')\n")
    command = environment / "apigames-mock"
    assert json.loads(sh(command, "schema", "success", folder=tmp_path).stdout)["title"] == "Success"
    assert version("apigames-mock") in sh(command, "--version", folder=tmp_path).stdout
    with serving(environment, tmp_path) as url:
        reply = sh("curl", "-sS", f"{url}/merchant/x/kiosgamer/project/detail", "-d", "{}", folder=tmp_path).stdout
    assert reply == '{"status":0,"rc":500,"error_msg":"Merchant not found"}'


def test_verify_and_calibrate_need_httpx_and_nothing_else(environment: Path, tmp_path: Path) -> None:
    missing = "from importlib.util import find_spec; print([find_spec(name) for name in ('pytest', 'hypothesis')])"
    assert sh(environment / "python", "-c", missing, folder=tmp_path).stdout == "[None, None]\n"
    with serving(environment, tmp_path) as url:
        target = ("--base-url", url, "--merchant-id", "M240315GAME2847K", "--project-id", "R250101DEMO000137")
        secret = ("--secret-key", "apigames-mock-secret")
        verified = sh(environment / "apigames-mock", "verify", *target, *secret, folder=tmp_path).stdout
        calibrated = sh(environment / "apigames-mock", "calibrate", *target, *secret, folder=tmp_path).stdout
    assert verified.endswith("19 of 19 clauses hold\nthe contract holds\n")
    assert json.loads(calibrated)["readings"]["http_status"]["value"] == "rc"


def test_a_git_ignored_file_does_not_travel(wheel: Path) -> None:
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if ".env" in name or "__pycache__" in name]


def test_two_builds_are_the_same_bytes(tmp_path: Path) -> None:
    """Whoever builds it, wherever and whenever: from another folder, with other times and rights of the files."""
    listed = sh("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT).stdout.split("\0")
    clone = tmp_path / "elsewhere"
    for name in reversed(listed):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copied = shutil.copyfile(ROOT / name, clone / name)
            copied.chmod((ROOT / name).stat().st_mode & 0o700)
            os.utime(copied, (1_000_000_000, 1_000_000_000))
    built = []
    for number, folder in enumerate((ROOT, clone)):
        out = tmp_path / str(number)
        sh(sys.executable, "-m", "uv", "build", "--quiet", "--out-dir", out, folder, folder=tmp_path)
        built.append({path.name: path.read_bytes() for path in out.iterdir() if path.suffix in {".whl", ".gz"}})
    assert len(built[0]) == 2
    assert built[0] == built[1]
