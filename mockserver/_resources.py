"""Where the data folders are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "_bundled"


def resource(folder: str) -> Path:
    """Return the path of `schemas` or `fixtures`."""
    return (_BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent) / folder
