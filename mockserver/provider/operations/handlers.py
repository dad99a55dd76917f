"""The operations that the fake serves, each with what answers it."""

from __future__ import annotations

from typing import Any

from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.project_detail import ProjectDetail
from mockserver.provider.operations.redeem_bulk import RedeemBulk

HANDLERS: tuple[Handler[Any], ...] = (ProjectDetail(), RedeemBulk())
