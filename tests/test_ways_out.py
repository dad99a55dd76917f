"""Every way out of the mock: no secret is in any of it, in any form, and foreign text is only text there.

Where a client or a target may put text, it is put: fields right and wrong, path, header, replies. All that is written
of it is read: log, journal, page, admin JSON, doctor, headers, failures of tests, reports, files.
"""

from __future__ import annotations

import base64
import html
import json
import re
import string
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockserver.cli.serve.request_log import RequestLog
from mockserver.contract.foreign_text import json_text
from mockserver.contract.signature import sign
from mockserver.contract.wire import BASE_URL
from mockserver.provider.provider import Provider
from mockserver.provider.request import DOCTOR_HEADER, FAULT_HEADER, Request
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.world import Merchant, Project, World
from mockserver.testing.doubles.in_process import UndocumentedCall, answer_in_process
from mockserver.testing.received import Received
from mockserver.testing.server import FakeServer
from mockserver.verification.credentials import Credentials
from mockserver.verification.laws.registry import LAWS
from mockserver.verification.live_guard import Limits
from mockserver.verification.report.files import github_annotations, junit_xml, step_summary
from mockserver.verification.report.html import html_report
from mockserver.verification.report.result import result_of
from mockserver.verification.run.run import Run
from mockserver.verification.suite import judge
from mockserver.verification.target import HttpTarget
from mockserver.web.app import create_app
from tests.cli.test_verify import options, serving
from tests.support.asking import NOW
from tests.support.command import run
from tests.support.examples import examples
from tests.support.secret_forms import FORMS, secrets, traces_of
from tests.support.targets import Rests, ScriptedTarget
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, BrokenFake, Call

# Tells a drawn secret from what stands in any output.
secret_texts = st.builds(lambda before, after: f"{before}qZ7-Kx9{after}"[-300:], secrets, secrets)
forms = st.sampled_from(sorted(FORMS))
PLACES = (
    "session_key",
    "signature",
    "projectid",
    "status",
    "other",
    "path",
    "header",
    "broken",
    "key",
    "around",
    "method",
    "any header",
    "name of a header",
    "codes",
)


