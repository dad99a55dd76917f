"""The table of admin calls: from it come the OpenAPI document, the check of queries, and tests of both."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

_NONE: Mapping[str, Any] = MappingProxyType({})


class AdminCall(NamedTuple):
    """One call. `name` is its operationId, `tag` the group it is in.

    `takes` and `gives` name bodies in `schemas/admin.json` (`:readings` is a whole document), None for none or for any
    document; `examples` are bodies that it takes, by name. `problems` are the statuses of refusals of its own.
    """

    name: str
    tag: str
    method: str
    path: str
    summary: str
    gives: str | None
    takes: str | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()
    examples: Mapping[str, Any] = _NONE


TAGS = {
    "World": "Merchants and their projects.",
    "Vouchers": "Look at them, and move them.",
    "Clock": "The time that the fake shows.",
    "Faults": "What goes wrong with replies.",
    "Readings": "How what the vendor's page leaves open is answered.",
    "Requests": "The calls that arrived.",
    "About": "The mock itself.",
}
# Bodies that may be left out.
MAY_BE_EMPTY = frozenset({"reset", "merchant", "project"})
_MERCHANT = ("merchant_id",)
_CHANGE = (400, 413, 415, 422)
_WORLD = "/merchants/{merchant_id}"
_PROJECT = "/projects/{project_id}"
_VOUCHERS = f"{_PROJECT}/vouchers"
_VOUCHER = f"{_VOUCHERS}/{{voucher_id}}"

ADMIN_CALLS = (
    AdminCall("getHealth", "About", "get", "/health", "Whether it runs; told without the key too", "health-view"),
    AdminCall(
        "getReady", "About", "get", "/ready", "Whether its state is there; told without the key too", "ready-view",
    ),
    AdminCall(
        "getWorld", "World", "get", "/world", "The world, secrets left out", "world",
        query=("with_secrets",), problems=(400, 403),
    ),
    AdminCall(
        "putWorld", "World", "put", "/world", "Serve another world; a secret_key left out stays", "world", "world",
        problems=_CHANGE,
        examples={"one voucher": {"merchants": [{
            "merchant_id": "M250101TEST0001A", "secret_key": "made-up",
            "projects": [{"project_id": "R250101TEST000001", "vouchers": [{"voucher_code": "ABC123DEF456GHI"}]}],
        }]}},
    ),
    AdminCall(
        "reset", "World", "post", "/reset", "Back to the start: all, or one merchant", "done-view", "reset",
        query=_MERCHANT, problems=(*_CHANGE, 404), examples={"nothing to say": {}},
    ),
    AdminCall("listMerchants", "World", "get", "/merchants", "The merchants", "merchants-view"),
    AdminCall(
        "addMerchant", "World", "post", "/merchants", "Add a merchant; what is left out is made up",
        "new-merchant-view", "merchant", 201, problems=(*_CHANGE, 409),
        examples={
            "everything made up": {},
            "with 45 vouchers": {"projects": [{"vouchers": {"generate": {"count": 45}}}]},
            "with ids of your own": {"merchant_id": "M250101TEST0002B", "secret_key": "made-up"},
        },
    ),
    AdminCall("getMerchant", "World", "get", _WORLD, "A merchant", "merchant-view", problems=(404,)),
    AdminCall(
        "changeMerchant", "World", "patch", _WORLD, "Change what its submissions meet", "merchant-view",
        "merchant-change", problems=(*_CHANGE, 404),
        examples={"maintenance": {"vendor_state": "maintenance"}, "they are taken": {"vendor_state": None}},
    ),
    AdminCall("removeMerchant", "World", "delete", _WORLD, "Forget a merchant", "done-view", problems=(404,)),
    AdminCall(
        "addProject", "World", "post", f"{_WORLD}/projects", "Add a project; what is left out is made up",
        "project-view", "project", 201, problems=(*_CHANGE, 404, 409),
        examples={
            "empty": {},
            "generated": {"vouchers": {"generate": {"count": 3}}},
            "voucher by voucher": {"vouchers": [{"voucher_code": "TST001TST001TST", "status": "success"}]},
        },
    ),
    AdminCall("listProjects", "World", "get", "/projects", "The projects", "projects-view"),
    AdminCall("getProject", "World", "get", _PROJECT, "A project", "project-view", problems=(404,)),
    AdminCall(
        "changeProject", "World", "patch", _PROJECT, "Change its name or plan", "project-view", "project-change",
        problems=(*_CHANGE, 404),
        examples={
            "a timed plan": {"plan": {"transition": "timed", "process_after": 2, "done_after": [3, 20]}},
            "another name": {"project_name": "DW"},
        },
    ),
    AdminCall("removeProject", "World", "delete", _PROJECT, "Forget a project", "done-view", problems=(404,)),
    AdminCall(
        "listVouchers", "Vouchers", "get", _VOUCHERS, "Its vouchers, newest first", "vouchers-view",
        query=("status", "page", "limit"), problems=(400, 404),
    ),
    AdminCall(
        "moveVouchers", "Vouchers", "patch", _VOUCHERS, "Move some or all", "moved-view", "move",
        problems=(*_CHANGE, 404),
        examples={"the oldest three": {"to": "success", "from": "pending", "count": 3}, "all": {"to": "error_engine"}},
    ),
    AdminCall("getVoucher", "Vouchers", "get", _VOUCHER, "A voucher", "voucher-view", problems=(404,)),
    AdminCall(
        "changeVoucher", "Vouchers", "patch", _VOUCHER, "Move one, or give it a plan", "voucher-view",
        "voucher-change", problems=(*_CHANGE, 404),
        examples={"already used": {"to": "error_voucher", "note": "already used"}},
    ),
    AdminCall("getClock", "Clock", "get", "/clock", "What the clock shows", "clock-view", query=_MERCHANT,
              problems=(404,)),
    AdminCall(
        "setClock", "Clock", "post", "/clock", "Freeze it, run it, put it forward", "clock-view", "clock",
        query=_MERCHANT, problems=(*_CHANGE, 404),
        examples={"a minute on": {"advance": 60}, "frozen": {"state": "frozen", "at": 1723719138}},
    ),
    AdminCall("getFaults", "Faults", "get", "/faults", "The faults in force", "faults-view", query=_MERCHANT,
              problems=(404,)),
    AdminCall(
        "putFaults", "Faults", "put", "/faults", "Put these in place of all, or of one merchant's", "faults-view",
        "faults", query=_MERCHANT, problems=(*_CHANGE, 404),
        examples={
            "three late replies": {"faults": [{"fault": "delay", "seconds": 2, "times": 3}]},
            "one call in ten": {"faults": [{"fault": "html_502", "share": 0.1}]},
            "a submission that never arrives": {
                "faults": [{"fault": "close_before", "carried_out": False, "times": 1, "operation": "redeem_bulk"}]
            },
        },
    ),
    AdminCall(
        "clearFaults", "Faults", "delete", "/faults", "Clear all, or one merchant's", "faults-view", query=_MERCHANT,
        problems=(404,),
    ),
    AdminCall(
        "getReadings", "Readings", "get", "/readings", "The readings in force", "readings-view", query=_MERCHANT,
        problems=(404,),
    ),
    AdminCall(
        "putReadings", "Readings", "put", "/readings", "Serve under these; what is left out goes to its default",
        "readings-view", ":readings", query=_MERCHANT, problems=(*_CHANGE, 404),
        examples={"errors with status 200": {"readings": {"http_status": "200"}}},
    ),
    AdminCall(
        "listRequests", "Requests", "get", "/requests", "The calls that arrived, newest first", "calls-view",
        query=("wait", "count", "newest", "since", "before"), problems=(400,),
    ),
    AdminCall(
        "getRequest", "Requests", "get", "/requests/{n}", "A call with its diagnosis", "whole-call-view",
        problems=(404,),
    ),
    AdminCall(
        "listSubmissions", "Requests", "get", "/submissions", "What became of submissions, newest first",
        "submissions-view", query=("merchant_id", "newest"), problems=(404,),
    ),
    AdminCall("clearRequests", "Requests", "delete", "/requests", "Forget the calls", "calls-view"),
    AdminCall("getOpenapi", "About", "get", "/openapi.json", "This document", None),
    AdminCall("getSchema", "About", "get", "/schemas/{name}", "A JSON Schema document", None, problems=(404,)),
)  # fmt: skip
