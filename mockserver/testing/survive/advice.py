"""What the scenarios say to people: the worlds, and how a careful client handles each reading, error and fault."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.testing.survive.situations import Case

_ALL_ALIKE = "Names a status by `stats`, and shows those that are 0 as 0."
_PAGES = "Asks for page after page until `total_page` of the newest reply, and joins the lists."

# name, case, what the client meets, where it comes from, how a careful client handles it
WORLDS: tuple[tuple[str, Case, str, str, str], ...] = (
    (
        "no-vouchers",
        Case(0),
        "A project without vouchers: an empty list, `total_page` 0, no nominals.",
        "RES-3, PAGE-2",
        "Takes an empty list for what it is: success, and nothing to show. Touches no first element.",
    ),
    ("one-voucher", Case(1), "The smallest list.", "RES-1, RES-4", "Tells success by `rc` 200."),
    (
        "every-status",
        Case(15),
        "Vouchers in each of the five statuses, on one page.",
        "SUM-1, FILT-1",
        'Counts by `stats`. Who filters sends the text "0" for pending: it is falsy in PHP, and is no empty filter.',
    ),
    ("all-pending", Case(12, "pending"), "Every voucher is pending.", "SUM-1", _ALL_ALIKE),
    ("all-success", Case(12, "success"), "Every voucher is a success.", "SUM-1", _ALL_ALIKE),
    ("all-process", Case(12, "process"), "Every voucher is in process.", "SUM-1", _ALL_ALIKE),
    ("all-error-engine", Case(12, "error_engine"), "Every voucher is an engine error.", "SUM-1", _ALL_ALIKE),
    ("all-error-voucher", Case(12, "error_voucher"), "Every voucher is a voucher error.", "SUM-1", _ALL_ALIKE),
    ("full-page", Case(30), "Exactly one page of 30.", "PAGE-1, PAGE-2", "Asks for no page past `total_page`."),
    ("one-more-than-a-page", Case(31), "A second page with one voucher on it.", "PAGE-1, PAGE-2", _PAGES),
    ("two-full-pages", Case(60), "Two pages, both full.", "PAGE-1, PAGE-2", _PAGES),
    ("many-pages", Case(301), "Eleven pages of 30.", "PAGE-1, PAGE-2", _PAGES),
    (
        "unusual-values",
        Case(35, twist="unusual_values"),
        "Ids past 32 bits, large nominals, notes with quotes, line ends, HTML and emoji, JSON in `response_json`.",
        "RES-4",
        "Parses with a JSON parser, keeps ids in 64 bits, and treats texts as texts.",
    ),
    (
        "added-fields",
        Case(35, twist="added_fields"),
        "Fields of names that the page does not have, at every level.",
        "RES-2, RES-3, RES-4: a tolerant reader",
        "Picks the fields that it knows, and lets others pass.",
    ),
    (
        "totals-grow-between-pages",
        Case(61, readings=(("max_limit", "30"),), twist="totals_grow"),
        "After the first page new vouchers come, and push the older ones one page further.",
        "RES-5, PAGE-1, reading `max_limit=30`",
        "Looks at `total_page` of each reply anew, and keeps a voucher that comes twice once, by its `id`.",
    ),
    (
        "statuses-move-between-pages",
        Case(61, readings=(("max_limit", "30"),), twist="statuses_move"),
        "Every voucher goes on to another status between two pages.",
        "SUM-1, FILT-1, reading `max_limit=30`",
        "Pages the list without a filter, which does not move, and takes all its counts from one reply.",
    ),
)

# clause: (name of the scenario, how it comes about)
ERROR_ADVICE: Mapping[str, tuple[str, str]] = {
    "ERR-1": ("invalid-json", "The vendor finds fault with the body, whatever is sent"),
    "ERR-2": ("unknown-merchant", "`APIGAMES_MERCHANT_ID` is of nobody"),
    "ERR-3": ("wrong-signature", "`APIGAMES_SECRET_KEY` is another merchant's"),
    "ERR-4": ("unknown-project", "`APIGAMES_PROJECT_ID` is of no project"),
}

_SENDS_ALL = "Sends every field that the page shows, and `session_key`, each in the type of the example."
_RELAXED = "Sends what the page shows; a vendor that takes more than that makes no difference to it."
_UNFILTERED = "Takes `stats`, `total_voucher` and `kategori_voucher` from a call without a filter, where they are sure."
_BY_NAME = "Counts by the names in `stats`, and never by what it believes a number or a place to mean."
READING_ADVICE: Mapping[str, str] = {
    "http_status": "Takes a reply for a success only when `rc` is 200, whatever the HTTP status.",
    "precedence": "Reports `error_msg` as it came, and builds nothing on which of two errors wins.",
    "session_key": _SENDS_ALL,
    "missing_signature": _SENDS_ALL,
    "missing_projectid": _SENDS_ALL,
    "missing_paging": _SENDS_ALL,
    "types": _RELAXED,
    "out_of_range": "Counts pages from 1.",
    "max_limit": "Takes the number of pages from `total_page`, never from the `limit` that it asked for.",
    "signature_case": _RELAXED,
    "form_body": _RELAXED,
    "status_codes": _BY_NAME,
    "status_filter": "Counts by `stats`, which needs no filter, and groups the list by itself.",
    "unknown_status": "Filters by no status that it has not seen.",
    "beyond_last": "Stops at `total_page`, and does not wait for an empty list: the last page may come again for ever.",
    "empty_vouchers": "Takes `null` for an empty list.",
    "empty_total_page": "Asks for page 1 once, and goes on only while `total_page` says so.",
    "stats_scope": _UNFILTERED,
    "total_voucher_scope": _UNFILTERED,
    "kategori_scope": _UNFILTERED,
    "kategori_order": "Finds a nominal in `kategori_voucher` by its `name`, never by its place.",
    "timezone": "Reads date-times as wall-clock text, and does not refuse one that lies ahead of its own clock.",
    "project_match": "Names the project by its `project_id`.",
}

_NOT_WHOLE = "Takes what does not parse as a whole JSON object for a failure, whatever came before the cut."
_HTML = "Checks that the body is a JSON object before it looks into it; reports the HTTP status if it is none."
_TIMEOUT = "Has a time limit of a few seconds on the whole call, and reports that it ran out."
_MAY_WAIT = "Waits so long, or gives up and says so."
FAULT_ADVICE: Mapping[str, str] = {
    "delay": _MAY_WAIT,
    "slow_body": _MAY_WAIT,
    "close_before": "Reports that the connection was closed.",
    "close_middle": _NOT_WHOLE,
    "truncated_json": _NOT_WHOLE,
    "empty_body": _NOT_WHOLE,
    "html_502": _HTML,
    "html_503": _HTML,
    "html_504": _HTML,
    "wrong_content_type": "Parses the body whatever its `Content-Type`, or reports that it does not.",
    "wrong_length": "Reports the missing bytes, or takes the JSON if it is whole.",
    "rate_limit": "Reports it, or waits as long as `Retry-After` says, a few times at most.",
    "maintenance": "Reports `error_msg` as it came: there are more texts than the four of the page.",
    "merchant_config": "Reports `error_msg` as it came: there are more texts than the four of the page.",
    "no_reply": _TIMEOUT,
    "stalled_body": _TIMEOUT,
    "html_502_on_page_2": "Reports a failure; what it has by then is not the list.",
}
