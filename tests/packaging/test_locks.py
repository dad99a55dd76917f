"""What the image is made of is pinned, by hashes, and is what pyproject.toml asks for."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)( ; .+)? \\$((?:\n {4}--hash=sha256:[0-9a-f]{64}(?: \\)?$)+)", re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        (
            "requirements.txt",
            PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["shared"],
        ),
        ("build-requirements.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_every_requirement_is_pinned_to_a_version_that_fits(file: str, asked: list[str]) -> None:
    text = (ROOT / "packaging" / file).read_text(encoding="utf-8")
    pinned = {found[1]: found[2] for found in PINNED.finditer(text)}
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    assert {line.partition("==")[0] for line in lines} == set(pinned), "each has its hashes"
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned[requirement.name]), f"run `make locks`: {requirement}"