def texts_in(document: Any) -> Iterator[str]:
    """Yield every text of a document, as whoever decodes it has it."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        yield from texts_in([*document, *document.values()])
    elif isinstance(document, list):
        for item in document:
            yield from texts_in(item)


def as_read(written: str) -> Iterator[str]:
    """Yield a text as it is written, and as whoever decodes it has it."""
    yield written
    yield html.unescape(written)
    for line in [written, *written.splitlines()]:
        with suppress(ValueError):
            yield from texts_in(json.loads(line))


class Sent:
    """A text in one place of one call, and all that anybody may read of it."""

    def __init__(self, text: str, place: str, *, secret_key: str = "a-made-up-secret", session_key: str | None = None):
        self.text, self.place, self.secret_key = text, place, secret_key
        self.lines: dict[str, list[str]] = {"text": [], "json": []}
        logs = [RequestLog(kind, self._writer(kind)) for kind in self.lines]
        world = World((Merchant("M1", secret_key, session_key, (Project(1, "R1", "DW"),)),))
        self.provider = Provider(world, clock=FrozenClock(NOW), observers=tuple(logs), doctor_header=True)
        for log in logs:
            log.masked, log.diagnose = self.provider.journal.masked, self.provider.diagnose
        self.reply = self.provider.handle(self.request("M1"))

    def _writer(self, kind: str) -> Callable[[str | Callable[[], str]], None]:
        return lambda line: self.lines[kind].append(line if isinstance(line, str) else line())

    def request(self, merchant_id: str) -> Request:
        fields: dict[str, Any] = {"projectid": "R1", "status": "", "signature": "0" * 32}
        who = merchant_id
        headers: tuple[tuple[str, str], ...] = ()
        method = "POST"
        if self.place == "path":
            who = self.text.replace("/", "-")
        elif self.place == "header":
            headers = ((FAULT_HEADER.lower(), self.text),)
        elif self.place == "any header":
            headers = (("x-request-id", self.text),)
        elif self.place == "name of a header":
            headers = ((self.text.lower(), "1"),)
        elif self.place == "key":
            fields[self.text] = 1
        elif self.place == "around":
            fields = {self.text: fields}
        elif self.place == "method":
            method = self.text
        elif self.place != "broken":
            fields[self.place] = self.text
        body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if self.place == "broken":
            body = f"projectid: {self.text}".encode("utf-8", "surrogatepass")
        call = "project/detail"
        if self.place == "codes":
            call = "redem/bulk"
            codes = base64.b64encode(self.text.encode("utf-8", "surrogatepass")).decode()
            body = json.dumps({"kode_voucher": codes, "signature": sign(who, self.secret_key)}).encode()
        return Request(method, f"/merchant/{who}/kiosgamer/{call}", body, headers, "test")

    def written(self) -> Iterator[tuple[str, str]]:
        """Yield each text that is written of it, with where."""
        for kind, lines in self.lines.items():
            yield f"log, {kind}", "".join(lines)
        headers = dict(self.reply.headers)
        yield "header of the doctor", headers.get(DOCTOR_HEADER.lower(), "")
        client = create_app(self.provider).test_client()
        for path in ("requests", "requests/1", "page/requests/1", "", "?open=1"):
            yield f"admin, {path}", client.get(f"/__admin/{path}").get_data(as_text=True)
        (entry,) = self.provider.journal.entries()
        yield "entry", repr(entry)
        yield "entry's texts", "\n".join(texts_in(msgspec.to_builtins(entry)))
        yield "received", f"{Received([entry])!r} {Received([entry])}"

    def failures(self) -> Iterator[tuple[str, str]]:
        """Yield what a test of a consumer is told."""
        server = FakeServer()
        merchant = server.merchant()
        server.provider.store.add_merchant(Merchant("M2", self.secret_key))
        server.provider.handle(self.request(merchant.merchant_id))
        with pytest.raises(AssertionError) as failed:
            merchant.assert_called(n=0, projectid=self.text)
        yield "failed expectation", str(failed.value)
        method = self.text if self.place == "method" else "POST"
        with pytest.raises(UndocumentedCall) as undocumented:
            answer_in_process(merchant, method, f"{BASE_URL}/x/{self.text}", b"", origin="test")
        yield "undocumented call", str(undocumented.value)


@settings(max_examples=examples(90), suppress_health_check=[HealthCheck.too_slow])
@given(
    secret=secret_texts, form=forms, place=st.sampled_from(PLACES), whose=st.sampled_from(["key", "session", "sent"])
)
@example("sési \"rahasia\" qZ7-Kx9 'é'", "JSON in ASCII", "projectid", "session")
@example("kunci-" * 12 + "qZ7-Kx9", "plain", "projectid", "key")
def test_no_form_of_a_secret_gets_out_of_the_fake(secret: str, form: str, place: str, whose: str) -> None:
    kept = {"secret_key": secret} if whose == "key" else {"session_key": secret}
    text = FORMS[form](secret)
    if whose == "sent" or place in {"session_key", "signature"}:
        kept = {}  # known only by the field that it is sent in
        place = "session_key"
    sent = Sent(text if place != "session_key" else secret, place, **kept)
    for where, written in sent.written():
        check_no_trace(where, written, secret)


def check_no_trace(where: str, written: str, secret: str) -> None:
    for seen in map(str.lower, as_read(written)):
        for trace in traces_of(secret):
            assert trace not in seen, f"{where}: {trace}"


# No run of signs of one of these is in another text.
long_secrets = st.builds(
    lambda letters, size: "".join(letters)[:size],
    st.permutations(string.ascii_letters + string.digits).map(lambda one: one * 5),
    st.integers(20, 300),
)
_PART = 10


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(
    secret=long_secrets,
    before=st.integers(0, 2200),
    place=st.sampled_from(PLACES),
    written=st.sampled_from(["{}", '"{}"', '{{"a": "{}"}}', "%7B{}", "\\u0041{}", "\x1b{}"]),
)
@example(string.ascii_letters + string.digits, 0, "around", "{}")
@example(string.ascii_letters + string.digits, 0, "method", "{}")
def test_no_part_of_a_secret_gets_out_wherever_a_text_is_cut(
    secret: str, before: int, place: str, written: str
) -> None:
    """Whoever cuts a text before it is masked shows the beginning of what stands where it was cut."""
    sent = Sent(" " * before + written.format(secret), place, secret_key=secret)
    for where, seen in (*sent.written(), *sent.failures()):
        check_no_part(where, seen, secret)


def check_no_part(where: str, written: str, secret: str) -> None:
    seen, looked_for = written.lower(), secret.lower()
    for start in range(len(secret) - _PART + 1):
        part = looked_for[start : start + _PART]
        assert part not in seen, f"{where}: {part}"


def test_a_secret_that_a_test_expects_is_not_in_what_it_is_told() -> None:
    server = FakeServer()
    merchant = server.merchant()
    kept = merchant.secret_key
    for text in (kept, kept * 20):
        with pytest.raises(AssertionError) as failed:
            merchant.assert_called(projectid=text)
        assert kept[:20] not in str(failed.value)


MARKED = (
    "::set-output name=a::b\n::stop-commands::x\x1b]0;owned\x07\x1b[2J\r##[add-mask]a ##vso[task.setvariable]b "
    "![img](http://evil.example/x) [a](javascript:b) <img src=x onerror=y> | `c` @team #1 \u202edrow\u2066 \u2028\u2029"
    "\x85\x9b31m\x7f\ufeff\u200b\ud800 \U000e0041 {{7*7}} [bold red]z[/]"
)
_ALLOWED_CONTROLS = "\n"


def check_harmless(where: str, text: str, *, markdown: bool = False) -> None:
    """Fail where a terminal, an editor, a CI runner or a reader of Markdown would take some of a text for more."""
    odd = [char for char in text if unicodedata.category(char) in _NOT_TEXT and char not in _ALLOWED_CONTROLS]
    assert not odd, f"{where}: {odd[:5]} in {text[:300]!r}"
    for line in text.split("\n") if not where.startswith("entry") else ():  # whose repr is Python's own
        assert not re.match(r"\s*::(?!error title=|warning title=)", line), f"{where}: {line[:200]!r}"
        assert not re.search(r"##[a-z]*\[", line), f"{where}: {line[:200]!r}"
    if markdown:
        assert "![" not in text, where
        assert "http://" not in text, where
        assert "<img" not in text, where


_NOT_TEXT = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("place", PLACES)
def test_foreign_text_commands_nothing_in_what_the_fake_writes(place: str) -> None:
    sent = Sent(MARKED, place)
    for where, written in (*sent.written(), *sent.failures()):
        if where == "entry's texts":
            continue  # the values, which are shown by what is above and below
        check_harmless(where, written)
        if where.startswith("admin, page"):
            assert "<img src=x" not in written
    # It is text all the same: what was sent can be read back, and repeated.
    (entry, *_) = sent.provider.journal.entries()
    if place == "projectid":
        assert entry.fields is None, "half of a surrogate pair is no text"


@pytest.mark.parametrize("place", PLACES)
def test_the_doctor_is_harmless_in_a_terminal(place: str, tmp_path: Path) -> None:
    request = Sent(MARKED, place).request("M240315GAME2847K")
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers if place != "header")
    raw = f"POST {request.path if place != 'path' else '/merchant/x'} HTTP/1.1\r\n{head}\r\n".encode(
        "utf-8", "surrogatepass"
    )
    raw += request.body
    (tmp_path / "request.txt").write_bytes(raw)
    done = run("doctor", "request.txt", folder=tmp_path)
    assert done.returncode == 1
    check_harmless("doctor", done.stdout + done.stderr)


def leaky(texts: Callable[[Call], Any]) -> Callable[[Call], tuple[int, bytes]]:
    """Return a break of a target that puts texts everywhere: in added fields, in its own fields, in error pages."""

    def broken(call: Call) -> tuple[int, bytes]:
        status, content = call.honest()
        said = texts(call)
        if call.number % 4 == 3:
            return 400, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
        reply = json.loads(content)
        reply["echo"] = said
        reply[said[0][:3000]] = 1
        if "data" in reply and call.number % 3 == 0:
            reply["data"]["data"]["merchant_id"] = said[0]
        return status, json.dumps(reply, ensure_ascii=call.number % 2 == 0).encode("utf-8", "surrogatepass")

    return broken


def reports_of(run: Run) -> Iterator[tuple[str, str]]:
    """Yield every report of a run but the terminal's."""
    result = result_of(run)
    yield "JSON", json_text(result)
    yield "HTML", html_report(result)
    yield "JUnit", junit_xml(result)
    yield "annotations", "\n".join(github_annotations(result))
    yield "summary", step_summary(result)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(secret=secret_texts, whose=st.sampled_from(["key", "session"]))
