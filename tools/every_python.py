"""Run the project's tests under every other Python from 3.10 that is installed, each in an environment of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = (3, 10)
FOR_EVERY_PYTHON = "not wheel and not once"


def installed() -> dict[tuple[int, int], Path]:
    """Return the interpreters that uv and pyenv know, by version; one for each minor version."""
    listed = subprocess.run(
        [sys.executable, "-m", "uv", "python", "list", "--only-installed", "--offline"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    candidates = [Path(line.split()[1]) for line in listed.splitlines() if line.startswith("cpython")]
    candidates += sorted((Path.home() / ".pyenv" / "versions").glob("*/bin/python"))
    found: dict[tuple[int, int], Path] = {}
    for path in candidates:
        version = _version(path)
        if version is not None and version >= OLDEST and version != sys.version_info[:2]:
            found.setdefault(version, path)
    return dict(sorted(found.items()))


def _version(python: Path) -> tuple[int, int] | None:
    try:
        asked = subprocess.run([python, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return None
    matched = re.fullmatch(r"Python (\d+)\.(\d+)\..*", asked.stdout.strip())
    return (int(matched[1]), int(matched[2])) if matched else None


def main() -> int:
    """Return 0 when every Python passes."""
    others = installed()
    if not others:
        print("no other Python from 3.10 is installed here")
    for (major, minor), python in others.items():
        name = f"{major}.{minor}"
        print(f"== Python {name}", flush=True)
        environment = ROOT / ".venvs" / name
        uv = [sys.executable, "-m", "uv"]
        steps = [
            [*uv, "venv", "--quiet", "--allow-existing", "--python", python, environment],
            [
                *uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                environment,
                "-e",
                f"{ROOT}[verify,strategies]",
                "--group",
                "tests",
            ],
            [
                environment / "bin" / "python",
                "-m",
                "pytest",
                "-q",
                "-n",
                "auto",
                "-m",
                FOR_EVERY_PYTHON,
                "tests",
            ],
        ]
        for step in steps:
            if subprocess.run([str(part) for part in step], cwd=ROOT, check=False).returncode:
                print(f"Python {name}: failed")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
