"""`apigames-mock openapi` and `apigames-mock schema`: the published documents."""

from __future__ import annotations

import json
from typing import Any

import click

from mockserver.cli.shared.outputs import write_output
from mockserver.contract.bundle import bundled
from mockserver.contract.openapi import openapi as openapi_document
from mockserver.contract.schemas import NAMES, UnknownSchema, tolerant
from mockserver.contract.schemas import schema as schema_document

_tolerant = click.option(
    "--tolerant",
    "is_tolerant",
    is_flag=True,
    help="As a reader of the vendor's replies needs it: fields of other names are let through.",
)


@click.command()
@_tolerant
def openapi(is_tolerant: bool) -> None:
    """Print the OpenAPI 3.1 document of the endpoint. It needs no other file."""
    document = openapi_document()
    _print(tolerant(document) if is_tolerant else document)


@click.command(epilog=f"NAME is one of {', '.join(NAMES)}.")
@click.argument("name")
@_tolerant
def schema(name: str, is_tolerant: bool) -> None:
    """Print a JSON Schema 2020-12 document. It needs no other file."""
    try:
        document = schema_document(name)
    except UnknownSchema as error:
        raise click.UsageError(str(error)) from None
    _print(bundled(tolerant(document) if is_tolerant else document))


def _print(document: dict[str, Any]) -> None:
    write_output(None, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