@example('sési "rahasia" qZ7-Kx9é', "session")
def test_no_form_of_a_secret_gets_into_a_report_of_verify(secret: str, whose: str) -> None:
    own = Credentials(
        MERCHANT, SECRET if whose == "session" else secret, PROJECT, secret if whose == "session" else None
    )
    merchant = Merchant(MERCHANT, own.secret_key, None, (Project(5847, PROJECT, "DW"),))
    echoed = [FORMS[name](secret) for name in FORMS]
    target = ScriptedTarget(broken=leaky(lambda call: echoed), world=World((merchant,)))
    limits = Limits.of(target.base_url, max_requests=60)
    judged = Run(target, own, limits, pace=Rests().pace(limits))
    judge(judged, LAWS)
    for where, written in reports_of(judged):
        check_no_trace(where, written, secret)


def with_text(text: str, place: str) -> Callable[[Call], Any]:
    """Return a break of a target that puts a text into one place of some replies."""

    def broken(call: Call) -> Any:
        status, content = call.honest()
        if place == "coding" and call.number > 5:
            return status, content, {"Content-Encoding": text.strip() or "x"}
        if call.number % 4 != 3 or place == "coding":
            return status, content  # else nothing more would be judged
        if place == "broken":
            return status, b'{"status": ' + json.dumps(text).encode() + b" x"
        reply = json.loads(content)
        project = reply["data"]["data"] if "data" in reply else {}
        holder = {
            "stats": project.get("stats"),
            "voucher": (project.get("vouchers") or [None])[0],
            "category": (project.get("kategori_voucher") or [None])[0],
            "data": reply.get("data"),
        }.get(place)
        if isinstance(holder, dict):
            for key in [*holder]:
                holder[key] = text if isinstance(holder[key], str) else holder[key]
            holder[text] = text
        elif place in reply:
            reply[place] = text
        else:
            reply[text] = {text: [text]}
        return status, json.dumps(reply, ensure_ascii=call.number % 8 == 3).encode("utf-8", "surrogatepass")

    return broken


