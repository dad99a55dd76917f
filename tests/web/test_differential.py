"""Every adapter gives the same reply and records the same call: server, Flask app, doubles, the doctor's command."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, unquote_to_bytes

import httpx
import pytest
import requests
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from mockserver import FakeMerchant, FakeServer, UndocumentedCall
from mockserver.cli.doctor import doctor as command
from mockserver.contract.readings import Readings
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import DOCTOR_HEADER, FAULT_HEADER, MAX_BODY, Request
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import World
from mockserver.provider.state.world_file import built_in_world
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, NOW, PATH, body, built_in_provider
from tests.support.examples import examples

HOST = "https://v1.apigames.id"
HEADERS = ("content-type", "content-length", "allow", "retry-after", "server", DOCTOR_HEADER.lower())


class Sent(NamedTuple):
    """A request; `path` is percent-encoded, as in the first line."""

    method: str = "POST"
    path: str = PATH
    content: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Got(NamedTuple):
    """What came back: the status, the headers that count, and the body."""

    status: int
    headers: dict[str, str]
    content: bytes

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> Got:
        # Which call it is, where the doctor names it, is of each adapter's own.
        lowered = {name.lower(): re.sub(r"requests/\d+", "requests/N", value) for name, value in headers.items()}
        return cls(status, {name: lowered[name] for name in HEADERS if name in lowered}, content)


class Adapter(Protocol):
    """A way for a request to get to a provider."""

    provider: Provider

    def ask(self, sent: Sent) -> Got | None:
        """Send a request; return None when nobody may call what it calls."""


class OverHttp:
    def __init__(self, server: Server) -> None:
        self._port = server.port
        self.provider = server.provider

    def ask(self, sent: Sent) -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.putrequest(sent.method, sent.path, skip_accept_encoding=True)
            for name, value in (*sent.headers, ("Content-Length", str(len(sent.content)))):
                connection.putheader(name, value)
            connection.endheaders(sent.content)
            reply = connection.getresponse()
            return Got.of(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()


class AsFlaskApp:
    def __init__(self) -> None:
        self.provider = built_in_provider()
        self._app = create_app(self.provider)

    def ask(self, sent: Sent) -> Got:
        path, _, query = sent.path.partition("?")
        headers = list(sent.headers)
        builder = EnvironBuilder(method=sent.method, query_string=query, data=sent.content, headers=headers)
        # Set by hand: the builder would take `//` for the beginning of a host.
        environ = builder.get_environ() | {"PATH_INFO": unquote_to_bytes(path).decode("latin-1")}
        reply = Response.from_app(self._app, environ)
        return Got.of(reply.status_code, dict(reply.headers), reply.data)


# requests 2.32 and 2.33 send one slash where a path begins with two, to a double as on the wire.
_TIDIES_SLASHES = (
    requests.adapters.HTTPAdapter().request_url(requests.Request("GET", HOST + "//x").prepare(), {}) == "/x"
)


class BehindRequests:
    def __init__(self, merchant: FakeMerchant) -> None:
        self.provider = merchant.server.provider

    def ask(self, sent: Sent) -> Got | None:
        request = requests.Request(sent.method, HOST, data=sent.content, headers=_joined(sent.headers)).prepare()
        # Set by hand: requests would tidy it up.
        request.url = HOST + sent.path
        try:
            with requests.Session() as session:
                reply = session.send(request)
        except UndocumentedCall:
            return None
        return Got.of(reply.status_code, reply.headers, reply.content)


class BehindHttpx:
    def __init__(self, merchant: FakeMerchant) -> None:
        self.provider = merchant.server.provider

    def ask(self, sent: Sent) -> Got | None:
        try:
            # What it would trust is read from a file each time, and nothing is sent.
            with httpx.Client(verify=False) as client:
                reply = client.request(sent.method, HOST + sent.path, content=sent.content, headers=list(sent.headers))
        except UndocumentedCall:
            return None
        return Got.of(reply.status_code, reply.headers, reply.content)


class ByTheDoctor:
    """The command, with a provider that remembers its reply, for the command prints what is wrong alone."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._file = folder / "request.txt"
        self.provider = built_in_provider()
        patch.setattr(command, "Provider", self._provider_of_the_command)

    def ask(self, sent: Sent) -> Got:
        lines = [f"{sent.method} {sent.path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.headers)]
        head = "\r\n".join([*lines, f"Content-Length: {len(sent.content)}", "", ""])
        self._file.write_bytes(head.encode() + sent.content)
        done = CliRunner().invoke(command.doctor, [str(self._file)], standalone_mode=False)
        assert done.exception is None, done.output
        reply = self.provider.replies[-1]  # type: ignore[attr-defined] # made below
        assert done.return_value == (0 if reply.role == "success" else 1)
        headers = {"content-type": reply.content_type, "content-length": str(reply.content_length)}
        content = b"" if sent.method == "HEAD" else reply.body
        return Got.of(reply.http_status, {**headers, **dict(reply.headers)}, content)

    def _provider_of_the_command(self, world: World, readings: Readings) -> Provider:
        self.provider = Remembering(world, readings, FrozenClock(NOW), doctor_header=True)
        return self.provider


class Remembering(Provider):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.replies: list[Reply] = []

    def handle(self, request: Request) -> Reply:
        self.replies.append(super().handle(request))
        return self.replies[-1]


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Adapter]]:
    with ExitStack() as stack:
        server = stack.enter_context(Server(built_in_provider()))
        behind = [in_process(), in_process()]
        stack.enter_context(behind[0].responses())
        stack.enter_context(behind[1].httpx())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        doctor = ByTheDoctor(tmp_path_factory.mktemp("doctor"), patch)
        made: list[Adapter] = [
            OverHttp(server),
            AsFlaskApp(),
            BehindRequests(behind[0]),
            BehindHttpx(behind[1]),
            doctor,
        ]
        for adapter in made:
            adapter.provider.doctor_header = True
        yield made
        for merchant in behind:
            merchant.undocumented_calls.clear()


