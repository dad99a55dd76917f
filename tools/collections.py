"""Collections of requests for Postman, Bruno and editors, made from the operations: `examples/http/`.

Each documented error is a request that brings it about on the mock, with a test of the reply. Vendor states come by the
mock's own header, under an empty body that the vendor itself would refuse.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.contract.operation import MERCHANT_ID, DocumentedError, Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES
from mockserver.contract.signature import sign

FOLDER = Path(__file__).parents[1] / "examples" / "http"
ENVIRONMENT = {
    "base_url": "http://127.0.0.1:8787",
    "merchant_id": "M240315GAME2847K",
    "secret_key": "apigames-mock-secret",
    "project_id": "R240815XPQR000012",
}
# What of a right request is changed, to be refused with the error of this role.
_BROKEN_BODIES = {
    ("project_detail", "json"): '{"projectid": ',
    ("redeem_bulk", "json"): "{}",
}
_WRONG_FIELDS = {
    "signature": {"signature": "wrong"},
    "project": {"projectid": "DW"},
    "list": {"kode_voucher": "not base64"},
    "duplicate": {"kode_voucher": base64.b64encode(b"TWICE123ABC456D\nTWICE123ABC456D").decode()},
}
_FIELDS = {"projectid": "{{project_id}}", "kode_voucher": "{{kode_voucher}}", "signature": "{{signature}}"}


@dataclass(frozen=True)
class _Request:
    """A request of a collection; its texts hold variables as `{{merchant_id}}`. `expected` is part of the reply."""

    name: str
    folder: str
    file: str
    operation: Operation
    body: str
    expected: dict[str, Any]
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def submits(self) -> bool:
        return self.operation is REDEEM_BULK and self.expected["status"] == 1

    @property
    def url(self) -> str:
        return "{{base_url}}" + self.path

    @property
    def is_json(self) -> bool:
        return not self.body.endswith(": ")


def made() -> dict[Path, str]:
    """Return what each file of the folder should hold."""
    requests = sorted(_requests(), key=lambda one: (one.folder, one.file != "success", one.file != "what_became"))
    bruno = FOLDER / "bruno"
    return {
        FOLDER / "apigames.http": _http_file(requests),
        FOLDER / "apigames.postman_collection.json": _json(_postman(requests)),
        FOLDER / "apigames.postman_environment.json": _json(_postman_environment()),
        bruno / "bruno.json": _json({"version": "1", "name": "APIGames Kiosgamer", "type": "collection"}),
        bruno / "collection.bru": _bruno_block("script:pre-request", _SIGN_IN_BRUNO),
        bruno / "environments" / "mock.bru": _bruno_pairs("vars", ENVIRONMENT),
        **{bruno / one.folder / f"{one.file}.bru": _bruno(one, n) for n, one in enumerate(requests, 1)},
    }


def _requests() -> Iterator[_Request]:
    """Yield a success of each operation, what became of a submission, and each error."""
    for operation in OPERATIONS:
        expected = {"status": 1, "rc": operation.success.rc, "message": operation.success.message}
        name = f"{operation.success.clause}: {operation.summary}"
        right, path = _body(operation), _path(operation)
        yield _Request(name, operation.name, "success", operation, _in_lines(right), expected, path)
        if operation is PROJECT_DETAIL:
            # In the folder of submissions: it follows one.
            body = _in_lines({**right, "projectid": "{{submitted_project_id}}"})
            name = "What became of the submission"
            yield _Request(name, REDEEM_BULK.name, "what_became", operation, body, expected, path)
        yield from (_refused(operation, error) for error in operation.errors)


def _refused(operation: Operation, error: DocumentedError) -> _Request:
    path, headers = _path(operation), {}
    body = _in_lines({**_body(operation), **_WRONG_FIELDS.get(error.role, {})})
    if error.role in VENDOR_STATES:
        body, headers = "{}", {"X-Apigames-Mock-Fault": error.clause}
    elif error.role == "merchant":
        path = operation.path.replace(MERCHANT_ID, "M000000NOBODY000A")
    elif error.role not in _WRONG_FIELDS:
        body = _BROKEN_BODIES[operation.name, error.role]
    expected = {"status": 0, "rc": error.rc, "error_msg": error.error_msg}
    name = f"{error.clause}: {error.error_msg}"
    return _Request(name, operation.name, error.clause, operation, body, expected, path, headers)


def _path(operation: Operation) -> str:
    return operation.path.replace(MERCHANT_ID, "{{merchant_id}}")


def _body(operation: Operation) -> dict[str, Any]:
    return {name: _FIELDS.get(name, value) for name, value in operation.example(Readings()).items()}


def _in_lines(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=2)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


# Postman, format v2.1.

_SIGN_IN_POSTMAN = (
    "// md5 of merchant_id immediately followed by secret_key (REQ-2)",
    'const signed = pm.variables.get("merchant_id") + pm.variables.get("secret_key");',
    'pm.variables.set("signature", CryptoJS.MD5(signed).toString());',
    "// A list of two new codes, one a line, in base64 (BULK-REQ-2)",
    "const codes = [1, 2].map((n) => `NEW${n}X${Date.now()}`);",
    'const list = CryptoJS.enc.Utf8.parse(codes.join("\\n"));',
    'pm.variables.set("kode_voucher", CryptoJS.enc.Base64.stringify(list));',
)


def _postman(requests: list[_Request]) -> dict[str, Any]:
    return {
        "info": {
            "name": "APIGames Kiosgamer",
            "description": "Each documented success and error, for apigames-mock. Made by `make documents`.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "event": [_postman_script("prerequest", _SIGN_IN_POSTMAN)],
        "item": [
            {"name": operation.name, "item": [_postman_item(one) for one in requests if one.folder == operation.name]}
            for operation in OPERATIONS
        ],
    }


def _postman_item(one: _Request) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **one.headers}
    tests = [
        f"pm.test({json.dumps(one.name)}, () => {{",
        f"  pm.expect(pm.response.json()).to.include({json.dumps(one.expected)});",
        "});",
    ]
    if one.submits:
        tests.append('pm.environment.set("submitted_project_id", pm.response.json().data.project_id);')
    return {
        "name": one.name,
        "event": [_postman_script("test", tests)],
        "request": {
            "method": one.operation.method,
            "header": [{"key": name, "value": value} for name, value in headers.items()],
            "url": {"raw": one.url, "host": ["{{base_url}}"], "path": one.path[1:].split("/")},
            "body": {"mode": "raw", "raw": one.body, "options": {"raw": {"language": "json"}}},
        },
    }


def _postman_script(listen: str, lines: tuple[str, ...] | list[str]) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": list(lines)}}


def _postman_environment() -> dict[str, Any]:
    values = [{"key": key, "value": value, "type": "default", "enabled": True} for key, value in ENVIRONMENT.items()]
    return {"name": "apigames-mock", "values": values, "_postman_variable_scope": "environment"}


# Bruno, a folder of text files.

_SIGN_IN_BRUNO = """\
const CryptoJS = require("crypto-js");
// md5 of merchant_id immediately followed by secret_key (REQ-2)
const signed = bru.getEnvVar("merchant_id") + bru.getEnvVar("secret_key");
bru.setVar("signature", CryptoJS.MD5(signed).toString());
// A list of two new codes, one a line, in base64 (BULK-REQ-2)
const codes = [1, 2].map((n) => `NEW${n}X${Date.now()}`);
bru.setVar("kode_voucher", CryptoJS.enc.Base64.stringify(CryptoJS.enc.Utf8.parse(codes.join("\\n"))));"""


def _bruno(one: _Request, number: int) -> str:
    kind = "json" if one.is_json else "text"
    tests = [
        f"test({json.dumps(one.name)}, function () {{",
        f"  expect(res.getBody()).to.include({json.dumps(one.expected)});",
        "});",
    ]
    if one.submits:
        tests.append('bru.setVar("submitted_project_id", res.getBody().data.project_id);')
    return "\n".join(
        [
            _bruno_pairs("meta", {"name": one.name, "type": "http", "seq": str(number)}),
            _bruno_pairs(
                one.operation.method.lower(), {"url": "{{base_url}}" + one.path, "body": kind, "auth": "none"}
            ),
            _bruno_pairs("headers", {"Content-Type": "application/json", **one.headers}),
            _bruno_block(f"body:{kind}", one.body),
            _bruno_block("tests", "\n".join(tests)),
        ]
    )


def _bruno_pairs(name: str, pairs: dict[str, str]) -> str:
    return _bruno_block(name, "\n".join(f"{key}: {value}" for key, value in pairs.items()))


def _bruno_block(name: str, text: str) -> str:
    return f"{name} {{\n" + "".join(f"  {line}\n" for line in text.splitlines()) + "}\n"


# The .http format of editors (IntelliJ, VS Code, httpyac), which can compute nothing that all of them understand.


def _http_file(requests: list[_Request]) -> str:
    known = {
        **{key: value for key, value in ENVIRONMENT.items() if key != "secret_key"},
        "signature": sign(ENVIRONMENT["merchant_id"], ENVIRONMENT["secret_key"]),
        "kode_voucher": str(REDEEM_BULK.field_of["kode_voucher"].example),
        "submitted_project_id": "the project_id that the submission was answered with",
    }
    head = [
        "# Each documented success and error, for apigames-mock. Made by `make documents`.",
        "# `apigames-mock sign MERCHANT_ID` prints the signature. Codes can be submitted once: then change them.",
        *(f"@{name} = {value}" for name, value in known.items()),
    ]
    return "\n".join(["\n".join(head) + "\n", *(_http_request(one) for one in requests)])


def _http_request(one: _Request) -> str:
    headers = "".join(
        f"{name}: {value}\n" for name, value in {"Content-Type": "application/json", **one.headers}.items()
    )
    return f"### {one.name}\n{one.operation.method} {{{{base_url}}}}{one.path}\n{headers}\n{one.body}\n"
