"""What is stored, as it is now: where a state is shared, another process may have put another in its place."""

from __future__ import annotations

from mockserver.provider.provider import Provider
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore


def present_merchant(provider: Provider, merchant: MerchantStore) -> MerchantStore:
    """Return what is stored of a merchant now; of one that is gone, what was stored last."""
    if not provider.is_shared:
        return merchant
    with provider.up_to_date():
        return provider.store.merchant(merchant.merchant_id) or merchant


def present_project(provider: Provider, merchant: MerchantStore, project: ProjectStore) -> ProjectStore:
    """Return what is stored of a project of a merchant now; of one that is gone, what was stored last."""
    if not provider.is_shared:
        return project
    return present_merchant(provider, merchant).project(project.project_id) or project
