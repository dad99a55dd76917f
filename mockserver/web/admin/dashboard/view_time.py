"""The view of the clocks and of the faults in force."""

from __future__ import annotations

from typing import Any

from mockserver.provider.faults.faults import DEFAULT_RETRY_AFTER, DEFAULT_SECONDS, FAULTS
from mockserver.provider.faults.rules import RuleState
from mockserver.provider.provider import Provider
from mockserver.web.admin.views import clock_view, rule_view

_MOST_OFFERED = 100
# Which faults take a value of their own, and which.
TAKES_SECONDS = ("delay", "slow_body")
TAKES_RETRY_AFTER = ("rate_limit",)


def time_contents(provider: Provider) -> dict[str, Any]:
    """Return what the view shows."""
    merchants = list(provider.store.merchants())
    own_clocks = [
        clock_view(one.clock, provider.readings_of(one.merchant_id).timezone, one.merchant_id)
        for one in merchants
        if one.clock is not None
    ]
    return {
        "clock": clock_view(provider.clock, provider.readings.timezone, None),
        "own_clocks": own_clocks[:_MOST_OFFERED],
        "more_clocks": max(len(own_clocks) - _MOST_OFFERED, 0),
        "rules": [rule_in_words(state) for state in provider.faults.states()],
        "known_faults": [(kind.name, kind.what.replace("`", "")) for kind in FAULTS.values()],
        "takes_seconds": " ".join(TAKES_SECONDS),
        "takes_retry_after": " ".join(TAKES_RETRY_AFTER),
        "default_seconds": f"{DEFAULT_SECONDS:g}",
        "default_retry_after": DEFAULT_RETRY_AFTER,
        "operations": [operation.name for operation in provider.operations],
        "merchants": [one.merchant_id for one in merchants[:_MOST_OFFERED]],
        "projects": [one.project_id for owner in merchants for one in owner.projects()][:_MOST_OFFERED],
    }


def rule_in_words(state: RuleState) -> dict[str, Any]:
    """Return a rule as the view shows it: which fault, which calls it hits, and whether it is spent."""
    rule = state.rule
    if rule.share is not None:
        calls = f"{rule.share * 100:g} % of calls (seed {rule.seed})"
    elif rule.times is None:
        calls = "every call"
    elif not state.left:
        calls = _calls(rule.times)
    elif state.left == rule.times:
        calls = "the next call" if rule.times == 1 else f"the next {_calls(rule.times)}"
    else:
        calls = f"the next {state.left} of {_calls(rule.times)}"
    return {
        **rule_view(state),
        "in_words": rule.fault.in_words,
        "what": FAULTS[rule.fault.name].what,
        "calls": calls,
        "is_spent": state.left == 0,
        "is_endless": rule.times is None,
    }


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
