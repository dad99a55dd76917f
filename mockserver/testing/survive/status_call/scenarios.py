"""The register of scenarios: each situation that every client goes through, by name.

Docs, `--list`, report and tests are made from `SCENARIOS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from mockserver._text import nearest
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, each_other_value
from mockserver.provider.faults.faults import FAULTS
from mockserver.testing.survive.scenario import Scenario, ScenarioError, distinct
from mockserver.testing.survive.spelling import is_spelt_out
from mockserver.testing.survive.status_call.situations import KEYS, Situation, situation_named
from mockserver.testing.survive.status_call.worlds import generated_situation

GENERATED = "generated-"


_ALL_ALIKE = "Names a status by `stats`, and shows those that are 0 as 0."
_PAGES = "Asks for page after page until `total_page` of the newest reply, and joins the lists."

_WORLDS = (
    Scenario(
        "no-vouchers",
        Situation(0),
        "A project without vouchers: an empty list, `total_page` 0, no nominals.",
        "RES-3, PAGE-2",
        "Takes an empty list for what it is: success, and nothing to show. Touches no first element.",
    ),
    Scenario("one-voucher", Situation(1), "The smallest list.", "RES-1, RES-4", "Tells success by `rc` 200."),
    Scenario(
        "every-status",
        Situation(15),
        "Vouchers in each of the five statuses, on one page.",
        "SUM-1, FILT-1",
        'Counts by `stats`. Who filters sends the text "0" for pending: it is falsy in PHP, and is no empty filter.',
    ),
    Scenario("all-pending", Situation(12, "pending"), "Every voucher is pending.", "SUM-1", _ALL_ALIKE),
    Scenario("all-success", Situation(12, "success"), "Every voucher is a success.", "SUM-1", _ALL_ALIKE),
    Scenario("all-process", Situation(12, "process"), "Every voucher is in process.", "SUM-1", _ALL_ALIKE),
    Scenario(
        "all-error-engine", Situation(12, "error_engine"), "Every voucher is an engine error.", "SUM-1", _ALL_ALIKE
    ),
    Scenario(
        "all-error-voucher", Situation(12, "error_voucher"), "Every voucher is a voucher error.", "SUM-1", _ALL_ALIKE
    ),
    Scenario(
        "full-page", Situation(30), "Exactly one page of 30.", "PAGE-1, PAGE-2", "Asks for no page past `total_page`."
    ),
    Scenario("one-more-than-a-page", Situation(31), "A second page with one voucher on it.", "PAGE-1, PAGE-2", _PAGES),
    Scenario("two-full-pages", Situation(60), "Two pages, both full.", "PAGE-1, PAGE-2", _PAGES),
    Scenario("many-pages", Situation(301), "Eleven pages of 30.", "PAGE-1, PAGE-2", _PAGES),
    Scenario(
        "unusual-values",
        Situation(35, mutation="unusual_values"),
        "Ids past 32 bits, large nominals, notes with quotes, line ends, HTML and emoji, JSON in `response_json`.",
        "RES-4",
        "Parses with a JSON parser, keeps ids in 64 bits, and treats texts as texts.",
    ),
    Scenario(
        "added-fields",
        Situation(35, mutation="added_fields"),
        "Fields of names that the page does not have, at every level.",
        "RES-2, RES-3, RES-4: a tolerant reader",
        "Picks the fields that it knows, and lets others pass.",
    ),
    Scenario(
        "totals-grow-between-pages",
        Situation(61, readings=(("max_limit", "30"),), mutation="totals_grow"),
        "After the first page new vouchers come, and push the older ones one page further.",
        "RES-5, PAGE-1, reading `max_limit=30`",
        "Looks at `total_page` of each reply anew, and keeps a voucher that comes twice once, by its `id`.",
    ),
    Scenario(
        "statuses-move-between-pages",
        Situation(61, readings=(("max_limit", "30"),), mutation="statuses_move"),
        "Every voucher goes on to another status between two pages.",
        "SUM-1, FILT-1, reading `max_limit=30`",
        "Pages the list without a filter, which does not move, and takes all its counts from one reply.",
    ),
)

# clause: (name of the scenario, how it comes about)
_ERROR_ADVICE: Mapping[str, tuple[str, str]] = {
    "ERR-1": ("invalid-json", "The vendor finds fault with the body, whatever is sent"),
    "ERR-2": ("unknown-merchant", "`APIGAMES_MERCHANT_ID` is of nobody"),
    "ERR-3": ("wrong-signature", "`APIGAMES_SECRET_KEY` is another merchant's"),
    "ERR-4": ("unknown-project", "`APIGAMES_PROJECT_ID` is of no project"),
}

_SENDS_ALL = "Sends every field that the page shows, and `session_key`, each in the type of the example."
_RELAXED = "Sends what the page shows; a vendor that takes more than that makes no difference to it."
_UNFILTERED = "Takes `stats`, `total_voucher` and `kategori_voucher` from a call without a filter, where they are sure."
_BY_NAME = "Counts by the names in `stats`, and never by what it believes a number or a place to mean."
_READING_ADVICE: Mapping[str, str] = {
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
_FAULT_ADVICE: Mapping[str, str] = {
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
    "account": "Reports `error_msg` as it came: there are more texts than the four of the page.",
    "project_storage": "Reports `error_msg` as it came: there are more texts than the four of the page.",
    "voucher_storage": "Reports `error_msg` as it came: there are more texts than the four of the page.",
    "no_reply": _TIMEOUT,
    "stalled_body": _TIMEOUT,
    "html_502_on_page_2": "Reports a failure; what it has by then is not the list.",
}


def _errors() -> Iterator[Scenario[Situation]]:
    for error in PROJECT_DETAIL.errors:
        name, meaning = _ERROR_ADVICE[error.clause]
        said = f'rc {error.rc}, "{error.error_msg}"'
        careful = "Looks at `rc` in the body, not at the HTTP status; reports `error_msg`, and lists nothing."
        yield Scenario(name, Situation(error=error.clause), f"{meaning}: {said}.", error.clause, careful)
        yield Scenario(
            f"{name}-http-200",
            Situation(readings=(("http_status", "200"),), error=error.clause),
            f"The same error under HTTP 200: {said}.",
            f"{error.clause}, reading `http_status=200`",
            "Takes a reply for a success only when `rc` is 200, whatever the HTTP status.",
        )


def _readings() -> Iterator[Scenario[Situation]]:
    for key, value in each_other_value():
        if key == "http_status":
            continue  # has a scenario for each error
        careful = _READING_ADVICE[key]
        question = REGISTER[key].question.split("?")[0]
        yield Scenario(
            f"{key}={value}",
            _reading_situation(key, value),
            f"{question}? Here: `{value}`.",
            f"{REGISTER[key].clause}, reading `{key}={value}`",
            careful,
        )


def _reading_situation(key: str, value: str) -> Situation:
    readings = ((key, value),)
    if key == "precedence":
        # The one call in which this order is seen: an unknown merchant, or a wrong signature and an unknown project.
        return Situation(readings=readings, error="ERR-3" if value.startswith("signature") else "ERR-4")
    if key.startswith("empty_"):
        return Situation(0, readings=readings)
    return Situation(60 if key == "beyond_last" else 75, readings=readings)


def _faults() -> Iterator[Scenario[Situation]]:
    for name, kind in FAULTS.items():
        yield Scenario(name.replace("_", "-"), Situation(fault=name), kind.what, f"fault `{name}`", _FAULT_ADVICE[name])
    for name, meaning, situation, source in (
        ("no-reply", "The call is taken, and never answered.", Situation(fault="no_reply"), "fault `delay` of an hour"),
        (
            "stalled-body",
            "Headers come at once, and the body never does.",
            Situation(fault="stalled_body"),
            "fault `slow_body` of an hour",
        ),
        (
            "html-502-on-page-2",
            "The first page comes, every later one is a proxy's HTML page.",
            Situation(75, readings=(("max_limit", "10"),), fault="html_502", fault_from_page=2),
            "fault `html_502`, PAGE-1, reading `max_limit=10`",
        ),
    ):
        yield Scenario(name, situation, meaning, source, _FAULT_ADVICE[name.replace("-", "_")])


def _register(scenarios: Iterable[Scenario[Situation]]) -> Mapping[str, Scenario[Situation]]:
    return MappingProxyType({scenario.name: scenario for scenario in scenarios})


SCENARIOS: Mapping[str, Scenario[Situation]] = _register((*_WORLDS, *_errors(), *_readings(), *_faults()))


def generated(seed: int, count: int) -> list[Scenario[Situation]]:
    """Return so many scenarios that follow from the seed; each is named by its situation, and none comes twice."""
    return distinct(lambda number: _composed(generated_situation(seed, number)), count)


def scenario_named(name: str) -> Scenario[Situation]:
    """Return a scenario of the register, or the one that a name such as `vouchers=31+max_limit=10` spells out.

    Raises:
        ScenarioError: there is none; the message says what there is.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    if is_spelt_out(name, KEYS):
        return _composed(situation_named(name))
    raise ScenarioError(f"there is no scenario {name!r}{nearest(name, SCENARIOS)}; --list shows them all")


