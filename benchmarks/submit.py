"""The submit call in process: lists of 3 to 50,000 codes with journal and log line; 10,000 lists from 16 threads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mockserver.cli.serve.request_log import RequestLog
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.journal.recorded import Observer
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world import Merchant, World

_PATH = REDEEM_BULK.path_of("M1")


def _provider(*observers: Observer) -> Provider:
    return Provider(World((Merchant("M1", "secret"),)), Readings(), SystemClock(), observers=observers)


def _request(number: int, count: int) -> Request:
    codes = [f"ABC{number:06d}{place:06d}" for place in range(count)]
    sent = {"kode_voucher": encode_codes(codes), "signature": sign("M1", "secret")}
    return Request("POST", _PATH, json.dumps(sent).encode())


def _submit(provider: Provider, request: Request) -> str:
    reply = provider.handle(request)
    assert reply.made is not None, reply
    return reply.made.project_id


def measure(count: int, lists: int) -> None:
    """Print what one list of so many codes takes of the processor: the reply, and its line in the log."""
    lines: list[str | Callable[[], str]] = []
    log = RequestLog("text", lines.append)
    provider = _provider(log)
    log.masked, log.diagnose = provider.journal.masked, provider.diagnose
    requests = [_request(number, count) for number in range(lists)]
    started = time.process_time()
    for request in requests:
        _submit(provider, request)
    replied = time.process_time()
    for line in lines:
        assert not isinstance(line, str)
        line()
    written = time.process_time()
    reply, its_line = (replied - started) / lists * 1e3, (written - replied) / lists * 1e3
    print(f"  {count:6,} codes  reply {reply:7.3f} ms, its line in the log {its_line:7.3f} ms")


def at_once(lists: int, count: int) -> None:
    """Print what many lists from 16 threads take, and make sure that no code was lost or doubled."""
    provider = _provider()
    requests = [_request(number, count) for number in range(lists)]
    started, began = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(16) as pool:
        project_ids = list(pool.map(lambda request: _submit(provider, request), requests))
    took, busy = time.perf_counter() - started, time.process_time() - began
    projects = provider.store.snapshot().merchants[0].projects
    vouchers = [voucher for project in projects for voucher in project.vouchers]
    assert len({*project_ids}) == len({project.id for project in projects}) == lists
    assert len({voucher.voucher_code for voucher in vouchers}) == len({voucher.id for voucher in vouchers})
    assert len(vouchers) == lists * count
    print(f"  {lists:,} lists of {count} from 16 threads: {took:.1f} s, {busy / lists * 1e3:.3f} ms of processor each")


def main() -> None:
    """Measure lists of several lengths, and many at once."""
    for count, lists in ((3, 2_000), (100, 1_000), (1_000, 100), (50_000, 5)):
        measure(count, lists)
    at_once(10_000, 100)


if __name__ == "__main__":
    main()
