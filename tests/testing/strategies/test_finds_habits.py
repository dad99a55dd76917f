"""A property that is false for a bad habit fails soon, with the strategies as they are by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockserver import FakeMerchant, FakeProject, FakeServer, Readings, World
from mockserver.testing import strategies
from mockserver.testing.strategies.worlds import sizes_to_draw
from mockserver.testing.survive.status_call.habits import HABITS
from tests.support.examples import examples

CAREFUL = "careful"
STATUSES = ("pending", "success", "process", "error_engine", "error_voucher")


class Stuck(AssertionError):
    """It asks without end."""


def read(merchant: FakeMerchant, project_id: str, habit: str) -> dict[str, Any]:
    """What a client with this habit sees of a project."""
    vouchers: dict[int, str] = {}
    counts: dict[str, int] = {}
    page, pages = 0, 1
    while page < pages:
        page += 1
        if page > 20:
            raise Stuck
        reply = call(merchant, project_id, habit, page)
        if isinstance(reply, str):
            return {"error": reply}
        project = reply["data"]["data"]
        if habit == "crash-on-empty-list":
            project["vouchers"] is None or project["vouchers"][0]
        listed = project["vouchers"] if habit == "crash-on-null" else project["vouchers"] or []
        vouchers.update((voucher["id"], voucher["voucher_code"]) for voucher in listed)
        counts = counted(project, list(vouchers.values()), listed, habit, counts)
        if habit == "page-size-assumed":
            pages = page + 1 if len(listed) == 30 else page
        elif habit == "endless-page-loop":
            pages = page + 1 if listed else page
        elif habit != "first-page-only":
            pages = reply["data"]["total_page"]
    return {"error": None, "vouchers": sorted(vouchers.values()), "counts": counts}


def call(merchant: FakeMerchant, project_id: str, habit: str, page: int) -> Any:
    """The decoded reply of a success, or the text of a failure."""
    status = 0 if habit == "pending-filter-lost" else ""
    body = {"projectid": project_id, "status": status or "", "page": page, "limit": 30, "signature": merchant.signature}
    url = f"https://v1.apigames.id/merchant/{merchant.merchant_id}/kiosgamer/project/detail"
    try:
        reply = requests.post(url, json={**body, "session_key": "made-up"}, timeout=5)
        if habit == "http-500-hides-envelope" and reply.status_code >= 400:
            return f"HTTP {reply.status_code}"
        if habit == "http-200-is-success" and reply.status_code == 200:
            return reply.json()
        if not reply.text.startswith("{") and habit != "crash-on-html":
            return "no JSON"
        decoded = reply.json()
    except requests.JSONDecodeError as error:
        if habit in {"crash-on-html", "crash-on-cut-body"}:
            raise AssertionError from error
        return "no JSON"
    except requests.RequestException as error:
        return f"no reply: {error}"
    if decoded["rc"] != (0 if habit == "success-is-rc-0" else 200):
        return decoded.get("message" if habit == "error-from-message" else "error_msg") or "failed"
    return decoded


def counted(project: Any, seen: list[str], listed: list[Any], habit: str, before: dict[str, int]) -> dict[str, int]:
    if habit == "pending-filter-lost":
        return {"pending": len(seen)}
    if habit == "status-by-position":
        counts = dict(before)
        for voucher in listed:
            name = STATUSES[voucher["status"]]
            counts[name] = counts.get(name, 0) + 1
        return counts
    stats: dict[str, int] = project["stats"]
    return stats


def sees_everything(merchant: FakeMerchant, project: FakeProject, habit: str) -> None:
    with merchant.responses():
        seen = read(merchant, project.project_id, habit)
    assert seen["error"] is None
    assert seen["vouchers"] == sorted(voucher.voucher_code for voucher in project.vouchers)
    assert {name: count for name, count in seen["counts"].items() if count != project.stats[name]} == {}


SERVER = FakeServer()


def of_worlds(habit: str) -> Callable[..., None]:
    @given(world=strategies.worlds())
    def property_(world: World) -> None:
        merchant = SERVER.merchant(world=world)
        for project in merchant.projects:
            sees_everything(merchant, project, habit)
        SERVER.remove(merchant)

    return property_


def of_worlds_and_readings(habit: str) -> Callable[..., None]:
    @given(world=strategies.worlds(), readings=strategies.readings())
    def property_(world: World, readings: Readings) -> None:
        merchant = SERVER.merchant(world=world, readings=readings)
        for project in merchant.projects:
            sees_everything(merchant, project, habit)
        SERVER.remove(merchant)

    return property_


def of_errors(habit: str) -> Callable[..., None]:
    @given(readings=strategies.readings())
    def property_(readings: Readings) -> None:
        merchant = SERVER.merchant(readings=readings)
        with merchant.responses():
            assert read(merchant, "DW", habit) == {"error": "Project ID tidak ditemukan"}
        SERVER.remove(merchant)

    return property_


def of_faults(habit: str) -> Callable[..., None]:
    @given(fault=strategies.faults())
    def property_(fault: dict[str, Any]) -> None:
        merchant = SERVER.merchant()
        project = merchant.project(pending=31)
        merchant.fault(**fault)
        with merchant.responses():
            seen = read(merchant, project.project_id, habit)
        assert seen["error"] or len(seen["vouchers"]) == 31
        SERVER.remove(merchant)

    return property_


def of_replies(habit: str) -> Callable[..., None]:
    known = {"id", "project_id", "voucher_code", "response_json", "note", "nominal_gs", "created"}
    known |= {"cretaed_at", "updated_at", "status"}

    @given(reply=strategies.success_replies(added_fields=True))
    def property_(reply: dict[str, Any]) -> None:
        for voucher in reply["data"]["data"]["vouchers"]:
            assert habit == CAREFUL or voucher.keys() <= known

    return property_


PROPERTIES = {
    "first-page-only": of_worlds,
    "pending-filter-lost": of_worlds,
    "success-is-rc-0": of_worlds,
    "crash-on-empty-list": of_worlds,
    "page-size-assumed": of_worlds_and_readings,
    "endless-page-loop": of_worlds_and_readings,
    "crash-on-null": of_worlds_and_readings,
    "status-by-position": of_worlds_and_readings,
    "error-from-message": of_errors,
    "http-500-hides-envelope": of_errors,
    "http-200-is-success": of_errors,
    "crash-on-html": of_faults,
    "crash-on-cut-body": of_faults,
    "crash-on-added-field": of_replies,
}
# These take a clock, or a list that changes while it is read: `survive` finds them.
NOT_OF_ONE_REPLY = {"no-timeout", "totals-stand-still"}


def run(habit: str, seed: int, of: Callable[[str], Callable[..., None]]) -> None:
    seeded = hypothesis.seed(seed)(of(habit))
    checks = [HealthCheck.too_slow]
    settings(max_examples=100, database=None, phases=[Phase.generate], suppress_health_check=checks)(seeded)()


def test_every_habit_of_the_clients_is_tried() -> None:
    from tests.testing.survive.test_clients import TELLING  # noqa: PLC0415 - the list of those clients

    assert {*PROPERTIES, *NOT_OF_ONE_REPLY} >= set(TELLING)
    assert set(PROPERTIES) <= set(HABITS)


@pytest.mark.parametrize("habit", PROPERTIES)
def test_a_bad_habit_is_found_within_a_hundred_examples(habit: str) -> None:
    for seed in range(examples(10)):
        with pytest.raises((AssertionError, TypeError, KeyError, IndexError)):
            run(habit, seed, PROPERTIES[habit])


@pytest.mark.parametrize("of", dict.fromkeys(PROPERTIES.values()))
def test_a_careful_client_is_not_accused(of: Callable[[str], Callable[..., None]]) -> None:
    run(CAREFUL, 0, of)


def test_sizes_are_where_clients_break() -> None:
    offered = Counter(sizes_to_draw(0, 61))
    every = sum(offered.values())
    assert set(offered) == {*range(62)}
    assert all(offered[size] > every / 40 for size in (0, 1, 2, 29, 30, 31, 59, 60, 61))
    sizes: set[int] = set()

    @settings(max_examples=300, database=None, phases=[Phase.generate])
    @hypothesis.seed(0)
    @given(strategies.vouchers())
    def draw(vouchers: Any) -> None:
        sizes.add(len(vouchers))

    draw()
    # How often each is drawn is the business of the Hypothesis that is installed.
    assert sizes >= {0, 1, 31, 61}


@given(data=st.data(), least=st.integers(0, 70), more=st.integers(0, 20))
def test_sizes_are_within_what_is_asked_for(data: Any, least: int, more: int) -> None:
    listed = data.draw(strategies.vouchers(min_size=least, max_size=least + more))
    assert least <= len(listed) <= least + more
    assert len({voucher.voucher_code for voucher in listed}) == len(listed)


@pytest.mark.matrix
def test_an_example_shrinks_to_the_fewest_vouchers() -> None:
    few = settings(max_examples=30, database=None)
    smallest = hypothesis.find(strategies.vouchers(), lambda listed: len(listed) > 2, settings=few)
    assert len(smallest) == 3
    assert {(voucher.status.value, voucher.nominal_gs) for voucher in smallest} == {("pending", 0)}
