"""Take the pictures of the docs anew: `make screenshots`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import requests

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world_file import built_in_world
from mockserver.testing.admin_client import AdminClient
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, NOW, PAGE_PROJECT, PATH, SECRET, fields
from tests.support.chromium import browser

IMAGES = Path(__file__).parents[1] / "docs" / "images"
# By name: the address, width and height in pixels.
PICTURES = {
    "page": ("?view=requests&open=2", 1280, 1000),
    "page-submissions": ("?view=submissions", 1280, 720),
    "page-vouchers": (f"?view=vouchers&project={DEMO_PROJECT}&limit=10", 1280, 860),
    "page-faults": ("?view=time", 1280, 760),
    "page-readings": ("?view=readings", 1280, 700),
    "page-phone": ("?view=requests", 390, 800),
}


def take() -> None:
    """Serve a lively fake and take every picture."""
    readings = Readings.of({"http_status": "200"})
    origin = {"http_status": "command line"}
    provider = Provider(built_in_world(readings, _clock()), readings, _clock(), readings_origin=origin)
    IMAGES.mkdir(exist_ok=True)
    with Server(provider, port=8787) as server, browser() as chromium:
        _make_lively(server.url)
        for name, (query, width, height) in PICTURES.items():
            page = chromium.new_page(viewport={"width": width, "height": height})
            page.goto(f"{server.url}/__admin/{query}")
            page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
            page.screenshot(path=IMAGES / f"{name}.png")
            print(IMAGES / f"{name}.png")


def _clock() -> FrozenClock:
    return FrozenClock(NOW)


def _make_lively(url: str) -> None:
    admin = AdminClient(url)
    wrong = hashlib.md5(f"{MERCHANT}:{SECRET}".encode()).hexdigest()
    requests.post(url + PATH, json=fields(status="0", page=2), timeout=30)
    requests.post(url + PATH, json=fields(signature=wrong), timeout=30)
    requests.post(url + PATH, json=fields(projectid="DW"), timeout=30)
    requests.post(url + PATH, data='{"projectid":"DW",\n"status":"", //kosong\n"page":1}', timeout=30)
    requests.post(url + PATH, json=fields(status="pending", limit=10), timeout=30)
    _submit(url, "VCRA11BB22CC33", "VCRD44EE55FF66", "VCRG77HH88II99")
    _submit(url, "VCRD44EE55FF66")
    _submit(url, "VCRJ10KK11LL12", fault="close_before")
    _submit(url, "VCRM13NN14OO15", fault="close_before; carried_out=0")
    admin.move(PAGE_PROJECT, to="process", count=1)
    note = "Voucher sudah pernah dipakai pada akun lain; hubungi penjual dengan menyertakan bukti pembelian"
    admin.move(DEMO_PROJECT, to="error_voucher", ids=[23587], note=note)
    admin.put_faults(
        {"fault": "html_502", "times": 1},
        {"fault": "delay", "seconds": 1.5, "share": 0.2, "project_id": DEMO_PROJECT},
        {"fault": "close_before", "operation": "redeem_bulk", "carried_out": False},
    )
    requests.post(url + PATH, json=fields(page=3), timeout=30)


def _submit(url: str, *codes: str, fault: str | None = None) -> None:
    sent = {"kode_voucher": encode_codes([*codes]), "signature": sign(MERCHANT, SECRET)}
    headers = {} if fault is None else {FAULT_HEADER: fault}
    with suppress(requests.ConnectionError):
        requests.post(url + REDEEM_BULK.path_of(MERCHANT), json=sent, headers=headers, timeout=30)


if __name__ == "__main__":
    take()
