"""The arrows between the rooms of the house: read from the imports, lazy ones included."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "mockserver"
MAY_IMPORT = {
    "contract": {"contract"},
    "provider": {"provider", "contract"},
    "web": {"web", "provider", "contract"},
    "testing": {"testing", "verification", "web", "provider", "contract"},
    "verification": {"verification", "contract"},
}
FRAMEWORKS = {"flask", "werkzeug", "a2wsgi", "click", "rich", "requests", "responses", "pytest"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports stand in full here"
            found.add(node.module or "")
    return found


def test_the_arrows_run_one_way() -> None:
    for room, allowed in MAY_IMPORT.items():
        for path in (PACKAGE / room).rglob("*.py"):
            rooms = {name.split(".")[1] for name in imports(path) if name.startswith("mockserver.")}
            inner = {name for name in rooms if not name.startswith("_")}
            assert inner <= allowed, f"{path.relative_to(PACKAGE)} imports {sorted(inner - allowed)}"


def test_the_contract_and_the_provider_know_no_framework() -> None:
    for room in ("contract", "provider"):
        for path in (PACKAGE / room).rglob("*.py"):
            known = {name.split(".")[0] for name in imports(path)} & FRAMEWORKS
            assert not known, f"{path.relative_to(PACKAGE)} imports {sorted(known)}"


def test_the_contract_suite_reaches_the_package_and_nothing_of_the_fake() -> None:
    for path in (PACKAGE.parent / "contract_tests").rglob("*.py"):
        own = {name for name in imports(path) if name.startswith("mockserver")}
        rooms = {name.split(".")[1] for name in own if "." in name}
        assert not {"tests", "benchmarks"} & {name.split(".")[0] for name in imports(path)}
        assert rooms <= set(MAY_IMPORT) | {"_resources"}, path
