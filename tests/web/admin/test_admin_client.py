"""The typed client of the admin API has a method for each of its calls."""

from __future__ import annotations

import inspect
from http.client import HTTPConnection
from typing import Any

import pytest

from mockserver.contract.wire import VoucherStatus
from mockserver.testing.admin_client import AdminClient
from mockserver.web.admin.calls import ADMIN_CALLS
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PAGE_PROJECT, ask, body

VOUCHER = (PAGE_PROJECT, 23455)
CALLS: dict[str, tuple[Any, ...]] = {
    "health": (),
    "world": (),
    "put_world": ({"merchants": [{"merchant_id": MERCHANT}]},),
    "merchants": (),
    "merchant": (MERCHANT,),
    "add_merchant": ({"merchant_id": "M9", "secret_key": "made-up"},),
    "set_vendor_state": (MERCHANT, "maintenance"),
    "remove_merchant": ("M9",),
    "projects": (),
    "add_project": (MERCHANT, {"project_id": "P9"}),
    "remove_project": ("P9",),
    "project": (PAGE_PROJECT,),
    "rename_project": (PAGE_PROJECT, "Another"),
    "set_plan": (PAGE_PROJECT, {"transition": "manual"}),
    "vouchers": (PAGE_PROJECT,),
    "move": (PAGE_PROJECT, "pending"),
    "voucher": VOUCHER,
    "move_voucher": VOUCHER,
    "set_voucher_plan": (*VOUCHER, {"transition": "manual"}),
    "clock": (),
    "advance": (1,),
    "freeze": (),
    "run": (),
    "faults": (),
    "put_faults": (),
    "clear_faults": (),
    "readings": (),
    "put_readings": ({},),
    "requests": (),
    "request": (1,),
    "submissions": (),
    "clear_requests": (),
    "openapi": (),
    "ready": (),
    "schema": ("world",),
    "reset": (),
}


def test_each_call_has_a_method(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    methods = inspect.getmembers(AdminClient, inspect.isfunction)
    assert {name for name, _ in methods if not name.startswith("_")} == set(CALLS)
    asked: list[tuple[str, str]] = []
    sending = HTTPConnection.request

    def send(connection: HTTPConnection, method: str, url: str, *rest: Any) -> None:
        if connection.port == server.port:  # the thread of another test may call its own
            asked.append((method, url.partition("?")[0]))
        sending(connection, method, url, *rest)

    monkeypatch.setattr(HTTPConnection, "request", send)
    ask(server.provider, body())
    admin = AdminClient(server.url)
    for name, arguments in sorted(CALLS.items(), key=lambda call: call[0] in {"put_world", "reset", "clear_requests"}):
        getattr(admin, name)(*arguments, **({"to": "success"} if name.startswith("move") else {}))
    routes = create_app(server.provider).url_map.bind("")
    rules = {(method.lower(), routes.match(path, method, return_rule=True)[0].rule) for method, path in asked}
    documented = {
        (operation.method, f"/__admin{operation.path}".replace("{", "<").replace("}", ">")) for operation in ADMIN_CALLS
    }
    assert {(method, rule.replace("<int:", "<")) for method, rule in rules} == documented


def test_merchants_and_projects_are_listed_and_renamed(server: Server) -> None:
    admin = AdminClient(server.url)
    (merchant,) = admin.merchants()
    assert merchant == admin.merchant(MERCHANT)
    assert merchant["projects"] == admin.projects()
    assert admin.rename_project(PAGE_PROJECT, "Another")["project_name"] == "Another"
    assert admin.project(PAGE_PROJECT)["project_name"] == "Another"


def test_one_voucher_is_moved_and_planned(server: Server) -> None:
    admin = AdminClient(server.url)
    moved = admin.move_voucher(*VOUCHER, to=VoucherStatus.ERROR_VOUCHER, note="used")
    assert (moved["status"], moved["note"], "plan" in moved) == ("error_voucher", "used", False)
    assert admin.voucher(*VOUCHER) == moved
    assert admin.set_voucher_plan(*VOUCHER, {"transition": "manual"})["plan"] == {"transition": "manual"}
    assert "plan" not in admin.set_voucher_plan(*VOUCHER, None)


def test_the_documents_come(server: Server) -> None:
    admin = AdminClient(server.url)
    assert "/__admin/health" in admin.openapi()["paths"]
    assert admin.schema("world")["$id"].endswith("world")
