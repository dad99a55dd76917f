"""The register of flow scenarios: each situation that a client of the whole journey goes through, by name.

Docs, `--list`, report and tests are made from `SCENARIOS`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from types import MappingProxyType

from mockserver._text import nearest
from mockserver.contract.operation import JSON, MERCHANT, SIGNATURE
from mockserver.contract.readings import REGISTER, each_other_value
from mockserver.contract.redeem_bulk import (
    ACCOUNT,
    LIST,
    MAINTENANCE,
    MERCHANT_CONFIG,
    PROJECT_STORAGE,
    VOUCHER_STORAGE,
)
from mockserver.testing.survive.flow.situations import (
    ENDS,
    ERRORS,
    FAULT_HEADERS,
    KEYS,
    MUTATIONS,
    FlowSituation,
    clarity_of,
    situation_named,
)
from mockserver.testing.survive.scenario import Scenario, ScenarioError, distinct
from mockserver.testing.survive.spelling import is_spelt_out

_EACH_CODE = "Looks up each code by itself, and says what became of each."
_POLLS = "Polls, with a pause, until `pending` and `process` of `stats` are 0; then reads every page anew."
_ONCE = "Submits once, says that the codes are unknown, and lets a person ask the vendor."
_ONCE_MORE = "Polls again after the pause, so many times at most: a failed status call says nothing of the codes."
_SAYS_WHY = "Reports `error_msg`, and says that every code is refused."

_WORLDS = (
    Scenario("one-code", FlowSituation(1), "The smallest list.", "BULK-RES-1, FLOW-1", "Tells success by `rc` 0."),
    Scenario(
        "partial-failure",
        FlowSituation(6),
        "Some codes are redeemed, some fail.",
        "FLOW-1, SUM-1",
        _EACH_CODE,
    ),
    Scenario("all-success", FlowSituation(3, ends="success"), "Every code is redeemed.", "FLOW-1", _POLLS),
    Scenario(
        "all-error-engine",
        FlowSituation(3, ends="error_engine"),
        "Every code ends in an engine error.",
        "FLOW-1",
        _POLLS,
    ),
    Scenario("all-error-voucher", FlowSituation(3, ends="error_voucher"), "Every code is a bad one.", "FLOW-1", _POLLS),
    Scenario(
        "finished-at-once",
        FlowSituation(plan="immediate"),
        "The first status call finds every code finished.",
        "FLOW-1, life cycle `immediate`",
        "Waits for no status in between: the first poll may be the last.",
    ),
    Scenario(
        "takes-a-while",
        FlowSituation(plan="timed"),
        "The codes take some seconds.",
        "FLOW-1, life cycle `timed`",
        "Pauses between two polls: a few seconds in production, `APIGAMES_POLL_SECONDS` here.",
    ),
    Scenario(
        "never-finishes",
        FlowSituation(plan="never"),
        "The codes stay pending.",
        "FLOW-1, life cycle `manual`",
        "Stops after so many polls, and says that the codes are pending.",
    ),
    Scenario(
        "many-codes",
        FlowSituation(100),
        "A hundred codes, four pages of 30.",
        "FLOW-1, PAGE-1",
        "Reads the pages 1 to `total_page`.",
    ),
    Scenario(
        "statuses-move-between-pages",
        FlowSituation(61, readings=(("max_limit", "30"),)),
        "Each code goes on to another status between two pages.",
        "SUM-1, PAGE-1, reading `max_limit=30`",
        "Once `stats` has nothing open, reads every page anew: what is final does not move.",
    ),
    Scenario(
        "added-fields",
        FlowSituation(mutation="added_fields"),
        "Fields of names that neither page has, in both replies.",
        "BULK-RES-2, RES-3: a tolerant reader",
        "Picks the fields that it knows, and lets others pass.",
    ),
    Scenario(
        "project-appears-late",
        FlowSituation(late=2),
        "The first status calls do not know the new project yet.",
        "FLOW-1, ERR-4",
        "Goes on polling: the project_id came from the vendor itself.",
    ),
    Scenario(
        "double-code-in-list",
        FlowSituation(mutation="double_in_list"),
        "One of the codes is given twice.",
        "BULK-ERR-10",
        "Drops it before it submits, or reports that the list was refused, all of it.",
    ),
    Scenario(
        "double-code-of-before",
        FlowSituation(mutation="double_before"),
        "One of the codes is in an older project: all of the list is refused.",
        "BULK-ERR-10, FLOW-2",
        "Reports `error_msg`, and says that every code of this list is refused: none of it was taken.",
    ),
)

# role: (name of the scenario, how it comes about)
_REFUSALS: Mapping[str, tuple[str, str]] = {
    JSON: ("invalid-json", "The vendor finds fault with the body, whatever is sent"),
    SIGNATURE: ("wrong-signature", "`APIGAMES_SECRET_KEY` is another merchant's"),
    MAINTENANCE: ("maintenance", "The vendor is closed"),
    LIST: ("not-base64", "The vendor finds fault with the list, whatever is sent"),
    MERCHANT: ("unknown-merchant", "`APIGAMES_MERCHANT_ID` is of nobody"),
    MERCHANT_CONFIG: ("merchant-config", "The merchant is not set up"),
    ACCOUNT: ("account", "The account does not answer"),
    PROJECT_STORAGE: ("project-storage", "The vendor cannot store the project"),
    VOUCHER_STORAGE: ("voucher-storage", "The vendor cannot store the codes"),
}

_FAULT_NAMES: Mapping[str, str] = {
    "close_before": "the connection closes before any reply",
    "close_middle": "the connection closes in the middle of the reply",
    "truncated_json": "the JSON of the reply stops half-way",
    "empty_body": "the reply is empty",
    "html_502": "a proxy answers 502 with an HTML page",
    "html_503": "a proxy answers 503 with an HTML page",
    "html_504": "a proxy answers 504 with an HTML page",
    "no_reply": "no reply ever comes",
    "stalled_body": "headers come at once, and the body never does",
    "delay": "the reply comes late",
    "slow_body": "the body of the reply drips",
    "wrong_content_type": "the right JSON is called text/html",
    "wrong_length": "fewer bytes come than were announced",
    "rate_limit": "429 with Retry-After",
}
_MAY_TRUST = "Submits once; takes the reply if it is whole, or says that the codes are unknown."

_READING_ADVICE: Mapping[str, str] = {
    "http_status": "Takes a reply for a success by its `rc`, whatever the HTTP status.",
    "session_key": "Sends `session_key` in both calls.",
    "missing_paging": "Sends every field that the page shows.",
    "max_limit": "Takes the number of pages from `total_page`, never from the `limit` that it asked for.",
    "bulk_precedence": "Reports `error_msg` as it came, and builds nothing on which of two errors wins.",
    "bulk_missing": "Sends every field, none of them empty.",
    "bulk_lines": 'Joins the codes with "\\n" alone, with none at the end.',
    "bulk_empty": "Submits no empty list.",
    "bulk_base64": "Sends plain base64: standard alphabet, padded, without line breaks.",
    "bulk_duplicate": _ONCE,
    "bulk_reply": "Takes nothing from the sums of the reply; what became of the codes says the status call.",
    "bulk_most": "Reports that the list was refused, or submits shorter ones.",
}
_STATUS_READINGS = ("session_key", "missing_paging", "max_limit")


def _refusals() -> Iterator[Scenario[FlowSituation]]:
    for error in ERRORS.values():
        name, meaning = _REFUSALS[error.role]
        said = f'rc {error.rc}, "{error.error_msg}"'
        yield Scenario(name, FlowSituation(error=error.clause), f"{meaning}: {said}.", error.clause, _SAYS_WHY)
        yield Scenario(
            f"{name}-http-200",
            FlowSituation(readings=(("http_status", "200"),), error=error.clause),
            f"The same refusal under HTTP 200: {said}.",
            f"{error.clause}, reading `http_status=200`",
            "Takes a submission for a success only when `rc` is 0, whatever the HTTP status.",
        )


def _lost_replies() -> Iterator[Scenario[FlowSituation]]:
    for fault, what in _FAULT_NAMES.items():
        name = fault.replace("_", "-")
        is_lost = clarity_of(fault) == "lost"
        if is_lost:
            meaning = f"The list is accepted, and its reply is lost: {what}."
        elif fault == "rate_limit":
            meaning = f"The list is not taken: {what}."
        else:
            meaning = f"The list is accepted, and {what}."
        yield Scenario(
            name, FlowSituation(fault=fault), meaning, _fault_source(fault), _ONCE if is_lost else _MAY_TRUST
        )
        if fault in {"close_before", "no_reply", "html_504"}:
            yield Scenario(
                f"{name}-not-taken",
                FlowSituation(fault=fault, prevented=True),
                f"The list is lost on its way to the vendor, and the client sees just the same: {what}.",
                f"{_fault_source(fault)}, not carried out",
                _ONCE,
            )
    yield Scenario(
        "close-before-taken-twice",
        FlowSituation(fault="close_before", readings=(("bulk_duplicate", "list"),)),
        "The list is accepted, its reply is lost, and the vendor would take it a second time: money spent twice.",
        "fault `close_before`, reading `bulk_duplicate=list`",
        _ONCE,
    )


def _failed_polls() -> Iterator[Scenario[FlowSituation]]:
    for fault in ("html_502", "close_before", "truncated_json", "empty_body", "rate_limit", "no_reply"):
        yield Scenario(
            f"poll-{fault.replace('_', '-')}",
            FlowSituation(poll_fault=fault),
            f"The first status call fails: {_FAULT_NAMES[fault]}.",
            f"{_fault_source(fault)} on a status call",
            _ONCE_MORE,
        )
    yield Scenario(
        "every-poll-fails",
        FlowSituation(poll_fault="html_503", polls_hit=0),
        f"Every status call fails: {_FAULT_NAMES['html_503']}.",
        "fault `html_503` on each status call",
        "Stops after so many polls, and says that the codes are pending or unknown.",
    )


def _fault_source(fault: str) -> str:
    kinds = {"no_reply": "fault `delay` of an hour", "stalled_body": "fault `slow_body` of an hour"}
    return kinds.get(fault, f"fault `{fault}`")


def _other_values() -> list[tuple[str, str]]:
    of_status_call = [pair for pair in each_other_value() if pair[0] in _STATUS_READINGS]
    return [*of_status_call, *each_other_value(operation="redeem_bulk")]


def _readings() -> Iterator[Scenario[FlowSituation]]:
    for key, value in _other_values():
        if key == "http_status":
            continue  # has a scenario for each refusal
        yield Scenario(
            f"{key}={value}",
            _reading_situation(key, value),
            f"{REGISTER[key].question.split('?')[0]}? Here: `{value}`.",
            f"{REGISTER[key].clause}, reading `{key}={value}`",
            _READING_ADVICE[key],
        )


def _reading_situation(key: str, value: str) -> FlowSituation:
    readings = ((key, value),)
    if key == "bulk_precedence":
        return FlowSituation(
            readings=readings, error=next(one.clause for one in ERRORS.values() if one.role == MERCHANT)
        )
    return FlowSituation(35 if key == "max_limit" else 12 if key == "bulk_most" else 3, readings=readings)


SCENARIOS: Mapping[str, Scenario[FlowSituation]] = MappingProxyType(
    {one.name: one for one in (*_WORLDS, *_refusals(), *_lost_replies(), *_failed_polls(), *_readings())}
)


def generated(seed: int, count: int) -> list[Scenario[FlowSituation]]:
    """Return so many scenarios that follow from the seed; each is named by its situation, and none comes twice."""
    return distinct(lambda number: _composed(_generated_situation(seed, number)), count)


def scenario_named(name: str) -> Scenario[FlowSituation]:
    """Return a scenario of the register, or the one that a name such as `codes=3+fault=close_before` spells out.

    Raises:
        ScenarioError: there is none; the message says what there is.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    if is_spelt_out(name, KEYS):
        return _composed(situation_named(name))
    raise ScenarioError(f"there is no flow scenario {name!r}{nearest(name, SCENARIOS)}; --flow --list shows them all")


