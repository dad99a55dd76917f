"""The one table of operations: whatever speaks of all of them is made from it."""

from __future__ import annotations

from mockserver.contract.operation import Operations
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK

OPERATIONS = Operations((PROJECT_DETAIL, REDEEM_BULK))