REPLY_PLACES = ["stats", "voucher", "category", "data", "error_msg", "message", "rc", "ts", "any", "broken", "coding"]


def judged_with(text: str, place: str, own: Credentials) -> Run:
    merchant = Merchant(
        MERCHANT, own.secret_key, None, (Project(5847, PROJECT, "DW", generate_vouchers(7, first_id=1)),)
    )
    target = HttpTarget("http://127.0.0.1:1", wsgi=BrokenFake(with_text(text, place), world=World((merchant,))))
    limits = Limits.of(target.base_url, max_requests=24)
    judged = Run(target, own, limits, pace=Rests().pace(limits))
    judge(judged, LAWS)
    return judged


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(secret=long_secrets, before=st.integers(0, 4100), place=st.sampled_from(REPLY_PLACES))
@example(string.ascii_letters * 2, 0, "stats")
@example(string.ascii_letters * 2, 100, "stats")
@example(string.ascii_letters, 0, "coding")
def test_no_part_of_a_secret_gets_into_a_report_wherever_a_text_is_cut(secret: str, before: int, place: str) -> None:
    judged = judged_with(" " * before + secret, place, Credentials(MERCHANT, secret, PROJECT))
    for where, written in reports_of(judged):
        check_no_part(where, written, secret)


@pytest.mark.parametrize("place", REPLY_PLACES[:-1])
@pytest.mark.parametrize(
    "text", ["x" * 1_048_576, "\ud800" * 100_000, "\x00\x1b" * 50_000], ids=["long", "halves of pairs", "controls"]
)
def test_any_text_of_json_is_text_in_a_report(text: str, place: str) -> None:
    """Whatever a target says, it is judged to the end, and what is shown of it is of a size that can be read."""
    judged = judged_with(text, place, Credentials(MERCHANT, SECRET, PROJECT))
    assert judged.crash is None
    for where, written in reports_of(judged):
        written.encode()
        assert len(written) < 400_000, where


