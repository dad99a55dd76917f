"""What is wrong with a `projectid` that names no project of the merchant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.contract.foreign_text import printable
from mockserver.contract.project_detail import PROJECT, PROJECT_DETAIL
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.faults import LONGEST
from mockserver.provider.faults.forcing import meant_reserved
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore, Store

# A near name is looked for among this many; a world may have a hundred thousand.
_MOST_NAMES = 20_000
_RESERVED_NUMBERS = f"a delay, a slow body and a rate limit may have a number behind them, up to {LONGEST:g}"
_BY_NAME = "serve with --reading project_match=project_id_or_name"


def diagnose_project(merchant: MerchantStore, fields: Mapping[str, Any], store: Store) -> list[Finding]:
    """Return what is wrong with a status call whose project is unknown (ERR-4); `fields` is its body."""
    clause = PROJECT_DETAIL.error_of[PROJECT].clause
    why = f"projectid names a project of merchant {printable(merchant.merchant_id, 60)!r} ({clause})"
    own = merchant.projects()
    some = some_ids([project.project_id for project in own])
    sent = fields.get("projectid")
    if sent is None:
        return [Finding("no projectid was sent", why, f"send one of {some}")]
    asked = str(sent)
    meant = _of_own(asked, own) or _of_others(asked, some, store) or _by_look(asked, some, own)
    return [Finding(f"no project {printable(asked, 60)!r}{meant[0]}", why, meant[1])]


def _of_own(asked: str, own: list[ProjectStore]) -> tuple[str, str] | None:
    """Return what was sent in place of the id of one of these projects, and how to fix it."""
    for project in own:
        fix = f"send {project.project_id!r}"
        if asked == str(project.id):
            return ": that is the numeric id of one", f"{fix}, its project_id"
        if asked == project.project_name:
            return f": that is the name of one{_dw(asked)}", f"{fix}, or {_BY_NAME}"
    for project in own:
        if _same_letters(asked, project.project_id):
            return ": case or white space differs", f"send {project.project_id!r}"
        if project.project_name is not None and _same_letters(asked, project.project_name):
            name = printable(project.project_name, 60)
            return f": that is the name of one, {name!r}, but for case or white space", f"send {project.project_id!r}"
    return None


def _of_others(asked: str, some: str, store: Store) -> tuple[str, str] | None:
    for one in store.merchants() if asked != "DW" else ():
        by_id = one.project(asked)
        theirs = one.project_named(asked) if by_id is None else by_id
        if theirs is not None:
            fix = f"call {theirs.project_id!r} as {one.merchant_id!r}, or send one of {some}"
            return f" of this merchant: it belongs to merchant {one.merchant_id!r}", fix
    return None


def _by_look(asked: str, some: str, own: list[ProjectStore]) -> tuple[str, str]:
    reserved = meant_reserved(asked, PROJECT_DETAIL)
    if reserved is not None:
        return ", and no reserved one", f"send {reserved!r}; {_RESERVED_NUMBERS}"
    near = nearest_id(asked, (project.project_id for project in own))
    return _dw(asked), f"send one of {some}" if near is None else f"send {near!r}, the nearest"


def _same_letters(asked: str, name: str) -> bool:
    return asked.strip().lower() == name.strip().lower()


def _dw(asked: str) -> str:
    said = "; the page's example asks for it, and its reply shows R240815XPQR000012"
    return said if asked == "DW" else ""


def nearest_id(word: str, known: Iterable[str]) -> str | None:
    """Return the one of these ids that a mistyped one was meant for, or None when none is near."""
    among = [name for _, name in zip(range(_MOST_NAMES), known, strict=False) if abs(len(name) - len(word)) <= 6]
    close = difflib.get_close_matches(word[:200], among, n=1)
    return close[0] if close else None


def some_ids(ids: list[str]) -> str:
    """Return the first few of these ids, and how many more there are, in words."""
    shown = ", ".join(repr(printable(id_, 60)) for id_ in ids[:5])
    return shown + (f" and {len(ids) - 5} more" if len(ids) > 5 else "") if ids else "none: the world has none"
