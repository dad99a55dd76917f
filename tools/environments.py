"""Run the project's tests in environments of their own: other Pythons, and the oldest dependencies.

`python -m tools.environments [NAME...]`, where a name is a version (3.12) or `lowest`; without one, all of them.
Each Python gets the newest of every dependency; `lowest` is the oldest Python with the lowest version that
`pyproject.toml` allows of each. A Python that is not installed is left out, and that is said.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
LOWEST = "lowest"
# What does not depend on the Python or needs tools of one only, what builds a wheel, and what is slow runs once.
# A worker more than there are processors, as many tests wait for something.
SPREAD = ("-n", str(1 + (os.cpu_count() or 1)), "--dist", "worksteal")
SHARED = "not wheel and not once and not matrix"
UV = (sys.executable, "-m", "uv")
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def installed(version: str) -> Path | None:
    """Return the interpreter of a version such as 3.12, as uv or pyenv know it; None where there is none."""
    if version == THIS:
        return Path(sys.executable)
    found = subprocess.run(
        [*UV, "python", "find", "--offline", "--no-project", "--quiet", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return Path(found.stdout.strip())
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return next(iter(sorted(pyenv.glob(f"{version}.*/bin/python"))), None)


def wanted(names: list[str]) -> Iterator[tuple[str, Path, list[str]]]:
    """Return name, interpreter and options of the install for each environment that can be made here."""
    for name in names or [*(version for version in PYTHONS if version != THIS), LOWEST]:
        if name == LOWEST:
            oldest = next(filter(None, map(installed, PYTHONS)))
            yield name, oldest, ["--resolution", "lowest-direct"]
        elif (python := installed(name)) is None:
            print(f"== Python {name} is not installed here: left out", flush=True)
        else:
            yield name, python, ["--upgrade"]


def passes(name: str, python: Path, options: list[str]) -> bool:
    """Make the environment, or bring it up to date, and run the shared tests in it."""
    environment = ROOT / ".venvs" / name
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    install: tuple[str | Path, ...] = (*UV, "pip", "install", "--quiet", "--python", environment, *options)
    steps: list[tuple[str | Path, ...]] = [
        (*UV, "venv", "--quiet", "--allow-existing", "--python", python, environment),
        (*install, "--editable", f"{ROOT}[verify,strategies,shared]", "--group", "tests"),
        (programs / "python", "-m", "pytest", "-q", *SPREAD, "--hypothesis-profile=fewer", "-m", SHARED, "tests"),
    ]
    return all(subprocess.run(step, cwd=ROOT, check=False).returncode == 0 for step in steps)


def main(names: list[str]) -> int:
    """Return 0 when the tests pass in every environment."""
    failed = []
    for name, python, options in wanted(names):
        print(f"== {name}: {python}", flush=True)
        begun = time.monotonic()
        if not passes(name, python, options):
            failed.append(name)
        print(f"== {name}: {'failed' if name in failed else 'passed'} in {time.monotonic() - begun:.0f} s", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