def _generated_situation(seed: int, number: int) -> FlowSituation:
    digest = blake2b(f"{seed}:flow:{number}".encode(), digest_size=8).digest()
    rng = random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - a seed makes it repeatable
    others = dict(rng.sample(_other_values(), rng.choice((0, 1, 2))))
    size = rng.choice((1, 2, 3, 5, 12, 31, 61))
    what = rng.choice(("world", "world", "refusal", "fault", "fault", "poll", "late"))
    if what == "refusal":
        # Which error wins is told by a scenario of its own; here each is alone.
        others.pop("bulk_precedence", None)
        return FlowSituation(min(size, 5), readings=tuple(sorted(others.items())), error=rng.choice([*ERRORS]))
    readings = tuple(sorted(others.items()))
    quick = [name for name in FAULT_HEADERS if name not in {"no_reply", "stalled_body"}]
    if what == "fault":
        fault = rng.choice(quick)
        prevented = clarity_of(fault) == "lost" and rng.random() < 0.5
        return FlowSituation(min(size, 5), readings=readings, fault=fault, prevented=prevented)
    if what == "poll":
        return FlowSituation(
            min(size, 5), readings=readings, poll_fault=rng.choice(quick), polls_hit=rng.choice((1, 2))
        )
    if what == "late":
        return FlowSituation(size, readings=readings, late=rng.choice((1, 2, 3)))
    mutation = rng.choice((None, None, *MUTATIONS))
    return FlowSituation(size, rng.choice(("reads", "immediate")), rng.choice(ENDS), readings, mutation=mutation)


