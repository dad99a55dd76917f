"""`serve --reload`: the world file is read again when it has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.json_documents import FileError, read_document
from mockserver.provider.internal_error import report
from mockserver.provider.provider import Provider
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world import World, WorldError
from mockserver.provider.state.world_file import world_from_plain_document

_SECONDS = 0.5
_MOST_CHANGES_SHOWN = 8

# What is said, and how grave it is, as in a log.
Tell = Callable[[str, str], object]


class WorldFile:
    """A world file that is served, and looked at again and again.

    When it has changed, and not again since the last look, its world takes the place of the one before, and what
    changed is told. A file that cannot be served is told of once, and what was served before stays. `plan` takes the
    place of the world's own.
    """

    def __init__(self, path: Path, plan: Plan | None = None) -> None:
        self._path = path
        self._plan = plan
        self._read = self._seen = _mark(path)
        self._document: Any = _document(path)

    def look(self, provider: Provider, tell: Tell) -> None:
        """Look once at the file."""
        mark = _mark(self._path)
        if mark == self._read:
            return
        if mark != self._seen:
            # Whoever writes it may not be done.
            self._seen = mark
            return
        self._read = mark
        try:
            said = self._read_again(provider)
        except (FileError, WorldError) as error:
            tell(f"{printable(str(error), 500)}; what was served before is served on", "error")
        else:
            if said is not None:
                tell(said, "info")

    def watch(self, provider: Provider, tell: Tell) -> None:
        """Look at the file twice a second, from a thread of its own, for as long as the process lives."""
        threading.Thread(target=self._watch, args=(provider, tell), name="apigames-mock-reload", daemon=True).start()

    def _watch(self, provider: Provider, tell: Tell) -> None:
        waiting = threading.Event()
        while not waiting.wait(_SECONDS):
            self._look_whatever_comes(provider, tell)

    def _look_whatever_comes(self, provider: Provider, tell: Tell) -> None:
        try:
            self.look(provider, tell)
        except Exception as error:  # the next look may go well
            report(error)

    def _read_again(self, provider: Provider) -> str | None:
        document = read_document(self._path)
        if document == self._document:
            return None
        with provider.changing:
            own = {one.merchant_id: provider.served_under(one.merchant_id) for one in provider.store.merchants()}
            try:
                world = world_from_plain_document(document, provider.readings, provider.clock, own=own)
            except WorldError as error:
                raise WorldError(f"{self._path}: {error}") from None
            provider.put_world(self._with_plan(world), is_start=True)
        changes = [*_changes(self._document, document)]
        self._document = document
        more = len(changes) - _MOST_CHANGES_SHOWN
        shown = [*changes[:_MOST_CHANGES_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        return f"{printable(str(self._path), 500)} was read again: {'; '.join(shown)}"

    def _with_plan(self, world: World) -> World:
        return world if self._plan is None else msgspec.structs.replace(world, plan=self._plan)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Return what is another after each change of a file; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _document(path: Path) -> Any:
    try:
        return read_document(path)
    except FileError:
        return None  # it has changed since it was read, and is looked at again


def _changes(before: Any, after: Any) -> Iterator[str]:
    """Yield in words what is another in a document, which need not fit the schema; no secret is in them."""
    old, new = _parts(before), _parts(after)
    yield from (f"{name} is new" for name in new if name not in old)
    yield from (f"{name} is gone" for name in old if name not in new)
    yield from (f"{name} has changed" for name in new if name in old and new[name] != old[name])
    if old == new and before != after:
        yield "the order has changed"


def _parts(document: Any) -> dict[str, Any]:
    """Return each merchant, without its projects, and each project, by what it is called in a log."""
    parts = {"the world": _without(document, "merchants")}
    for merchant in _listed(document, "merchants"):
        parts[f"merchant {printable(str(merchant.get('merchant_id')), 60)}"] = _without(merchant, "projects")
        for project in _listed(merchant, "projects"):
            parts[f"project {printable(str(project.get('project_id')), 60)}"] = project
    return parts


def _listed(owner: Any, key: str) -> list[Any]:
    found = owner.get(key) if isinstance(owner, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _without(owner: Any, key: str) -> Any:
    return {name: value for name, value in owner.items() if name != key} if isinstance(owner, dict) else owner
