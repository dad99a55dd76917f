"""A small typed client of the admin API, for tests in another process than the mock; standard library only."""

from __future__ import annotations

from mockserver.testing.admin_client.client import (
    AdminClient,
    AdminProblem,
    ClockView,
    MerchantView,
    NewMerchantView,
    ProjectView,
    SubmissionView,
    VoucherView,
)

__all__ = [
    "AdminClient",
    "AdminProblem",
    "ClockView",
    "MerchantView",
    "NewMerchantView",
    "ProjectView",
    "SubmissionView",
    "VoucherView",
]
