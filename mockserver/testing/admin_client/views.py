"""What the admin API shows, as its typed client returns it."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class ProjectView(TypedDict):
    """A project as the admin API shows it."""

    id: int
    project_id: str
    project_name: str | None
    merchant_id: str
    total_voucher: int
    stats: dict[str, int]
    nominals: dict[str, int]
    plan: dict[str, Any] | None
    submitted_at: float | None


class MerchantView(TypedDict):
    """A merchant as the admin API shows it; no secret stands in it.

    `vendor_state` is the failure of the vendor's that its submissions get, None when they are taken.
    """

    merchant_id: str
    vendor_state: str | None
    projects: list[ProjectView]


class NewMerchantView(MerchantView, total=False):
    """A merchant that was just added, with the secrets that were made up for it; those that were sent are left out."""

    secret_key: str
    session_key: str


class _Voucher(TypedDict):
    id: int
    voucher_code: str
    response_json: str
    note: str
    nominal_gs: int
    created: str
    created_at: str
    updated_at: str
    status: str


class VoucherView(_Voucher, total=False):
    """A voucher as the admin API shows it, its status by name; without `plan` when it has none of its own."""

    plan: dict[str, Any]


class SubmissionView(TypedDict):
    """What became of a submission; no code stands in it.

    `n` is the number of the call in the journal, None when that has forgotten it or no call was made; `at` is in Unix
    seconds. `codes` is how many, None where the list could not be read; `stats` are those of its project now. `clause`
    says why it was refused, `reply` whether a `fault` kept the reply from the consumer.
    """

    n: int | None
    at: float
    merchant_id: str
    outcome: Literal["accepted", "refused", "not_carried_out"]
    codes: int | None
    project_id: str | None
    stats: dict[str, int] | None
    clause: str | None
    fault: str | None
    reply: Literal["sent", "late", "lost"] | None


class ClockView(TypedDict):
    """A clock as the admin API shows it; `now` is in Unix seconds, `ahead` in seconds."""

    now: float
    date_time: str
    state: Literal["real", "frozen", "moved"]
    ahead: float
    merchant_id: str | None
