"""The small commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from mockserver.cli.shared.outputs import OutputFile, write_output
from mockserver.contract.bundle import bundled
from mockserver.contract.openapi import openapi
from mockserver.contract.readings import REGISTER
from mockserver.contract.schemas import NAMES, schema
from mockserver.contract.signature import sign
from tests.support.asking import DEMO_PROJECT, ask, body, built_in_provider
from tests.support.command import CLEAN, run, run_process


def test_no_command_shows_what_there_is(tmp_path: Path) -> None:
    help_text = run("--help", folder=tmp_path).stdout
    for command in ("serve", "sign", "readings", "world", "openapi", "schema"):
        assert command in help_text
        assert run(command, "--help", folder=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("command", "extra"), [("verify", "verify"), ("calibrate", "verify"), ("fixtures", "strategies")]
)
def test_without_the_extra_a_command_still_shows_its_help(tmp_path: Path, command: str, extra: str) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(('httpx', 'hypothesis', 'pytest')))"
    line = f"{hidden}; from mockserver.cli.main import main; main(sys.argv[1:])"

    def run_without(word: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", line, command, word]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)

    help_text, used = run_without("--help"), run_without("check" if command == "fixtures" else "--dry-run")
    assert (help_text.returncode, used.returncode) == (0, 2)
    assert "Usage: " in help_text.stdout
    assert f"pip install 'apigames-mock[{extra}]'" in used.stderr


def run_where_the_folder_is_gone(*arguments: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    (tmp_path / "gone").mkdir()
    line = 'cd gone && rmdir "$PWD" && exec "$0" -m mockserver "$@"'
    words = ["bash", "-c", line, sys.executable, *arguments]
    environment = {**CLEAN, "HOME": str(tmp_path / "gone")}
    return subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
@pytest.mark.parametrize(
    "arguments",
    [
        ["readings"],
        ["openapi"],
        ["schema", "report"],
        ["world", "make", "3", "-o", "-"],
        ["survive", "--list"],
        ["serve", "--host", "not a host"],
    ],
)
def test_a_removed_folder_and_home_stop_nothing_that_needs_neither(arguments: list[str], tmp_path: Path) -> None:
    ended = run_where_the_folder_is_gone(*arguments, tmp_path=tmp_path)
    assert ended.returncode == (2 if "serve" in arguments else 0), ended.stderr
    assert "serve" not in arguments or "use 127.0.0.1" in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
@pytest.mark.parametrize("arguments", [["world", "make", "3", "-o", "x.json"], ["fixtures", "check"]])
def test_a_removed_folder_is_said_where_it_is_needed(arguments: list[str], tmp_path: Path) -> None:
    ended = run_where_the_folder_is_gone(*arguments, tmp_path=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr == "apigames-mock: the folder this was started in is gone; change to one that exists\n"


def test_a_result_goes_where_it_was_asked_for_whatever_the_folder_is_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    output = OutputFile().convert("out.json", None, None)
    monkeypatch.chdir(tmp_path / "elsewhere")
    write_output(output, "{}")
    assert (tmp_path / "out.json").read_text() == "{}"


def test_an_unknown_command_names_the_nearest(tmp_path: Path) -> None:
    done = run("srve", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'serve'?" in done.stderr


def test_sign_takes_the_secret_from_the_environment_a_file_standard_input_or_a_world(tmp_path: Path) -> None:
    expected = sign("M1", "kunci é") + "\n"
    (tmp_path / "secret.txt").write_text("kunci é\n", encoding="utf-8")
    world = {"merchants": [{"merchant_id": "M1", "secret_key": "kunci é"}]}
    (tmp_path / "world.json").write_text(json.dumps(world))
    environment = {"APIGAMES_MOCK_SECRET_KEY": "kunci é"}
    assert run("sign", "M1", folder=tmp_path, environment=environment).stdout == expected
    assert run("sign", "M1", "--secret-file", "secret.txt", folder=tmp_path).stdout == expected
    assert run("sign", "M1", "--secret-file", "-", folder=tmp_path, standard_input="kunci é\n").stdout == expected
    assert run("sign", "M1", "--world", "world.json", folder=tmp_path).stdout == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["M1", "--secret-key", "x"], "No such option"),
        (["M1", "--secret-file", "absent"], "absent"),
        (["M1", "--secret-file", "empty"], "is empty"),
        (["M2", "--world", "world.json"], "it has M1"),
        (["M\udcff"], "MERCHANT_ID is not UTF-8 text"),
        ([], "Missing argument"),
    ],
)
def test_sign_without_a_secret_says_what_to_do(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "world.json").write_text('{"merchants": [{"merchant_id": "M1", "secret_key": "marked-secret"}]}')
    done = run("sign", *arguments, folder=tmp_path)
    assert done.returncode != 0
    assert done.stdout == ""
    assert message in done.stderr
    assert "marked-secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_sign_asks_for_the_secret_where_nothing_else_says_it(tmp_path: Path) -> None:
    done = run_process("sign", "M1", folder=tmp_path)
    assert done.stdout == ""
    assert "Secret key of M1" in done.stderr
    assert done.stderr.endswith("apigames-mock: stopped\n")
    assert done.returncode == 130


def test_readings_are_shown_as_a_table_json_and_markdown(tmp_path: Path) -> None:
    shown = json.loads(run("readings", "--format", "json", folder=tmp_path).stdout)["readings"]
    assert [entry["key"] for entry in shown] == list(REGISTER)
    assert all(set(entry) >= {"question", "values", "default", "why", "clause", "probe"} for entry in shown)
    for output_format in ("table", "markdown"):
        text = run("readings", "--format", output_format, folder=tmp_path, environment={"COLUMNS": "160"}).stdout
        assert all(key in text for key in REGISTER)


def test_the_documents_are_printed_and_need_no_other(tmp_path: Path) -> None:
    assert json.loads(run("openapi", folder=tmp_path).stdout) == openapi()
    for name in NAMES:
        assert json.loads(run("schema", name, folder=tmp_path).stdout) == bundled(schema(name))
    success = json.loads(run("schema", "success", folder=tmp_path).stdout)
    reply = ask(built_in_provider(), body())
    jsonschema.Draft202012Validator(success).validate(reply)
    reply["data"]["data"]["vouchers"][0].pop("note")
    assert not jsonschema.Draft202012Validator(success).is_valid(reply)


def test_what_a_tolerant_reader_needs_is_printed_too(tmp_path: Path) -> None:
    whole = json.loads(run("openapi", "--tolerant", folder=tmp_path).stdout)
    in_openapi = {**whole, "$ref": "#/components/schemas/ProjectDetailSuccess"}
    in_schema = json.loads(run("schema", "success", "--tolerant", folder=tmp_path).stdout)
    added = ask(built_in_provider(), body())
    added["data"]["data"]["vouchers"][0]["colour"] = "red"
    renamed = ask(built_in_provider(), body())
    renamed["data"]["data"]["vouchers"][0]["Note"] = renamed["data"]["data"]["vouchers"][0].pop("note")
    for document in (in_openapi, in_schema):
        assert jsonschema.Draft202012Validator(document).is_valid(added)
        assert not jsonschema.Draft202012Validator(document).is_valid(renamed)
    assert not jsonschema.Draft202012Validator(bundled(schema("success"))).is_valid(added)


def test_an_unknown_document_is_told_by_the_nearest_name(tmp_path: Path) -> None:
    done = run("schema", "sucess", folder=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'success'?" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{"merchants": [{"merchant_id": "M\\ud800", "secret_key": "s"}]}',
            "merchants[0].merchant_id: half of a surrogate pair",
        ),
        (
            '{"merchants": [{"merchant_id": "M", "secret_key": "marked\\udfff"}]}',
            "merchants[0].secret_key: half of a surrogate pair",
        ),
        ('{"merchants": [], "plan": {"transition": "timed", "process_after": NaN}}', "plan.process_after: NaN"),
        ('{"merchants": [], "merchants": []}', "the top: the key 'merchants' appears twice"),
        ('{"merchants": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_a_world_that_readers_of_json_take_differently_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "world.json").write_text(text)
    refused = run("world", "check", "world.json", folder=tmp_path)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "marked" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_world_is_made_of_pasted_replies(tmp_path: Path) -> None:
    for number in (1, 2):
        reply = ask(built_in_provider(), body(page=number, limit=100))
        (tmp_path / f"page{number}.json").write_text(json.dumps(reply), encoding="utf-8-sig")
    refused = run("world", "check", "page1.json", folder=tmp_path)
    assert refused.returncode == 2
    assert "page1.json: it is a reply, not a world; `apigames-mock world make --from FILE` makes" in refused.stderr
    part = run("world", "make", "--from", "page1.json", "-o", "part.json", folder=tmp_path)
    assert part.returncode == 0
    assert f"project {DEMO_PROJECT}: 100 of its 137 vouchers are in these replies; add the replies" in part.stderr
    whole = run("world", "make", "--from", "page1.json", "--from", "page2.json", "-o", "all.json", folder=tmp_path)
    written = tmp_path / "all.json"
    assert (whole.returncode, whole.stderr) == (
        0,
        f"{written}: serve it with `apigames-mock serve --world {written}`\n",
    )
    assert f"project {DEMO_PROJECT}: 137 vouchers" in run("world", "check", "all.json", folder=tmp_path).stdout
    for arguments, said in (
        (["7", "--from", "page1.json"], "--from takes all of it from replies; leave COUNT out"),
        (["--from", "page1.json", "--merchant", "M1"], "leave --merchant out"),
        (["--from", "all.json"], "all.json: expected a reply of the status call"),
        ([], "say how many vouchers, as in `world make 50`, or --from FILE with a reply in it"),
    ):
        refused = run("world", "make", *arguments, folder=tmp_path)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_world_is_made_from_a_seed_and_checked(tmp_path: Path) -> None:
    assert run("world", "make", "50", "--seed", "3", "--output", "a.json", folder=tmp_path).returncode == 0
    again = json.loads(run("world", "make", "50", "--seed", "3", folder=tmp_path).stdout)
    made = json.loads((tmp_path / "a.json").read_text())
    assert made["merchants"][0]["projects"] == again["merchants"][0]["projects"]
    assert len(made["merchants"][0]["projects"][0]["vouchers"]) == 50
    checked = run("world", "check", "a.json", folder=tmp_path)
    assert checked.returncode == 0
    assert "50 vouchers" in checked.stdout
    made["merchants"][0]["projects"][0]["vouchers"][7]["nominal_gs"] = -1
    (tmp_path / "a.json").write_text(json.dumps(made))
    refused = run("world", "check", "a.json", folder=tmp_path)
    assert refused.returncode == 2
    assert "merchants[0].projects[0].vouchers[7].nominal_gs: expected 0 or more" in refused.stderr
