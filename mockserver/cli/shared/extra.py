"""The extra `verify`: what only judging a target and golden data need."""

from __future__ import annotations

from importlib.util import find_spec

import click

NEEDED = ("httpx", "hypothesis", "pytest")


def check_extra() -> None:
    """Say how to get what only verifying needs, where it is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise click.UsageError(f"{', '.join(missing)} not installed; get it with: pip install 'apigames-mock[verify]'")