def _composed(situation: Situation) -> Scenario[Situation]:
    """Return a situation that has no entry of its own, told in words."""
    words = [f"{situation.vouchers} vouchers" + ("" if situation.status == "mixed" else f", all {situation.status}")]
    sources = ["RES-1, PAGE-1, SUM-1"] if situation.outcome == "sees" else []
    advice = ["Sees every voucher once and every count."] if situation.outcome == "sees" else []
    for key, value in situation.readings:
        words.append(f"{key}={value}")
        sources.append(f"reading `{key}={value}`")
        advice.append(_READING_ADVICE[key])
    if situation.error:
        words.append(f"{_uncapitalized(_ERROR_ADVICE[situation.error][1])} ({situation.error})")
        sources.append(situation.error)
        advice.append("Reports `error_msg`, and lists nothing.")
    if situation.fault:
        words.append(
            f"fault {situation.fault}"
            + (f" from page {situation.fault_from_page}" if situation.fault_from_page > 1 else "")
        )
        sources.append(f"fault `{situation.fault}`")
        advice.append(_FAULT_ADVICE[situation.fault])
    if situation.mutation:
        words.append(situation.mutation.replace("_", " "))
        advice += [known.careful for known in _WORLDS if known.situation.mutation == situation.mutation]
    return Scenario(situation.name, situation, f"{'; '.join(words)}.", ", ".join(sources), " ".join(advice))


def _uncapitalized(text: str) -> str:
    """Return a sentence as it stands within another; the names of variables in it are as they are."""
    return text[:1].lower() + text[1:]
