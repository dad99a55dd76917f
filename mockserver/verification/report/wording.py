"""Says in words what was found: the one place where data of a run becomes text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mockserver.contract.judging.exchange import SUCCESS
from mockserver.contract.judging.violation import Fact, Values, Violation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.readings import REGISTER
from mockserver.contract.wire import CREATED_AT
from mockserver.verification.cases import ANY
from mockserver.verification.run.caller import OutsideContract
from mockserver.verification.target import Failure, NoReply

# A text with the names of its values in braces, or what makes one of them.
Wording = str | Callable[[Values], str]
_IDS_SHOWN = 6
_NAMED = 6


def expected_text(violation: Violation) -> str:
    """Say what was expected in place of a violation."""
    return _say(VIOLATIONS[violation.kind][0], violation.expected)


def got_text(violation: Violation) -> str:
    """Say what a violation is."""
    return _say(VIOLATIONS[violation.kind][1], {**violation.got, "where": violation.where})


def violation_text(violation: Violation) -> str:
    """Say all of a violation in one line."""
    return f"{violation.clause}: expected {expected_text(violation)}; got {got_text(violation)}"


def seen_text(seen: Fact | None) -> str:
    """Say what was seen of a reading; nothing where nothing was."""
    return "" if seen is None else _say(SEEN[seen.kind], seen.values)


def reason_text(reason: Fact | None) -> str:
    """Say why a law, or a run, came to no judgement; nothing where it did."""
    return "" if reason is None else _say(REASONS[reason.kind], reason.values)


def some_of(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def outcome_text(outcome: object) -> str:
    """Say an outcome in words: `ERR-3 (rc 500, "Signature Not Valid")`."""
    for operation in OPERATIONS:
        for error in operation.errors:
            if error.clause == outcome:
                return f'{outcome} (rc {error.rc}, "{error.error_msg}")'
    return {SUCCESS: "a success", ANY: "any documented reply"}.get(str(outcome), str(outcome))


def failure_text(failure: NoReply | OutsideContract) -> str:
    """Say why a call got no reply to judge, and where it helps what to do."""
    if isinstance(failure, NoReply):
        return _no_reply_text(failure)
    if failure.is_redirect:
        return (
            f"HTTP {failure.http_status} sends the call elsewhere; redirects are not followed, "
            "so give the address itself"
        )
    return f"HTTP {failure.http_status} outside the contract, {failure.times} times"


def _no_reply_text(failure: NoReply) -> str:
    host, seconds, size = failure.host, f"{failure.seconds:g} s", f"{failure.most_bytes / 1_048_576:g} MiB"
    return {
        Failure.UNREACHABLE: f"{host} cannot be reached; see that it runs and that --base-url is right",
        Failure.TLS: f"no TLS connection to {host}: see that --base-url has the right scheme and host, and that its "
        "certificate is valid",
        Failure.TIMEOUT: f"{host} did not answer within {seconds}; give more with --timeout",
        Failure.ENDLESS: f"the reply did not end within {seconds}; give more with --timeout",
        Failure.TOO_LARGE: f"the reply is larger than {size}; it was not read to its end",
        Failure.BROKEN_OFF: f"{host} broke off before the reply was whole ({failure.detail})",
        Failure.UNKNOWN_COMPRESSION: f"the reply is compressed as {failure.detail!r}, which was not asked for",
        Failure.BROKEN_COMPRESSION: f"the reply's compression ({failure.detail}) is broken",
    }[failure.kind]


def _say(wording: Wording, values: Values) -> str:
    return wording.format(**values) if isinstance(wording, str) else wording(values)


def _received(values: Values) -> str:
    if values["outcome"] is not None:
        return outcome_text(values["outcome"])
    return f"HTTP {values['http_status']} {values['body']!r}"


def _pairs(pairs: Mapping[Any, int]) -> str:
    return "{" + ", ".join(f"{name}: {total}" for name, total in pairs.items()) + "}"


def _fields(shown: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in shown.items())


def _asked(values: Values) -> str:
    asked: Mapping[str, object] = values["asked"]
    return f"a success ({', '.join(f'{name}={value!r}' for name, value in asked.items())})"


def _outcomes(values: Values) -> str:
    return f"{' or '.join(map(outcome_text, values['outcomes']))} for {values['case']} ({values['about']})"


def _ids(values: Values) -> str:
    ids: list[int] = values["ids"]
    return ", ".join(map(str, ids[:_IDS_SHOWN])) + (", ..." if len(ids) > _IDS_SHOWN else "")


def _before(values: Values) -> str:
    before: Fact | None = values["before"]
    question = REGISTER[values["key"]].question
    return f"one answer throughout to: {question} Before: {seen_text(before) or 'otherwise'}"


def _default_page(values: Values) -> str:
    left = ", ".join(values["left_out"]) or _changes(values["changes"])
    return f"the first {values['vouchers']} vouchers when {left} is left to its default"


def _changes(changes: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in changes.items())


def _slice_expected(values: Values) -> str:
    under = f" under status {values['filter']!r}" if values["filter"] else ""
    text = f"page {values['page']} of limit {values['limit']}{under}: {values['vouchers']} vouchers"
    return f"{text} from place {values['from']} of the list{_first(values)}"


def _first(values: Values) -> str:
    return "" if values["first_id"] is None else f", the first of id {values['first_id']}"


def _filter_expected(values: Values) -> str:
    if values["names"] is not None:
        return f"exactly the vouchers in {values['names']} under the filter {values['filter']!r}"
    outcome = {"empty": "no voucher", "ignored": "every voucher", "json": "ERR-1"}[values["unknown_status"]]
    return f"{outcome} under the filter {values['filter']!r}, which names no status"


def _filter_got(values: Values) -> str:
    if "total_data" not in values:
        return _received(values)
    return "total_data {total_data}, status numbers {statuses}, stats {stats}".format(**values)


def _failure_expected(values: Values) -> str:
    case = f"{values['case']}: " if values["case"] else ""
    return f"{case}a reply in the contract, as the good calls before and after it get"


def _refused_got(values: Values) -> str:
    return f"{values['outcome']}, with session_key and without" if values["session_key_tried"] else values["outcome"]


def _listed(names: Iterable[str]) -> str:
    return f"sums of the {', the '.join(names)}"


_CODES = "codes {codes} beside stats {stats}"


def _categories(values: Values) -> str:
    text = f"{_pairs(values['categories'])} beside total_voucher {values['total_voucher']}"
    return f"{text}, total_data {values['total_data']}"


# What each kind of violation expected, and what it got.
VIOLATIONS: Mapping[str, tuple[Wording, Wording]] = MappingProxyType(
    {
        # One reply: its shape
        "not_json": ("a reply that is JSON", "HTTP {http_status} with a body: {reason}"),
        "not_an_object": ("a reply that is one JSON object", "a JSON {type}"),
        "shape": ("the documented fields and types", "{failure}"),
        "fraction": ("an integer", "{where}: {value!r}, a number with a fraction"),
        # One reply: its values
        "success_http_status": ("HTTP 200 on a success", "HTTP {http_status}"),
        "ts": ("ts as Unix seconds, now ({now})", "{ts}, {away:+d} s away"),
        "merchant_id": ("merchant_id of the path", "{merchant_id!r}"),
        "current_page": ("current_page {page}, as asked", "{current_page}"),
        "voucher_twice": ("each voucher once", "an id that appears twice on one page"),
        "order": ("ids in descending order, newest first", _ids),
        "voucher_project_id": ("project_id {project_id!r}", "{project_id!r}"),
        "not_a_day": ("a day of the calendar", "{text!r}"),
        "created": (f"created {{date!r}}, the date of {CREATED_AT}", "{date!r}"),
        "updated_at": ("updated_at not before {not_before!r}", "{updated_at!r}"),
        "page_too_large": ("at most {limit} vouchers on a page", "{vouchers} vouchers"),
        "vouchers_of_none": ("no voucher when total_data is 0", "{vouchers} vouchers"),
        "pages_of_none": ("total_page 0 or 1 when total_data is 0", "{total_page}"),
        "total_page": ("total_page {total_page} = ceil({total_data} / {limit})", "{total_page}"),
        "page_size": (
            "{vouchers} vouchers on page {page} of {total_page} (total_data {total_data}, limit {limit})",
            "{vouchers}",
        ),
        "stats_sum": (
            "stats that add up to total_voucher",
            "stats add up to {stats}, total_voucher is {total_voucher}",
        ),
        "total_data_unfiltered": (
            "total_data equal to total_voucher without a filter",
            "total_data {total_data}, total_voucher {total_voucher}",
        ),
        "stats_and_codes": ("stats equal to the number of vouchers in each status, 0 being pending", _CODES),
        "category_twice": ("one entry for each nominal", "a name that appears twice"),
        "category_totals": (
            lambda v: f"totals equal to the number of vouchers of each nominal; on this page {_pairs(v['on_page'])}",
            _categories,
        ),
        "category_order": ("an order by nominal, by count or as first seen in the list", _categories),
        "filter_statuses": ("vouchers of one status under the filter {filter!r}", "status numbers {statuses}"),
        "secret_in_reply": ("no secret in a reply", "{secret} is in it"),
        # Readings
        "reading": (
            lambda v: f"{v['key']} as {v['value']!r}: {REGISTER[v['key']].question}",
            lambda v: seen_text(v["seen"]),
        ),
        "reading_changed": (
            lambda v: f"{v['key']} = {v['value']}, as observed before ({REGISTER[v['key']].question})",
            lambda v: seen_text(v["seen"]),
        ),
        "reading_inconsistent": (_before, lambda v: seen_text(v["seen"])),
        "error_http_status": (
            "http_status = {reading}, as observed before: HTTP {http_status}",
            "HTTP {http_status}",
        ),
        # Calls, and what they were made for
        "no_success": (_asked, _received),
        "outcome": (_outcomes, _received),
        "no_reply": (_failure_expected, lambda v: failure_text(v["failure"])),
        "documented_request_refused": ("a success for the documented request", _refused_got),
        "undocumented_reply": ("a success or a documented error", _received),
        "other_formula": (
            "md5(merchant_id + secret_key) accepted",
            "refused ({outcome}), while the formula {formula!r} is accepted",
        ),
        "signature_refused": ("a success with the documented signature", _received),
        "session_key_left_out": (f"a success without session_key, or {outcome_text('ERR-1')}", _received),
        "project_id": ("project_id {project_id!r}, as asked", "{project_id!r}"),
        "other_project_by_name": ("the project {project_id!r} under its name", "{project_id!r}"),
        "project_by_name": (f"{outcome_text('ERR-4')}, or the project of that name", _received),
        "near_project": (lambda v: f"{outcome_text('ERR-4')} for {v['for']}", _received),
        "project_number": ("id {id}, as before", "{id}"),
        "default_page": (_default_page, "{vouchers} vouchers, other than those"),
        "constant_reply": (
            "each of {requests} different requests looked at",
            "the same reply to all of them, as a static mock gives",
        ),
        # Laws across calls
        "ts_stands_still": ("ts that moves on with time", "{ts}, as {seconds:g} s before"),
        "pages_overlap": (
            "pages that hold each voucher once",
            "pages whose vouchers overlap or are out of order, while totals stand still",
        ),
        "total_data": ("total_data {total_data}, as many as match", "{total_data}"),
        "page_slice": (_slice_expected, lambda v: f"{v['vouchers']} vouchers{_first(v)}"),
        "filter": (_filter_expected, _filter_got),
        "stats_tally": ("stats equal to the number of vouchers in each status", _CODES),
        "scope": (lambda v: f"{_listed(v['scopes'])} ({v['key']})", lambda v: seen_text(v["seen"])),
        # The submit call
        "submission_sums": (
            lambda v: (
                f"sums and times as in the example (0 and empty), or of {' or '.join(map(str, v['counts']))} codes"
            ),
            lambda v: _fields(v["shown"]),
        ),
        "submission_refused": ("a success for a list of {codes} new codes", _received),
        "refused_with_trace": (
            "a success for codes whose list was refused before ({after}), as nothing of it is kept",
            _received,
        ),
        "double_outcome": (lambda v: f"{outcome_text('BULK-ERR-10')}, or a success, for {v['what']}", _received),
        "double_in_list": (f"{outcome_text('BULK-ERR-10')} for a code twice in the list", _received),
        "project_not_new": ("a {name} that no other project has", "{value!r} once more"),
        "codes_listed": (
            "exactly the {codes} codes that were submitted, each once",
            "{listed}, of which {twice} twice and {others} that were not submitted; {missing} are missing",
        ),
        "not_pending": ("every code pending at first", "stats {stats}, {seconds:.2f} s after the submission"),
        "size_outcome": (lambda v: f"a success, or {outcome_text('BULK-ERR-4')}, for {v['codes']} codes", _received),
    }
)

# What was seen of a reading.
SEEN: Mapping[str, Wording] = MappingProxyType(
    {
        "vouchers_null": "null",
        "vouchers_list": "[]",
        "total_page": "total_page {total_page}",
        "vouchers": "{vouchers} vouchers",
        "capped": "{vouchers} of {limit} asked for",
        "no_cap": "no cap below {below}",
        "codes_and_stats": _CODES,
        "categories": _categories,
        "category_names": "{names}, first seen {first_seen}",
        "category_scope": "{categories}; the project has {project}, the page {page}",
        "stats": "stats {stats} under {filter!r}",
        "totals": "total_voucher {total_voucher}, of {project}, {filtered} match",
        "filters": lambda v: "filters list " + ", ".join(f"{text}: {total}" for text, total in v["listed"].items()),
        "outcome": lambda v: f"{v['case']}: {outcome_text(v['outcome'])}",
        "without_session_key": lambda v: f"without one: {outcome_text(v['outcome'])}",
        "name_of_project": "{asked!r} names {project_id!r}",
        "by_name": lambda v: f"by name: {outcome_text(v['outcome'])}",
        "submission_sums": lambda v: _fields(v["shown"]),
        "codes_taken": "{codes} codes in one list were accepted",
        "codes_refused": "a list of {accepted} codes is accepted, one of {refused} is refused",
        "lines": "{listed} codes, listed with the white space round them: {with_space}",
        "double": lambda v: f"{v['what']}: {outcome_text(v['outcome'])}",
        "zone": "cretaed_at {text} of a list that was accepted at {ts}",
        "http_statuses": lambda v: ", ".join(f"HTTP {http} for rc {rc}" for rc, http in v["pairs"]),
    }
)

# Why a law, or a run, came to no judgement.
REASONS: Mapping[str, Wording] = MappingProxyType(
    {
        "no_voucher": "the project has no voucher",
        "no_success": "no success so far",
        "no_project_name": "the project's name is not known; give it with --project-name",
        "no_filter_understood": "no filter is understood well enough to be held to the list",
        "no_narrow_filter": "no filter is known to leave any voucher out",
        "not_whole": "limit is capped, and the project is too large to be read whole within the budget",
        "no_wrong_signature": "no wrong signature may be sent",
        "restless": "the project moves too often for laws across calls",
        "not_stable": "no stable snapshot of the project in {tries} tries",
        "no_reply": lambda v: failure_text(v["failure"]),
        "good_call_refused": lambda v: f"{failure_text(v['failure'])}; a good call after it got {_received(v['got'])}",
        "no_snapshot": "the list of vouchers could not be read",
        "dropped_once": lambda v: f"{failure_text(v['failure'])}; a wrong signature is not sent again to a live target",
        "rate_limited": "the target asked for fewer calls (HTTP 429), also after a rest",
        "not_the_endpoint": "HTTP {http_status} with a body outside the contract; see that --base-url is that of the "
        "endpoint (scheme, host and port, without the path)",
        "not_in_form": "the first reply is not in the documented form, so nothing further was judged",
        "signature_refused": "the signature is refused, and so is every near-miss formula: merchant id and secret key "
        "do not belong together, or the merchant is unknown",
        "unknown_to_target": lambda v: (
            f"the target does not know this {'merchant' if v['outcome'] == 'ERR-2' else 'project'} id "
            f"({v['outcome']}); give one of its own"
        ),
        "first_call_undocumented": "the first call was not answered as documented, so nothing further was judged",
        "signs_otherwise": "the target signs in another way, so nothing further was judged",
        "budget_spent": "the budget of {max_requests} calls was spent before the end; give more with --max-requests",
        "stopped": "stopped by {signal}",
        # The submit call
        "needs_submit_refusals": "the submit call is not asked; give --submit-refusals, or --submit on this machine",
        "needs_submit": "a list would have to be accepted; give --submit, on this machine only",
        "vendor_state": lambda v: (
            f"the submit call says {outcome_text(v['outcome'])}, a state that no call brings about"
        ),
        "no_vendor_state": "a state of the vendor, which no call brings about; the mock shows it for a reserved code",
        "no_submission": "no list was accepted in the documented form",
        "list_too_long": "the target takes no list of {codes} codes",
        "moved_already": "the codes were asked for so late that they may have moved",
        "taken_perhaps": lambda v: f"{failure_text(v['failure'])}; the list may have been taken all the same",
    }
)