@pytest.mark.parametrize("command", ["verify", "calibrate"])
@pytest.mark.parametrize("text", [MARKED, "plain " * 2000], ids=["marked", "long"])
def test_foreign_text_commands_nothing_in_a_report(command: str, text: str, tmp_path: Path) -> None:
    session = "sési \"rahasia\" di sini 'é'"
    files = (
        ["--report-json", "r.json", "--report-html", "r.html", "--junit-xml", "r.xml"] if command == "verify" else []
    )

    def said(call: Call) -> list[str]:
        return [text, session, json.dumps(session), call.fields.get("signature", "")]

    with serving(BrokenFake(leaky(said))) as url:
        ended = run(
            command,
            *options(url, **{"session-key": session}),
            *(files if command == "verify" else []),
            folder=tmp_path,
            environment={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")},
        )
    assert ended.returncode in {0, 1, 3}, ended.stderr
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert len(written) == (4 if command == "verify" else 0), "and no other file"
    for where, seen in {**written, "output": ended.stdout, "errors": ended.stderr}.items():
        check_harmless(where, seen, markdown=where == "summary.md")
        check_no_trace(where, seen, session)


def test_foreign_text_commands_nothing_in_what_survive_says(tmp_path: Path) -> None:
    client = tmp_path / "client.py"
    client.write_text(
        "import json, os, sys, urllib.request, urllib.error\n"
        f"marked = {MARKED!r}.encode('utf-8', 'surrogatepass')\n"
        "base = os.environ['APIGAMES_BASE_URL']; merchant = os.environ['APIGAMES_MERCHANT_ID']\n"
        "kept = [os.environ['APIGAMES_SECRET_KEY'], os.environ['APIGAMES_SESSION_KEY']]\n"
        "open('kept.json', 'w').write(json.dumps(kept))\n"
        "for path in ('project/detail', 'x'):\n"
        "    asked = json.dumps({'projectid': kept[0], 'status': kept[1]}).encode() + marked\n"
        "    try: urllib.request.urlopen(f'{base}/merchant/{merchant}/kiosgamer/{path}', asked)\n"
        "    except urllib.error.HTTPError: pass\n"
        "print(json.dumps({'vouchers': [kept[0], marked.decode('utf-8', 'replace')], 'error': None}))\n"
        "sys.stderr.buffer.write(b'x' * 1950 + kept[0].encode() + marked)\n"
        "sys.stderr.buffer.write(b'\\nTraceback (most recent call last):\\nValueError: ' + kept[1].encode() + marked)\n"
        "sys.exit(1)\n"
    )
    words = ["--scenario", "one-voucher", "--json", "r.json", "--junit", "r.xml"]
    done = run("survive", *words, "--", sys.executable, str(client), folder=tmp_path)
    assert done.returncode == 1
    kept = json.loads((tmp_path / "kept.json").read_text())
    written = {name: (tmp_path / name).read_text(encoding="utf-8") for name in ("r.json", "r.xml")}
    assert "ValueError" in written["r.json"]
    for where, seen in {**written, "output": done.stdout, "errors": done.stderr}.items():
        check_harmless(where, seen)
        for secret in kept:
            assert secret[:12] not in seen, where
            check_no_trace(where, seen, secret)