def _composed(situation: FlowSituation) -> Scenario[FlowSituation]:
    """Return a situation that has no entry of its own, told in words."""
    words = [f"{situation.codes} code{'s' * (situation.codes != 1)}"]
    sources, advice = [], []
    if situation.plan != "reads":
        words.append(
            {"immediate": "finished at once", "timed": "finished after a while"}.get(situation.plan, "never finished")
        )
    if situation.ends != "mixed":
        words.append(f"all {situation.ends}")
    for key, value in situation.readings:
        words.append(f"{key}={value}")
        sources.append(f"reading `{key}={value}`")
        advice += [_READING_ADVICE[key]] if key in _READING_ADVICE else []
    if situation.error:
        meaning = _REFUSALS[ERRORS[situation.error].role][1]
        words.append(f"{meaning[:1].lower()}{meaning[1:]} ({situation.error})")
        sources.append(situation.error)
        advice.append(_SAYS_WHY)
    if situation.fault:
        words.append(
            f"fault {situation.fault} on the submission" + (", not carried out" if situation.prevented else "")
        )
        sources.append(_fault_source(situation.fault))
        advice.append(_ONCE if clarity_of(situation.fault) == "lost" else _MAY_TRUST)
    if situation.poll_fault:
        hit = f"the first {situation.polls_hit}" if situation.polls_hit else "all"
        words.append(f"fault {situation.poll_fault} on status calls, {hit}")
        sources.append(_fault_source(situation.poll_fault))
        advice.append(_ONCE_MORE)
    if situation.late:
        words.append(f"a project that the first {situation.late} status calls do not know")
        sources.append("ERR-4")
        advice.append("Goes on polling.")
    if situation.mutation:
        words.append(situation.mutation.replace("_", " "))
        advice += [
            known.careful for known in _WORLDS if getattr(known.situation, "mutation", None) == situation.mutation
        ]
    sources = sources or ["FLOW-1"]
    return Scenario(
        situation.name, situation, f"{'; '.join(words)}.", ", ".join(sources), " ".join(advice or [_POLLS, _EACH_CODE])
    )
