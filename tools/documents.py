"""Write anew what is made from the code, so that it can be published; `test_documents.py` fails when it is stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mockserver.cli.readings import markdown
from mockserver.contract.bundle import bundled
from mockserver.contract.openapi import openapi
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import (
    ID_PREFIX,
    Document,
    error_document,
    readings_schema,
    request_document,
    schema,
    success_document,
)
from mockserver.provider.faults.faults import FAULTS
from mockserver.web.admin.openapi import admin_openapi
from tests.support.survive_page import survive_parts
from tools import collections

ROOT = Path(__file__).parents[1]
BEGIN = "<!-- made from the register: `make documents` -->"
END = "<!-- end -->"


def made() -> dict[Path, str]:
    """Return what each file should hold."""
    page = ROOT / "docs" / "readings.md"
    survive = ROOT / "docs" / "survive.md"
    faults = ROOT / "docs" / "faults.md"
    schemas = ROOT / "schemas"
    return {
        **{schemas / f"{one.schema_prefix}request.json": _json(request_document(one)) for one in OPERATIONS},
        **{schemas / f"{one.schema_prefix}success.json": _json(_alone(success_document(one))) for one in OPERATIONS},
        **{schemas / f"{one.schema_prefix}error.json": _json(error_document(one)) for one in OPERATIONS},
        schemas / "readings.json": _json(readings_schema()),
        schemas / "openapi.json": _json(openapi()),
        page: _with(page, markdown()),
        schemas / "admin.json": _json(_alone(schema("admin"))),
        schemas / "admin-openapi.json": _json(admin_openapi()),
        faults: _with(faults, _faults_table()),
        **collections.made(),
        survive: _with(survive, *survive_parts()),
    }


def _alone(document: Document) -> Document:
    """Return a document with the parts of others that it needs, as they are now: a tool can take its file alone."""
    others = {"voucher": f"{ID_PREFIX}voucher"}
    others |= {f"world-{part}": f"{ID_PREFIX}world#/$defs/{part}" for part in schema("world")["$defs"]}
    own = {name: part for name, part in document.get("$defs", {}).items() if name not in others}
    text = json.dumps({**document, "$defs": own} if own else {k: v for k, v in document.items() if k != "$defs"})
    for name, reference in others.items():
        text = text.replace(f'"#/$defs/{name}"', f'"{reference}"')
    alone = bundled(json.loads(text))
    parts = {name: alone["$defs"][name] for name in own} | alone.get("$defs", {})
    return {**alone, "$defs": parts} if parts else alone


def _faults_table() -> str:
    rows = [f"| `{kind.name}` | {kind.what} | `{kind.reserved}` |" for kind in FAULTS.values()]
    return "\n".join(["| fault | what happens | `projectid` that asks for it |", "|---|---|---|", *rows])


def _with(page: Path, *parts: str) -> str:
    """Return the page with these between its marks, in their order."""
    before, *rest = page.read_text(encoding="utf-8").split(BEGIN)
    filled = (f"{BEGIN}\n{part}\n{END}{old.partition(END)[2]}" for part, old in zip(parts, rest, strict=True))
    return before + "".join(filled)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, text in made().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
