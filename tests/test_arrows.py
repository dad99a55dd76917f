"""The arrows between the rooms of the house: read from the imports, those within functions and for types included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mockserver"
ROOMS = {
    "contract": {"contract"},
    "provider": {"provider", "contract"},
    "storage": {"storage", "provider", "contract"},
    "web": {"web", "provider", "contract"},
    "verification": {"verification", "contract"},
    "testing": {"testing", "verification", "web", "storage", "provider", "contract"},
}
ALL = {*ROOMS, "cli", "golden"}
FRAMEWORKS = {"flask", "werkzeug", "a2wsgi", "click", "rich", "requests", "responses", "pytest", "httpx"}
# Each returns the other, and their types are public; at run time the merchant's module does not import the server's.
MUTUAL_TYPES = {("mockserver.testing.merchant", "mockserver.testing.server")}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}


def imports(path: Path) -> set[str]:
    """Return what a file imports; of what is taken out of a package, the module if it is one."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports stand in full here"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module or "" for name in names}
    return found


def room_of(name: str) -> str:
    return f"{name}..".split(".")[1]


@pytest.mark.parametrize("room", ROOMS)
def test_the_arrows_run_one_way(room: str) -> None:
    for name, path in MODULES.items():
        if room_of(name) == room:
            others = {room_of(one) for one in imports(path) if one.startswith("mockserver")} & ALL
            assert others <= ROOMS[room], f"{name} imports {sorted(others - ROOMS[room])}"


def test_every_room_is_known() -> None:
    assert {room_of(name) for name in MODULES if room_of(name) and not room_of(name).startswith("_")} <= ALL
    assert not {"survive", "serve", "sign"} & {path.name for path in PACKAGE.iterdir()}, (
        "it would hide a public function"
    )


def test_no_circle_runs_between_files() -> None:
    arrows = {name: (imports(path) & MODULES.keys()) - {name} for name, path in MODULES.items()}
    for one, other in MUTUAL_TYPES:
        arrows[one].remove(other)
    assert circle_in(arrows) is None


def circle_in(arrows: dict[str, set[str]]) -> str | None:
    """Return a circle in words, or None: what no arrow leads to is left out until nothing is left, or a circle."""
    left = dict(arrows)
    while leaves := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in leaves:
            del left[name]
    if not left:
        return None
    way = [min(left)]
    while way[-1] not in way[:-1]:
        way.append(min(left[way[-1]] & left.keys()))
    return " -> ".join(way[way.index(way[-1]) :])


def test_a_circle_would_be_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": set()}) is None
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "d": set()}) == "b -> c -> b"


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
        assert rooms <= {*ROOMS, "_resources"}, path


def test_a_target_is_judged_with_httpx_alone_and_shown_with_rich() -> None:
    for path in (PACKAGE / "verification").rglob("*.py"):
        known = {name.split(".")[0] for name in imports(path)} & {*FRAMEWORKS, "hypothesis", "httpx"}
        allowed = {"target": {"httpx"}, "text": {"rich"}, "progress": {"rich"}}.get(path.stem, set())
        assert known <= allowed, f"{path.relative_to(PACKAGE)} imports {sorted(known - allowed)}"
