"""Every change of the state is a value: what was written of a fake, read and applied elsewhere, is the same fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.faults.faults import Fault, FaultError
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.state import changes as module
from mockserver.provider.state.changes import Change, decode_change, encode_change, restore_from_json
from mockserver.provider.state.clock import FrozenClock, MovableClock
from mockserver.provider.state.lifecycle import NoSuchVoucher
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.state import NoSuchProject
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import World
from tests.support.examples import examples
from tests.support.histories import NOW, Histories, begun, called, page, shown, world_of


class Logged(Provider):
    """A provider that writes down every change that it makes."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self.log: list[bytes] = []
        super().__init__(*given, **more)

    def commit(self, change: Change) -> Any:
        made = super().commit(change)
        self.log.append(encode_change(change))
        return made


def replayed(log: list[bytes]) -> Provider:
    """Return another provider, of which all that is known is what was written."""
    other = Provider(World(), clock=FrozenClock(NOW))
    for written in log:
        other.commit(decode_change(written))
    return other


class Written(Histories):
    """In the end its log gives another fake that cannot be told from it."""

    def __init__(self) -> None:
        super().__init__(begun(Logged))

    def teardown(self) -> None:
        (provider,) = self.providers
        assert isinstance(provider, Logged)
        whole = encode_change(provider._state.as_change())
        from_log, from_one_change = replayed(provider.log), replayed([whole])
        assert shown(from_log) == shown(from_one_change) == shown(provider)


TestWritten = Written.TestCase
TestWritten.settings = settings(
    max_examples=examples(60), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_read_is_a_change_only_where_something_comes_of_it() -> None:
    provider = Logged(world_of("M1"), clock=FrozenClock(NOW))
    (merchant,) = provider.store.merchants()
    (project,) = merchant.projects()
    before = len(provider.log)
    page(provider, merchant, project.project_id)
    assert len(provider.log) == before
    provider.set_plan(merchant, project, Plan("manual", after_reads=2))
    before = len(provider.log)
    page(provider, merchant, project.project_id)
    assert len(provider.log) == before + 1
    provider.faults.add(Rule(Fault("html_502"), times=1))
    before = len(provider.log)
    called(provider, merchant, PROJECT_DETAIL.path)
    called(provider, merchant, PROJECT_DETAIL.path)
    assert len(provider.log) == before + 1


def unknown_voucher(provider: Provider, merchant: MerchantStore, project: ProjectStore) -> None:
    provider.move_vouchers(merchant, project, VoucherStatus.SUCCESS, ids=[project.highest_id, 999])


def unknown_operation(provider: Provider, merchant: MerchantStore, project: ProjectStore) -> None:
    provider.faults.add(Rule(Fault("html_502"), operation="nothing"))


def removed_project(provider: Provider, merchant: MerchantStore, project: ProjectStore) -> None:
    provider.remove_project(merchant, project.project_id)
    provider.log.pop()  # type: ignore[attr-defined] # that one is no error
    provider.move_vouchers(merchant, project, VoucherStatus.SUCCESS)


@pytest.mark.parametrize(
    ("change", "error"),
    [(unknown_voucher, NoSuchVoucher), (unknown_operation, FaultError), (removed_project, NoSuchProject)],
)
def test_a_change_that_cannot_be_made_changes_nothing_and_is_not_written(
    change: Callable[[Provider, MerchantStore, ProjectStore], None], error: type[Exception]
) -> None:
    provider = Logged(world_of("M1", plan=Plan("timed")), clock=MovableClock(FrozenClock(NOW)))
    (merchant,) = provider.store.merchants()
    (project,) = merchant.projects()
    provider.clock.advance(2)
    written = list(provider.log)
    vouchers = project.snapshot()
    with pytest.raises(error):
        change(provider, merchant, project)
    assert (provider.log, project.snapshot()) == (written, vouchers)


def test_every_kind_of_change_is_one_that_a_log_can_hold() -> None:
    kinds = {
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one.__struct_config__.tag is not None
        if one.__module__ == module.__name__
    }
    assert kinds == set(Change.__args__)


def objects_in(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a document; what is by a number or by nothing yet is none."""
    if isinstance(document, dict):
        if any(isinstance(name, str) for name in document):
            yield document
        document = list(document.values())
    if isinstance(document, (list, tuple)):
        for part in document:
            yield from objects_in(part)


def test_what_only_a_newer_version_knows_is_refused_wherever_it_is_and_never_left_out() -> None:
    provider = Provider(world_of("M1"), Readings(), FrozenClock(NOW))
    merchant = next(iter(provider.store.merchants()))
    (project,) = merchant.projects()
    provider.own_clock(merchant)
    provider.put_merchant_readings(merchant, Readings())
    provider.set_plan(merchant, project, Plan("timed", process_after=(5.0, 5.0)))
    provider.faults.add(Rule(Fault("delay")))
    document = msgspec.to_builtins(provider.as_change())
    assert restore_from_json(msgspec.json.encode(document)) == provider.as_change()
    objects = list(objects_in(document))
    assert len(objects) > 10
    for one in objects:
        one["of_a_newer_version"] = "1"
        with pytest.raises(msgspec.ValidationError, match="of_a_newer_version"):
            restore_from_json(msgspec.json.encode(document))
        with pytest.raises(msgspec.ValidationError, match="of_a_newer_version"):
            decode_change(msgspec.msgpack.encode(document))
        del one["of_a_newer_version"]