def in_process() -> FakeMerchant:
    server = FakeServer()
    server.provider.clock.freeze(NOW)
    return server.merchant(world=built_in_world(Readings(), FrozenClock(NOW)), keep_ids=True)


def sending_as_it_is(adapters: list[Adapter], path: str) -> list[Adapter]:
    tidies = _TIDIES_SLASHES and path.startswith("//")
    return [adapter for adapter in adapters if not (tidies and isinstance(adapter, BehindRequests))]


def assert_all_the_same(adapters: list[Adapter], sent: Sent) -> tuple[Got, dict[str, Any]]:
    """Assert that every adapter gives the same reply and the same entry; return them."""
    replies, entries = {}, {}
    for adapter in sending_as_it_is(adapters, sent.path):
        name = type(adapter).__name__
        replies[name] = adapter.ask(sent)
        ((entry,), _) = adapter.provider.journal.newest(1)
        whole = {field: getattr(entry, field) for field in entry.__struct_fields__}
        # Of each adapter's own: when, where from, how long, and the how-manieth.
        entries[name] = {key: value for key, value in whole.items() if key not in {"n", "at", "origin", "took"}}
        # Each library adds some of its own.
        sent_by_the_test = {header.lower() for header, _ in sent.headers}
        entries[name]["headers"] = {key: entry.headers.get(key) for key in sent_by_the_test}
    (expected, *_), (recorded, *_) = replies.values(), entries.values()
    assert expected is not None
    is_undocumented = expected.status == 404
    for name, got in replies.items():
        if got is None:
            assert is_undocumented, f"{name} raised UndocumentedCall for what the server answers"
        else:
            assert got == expected, name
    assert entries == dict.fromkeys(entries, recorded)
    return expected, recorded


