"""What the vendor documents, clause by clause. Ids are stable: code, schemas, tests and reports cite them."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.contract.operations import OPERATIONS

CLAUSES: Mapping[str, str] = OPERATIONS.clauses
