"""BULK-*, FLOW-1 and FLOW-2: what becomes of a list that is submitted, and that nothing becomes of one refused.

Lists are accepted here, so a target beyond this machine is never held to these. Their codes are made up.
"""

from __future__ import annotations

import calendar
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.violation import Choice, Fact, Violation
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.wire import CREATED_AT
from mockserver.verification.cases import Case, cases
from mockserver.verification.laws.law import clause, needs
from mockserver.verification.live_guard import Submitting
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import STATES_OF_VENDOR, Run, has_documented_form

_ACCEPTED = needs(Submitting.ANYTHING)
_VOUCHERS, _STATS = "data.data.vouchers", "data.data.stats"
_DOUBLE, _LIST = "BULK-ERR-10", "BULK-ERR-4"
_REQUEST_CLAUSES = {"BULK-ERR-1": "BULK-REQ-1", "BULK-ERR-2": "BULK-REQ-3", _LIST: "BULK-REQ-2"}
# Within so many seconds a code that was pending is so still.
_AT_FIRST = 1.0
_CLOCK_TOLERANCE = 60
_ZONES = {"Asia/Jakarta": 7 * 3600, "UTC": 0}
_DATE_TIME = "%Y-%m-%d %H:%M:%S"
_LONG_LIST = 35
_LONGEST_LIST = 200
_SMALL_PAGE = 10
_MOST_PAGES = 60
_MOST_SIGNATURES = 10
# The codes by which apigames-mock shows the states of the vendor; to any other server they are codes like others.
_RESERVED = {
    "BULK-ERR-3": "RMOCKMAINTENANCE",
    "BULK-ERR-6": "RMOCKMERCHANTCONFIG",
    "BULK-ERR-7": "RMOCKACCOUNT",
    "BULK-ERR-8": "RMOCKPROJECTSTORAGE",
    "BULK-ERR-9": "RMOCKVOUCHERSTORAGE",
}


@dataclass(frozen=True)
class Accepted:
    """A list that was accepted: its codes, and the exchange."""

    codes: tuple[str, ...]
    exchange: Exchange

    @property
    def project_id(self) -> str:
        """The project that it became."""
        project_id: str = self.exchange.reply["data"]["project_id"]
        return project_id


@clause("BULK-REQ-1", "BULK-REQ-2", "BULK-REQ-3", "BULK-RES-1", "BULK-RES-2")
@_ACCEPTED
def the_documented_submission_is_taken(run: Run) -> None:
    """A list as documented is a success, with every documented field in its type; a target may take short ones only."""
    most = run.most_codes
    for size in range(most, 0, -1):
        exchange = run.submit("BULK-REQ-2", partial(run.new_codes, size))
        if exchange is None:
            return
        if exchange.outcome != _LIST or size == 1:
            run.most_codes = size
            run.takes_lists = _must_be_taken(run, exchange, "BULK-REQ-2", size)
            if run.takes_lists and size < most:
                run.is_bound_known = True
                _bound(run, size, exchange)
            break
    if run.most_codes > 1:
        _accepted(run, "BULK-REQ-2", 1)


@clause("FLOW-1", "BULK-RES-2")
@_ACCEPTED
def a_list_becomes_a_project_of_its_codes(run: Run) -> None:
    """The status call, asked for the new project, lists exactly the submitted codes, once each, pending at first."""
    accepted = _accepted(run, "FLOW-1")
    listed = _check_listed(run, accepted, at_first=True)
    if listed:
        _zone(run, accepted, listed[0][CREATED_AT])


@clause("BULK-RES-2", "FLOW-1")
@_ACCEPTED
def each_list_becomes_a_project_of_its_own(run: Run) -> None:
    """Two lists are two projects, other than the one that was there, and the second leaves the first as it was."""
    first, second = _accepted(run, "BULK-RES-2"), _accepted(run, "BULK-RES-2")
    taken = {
        "project_id": {first.project_id, run.caller.credentials.project_id},
        "id": {first.exchange.reply["data"]["id"]},
    }
    _check_new(run, second, taken)
    _check_listed(run, second)
    _check_listed(run, first)


@clause("BULK-REQ-1", "BULK-ERR-1")
@_ACCEPTED
def submissions_of_other_bodies_and_types(run: Run) -> None:
    """A submission that is not one JSON object of texts is BULK-ERR-1, however good what it holds is."""
    run.expect_each([*cases("bulk-bodies"), *(case for case in cases("bulk-types") if not case.is_wrong_signature)])


