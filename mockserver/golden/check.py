"""Checks what stands in `fixtures/`: its shapes, and that what can be derived again comes out the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.contract.schemas import Document, schema, validator
from mockserver.contract.signature import sign
from mockserver.golden.make import Files, cases_document, dumped, exchanges_on, flow_on, make_flows
from mockserver.golden.request_cases import make_cases
from mockserver.provider.state.world import WorldError
from mockserver.verification.cases import Case


def failures_in(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the files of a folder: shapes, and whatever can be derived again under any version."""
    stored = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.json"))}
    if "manifest.json" not in stored:
        yield "manifest.json is missing; write the files with `apigames-mock fixtures generate`"
        return
    documents: Files = {}
    for name, path in stored.items():
        try:
            documents[name] = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            yield f"{name} is not JSON: {error}"
            return
        found = _shape_failures(name, documents[name])
        yield from (f"{name}: {failure}" for failure in found)
        if found:
            return
        if path.read_text(encoding="utf-8") != dumped(documents[name]):
            yield f"{name}: not written as `fixtures generate` writes it"
    yield from _file_failures(documents)
    yield from _exchange_failures(documents)
    yield from _flow_failures(documents)
    yield from _case_failures(documents)
    for vector in documents.get("signatures.json", {"vectors": []})["vectors"]:
        if vector["signature"] != _signed(vector):
            yield f"signatures.json: {vector['about']}: not md5(merchant_id + secret_key)"


def _shape_failures(name: str, document: Any) -> list[str]:
    kind = _kind(name)
    try:
        if validator(kind).is_valid(document):
            return []
    except UnicodeEncodeError:
        return ["it holds half of a surrogate pair, which is not a character; expected both halves, or neither"]
    from mockserver.contract.schema_errors import failures  # noqa: PLC0415 - jsonschema only when it is needed

    return [str(failure) for failure in failures(document, kind)]


def _kind(name: str) -> Document:
    """Return the schema of a file of this name."""
    first = name.partition("/")[0].removesuffix(".json")
    if first == "worlds":
        return schema("world")
    whole = schema("fixtures")
    return {"$ref": f"{whole['$id']}#/$defs/{first}"} if first in whole["$defs"] else whole


def _file_failures(documents: Files) -> Iterator[str]:
    listed = {*documents["manifest.json"]["files"], "manifest.json"}
    yield from (f"{name} is missing" for name in sorted(listed - set(documents)))
    yield from (f"{name} is not in the manifest" for name in sorted(set(documents) - listed))


def _exchange_failures(documents: Files) -> Iterator[str]:
    """Derive every exchange from its world again, byte for byte."""
    for name, stored in documents.items():
        world = documents.get(stored["world"]) if name.startswith("exchanges/") else None
        if world is not None and _exchanges_on(Path(name).stem, world) != stored:
            yield f"{name}: the fake answers otherwise on {stored['world']}"


def _flow_failures(documents: Files) -> Iterator[str]:
    """Go through every flow again, byte for byte."""
    for name, (world, steps) in make_flows().items():
        stored = documents.get(f"flows/{name}.json")
        if stored is not None and stored != _flow_on(name, documents.get(f"worlds/{name}.json", world), steps):
            yield f"flows/{name}.json: the fake answers otherwise on worlds/{name}.json"


def _flow_on(name: str, world: Any, steps: Any) -> Any:
    try:
        return flow_on(name, world, steps)
    except (WorldError, LookupError, TypeError):
        return None  # as below


def _exchanges_on(name: str, world: Any) -> Any:
    try:
        return exchanges_on(name, world)
    except (WorldError, LookupError, TypeError):
        return None  # the world was changed: it cannot be served, or has no project to ask for


def _signed(vector: Any) -> str | None:
    try:
        return sign(vector["merchant_id"], vector["secret_key"])
    except UnicodeEncodeError:
        return None


def _case_failures(documents: Files) -> Iterator[str]:
    """Make every case again; the generated bodies are taken as they are stored."""
    stored = documents.get("requests/bodies.json", {"cases": []})["cases"]
    try:
        bodies = {case["name"]: Case.of(case).body for case in stored if case["name"].startswith("generated-")}
        made = make_cases(bodies)
    except (ValueError, LookupError) as error:
        yield f"requests/bodies.json: a generated body cannot be read: {error}"
        return
    for group, cases in made.items():
        name = f"requests/{group}.json"
        if name in documents and documents[name] != cases_document(cases):
            yield f"{name}: not the cases that are made now; write them with `apigames-mock fixtures generate`"
