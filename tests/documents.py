"""Write anew what is made from the code, so that it can be published; `test_documents.py` fails when it is stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mockserver.cli.readings import markdown
from mockserver.contract.openapi import openapi
from mockserver.contract.schemas import readings_schema

ROOT = Path(__file__).parents[1]
BEGIN = "<!-- made from the register: `make documents` -->"
END = "<!-- end -->"


def made() -> dict[Path, str]:
    """Return what each file should hold."""
    page = ROOT / "docs" / "readings.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return {
        ROOT / "schemas" / "readings.json": _json(readings_schema()),
        ROOT / "schemas" / "openapi.json": _json(openapi()),
        page: f"{before}{BEGIN}\n{markdown()}\n{END}{after}",
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