@clause("BULK-ERR-1", "BULK-REQ-1")
@_ACCEPTED
def submissions_without_a_field(run: Run) -> None:
    """A field left out or empty is BULK-ERR-1, or is what is wrong itself (reading `bulk_missing`)."""
    _check_takes_lists(run)
    run.expect_each(cases("bulk-presence"))


@clause("BULK-ERR-5")
@_ACCEPTED
def good_lists_of_unknown_merchants(run: Run) -> None:
    """An unknown merchant is BULK-ERR-5, or BULK-ERR-2 (reading `bulk_precedence`), however good the list is."""
    run.expect_each(cases("bulk-merchants"))


@clause("BULK-ERR-4", "BULK-REQ-2")
@_ACCEPTED
def lists_written_in_other_ways(run: Run) -> None:
    """A list that is not base64, not UTF-8 or without a code is BULK-ERR-4; what is open is one reading throughout."""
    _check_takes_lists(run)
    run.expect_each(case for case in cases("bulk-lists") if case.clause != _DOUBLE)


@clause("BULK-REQ-2", "FLOW-1")
@_ACCEPTED
def what_parts_the_codes(run: Run) -> None:
    """Codes with Windows' line ends or white space round them are listed with that or without (`bulk_lines`)."""
    _check_takes_lists(run)
    if run.most_codes < 2:
        raise Inconclusive("list_too_long", codes=2)
    for between, before in (("\r\n", ""), ("\n", " ")):
        codes = run.new_codes(2)
        text = between.join(before + code for code in codes)
        sent = run.submit("BULK-REQ-2", [text])
        if sent is None or not _must_be_taken(run, sent, "BULK-REQ-2", 2):
            continue
        listed = _listed(run, Accepted(codes, sent))
        if listed is None:
            continue
        found, exchange = Counter(voucher["voucher_code"] for voucher in listed[0]), listed[1]
        values = {"any": Counter(codes), "strict": Counter(text.split("\n"))}
        fits = frozenset(value for value, expected in values.items() if expected == found)
        if not fits:
            run.record.add(_codes_violation(codes, found), exchange)
            continue
        with_space = "strict" in fits
        seen = Fact.of("lines", listed=found.total(), with_space=with_space)
        run.record.add(Choice("bulk_lines", fits, "BULK-REQ-2", seen, _VOUCHERS), exchange)


@clause("BULK-REQ-2", "FLOW-1")
@_ACCEPTED
def codes_of_any_text(run: Run) -> None:
    """Codes in any script, of any letters and signs, are listed as they were submitted."""
    _check_takes_lists(run)
    marks = ("kode-é-日本-🎮", 'with "quotes" and \\', "two words", "<b>&amp;</b>", "lower")
    for mark in marks[: 1 if run.most_codes < 2 else None]:
        new = run.new_codes(min(2, run.most_codes))
        codes = (f"{mark} {new[0]}", *new[1:])
        run.submitted += codes
        sent = run.submit("BULK-REQ-2", codes)
        if sent is not None and _must_be_taken(run, sent, "BULK-REQ-2", len(codes)):
            _check_listed(run, Accepted(codes, sent))


@clause("FLOW-1")
@_ACCEPTED
def a_long_list_over_pages(run: Run) -> None:
    """A list of more codes than a page holds is listed over pages, each code once."""
    _at_most(run)
    size = min(_LONG_LIST, run.most_codes)
    if size <= _SMALL_PAGE:
        raise Inconclusive("list_too_long", codes=_LONG_LIST)
    _check_listed(run, _accepted(run, "FLOW-1", size), limit=_SMALL_PAGE)


@clause("BULK-ERR-10")
@_ACCEPTED
def a_code_twice_in_the_list(run: Run) -> None:
    """A code that is twice in the list is BULK-ERR-10, and nothing of the list is kept."""
    _check_takes_lists(run)
    if run.most_codes < 2:
        raise Inconclusive("list_too_long", codes=2)
    *new, last = run.new_codes(min(3, run.most_codes))
    exchange = run.submit(_DOUBLE, [*new, new[0]])
    if exchange is None or _is_of_the_vendor(run, exchange):
        return
    if exchange.outcome != _DOUBLE:
        run.record.add(Violation("double_in_list", _DOUBLE, "", {}, exchange.received), exchange)
        return
    _leaves_no_trace(run, [*new, last], "a code twice in it")


