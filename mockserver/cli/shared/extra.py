"""The extras: what only some of the commands need."""

from __future__ import annotations

from importlib.util import find_spec

import click

# Extra: the module that comes with it.
EXTRAS = {"verify": "httpx", "strategies": "hypothesis"}


def check_extra(name: str) -> None:
    """Say how to get an extra where it is missing.

    Raises:
        click.UsageError: it is missing.
    """
    module = EXTRAS[name]
    if find_spec(module) is None:
        raise click.UsageError(f"{module} is not installed; get it with: pip install 'apigames-mock[{name}]'")
