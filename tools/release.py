"""What a release is made of: the version, which stands in pyproject.toml alone, and its part of the changelog.

`python -m tools.release version` prints the version, `notes VERSION` what the changelog says of one, and
`cut VERSION` turns what is unreleased into it, dated today (UTC). RELEASING.md says when.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT, CHANGELOG = ROOT / "pyproject.toml", ROOT / "CHANGELOG.md"
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)
_UNRELEASED = "## Unreleased\n"


class ReleaseError(Exception):
    """The release cannot be made; the message says what to do."""


def version_in(pyproject: str) -> str:
    """Return the version of a pyproject.toml."""
    (found,) = _VERSION.findall(pyproject)
    return str(found)


def notes_in(changelog: str, version: str) -> str:
    """Return what a changelog says of a version, without its heading."""
    heading = re.search(rf"^## {re.escape(version)}\b.*\n", changelog, re.MULTILINE)
    if heading is None:
        raise ReleaseError(f"CHANGELOG.md has no '## {version}': make release VERSION={version} writes it")
    return re.split(r"^## ", changelog[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip() + "\n"


def cut(pyproject: str, changelog: str, version: str, date: str) -> tuple[str, str]:
    """Return both files as they are in the commit of a release, dated `YYYY-MM-DD`."""
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        raise ReleaseError(f"{version!r} is not a version; expected one as in 0.2.0 or 0.2.0rc1")
    if f"\n## {version} " in changelog:
        raise ReleaseError(f"CHANGELOG.md has {version} already")
    if not notes_in(changelog, "Unreleased").strip():
        raise ReleaseError("nothing is unreleased: CHANGELOG.md says nothing under '## Unreleased'")
    heading = f"{_UNRELEASED}\n## {version} - {date}\n"
    return _VERSION.sub(f'version = "{version}"', pyproject), changelog.replace(_UNRELEASED, heading, 1)


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
                pyproject, changelog = cut(pyproject, changelog, version, today)
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