@clause("BULK-ERR-10", "FLOW-1")
@_ACCEPTED
def the_same_list_again(run: Run) -> None:
    """A list that was accepted is BULK-ERR-10 when it comes again, or a second project (reading `bulk_duplicate`).

    The first project is as it was, either way.
    """
    first = _accepted(run, _DOUBLE)
    again = run.submit(_DOUBLE, first.codes)
    if again is None or not _double(run, again, "the same list again"):
        return
    _check_listed(run, first)
    if has_documented_form(again):
        second = Accepted(first.codes, again)
        _check_new(run, second, {"project_id": {first.project_id}})
        _check_listed(run, second)


@clause("BULK-ERR-10", "FLOW-2")
@_ACCEPTED
def a_known_code_among_new_ones(run: Run) -> None:
    """One code that was submitted before makes the whole list BULK-ERR-10, and the new ones are not kept."""
    if run.most_codes < 2:
        raise Inconclusive("list_too_long", codes=2)
    first = _accepted(run, _DOUBLE)
    new = run.new_codes(min(2, run.most_codes - 1))
    exchange = run.submit(_DOUBLE, [*new[:1], first.codes[0], *new[1:]])
    if exchange is None or not _double(run, exchange, "a code that was submitted before"):
        return
    if exchange.outcome == _DOUBLE:
        _leaves_no_trace(run, new, "a double code in it")
        _check_listed(run, first)


@clause("BULK-ERR-10")
@_ACCEPTED
def a_code_of_a_project_that_was_there(run: Run) -> None:
    """A code that the merchant has in any project is a double, or it is not (reading `bulk_duplicate`)."""
    _check_takes_lists(run)
    code = next(iter(run.some_vouchers().at.values()))["voucher_code"]
    run.submitted.append(code)
    exchange = run.submit(_DOUBLE, [code])
    if exchange is not None:
        _double(run, exchange, "a code that the project has")


@clause("FLOW-2")
@_ACCEPTED
def a_refused_list_leaves_no_trace(run: Run) -> None:
    """After a refusal the same codes are accepted: neither a project nor a code was kept."""
    _check_takes_lists(run)
    own = run.caller.credentials.merchant_id
    refusals: dict[str, Callable[[dict[str, str]], bytes]] = {
        "BULK-ERR-1": lambda fields: json.dumps(fields)[:-1].encode(),
        "BULK-ERR-2": lambda fields: json.dumps({**fields, "signature": "0" * 32}).encode(),
        "BULK-ERR-4": lambda fields: json.dumps({**fields, "kode_voucher": fields["kode_voucher"] + "!"}).encode(),
    }
    for clause_id, make in refusals.items():
        codes = run.new_codes(min(2, run.most_codes))
        about = f"the first of two tries, to be {clause_id}"
        body = make(run.good_submission(codes))
        case = Case("refused-first", clause_id, about, own, body, "right", {clause_id: {}}, REDEEM_BULK)
        exchange = run.expect(case)
        if exchange is not None and exchange.outcome == clause_id:
            _leaves_no_trace(run, codes, clause_id)


@clause(*_RESERVED)
@_ACCEPTED
def states_of_the_vendor(run: Run) -> None:
    """A state of the vendor is its exact error, and the list is not kept; only a mock shows one when asked."""
    _check_takes_lists(run)
    shown = 0
    for clause_id, reserved in _RESERVED.items():
        codes = run.new_codes(min(2, max(1, run.most_codes - 1)))
        exchange = run.submit(clause_id, [*codes, reserved])
        if exchange is None or exchange.outcome in {SUCCESS, _DOUBLE, _LIST, *STATES_OF_VENDOR} - {clause_id}:
            continue
        shown += 1
        if exchange.outcome != clause_id:
            expected = {"outcomes": [clause_id], "case": reserved, "about": "the code that asks the mock for it"}
            run.record.add(Violation("outcome", clause_id, "", expected, exchange.received), exchange)
        else:
            _leaves_no_trace(run, codes, clause_id)
    if shown < len(_RESERVED):
        raise Inconclusive("no_vendor_state")


@clause("BULK-ERR-4")
@_ACCEPTED
def a_very_long_list(run: Run) -> None:
    """A list of two hundred codes is accepted, or BULK-ERR-4 above some number of them (reading `bulk_most`)."""
    _at_most(run)


