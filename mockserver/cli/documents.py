"""`apigames-mock openapi` and `apigames-mock schema`: the published documents."""

from __future__ import annotations

import json
from typing import Any

import click

from mockserver.cli.shared.outputs import write_output
from mockserver.contract.openapi import openapi as openapi_document
from mockserver.contract.schemas import NAMES, UnknownSchema
from mockserver.contract.schemas import schema as schema_document


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of the endpoint."""
    _print(openapi_document())


@click.command(epilog=f"NAME is one of {', '.join(NAMES)}.")
@click.argument("name")
def schema(name: str) -> None:
    """Print a JSON Schema 2020-12 document."""
    try:
        _print(schema_document(name))
    except UnknownSchema as error:
        raise click.UsageError(str(error)) from None


def _print(document: dict[str, Any]) -> None:
    write_output(None, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
