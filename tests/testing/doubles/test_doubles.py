"""The doubles: the same merchant at the built-in address, without a socket."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from typing import Any

import httpx
import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from urllib3 import Timeout

import mockserver
from mockserver import FakeMerchant, UndocumentedCall
from mockserver.provider.request import FAULT_HEADER
from mockserver.testing.doubles.httpx_double import HttpxDouble

BASE = "https://v1.apigames.id"


def url_of(merchant: FakeMerchant, base: str = BASE) -> str:
    return f"{base}/merchant/{merchant.merchant_id}/kiosgamer/project/detail"


def body_for(merchant: FakeMerchant, **fields: Any) -> dict[str, Any]:
    if not merchant.projects:
        merchant.project(pending=40)
    project_id = merchant.projects[0].project_id
    return {
        "projectid": project_id,
        "status": "",
        "page": 2,
        "limit": 30,
        "signature": merchant.signature,
        **fields,
    }


def listed(reply: Any) -> Any:
    return reply.json()["data"]["data"]["vouchers"]


class TestResponses:
    def test_is_the_requests_mock_and_answers_at_the_built_in_address(
        self, apigames: FakeMerchant, apigames_responses: responses.RequestsMock
    ) -> None:
        assert isinstance(apigames_responses, responses.RequestsMock)
        reply = requests.post(url_of(apigames), json=body_for(apigames), timeout=5)
        assert len(listed(reply)) == 10
        assert reply.headers["Content-Type"] == "application/json"
        assert len(apigames_responses.calls) == 1
        apigames.assert_called(page=2, origin="responses")

    @pytest.mark.usefixtures("apigames_responses")
    def test_lets_loopback_through_to_the_same_merchant(self, apigames: FakeMerchant) -> None:
        body = body_for(apigames)
        assert len(listed(requests.post(url_of(apigames, apigames.url), json=body, timeout=5))) == 10
        named = apigames.url.replace("127.0.0.1", "localhost")
        assert requests.post(url_of(apigames, named), json=body, timeout=5).status_code == 200
        assert len(apigames.requests) == 2

    @pytest.mark.parametrize("address", ["https://example.com/", "http://127.0.0.1.example.com/", "http://localhosts/"])
    @pytest.mark.usefixtures("apigames_responses")
    def test_refuses_every_other_address(self, address: str) -> None:
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)

    def test_what_a_test_adds_itself_comes_first_every_time(
        self, apigames: FakeMerchant, apigames_responses: responses.RequestsMock
    ) -> None:
        apigames_responses.add("GET", f"{BASE}/merchant/x", json={"saldo": 1})
        for _ in range(3):
            assert requests.get(f"{BASE}/merchant/x", timeout=5).json() == {"saldo": 1}
            assert requests.post(url_of(apigames), json=body_for(apigames), timeout=5).status_code == 200

    def test_a_mock_that_was_there_before_keeps_the_other_addresses(self, apigames: FakeMerchant) -> None:
        with responses.RequestsMock() as before:
            before.add("GET", "https://one.example/", json=1)
            with apigames.responses(), apigames.responses() as double:
                double.add("GET", "https://two.example/", json=2)
                assert requests.get("https://one.example/", timeout=5).json() == 1
                assert requests.get("https://two.example/", timeout=5).json() == 2
                assert requests.post(url_of(apigames), json=body_for(apigames), timeout=5).status_code == 200
                local = url_of(apigames, apigames.url)
                assert requests.post(local, json=body_for(apigames), timeout=5).status_code == 200
                with pytest.raises(requests.ConnectionError):
                    requests.get("https://three.example/", timeout=5)
            assert requests.get("https://one.example/", timeout=5).json() == 1

    @pytest.mark.parametrize("kind", ["text", "bytes", "file", "parts", "none"])
    @pytest.mark.usefixtures("apigames_responses")
    def test_a_body_is_read_however_the_client_holds_it(self, apigames: FakeMerchant, kind: str) -> None:
        text = json.dumps(body_for(apigames))
        data: Any = {
            "text": text,
            "bytes": text.encode(),
            "file": io.BytesIO(text.encode()),
            "parts": iter([text[:10].encode(), text[10:].encode()]),
            "none": None,
        }[kind]
        reply = requests.post(url_of(apigames), data=data, timeout=5).json()
        assert reply["rc"] == (400 if kind == "none" else 200)


class TestHttpx:
    def test_is_a_transport_of_a_sync_client(self, apigames: FakeMerchant, apigames_httpx: HttpxDouble) -> None:
        with httpx.Client(transport=apigames_httpx, base_url="http://anything") as client:
            path = url_of(apigames, "")
            assert len(listed(client.post(path, json=body_for(apigames)))) == 10
        apigames.assert_called(page=2, origin="httpx")

    def test_is_a_transport_of_an_async_client(self, apigames: FakeMerchant, apigames_httpx: HttpxDouble) -> None:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=apigames_httpx, base_url=BASE) as client:
                return await client.post(url_of(apigames), json=body_for(apigames))

        assert len(listed(asyncio.run(ask()))) == 10

    @pytest.mark.usefixtures("apigames_httpx")
    def test_clients_that_code_makes_by_itself_reach_it(self, apigames: FakeMerchant) -> None:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient() as client:
                return await client.post(url_of(apigames), json=body_for(apigames))

        assert len(listed(httpx.post(url_of(apigames), json=body_for(apigames)))) == 10
        assert len(listed(asyncio.run(ask()))) == 10

    @pytest.mark.usefixtures("apigames_httpx")
    def test_other_hosts_are_left_alone(self, apigames: FakeMerchant) -> None:
        reply = httpx.post(url_of(apigames, apigames.url), json=body_for(apigames))
        assert len(listed(reply)) == 10
        apigames.assert_called(origin=lambda origin: origin.startswith("127.0.0.1"))

    def test_one_that_somebody_else_patched_over_is_left_and_lets_everything_through(self) -> None:
        with mockserver.serve() as server:
            original = httpx.HTTPTransport.handle_request
            double = server.httpx()
            double.__enter__()
            ours = httpx.HTTPTransport.handle_request

            def theirs(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
                return ours(transport, request)

            setattr(httpx.HTTPTransport, "handle_request", theirs)  # noqa: B010 - as others do, which mypy forbids
            double.__exit__(None, None, None)
            try:
                reply = httpx.post(url_of(server, server.url), json=body_for(server))
                assert len(listed(reply)) == 10
            finally:
                setattr(httpx.HTTPTransport, "handle_request", original)  # noqa: B010 - as above


POST: dict[str, Any] = {"requests": requests.post, "httpx": httpx.post}


def replaced() -> list[object]:
    return [HTTPAdapter.send, httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request]


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_doubles_of_several_servers_come_and_go_in_any_order(library: str) -> None:
    def count(merchant: FakeMerchant) -> int:
        return len(listed(POST[library](url_of(merchant), json=body_for(merchant), timeout=5)))

    before = replaced()
    with mockserver.serve() as one, mockserver.serve() as two:
        first, second = [{"requests": it.responses, "httpx": it.httpx}[library]() for it in (one, two)]
        first.__enter__()
        second.__enter__()
        assert [count(one), count(two)] == [10, 10]
        first.__exit__(None, None, None)
        assert count(two) == 10
        second.__exit__(None, None, None)
    assert before == replaced()


@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_doubles_in_threads_do_not_see_each_other(library: str) -> None:
    before = replaced()
    everybody = threading.Barrier(4)
    counts: list[int] = []

    def work(merchant: FakeMerchant) -> None:
        with {"requests": merchant.responses, "httpx": merchant.httpx}[library]():
            everybody.wait(10)
            replies = (POST[library](url_of(merchant), json=body_for(merchant), timeout=5) for _ in range(5))
            counts.extend(len(listed(reply)) for reply in replies)
        everybody.wait(10)

    server = mockserver.FakeServer()
    threads = [threading.Thread(target=work, args=(server.merchant(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert counts == [10] * 20
    assert before == replaced()


def test_a_response_of_httpx_is_as_from_a_socket(apigames: FakeMerchant) -> None:
    heard: list[float] = []

    def hear(response: httpx.Response) -> None:
        response.read()
        heard.append(response.elapsed.total_seconds())

    with apigames.httpx(), httpx.Client(event_hooks={"response": [hear]}) as client:
        reply = client.post(url_of(apigames), json=body_for(apigames))
    assert heard == [reply.elapsed.total_seconds()]
    with apigames.httpx(), httpx.stream("POST", url_of(apigames), json=body_for(apigames)) as streamed:
        assert json.loads(b"".join(streamed.iter_raw()))["data"]["total_data"] == 40


def both(merchant: FakeMerchant) -> Any:
    """A call through each double, as (reply's status, reply's bytes)."""

    def by_requests(method: str, url: str, **sent: Any) -> Any:
        with merchant.responses():
            return requests.request(method, url, timeout=5, **sent)

    def by_httpx(method: str, url: str, **sent: Any) -> Any:
        with merchant.httpx():
            return httpx.request(method, url, **sent)

    return [by_requests, by_httpx]


@pytest.mark.parametrize("way", [0, 1])
def test_replies_are_those_of_the_server(apigames: FakeMerchant, way: int) -> None:
    apigames.clock.freeze()
    ask = both(apigames)[way]
    good = body_for(apigames)
    bodies: list[dict[str, Any]] = [
        {"json": good},
        {"json": {**good, "signature": "wrong"}},
        {"json": {**good, "projectid": "DW"}},
        {"data": b"{"},
        {"data": b"x" * 1_048_577},
    ]
    for sent in bodies:
        content = {"content": sent["data"]} if way and "data" in sent else sent
        double = ask("POST", url_of(apigames), **content)
        served = requests.post(url_of(apigames, apigames.url), timeout=5, **sent)
        assert (double.status_code, double.content) == (served.status_code, served.content)
        assert double.headers["Content-Length"] == served.headers["Content-Length"]
    unknown = f"{BASE}/merchant/M0/kiosgamer/project/detail"
    assert ask("POST", unknown, json=good).json()["error_msg"] == "Merchant not found"
    refused = ask("GET", url_of(apigames))
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/merchant/M1?signature=0123456789abcdef0123456789abcdef",
        f"{BASE}/",
        "http://v1.apigames.id/merchant/M/x",
    ],
)
def test_an_unknown_path_says_what_was_called_and_what_there_is(way: int, url: str) -> None:
    with mockserver.serve() as server:
        with pytest.raises(UndocumentedCall) as caught:
            both(server)[way]("GET", url)
        said = str(caught.value)
        assert "GET " + url.split("?", maxsplit=1)[0] in said
        assert "POST https://v1.apigames.id/merchant/{merchant_id}/kiosgamer/project/detail" in said
        assert "0123456789abcdef" not in said
        assert server.undocumented_calls == [said]


def test_the_code_under_test_cannot_take_an_unknown_path_for_a_network_failure() -> None:
    def careless() -> None:
        try:
            requests.get(f"{BASE}/", timeout=5)
        except Exception:
            return

    with mockserver.serve() as server, server.responses(), pytest.raises(UndocumentedCall):
        careless()


def test_a_timeout_of_urllib3_is_one_of_requests_too(apigames: FakeMerchant) -> None:
    url, fields, slow = url_of(apigames), body_for(apigames), {FAULT_HEADER: "delay; seconds=0.2"}
    with apigames.responses():
        for patience in (Timeout(connect=2, read=30), Timeout(2), Timeout(connect=1)):
            assert requests.post(url, json=fields, timeout=patience).json()["rc"] == 200  # type: ignore[arg-type]
        with pytest.raises(requests.ReadTimeout):
            requests.post(url, json=fields, headers=slow, timeout=Timeout(read=0.05))  # type: ignore[arg-type]


def test_an_async_client_waits_without_holding_up_the_loop(apigames: FakeMerchant) -> None:
    async def ask(client: httpx.AsyncClient, fault: str) -> int:
        headers = {FAULT_HEADER: fault} if fault else {}
        return (await client.post(url_of(apigames), json=body_for(apigames), headers=headers)).status_code

    async def together() -> list[int]:
        done: list[int] = []
        async with httpx.AsyncClient() as client:

            async def note(fault: str, mark: int) -> None:
                await ask(client, fault)
                done.append(mark)

            await asyncio.gather(note("delay; seconds=0.2", 1), note("", 2))
        return done

    with apigames.httpx():
        assert asyncio.run(together()) == [2, 1]