@clause("BULK-ERR-2", "BULK-REQ-3")
@_ACCEPTED
def no_other_signature_of_a_submission_is_taken(run: Run) -> None:
    """A signature that is of another type or nearly right is BULK-ERR-2 (or BULK-ERR-1, as a reading has it)."""
    odd = [case for case in cases("bulk-types") if case.is_wrong_signature]
    for place, case in enumerate([*cases("bulk-signatures")[:_MOST_SIGNATURES], *odd, *cases("bulk-signatures")]):
        if place >= _MOST_SIGNATURES + len(odd) and not run.has_room:
            return
        run.expect_each([case])


def _accepted(run: Run, clause_id: str, size: int | None = None) -> Accepted:
    """Submit a list of new codes, as many as every list here has, or of this size.

    Raises:
        Inconclusive: it was not accepted in the documented form, which is then on record.
    """
    sent: list[tuple[str, ...]] = []

    def codes() -> tuple[str, ...]:
        sent.append(run.new_codes(min(3, run.most_codes) if size is None else size))
        return sent[-1]

    _check_takes_lists(run)
    exchange = run.submit(clause_id, codes)
    if exchange is None or not _must_be_taken(run, exchange, clause_id, len(sent[-1])):
        raise Inconclusive("no_submission")
    return Accepted(sent[-1], exchange)


def _check_takes_lists(run: Run) -> None:
    """Go on only where lists are accepted: what comes of one that never is would be said once for each law.

    Raises:
        Inconclusive: the first list of the run was not accepted in the documented form.
    """
    if not run.takes_lists:
        raise Inconclusive("no_submission")


def _is_of_the_vendor(run: Run, exchange: Exchange) -> bool:
    """Whether a reply tells of a state of the vendor, which says nothing of what was sent."""
    if exchange.outcome not in STATES_OF_VENDOR:
        return False
    run.record.leave(Fact.of("vendor_state", outcome=exchange.outcome))
    return True


def _must_be_taken(run: Run, exchange: Exchange, clause_id: str, count: int) -> bool:
    """Hold a reply to being a success, whose form was judged when it came; whether it can be gone on from."""
    if _is_of_the_vendor(run, exchange):
        return False
    if exchange.outcome != SUCCESS:
        # What is said to be wrong with it tells which part of it is not taken as documented.
        blamed = _REQUEST_CLAUSES.get(exchange.outcome or "", clause_id)
        run.record.add(Violation("submission_refused", blamed, "", {"codes": count}, exchange.received), exchange)
    return has_documented_form(exchange)


def _double(run: Run, exchange: Exchange, what: str) -> bool:
    """Hold a reply to a list with a code that is known to one of the two readings; whether it is of either."""
    if _is_of_the_vendor(run, exchange):
        return False
    values = {_DOUBLE: frozenset({"merchant", "anyone"}), SUCCESS: frozenset({"list"})}.get(exchange.outcome or "")
    if values is None:
        run.record.add(Violation("double_outcome", _DOUBLE, "", {"what": what}, exchange.received), exchange)
        return False
    seen = Fact.of("double", what=what, outcome=exchange.outcome)
    run.record.add(Choice("bulk_duplicate", values, _DOUBLE, seen), exchange)
    return True


def _leaves_no_trace(run: Run, codes: Sequence[str], after: str) -> None:
    """Submit the codes of a list that was refused: they are accepted, and listed once."""
    exchange = run.submit("FLOW-2", codes)
    if exchange is None or _is_of_the_vendor(run, exchange):
        return
    if exchange.outcome != SUCCESS:
        run.record.add(Violation("refused_with_trace", "FLOW-2", "", {"after": after}, exchange.received), exchange)
    elif has_documented_form(exchange):
        _check_listed(run, Accepted(tuple(codes), exchange))


def _check_new(run: Run, accepted: Accepted, taken: Mapping[str, Set[object]]) -> None:
    """Hold the project of a list to having ids that no other has; `taken` are those of others, by the field's name."""
    for name, values in taken.items():
        value = accepted.exchange.reply["data"][name]
        if value in values:
            expected, got = {"name": name}, {"value": value}
            run.record.add(Violation("project_not_new", "BULK-RES-2", f"data.{name}", expected, got), accepted.exchange)