def _joined(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return headers as a client has them that holds one value for each name."""
    made: dict[str, str] = {}
    for name, value in headers:
        made[name] = f"{made[name]}, {value}" if name in made else value
    return made


bodies = st.one_of(
    st.builds(
        body,
        page=st.integers(-1, 8) | st.none(),
        limit=st.integers(-1, 200) | st.none(),
        status=st.sampled_from(["", "0", "1", "4", "9", "pending", None]),
        projectid=st.sampled_from(["R250101DEMO000137", "R240815XPQR000012", "DW", "RMOCKERR3", "RMOCKHTML502", None]),
        signature=st.sampled_from(["8ecf9bcf82d3baabb24e8ebbaa1cf6ba", "", "x", None]),
    ),
    st.binary(max_size=50),
)
merchants = st.sampled_from([MERCHANT, "nobody", "M%2F1", quote("M é"), "%FF", "a%0Ab", "%252F", "%5Bmerchant_id%5D"])
paths = merchants.map(lambda merchant: PATH.replace(MERCHANT, merchant)) | st.sampled_from(
    ["/", "//", PATH + "/", "/" + PATH, "//" + PATH, PATH.replace("/project", "//project"), "/a%2Fb", PATH.upper()]
)
methods = st.sampled_from(["POST", "POST", "POST", "POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
content_types = st.sampled_from([None, "application/json", "application/json; charset=utf-8", "text/plain", "nonsense"])
forced = st.sampled_from([None, None, None, "html_503", "ERR-2", "rate_limit; retry_after=7", "nonsense"])
requests_of_any_kind = st.builds(
    lambda method, path, content, content_type, fault: Sent(
        method,
        path,
        content,
        (
            *([] if content_type is None else [("Content-Type", content_type)]),
            *([] if fault is None else [(FAULT_HEADER, fault)]),
        ),
    ),
    methods,
    paths,
    bodies,
    content_types,
    forced,
)


@settings(max_examples=examples(100), deadline=None)
@given(requests_of_any_kind)
@example(Sent(content=body()))
@example(Sent("GET"))
@example(Sent("HEAD"))
@example(Sent(path="/" + PATH, content=body()))
@example(Sent(path=PATH + "?page=2", content=body()))
@example(Sent(content=b"{"))
@example(Sent(content=b"[" * 100_000))
@example(Sent(content=body(padding="x" * (MAX_BODY + 1))))
@example(Sent(path=PATH.replace(MERCHANT, "%5Bmerchant_id%5D"), content=body()))
def test_every_adapter_gives_the_same_reply_and_records_the_same_call(adapters: list[Adapter], sent: Sent) -> None:
    assert_all_the_same(adapters, sent)


FORCED = [
    "html_502",
    "truncated_json",
    "wrong_content_type",
    "empty_body",
    "rate_limit",
    "maintenance",
    "delay; seconds=0",
]
FORCED += ["slow_body; seconds=0", "ERR-1", "ERR-2", "ERR-3", "ERR-4", "nonsense", "delay; second=1"]


@pytest.mark.parametrize("content", [b"{}", body()], ids=["refused", "good"])
@pytest.mark.parametrize("value", FORCED)
def test_a_header_asks_for_the_same_in_each(adapters: list[Adapter], value: str, content: bytes) -> None:
    _, entry = assert_all_the_same(adapters, Sent(content=content, headers=((FAULT_HEADER, value),)))
    assert entry["forced"] == value


def test_of_several_such_headers_each_makes_one_list(adapters: list[Adapter]) -> None:
    headers = ((FAULT_HEADER, "html_502"), (FAULT_HEADER, "rate_limit"))
    _, entry = assert_all_the_same(adapters, Sent(content=body(), headers=headers))
    assert entry["forced"] == "html_502, rate_limit"


RESERVED = [
    "RMOCKHTML504",
    "RMOCKTRUNCATEDJSON",
    "RMOCKRATELIMIT9",
    "RMOCKDELAY0",
    "RMOCKERR1",
    "RMOCKERR4",
    "RMOCKNONE",
]


@pytest.mark.parametrize("signature", [None, "x"], ids=["signed", "unsigned"])
@pytest.mark.parametrize("projectid", RESERVED)
def test_a_reserved_projectid_asks_for_the_same_in_each(
    adapters: list[Adapter], projectid: str, signature: str | None
) -> None:
    changed = {"projectid": projectid} | ({} if signature is None else {"signature": signature})
    _, entry = assert_all_the_same(adapters, Sent(content=body(**changed)))
    assert (entry["role"] == "signature") == (signature is not None)


def test_two_slashes_are_shown_as_sent_and_explained_in_each(adapters: list[Adapter]) -> None:
    _, entry = assert_all_the_same(adapters, Sent(path="/" + PATH, content=body()))
    assert entry["path"] == "/" + PATH
    for adapter in sending_as_it_is(adapters, "/" + PATH):
        raw = adapter.provider.journal.kept(adapter.provider.journal.total)
        assert raw is not None
        (said,) = adapter.provider.diagnose(raw)
        assert "two slashes: does your base URL end in one?" in said.what


@pytest.mark.parametrize(
    "path", ["/merchant/x/../" + MERCHANT, PATH.replace(MERCHANT, "."), PATH.replace(MERCHANT, "%00")]
)
def test_a_path_that_clients_tidy_up_is_taken_as_sent(adapters: list[Adapter], path: str) -> None:
    as_sent = [adapter for adapter in adapters if not isinstance(adapter, BehindHttpx)]
    assert_all_the_same(as_sent, Sent(path=path, content=body()))
