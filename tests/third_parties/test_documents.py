"""Other people's tools take the published documents, and what they make of them works against the fake."""

from __future__ import annotations

import copy
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import NAMES
from mockserver.web.admin.calls import ADMIN_CALLS
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT
from tests.support.command import CLEAN
from tests.support.environments import ROOT, fresh, sh
from tests.third_parties.conftest import Npm

pytestmark = pytest.mark.matrix

SCHEMAS = ROOT / "schemas"
FIXTURES = ROOT / "fixtures"
DOCUMENTS = {name: json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES} | {
    name: json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")) for name in ("openapi", "admin-openapi")
}


@pytest.fixture(params=["openapi", "admin-openapi"])
def document(request: pytest.FixtureRequest) -> Path:
    return SCHEMAS / f"{request.param}.json"


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wanted = ("openapi-python-client", "datamodel-code-generator", "openapi-spec-validator", "check-jsonschema")
    return fresh(tmp_path_factory.mktemp("python"), sys.executable, *wanted)


@pytest.fixture(scope="session")
def instances(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Files that fit each schema: all golden data, what is in it, and the documents' own examples."""
    folder = tmp_path_factory.mktemp("instances")
    found: dict[str, list[Any]] = {name: list(DOCUMENTS[name].get("examples", [])) for name in NAMES}
    found["fixtures"] += [json.loads(path.read_text(encoding="utf-8")) for path in FIXTURES.rglob("*.json")
                          if path.parent.name != "worlds"]  # fmt: skip
    found["world"] += [json.loads(path.read_text(encoding="utf-8")) for path in FIXTURES.glob("worlds/*.json")]
    for path in FIXTURES.glob("exchanges/*.json"):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
            reply = json.loads(exchange["reply"])
            found["success" if reply["status"] else "error"].append(reply)
    written: dict[str, list[Path]] = {}
    for name, values in found.items():
        for number, value in enumerate(values):
            path = folder / f"{name}-{number}.json"
            path.write_text(json.dumps(value), encoding="utf-8")
            written.setdefault(name, []).append(path)
    assert len(written["success"]) > 20
    assert len(written["fixtures"]) > 20
    return written


def test_redocly_has_nothing_to_say(node: Path, npm: Npm, document: Path) -> None:
    # The vendor documents 500 alone for the errors of the submit call.
    (node / "redocly.yaml").write_text("extends: [recommended]\nrules: {operation-4xx-response: off}\n")
    assert json.loads(npm("redocly", "lint", "--format=json", document))["problems"] == []


def test_spectral_has_nothing_to_say(node: Path, npm: Npm, document: Path) -> None:
    (node / "ruleset.yaml").write_text('extends: ["spectral:oas"]\n')
    options = ("--ruleset=ruleset.yaml", "--fail-severity=hint", "--format=json", "--quiet")
    assert json.loads(npm("spectral", "lint", *options, document)) == []


def test_openapi_spec_validator_takes_it(python: Path, document: Path, tmp_path: Path) -> None:
    assert "OK" in sh(python.parent / "openapi-spec-validator", document, folder=tmp_path)


@contextmanager
def prism(node: Path, *arguments: str | Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [node / "node_modules" / ".bin" / "prism", arguments[0], "--port", str(port), *arguments[1:]]
    with subprocess.Popen(command, cwd=node, env=CLEAN, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert any("is listening" in line for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def vendor_request(operation: Operation) -> tuple[str, dict[str, Any]]:
    documented = DOCUMENTS["openapi"]["paths"][operation.path]["post"]
    examples = documented["requestBody"]["content"]["application/json"]["examples"]
    return operation.path_of(documented["parameters"][0]["example"]), examples["mock"]["value"]


def test_prism_mocks_each_success_and_each_error(node: Path) -> None:
    with prism(node, "mock", "--errors", SCHEMAS / "openapi.json") as url:
        for operation in OPERATIONS:
            path, body = vendor_request(operation)
            assert requests.post(url + path, json=body, timeout=30).json()["message"] == operation.success.message
            for error in operation.errors:
                prefer = {"Prefer": f"code={error.rc}, example={error.clause}"}
                reply = requests.post(url + path, json=body, headers=prefer, timeout=30)
                assert (reply.status_code, reply.json()["error_msg"]) == (error.rc, error.error_msg)
            unsigned = {name: value for name, value in body.items() if name != "signature"}
            assert requests.post(url + path, json=unsigned, timeout=30).status_code in {400, 422}


def test_prism_mocks_the_admin_api(node: Path) -> None:
    with prism(node, "mock", "--errors", SCHEMAS / "admin-openapi.json") as url:
        for call, body in admin_walk():
            reply = requests.request(call.method, url + admin_path(call, "1"), json=body, timeout=30)
            assert reply.status_code == call.status, (call.name, reply.text)


def test_prism_finds_no_difference_between_the_fake_and_its_document(node: Path, server: Server) -> None:
    with prism(node, "proxy", "--errors", SCHEMAS / "openapi.json", server.url) as url:
        for operation in OPERATIONS:
            path, body = vendor_request(operation)
            assert requests.post(url + path, json=body, timeout=30).json()["message"] == operation.success.message
            for error in operation.errors:
                asked = {"X-Apigames-Mock-Fault": error.clause}
                reply = requests.post(url + path, json=body, headers=asked, timeout=30)
                assert reply.json() == {"status": 0, "rc": error.rc, "error_msg": error.error_msg}
    assert server.provider.journal.total == sum(1 + len(operation.errors) for operation in OPERATIONS)


def test_prism_finds_no_difference_between_the_admin_api_and_its_document(node: Path, server: Server) -> None:
    path, body = vendor_request(OPERATIONS.named("project_detail"))
    with prism(node, "proxy", "--errors", SCHEMAS / "admin-openapi.json", server.url) as url:
        for call, sent in admin_walk():
            requests.post(f"{server.url}/__admin/reset", timeout=30)
            requests.post(server.url + path, json=body, timeout=30)
            newest = requests.get(f"{server.url}/__admin/requests", timeout=30).json()["requests"][0]["n"]
            reply = requests.request(call.method, url + admin_path(call, newest), json=sent, timeout=30)
            assert reply.status_code == call.status, (call.name, reply.text)


def admin_walk() -> Iterator[tuple[Any, Any]]:
    for call in ADMIN_CALLS:
        yield from ((call, body) for body in (call.examples.values() or [None]))


def admin_path(call: Any, n: object) -> str:
    names = {"merchant_id": MERCHANT, "project_id": DEMO_PROJECT, "voucher_id": "23593", "n": n, "name": "world"}
    return "/__admin" + str(call.path).format(**names)


def test_openapi_typescript_and_hey_api_make_clients_that_work(node: Path, npm: Npm, server: Server) -> None:
    program = (node / "every_operation.ts").read_text(encoding="utf-8")
    for name in ("openapi", "admin-openapi"):
        npm("openapi-typescript", SCHEMAS / f"{name}.json", "-o", f"types/{name}.ts")
        for path, methods in DOCUMENTS[name]["paths"].items():
            assert all(f'.{method.upper()}("{path}"' in program for method in methods), path
    jobs = [{"input": str(SCHEMAS / f"{name}.json"), "output": {"path": f"sdk/{name}", "importFileExtension": ".js"}}
            for name in ("openapi", "admin-openapi")]  # fmt: skip
    (node / "openapi-ts.config.mjs").write_text(f"export default {json.dumps(jobs)};\n")
    npm("openapi-ts")
    npm("tsc", "-p", ".")
    assert sh("node", "out/every_operation.js", server.url, folder=node) == "every operation\n"
    assert sh("node", "out/sdk.js", server.url, folder=node) == "the sdk\n"


USE_OF_CLIENTS = """
import hashlib, sys
from apigames_mock_admin_api_client import Client as AdminClient
from apigames_mock_admin_api_client.api.faults import put_faults
from apigames_mock_admin_api_client.api.requests import list_requests
from apigames_mock_admin_api_client.api.world import add_merchant, add_project
from apigames_mock_admin_api_client.models import (
    Fault, FaultFault, Faults, Merchant, Project, WorldGenerated, WorldGeneratedGenerate)
from api_games_kiosgamer_client import Client
from api_games_kiosgamer_client.api.kiosgamer import project_detail, redeem_bulk
from api_games_kiosgamer_client.models import ProjectDetailRequest, RedeemBulkRequest

admin, vendor = AdminClient(base_url=sys.argv[1]), Client(base_url=sys.argv[1])
merchant = add_merchant.sync(client=admin, body=Merchant())
m = merchant.merchant_id
signature = hashlib.md5((m + merchant.secret_key).encode()).hexdigest()
body = Project(vouchers=WorldGenerated(generate=WorldGeneratedGenerate(count=3)))
project = add_project.sync(m, client=admin, body=body)
asked = ProjectDetailRequest(projectid=project.project_id, signature=signature)
listed = project_detail.sync(m, client=vendor, body=asked)
assert listed.data.data.stats.pending == len(listed.data.data.vouchers) == 3, listed
submitted = redeem_bulk.sync(m, client=vendor, body=RedeemBulkRequest(kode_voucher="QUJDMTIz", signature=signature))
assert submitted.rc == 0, submitted
refused = project_detail.sync(m, client=vendor, body=ProjectDetailRequest(projectid="DW", signature=signature))
assert refused.error_msg == "Project ID tidak ditemukan", refused
put_faults.sync(client=admin, merchant_id=m, body=Faults(faults=[Fault(fault=FaultFault.HTML_502, times=1)]))
assert list_requests.sync(client=admin, merchant_id=m).total == 3
print("the clients")
"""


def test_openapi_python_client_makes_clients_that_work(python: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")
    for name in ("openapi", "admin-openapi"):
        options = ("--fail-on-warning", "--meta=none", "--config=config.yaml")
        package = "api_games_kiosgamer_client" if name == "openapi" else "apigames_mock_admin_api_client"
        command = ("generate", "--path", SCHEMAS / f"{name}.json", "--output-path", package)
        sh(python.parent / "openapi-python-client", *command, *options, folder=tmp_path)
        made = {path.stem for path in (tmp_path / package / "api").glob("*/*.py")} - {"__init__"}
        assert len(made) == sum(len(methods) for methods in DOCUMENTS[name]["paths"].values())
    (tmp_path / "use.py").write_text(USE_OF_CLIENTS)
    assert sh(python, "use.py", server.url, folder=tmp_path) == "the clients\n"


USE_OF_PHP = r"""<?php
require 'GuzzleHttp/autoload.php';
spl_autoload_register(function (string $class): void {
    [$root, $name] = [...explode('\\', $class, 2), ''];
    if (is_dir(__DIR__ . "/$root/lib")) require __DIR__ . "/$root/lib/" . strtr($name, '\\', '/') . '.php';
});
$admin = (new Admin\Configuration())->setHost($argv[1]);
$vendor = (new Vendor\Configuration())->setHost($argv[1]);
$http = new GuzzleHttp\Client();
$world = new Admin\Api\WorldApi($http, $admin);
$merchant = $world->addMerchant(new Admin\Model\Merchant());
$m = $merchant->getMerchantId();
$count = new Admin\Model\WorldGeneratedGenerate(['count' => 3]);
$vouchers = new Admin\Model\WorldGenerated(['generate' => $count]);
$project = $world->addProject($m, new Admin\Model\Project(['vouchers' => $vouchers]));
$signature = md5($m . $merchant->getSecretKey());
$api = new Vendor\Api\KiosgamerApi($http, $vendor);
$asked = new Vendor\Model\ProjectDetailRequest(['projectid' => $project->getProjectId(), 'signature' => $signature]);
$listed = $api->projectDetail($m, $asked);
assert(count($listed->getData()->getData()->getVouchers()) === 3);
$sent = new Vendor\Model\RedeemBulkRequest(['kode_voucher' => 'QUJDMTIz', 'signature' => $signature]);
$submitted = $api->redeemBulk($m, $sent);
assert($submitted->getRc() === 0);
try {
    $api->projectDetail($m, $asked->setProjectid('DW'));
    assert(false);
} catch (Vendor\ApiException $error) {
    assert($error->getResponseObject()->getErrorMsg() === 'Project ID tidak ditemukan');
}
echo "the client in PHP\n";
"""


def test_openapi_generator_makes_clients_in_php_that_work(server: Server, tmp_path: Path) -> None:
    if shutil.which("java") is None or shutil.which("php") is None or not Path("/usr/share/php/GuzzleHttp").exists():
        pytest.skip("no Java, no PHP or no Guzzle: apt-get install default-jre-headless php-cli php-guzzlehttp-guzzle")
    tool = fresh(tmp_path, sys.executable, "openapi-generator-cli").parent / "openapi-generator-cli"
    for name, package in (("openapi", "Vendor"), ("admin-openapi", "Admin")):
        options = ("-g", "php", "-o", package, f"--additional-properties=invokerPackage={package}")
        sh(tool, "generate", "-i", SCHEMAS / f"{name}.json", *options, folder=tmp_path)
    (tmp_path / "use.php").write_text(USE_OF_PHP)
    # What it makes is not free of deprecated forms.
    settings = ("-d", "zend.assertions=1", "-d", "error_reporting=E_ALL & ~E_DEPRECATED")
    assert sh("php", *settings, "use.php", server.url, folder=tmp_path) == "the client in PHP\n"


USE_OF_MODELS = """
import importlib, pathlib, sys
name, root, *files = sys.argv[1:]
model = getattr(importlib.import_module(name), root)
for file in files:
    model.model_validate_json(pathlib.Path(file).read_text(encoding="utf-8"))
"""


def generate(python: Path, source: Path, kind: str, folder: Path) -> str:
    name = f"made_{source.stem.replace('-', '_')}"
    options = ("--input-file-type", kind, "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin")
    sh(python.parent / "datamodel-codegen", "--input", source, *options, "--class-name=Root", "--output", f"{name}.py",
       folder=folder)  # fmt: skip
    return name


def test_datamodel_code_generator_makes_models_that_fit(
    python: Path, instances: dict[str, list[Path]], tmp_path: Path
) -> None:
    (tmp_path / "use.py").write_text(USE_OF_MODELS)
    for schema in NAMES:
        made = generate(python, SCHEMAS / f"{schema}.json", "jsonschema", tmp_path)
        sh(python, "use.py", made, "Root", *instances.get(schema, []), folder=tmp_path)
    made = generate(python, SCHEMAS / "openapi.json", "openapi", tmp_path)
    sh(python, "use.py", made, "ProjectDetailSuccess", *instances["success"], folder=tmp_path)
    sh(python, "use.py", made, "ProjectDetailError", *instances["error"], folder=tmp_path)
    made = generate(python, SCHEMAS / "admin-openapi.json", "openapi", tmp_path)
    sh(python, "use.py", made, "World", *instances["world"], folder=tmp_path)


AJV = """
import fs from "node:fs";
import Ajv from "ajv/dist/2020.js";
const [schema, ...files] = process.argv.slice(2);
const check = new Ajv({ strict: true }).compile(JSON.parse(fs.readFileSync(schema, "utf8")));
for (const file of files)
  if (!check(JSON.parse(fs.readFileSync(file, "utf8")))) throw new Error(file + JSON.stringify(check.errors));
"""


@pytest.mark.parametrize("schema", NAMES)
def test_ajv_in_strict_mode_takes_each_schema(node: Path, instances: dict[str, list[Path]], schema: str) -> None:
    (node / "check.mjs").write_text(AJV)
    sh("node", "check.mjs", SCHEMAS / f"{schema}.json", *instances.get(schema, []), folder=node)


def test_check_jsonschema_takes_each_schema(python: Path, instances: dict[str, list[Path]], tmp_path: Path) -> None:
    tool = python.parent / "check-jsonschema"
    sh(tool, "--check-metaschema", *(SCHEMAS / f"{name}.json" for name in NAMES), folder=tmp_path)
    for name, files in instances.items():
        sh(tool, "--schemafile", SCHEMAS / f"{name}.json", *files, folder=tmp_path)


ADMIN_CONFIGURATION = """
# A body may fit its schema and yet not the world, or itself: 422 says so. Secrets are shown for a token alone.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 403, 404, 409, 422]

[[operations]]
include-name = "GET /__admin/requests"
[operations.parameters]
"query.wait" = 0
"""


def test_schemathesis_finds_nothing_in_the_admin_api(server: Server, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(ADMIN_CONFIGURATION)
    # As documented, but for vouchers that are generated: two million of them take their time.
    document = copy.deepcopy(DOCUMENTS["admin-openapi"])
    for name in ("Project", "WorldProject"):
        vouchers = document["components"]["schemas"][name]["properties"]["vouchers"]
        (vouchers["anyOf"],) = [[one] for one in vouchers["anyOf"] if "$ref" not in one]
    (tmp_path / "small.json").write_text(json.dumps(document))
    tool = Path(sys.executable).with_name("st")
    options = ("--checks=all", "--max-examples=10", "--seed=1", "--no-color", "--request-timeout=60")
    sh(tool, "run", "small.json", f"--url={server.url}", *options, folder=tmp_path)