def _listed(run: Run, accepted: Accepted, limit: int | None = None) -> tuple[list[dict[str, Any]], Exchange] | None:
    """Return the vouchers of a list's project over all its pages, and the exchange that gave the first."""
    size = len(accepted.codes) + _SMALL_PAGE if limit is None else limit
    found = run.page("FLOW-1", projectid=accepted.project_id, limit=size)
    if found is None:
        return None
    page, exchange = found
    project = exchange.reply["data"]["data"]["project_id"]
    if project != accepted.project_id:
        expected, got = {"project_id": accepted.project_id}, {"project_id": project}
        run.record.add(Violation("project_id", "FLOW-1", "data.data.project_id", expected, got), exchange)
        return None
    vouchers = [*page.vouchers]
    for number in range(2, min(page.pages, _MOST_PAGES) + 1):
        more = run.page("FLOW-1", projectid=accepted.project_id, limit=size, page=number)
        if more is None:
            return None
        vouchers += more[0].vouchers
    return vouchers, exchange


def _check_listed(
    run: Run, accepted: Accepted, *, limit: int | None = None, at_first: bool = False
) -> list[dict[str, Any]]:
    """Hold the project of a list to FLOW-1, and return its vouchers; none where it cannot be read."""
    listed = _listed(run, accepted, limit)
    if listed is None:
        return []
    vouchers, exchange = listed
    found = Counter(voucher["voucher_code"] for voucher in vouchers)
    if found != Counter(accepted.codes):
        run.record.add(_codes_violation(accepted.codes, found), exchange)
    if at_first:
        _check_pending(run, accepted, exchange)
    return vouchers


def _check_pending(run: Run, accepted: Accepted, exchange: Exchange) -> None:
    stats = exchange.reply["data"]["data"]["stats"]
    if stats["pending"] == sum(stats.values()):
        return
    seconds = (exchange.received_at or 0) - (accepted.exchange.sent_at or 0)
    if seconds > _AT_FIRST:
        run.record.leave(Fact.of("moved_already"))
        return
    got = {"stats": dict(stats), "seconds": seconds}
    run.record.add(Violation("not_pending", "FLOW-1", _STATS, {}, got), exchange)


def _codes_violation(codes: Sequence[str], found: Counter[str]) -> Violation:
    wanted = Counter(codes)
    got = {
        "listed": found.total(),
        "twice": sum(count > 1 for count in found.values()),
        "others": (found - wanted).total() - sum(found[code] - 1 for code in wanted if found[code] > 1),
        "missing": (wanted - found).total(),
    }
    return Violation("codes_listed", "FLOW-1", _VOUCHERS, {"codes": len(codes)}, got)


def _zone(run: Run, accepted: Accepted, created_at: str) -> None:
    """See from a code that was just taken what zone its date-times are of."""
    ts = accepted.exchange.reply["ts"]
    try:
        wall = calendar.timegm(time.strptime(created_at, _DATE_TIME))
    except ValueError:
        return
    fits = frozenset(zone for zone, offset in _ZONES.items() if abs(wall - offset - ts) <= _CLOCK_TOLERANCE)
    if fits:
        seen = Fact.of("zone", text=created_at, ts=ts)
        run.record.add(Choice("timezone", fits, "RES-4", seen, f"{_VOUCHERS}[].{CREATED_AT}"), accepted.exchange)


def _at_most(run: Run) -> None:
    """Find out how many codes a list may have: as many as the longest that is sent, or where the bound is."""
    if run.is_bound_known:
        return
    _check_takes_lists(run)
    run.is_bound_known = True
    taken, refused, size = run.most_codes, _LONGEST_LIST + 1, _LONGEST_LIST
    exchange = None
    while refused - taken > 1:
        exchange = run.submit(_LIST, partial(run.new_codes, size))
        if exchange is None or _is_of_the_vendor(run, exchange):
            return
        if exchange.outcome not in {SUCCESS, _LIST}:
            run.record.add(Violation("size_outcome", _LIST, "", {"codes": size}, exchange.received), exchange)
            return
        if exchange.outcome == SUCCESS:
            taken = size
            seen = Fact.of("codes_taken", codes=taken)
            run.record.add(Choice("bulk_most", frozenset({"none"}), _LIST, seen, at_least=taken), exchange)
        else:
            refused = size
        size = (taken + refused) // 2
    run.most_codes = taken
    if exchange is not None and refused <= _LONGEST_LIST:
        _bound(run, taken, exchange)


def _bound(run: Run, taken: int, exchange: Exchange) -> None:
    seen = Fact.of("codes_refused", accepted=taken, refused=taken + 1)
    run.record.add(Choice("bulk_most", frozenset({str(taken)}), _LIST, seen), exchange)
