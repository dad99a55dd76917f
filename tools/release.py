"""What a release is made of: the version, which stands in pyproject.toml alone, and its part of the changelog.

`python -m tools.release version` prints the version, `notes VERSION` what the changelog says of one, and
`cut VERSION` turns what is unreleased into it, dated today (UTC), each version with a link to what changed in it, where
`git` knows this repository's address on the web (`origin`). RELEASING.md says when.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT, CHANGELOG = ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)
_UNRELEASED = re.compile(r"^## (?:Unreleased|\[Unreleased\])\n", re.MULTILINE)
_HEADING = re.compile(r"^## \[?(\d[\w.]*)\]? - ", re.MULTILINE)
_LINK = re.compile(r"^\[[\w.]+\]: .*\n", re.MULTILINE)
# As git has it: by https, by ssh as an address, and by ssh as `git@host:owner/name`.
_ADDRESS = re.compile(
    r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)([\w-]+(?:\.[\w-]+)+)(?::\d+/|[:/])([^?#\s]+?)(?:\.git)?/?"
)


class ReleaseError(Exception):
    """The release cannot be made; the message says what to do."""


def version_in(pyproject: str) -> str:
    """Return the version of a pyproject.toml."""
    (found,) = _VERSION.findall(pyproject)
    return str(found)


def notes_in(changelog: str, version: str) -> str:
    """Return what a changelog says of a version, without its heading."""
    heading = re.search(rf"^## \[?{re.escape(version)}\b.*\n", changelog, re.MULTILINE)
    if heading is None:
        raise ReleaseError(f"CHANGELOG.md has no '## {version}': make release VERSION={version} writes it")
    said = re.split(r"^## ", changelog[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0]
    return _LINK.sub("", said).strip() + "\n"


def address_of(remote: str) -> str | None:
    """Return the page of a repository, from the address that git has of it; None where that is no place on the web."""
    found = _ADDRESS.fullmatch(remote)
    return f"https://{found[1]}/{found[2]}" if found else None


def linked(changelog: str, address: str) -> str:
    """Return a changelog whose headings lead to what changed since the version before, in the repository there."""
    versions = _HEADING.findall(changelog)
    if not versions:
        return changelog
    pages = f"{address}/-" if "gitlab" in address else address
    links = [f"[Unreleased]: {pages}/compare/v{versions[0]}...HEAD"]
    links += [f"[{new}]: {pages}/compare/v{old}...v{new}" for new, old in pairwise(versions)]
    links += [f"[{versions[-1]}]: {pages}/tree/v{versions[-1]}"]
    named = _HEADING.sub(r"## [\1] - ", _UNRELEASED.sub("## [Unreleased]\n", changelog))
    return _LINK.sub("", named).rstrip() + "\n\n" + "\n".join(links) + "\n"


def cut(pyproject: str, changelog: str, version: str, date: str, address: str | None = None) -> tuple[str, str]:
    """Return both files as they are in the commit of a release, dated `YYYY-MM-DD`; `address` is the repository's."""
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        raise ReleaseError(f"{version!r} is not a version; expected one as in 0.2.0 or 0.2.0rc1")
    if version in _HEADING.findall(changelog):
        raise ReleaseError(f"CHANGELOG.md has {version} already")
    if not notes_in(changelog, "Unreleased").strip():
        raise ReleaseError("nothing is unreleased: CHANGELOG.md says nothing under '## Unreleased'")
    changelog = _UNRELEASED.sub(rf"\g<0>\n## {version} - {date}\n", changelog, count=1)
    return _VERSION.sub(f'version = "{version}"', pyproject), linked(changelog, address) if address else changelog


def _origin() -> str:
    """Return the address of the repository that this one was cloned from, as git has it."""
    asked = subprocess.run(
        ["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def main(arguments: list[str]) -> int:
    """Return 0 when it is done, 2 when it cannot be."""
    pyproject, changelog = (path.read_text(encoding="utf-8") for path in (PYPROJECT, CHANGELOG))
    try:
        match arguments:
            case ["version"]:
                print(version_in(pyproject))
            case ["notes", version]:
                print(notes_in(changelog, version), end="")
            case ["cut", version]:
                today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
                address = address_of(_origin())
                pyproject, changelog = cut(pyproject, changelog, version, today, address)
                if address is None:
                    print(
                        "tools.release: no links in CHANGELOG.md: git has no address on the web for origin",
                        file=sys.stderr,
                    )
                PYPROJECT.write_text(pyproject, encoding="utf-8")
                CHANGELOG.write_text(changelog, encoding="utf-8")
            case _:
                raise ReleaseError("expected version, notes VERSION or cut VERSION")
    except ReleaseError as error:
        print(f"tools.release: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
