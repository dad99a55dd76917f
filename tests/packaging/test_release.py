"""The version stands in one place, and a release is cut from what the changelog says."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tools.release import CHANGELOG, PYPROJECT, ReleaseError, address_of, cut, notes_in, version_in

PROJECT = '[project]\nname = "x"\nversion = "0.1.0"\n'
LOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- This.\n\n## 0.1.0 - 2026-01-02\n\n- That.\n"


def test_the_version_is_that_of_what_is_installed() -> None:
    assert version("apigames-mock") == version_in(PYPROJECT.read_text(encoding="utf-8"))


def test_no_other_file_repeats_the_version() -> None:
    root = PYPROJECT.parent
    known = version_in(PYPROJECT.read_text(encoding="utf-8"))
    folders = [root / name for name in ("mockserver", "docs", "packaging", "contract_tests", "tools")]
    named = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".md", ".yml", ".json"}]
    repeating: list[Path] = [path for path in named if f'"{known}"' in path.read_text(encoding="utf-8")]
    assert repeating == []


def test_what_is_unreleased_becomes_the_release() -> None:
    project, log = cut(PROJECT, LOG, "0.2.0", "2026-03-04")
    assert version_in(project) == "0.2.0"
    assert log.startswith("# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-03-04\n\n### Added\n\n- This.\n\n## 0.1.0")
    assert notes_in(log, "0.2.0") == "### Added\n\n- This.\n"
    assert notes_in(log, "0.1.0") == "- That.\n"
    with pytest.raises(ReleaseError, match="nothing is unreleased"):
        cut(project, log, "0.3.0", "2026-03-04")


@pytest.mark.parametrize(
    ("wanted", "said"), [("0.2", "is not a version"), ("v0.2.0", "is not a version"), ("0.1.0", "has 0.1.0 already")]
)
def test_a_release_that_cannot_be_is_refused(wanted: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        cut(PROJECT, LOG, wanted, "2026-03-04")


def test_notes_of_a_version_that_is_not_there_say_how_to_make_them() -> None:
    with pytest.raises(ReleaseError, match="make release VERSION=9"):
        notes_in(CHANGELOG.read_text(encoding="utf-8"), "9")


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://github.com/someone/apigames-mock.git", "https://github.com/someone/apigames-mock"),
        ("https://user:secret@git.example.com/team/sub/mock/", "https://git.example.com/team/sub/mock"),
        ("git@gitlab.com:team/mock.git", "https://gitlab.com/team/mock"),
        ("ssh://git@git.example.com:2222/team/mock.git", "https://git.example.com/team/mock"),
        ("/srv/git/mock.git", None),
        ("../mock", None),
        ("file:///srv/git/mock", None),
        ("", None),
    ],
)
def test_the_page_of_a_repository_is_known_by_its_remote(remote: str, page: str | None) -> None:
    assert address_of(remote) == page


def test_each_version_leads_to_what_changed_in_it() -> None:
    project, log = cut(PROJECT, LOG, "0.2.0", "2026-03-04", "https://git.example.com/mock")
    assert "\n## [Unreleased]\n\n## [0.2.0] - 2026-03-04\n" in log
    assert log.endswith(
        "\n- That.\n\n"
        "[Unreleased]: https://git.example.com/mock/compare/v0.2.0...HEAD\n"
        "[0.2.0]: https://git.example.com/mock/compare/v0.1.0...v0.2.0\n"
        "[0.1.0]: https://git.example.com/mock/tree/v0.1.0\n"
    )
    assert (notes_in(log, "0.2.0"), notes_in(log, "0.1.0")) == ("### Added\n\n- This.\n", "- That.\n")
    more = log.replace("## [Unreleased]\n", "## [Unreleased]\n\n- More.\n")
    _, newer = cut(project, more, "0.3.0", "2026-05-06", "https://gitlab.com/mock")
    assert newer.count("]: ") == 4
    assert "[0.3.0]: https://gitlab.com/mock/-/compare/v0.2.0...v0.3.0\n" in newer
    with pytest.raises(ReleaseError, match=r"has 0\.2\.0 already"):
        cut(project, more, "0.2.0", "2026-05-06")


def test_the_changelog_can_be_cut() -> None:
    project, log = (path.read_text(encoding="utf-8") for path in (PYPROJECT, CHANGELOG))
    log = log.replace("## Unreleased\n", "## Unreleased\n\n- A change.\n", 1)
    assert notes_in(cut(project, log, "99.0.0", "2099-01-01")[1], "99.0.0") == notes_in(log, "Unreleased")
