"""Every flow client with a bad habit against every scenario: each failure shows the habit that the client has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver import survive
from mockserver.testing.survive.flow.habits import HABITS
from mockserver.testing.survive.flow.scenarios import SCENARIOS, generated
from tests.support.flow_clients import CLIENTS, FlowClient
from tests.testing.survive.test_cross_table import told_apart

# What tells each habit, and a few that most of them survive.
TELLING = {
    "submits-again": ["close-before", "close-before-taken-twice", "html-504-not-taken"],
    "submits-taken-again": ["project-appears-late", "all-error-engine", "poll-rate-limit"],
    "double-is-failure": ["close-before", "close-before-taken-twice", "html-504-not-taken"],
    "lost-reply-is-failure": ["close-before", "html-504"],
    "success-is-rc-200": ["one-code", "project-appears-late"],
    "accepted-is-success": ["one-code", "partial-failure"],
    "stops-polling-early": ["one-code", "project-appears-late", "poll-html-502"],
    "polls-without-pause": ["takes-a-while"],
    "project-id-lost": ["one-code", "finished-at-once"],
    "never-ends": ["never-finishes"],
    "late-project-is-failure": ["project-appears-late"],
    "failed-poll-is-final": ["poll-html-502", "poll-truncated-json"],
    "one-status-for-all": ["partial-failure"],
    "ended-is-success": ["partial-failure", "all-error-engine"],
    "codes-by-position": ["partial-failure", "finished-at-once"],
    "moments-mixed": ["statuses-move-between-pages"],
    "http-500-hides-envelope": ["maintenance", "double-code-of-before"],
    "http-200-is-success": ["maintenance-http-200"],
    "error-from-message": ["maintenance", "maintenance-http-200"],
    "first-page-only": ["many-codes", "max_limit=10"],
    "crash-on-added-field": ["added-fields"],
    "crash-on-html": ["html-504", "poll-html-502"],
    "crash-on-cut-body": ["truncated-json", "poll-empty-body"],
    "crash-on-lost-connection": ["close-before", "poll-close-before"],
    "no-timeout": ["stalled-body"],
    "endless-retry": ["maintenance"],
    "fields-left-out": ["bulk_lines=strict"],
    "fault-for-success": ["close-before", "html-502"],
}
SURVIVED = ["finished-at-once", "delay"]
# They are waited for: a time that is short, and a longer one where the machine is busy.
ENDLESS = {"never-ends", "no-timeout", "endless-retry"}
# Among many, one that asks without a pause gets no turn to ask so often.
HASTY = {"polls-without-pause"}


def test_every_habit_of_the_register_has_a_client() -> None:
    assert {client.habit for client in CLIENTS} == set(HABITS) == set(TELLING)


def test_the_habit_is_named() -> None:
    """All at once, but those that hurry: these clients wait more than they work."""

    def habits_of(client: FlowClient, jobs: int = 5) -> list[str]:
        report = survive(client, flow=True, scenarios=[*TELLING[client.habit], *SURVIVED], timeout=60, jobs=jobs)
        failed = {verdict.scenario.name for verdict in report.failed}
        assert failed >= set(TELLING[client.habit]), (client, failed)
        return [*report.habits]

    clients = [client for client in CLIENTS if client.habit not in ENDLESS | HASTY]
    with ThreadPoolExecutor(len(clients)) as pool:
        found = dict(zip(map(repr, clients), pool.map(habits_of, clients), strict=True))
    assert found == {repr(client): [client.habit] for client in clients}
    for client in (client for client in CLIENTS if client.habit in HASTY):
        assert habits_of(client, jobs=1) == [client.habit]


@pytest.mark.once
@pytest.mark.parametrize("client", [client for client in CLIENTS if client.habit in ENDLESS], ids=repr)
def test_what_never_ends_is_named(client: FlowClient) -> None:
    for timeout in (2, 10, 40):
        report = survive(client, flow=True, scenarios=TELLING[client.habit], timeout=timeout)
        if list(report.habits) == [client.habit]:
            break
    assert list(report.habits) == [client.habit], str(report)


@pytest.mark.matrix
def test_the_whole_table() -> None:
    names = [*SCENARIOS, *(scenario.name for scenario in generated(0, 40))]

    def judged(client: FlowClient, jobs: int = 24) -> None:
        told_apart(survive(client, flow=True, scenarios=names, timeout=20, jobs=jobs), client.habit)

    with ThreadPoolExecutor(5) as pool:
        assert [*pool.map(judged, [client for client in CLIENTS if client.habit not in HASTY])]
    for client in (client for client in CLIENTS if client.habit in HASTY):
        judged(client, jobs=2)
