"""What admin calls name: a merchant, a project, a number; each refused in words when there is none."""

from __future__ import annotations

from flask import request

from mockserver.contract.foreign_text import printable
from mockserver.provider.journal.recorded import RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.web.admin.access import ADMIN, Problem
from mockserver.web.admin.query import integer


def merchant_named(provider: Provider, merchant_id: str) -> MerchantStore:
    """Return a merchant, or raise Problem (404)."""
    merchant = provider.store.merchant(merchant_id)
    if merchant is None:
        raise Problem(404, f"There is no merchant '{printable(merchant_id)}'; GET {ADMIN}/merchants lists them")
    return merchant


def one_merchant(provider: Provider) -> str | None:
    """Return the merchant that the query names, None when it names none; or raise Problem (404)."""
    merchant_id = request.args.get("merchant_id")
    return None if merchant_id is None else merchant_named(provider, merchant_id).merchant_id


def settled(provider: Provider, project_id: str) -> tuple[MerchantStore, ProjectStore]:
    """Return a project by project_id or numeric id, with what is due done, and its merchant; or raise Problem (404)."""
    found = provider.store.owner_of(project_id)
    if found is None:
        raise Problem(404, f"There is no project '{printable(project_id)}'; GET {ADMIN}/projects lists them")
    provider.settle(*found)
    return found


def kept_call(provider: Provider, n: int) -> RawEntry:
    """Return the n-th call, or raise Problem (404)."""
    kept = provider.journal.kept(n)
    if kept is None and 1 <= n <= provider.journal.total:
        raise Problem(404, f"Request {n} is forgotten: only the newest are kept, and those since the last clear")
    if kept is None:
        raise Problem(404, f"There is no request {n}: {provider.journal.total} arrived so far")
    return kept


def number(name: str, default: int, most: int) -> int:
    """Return a number of the query, or raise Problem (400)."""
    return integer(name, request.args.get(name), default, most)


def settle_all(provider: Provider) -> None:
    """Do what is due in every project."""
    for merchant in provider.store.merchants():
        for project in merchant.projects():
            if project.life_cycle is not None:
                provider.settle(merchant, project)
