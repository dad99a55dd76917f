"""The fake behind `requests`: a `responses.RequestsMock` that answers for the vendor's host."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from inspect import signature
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import responses
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from mockserver.testing.doubles.in_process import Doubled, is_built_in, is_to
from mockserver.testing.doubles.interception import Replacement, intercepting, without_interception
from mockserver.testing.doubles.urllib3_memory import memory_pools
from mockserver.testing.doubles.vendor_host import guarding_vendor_host

_LOOPBACK = re.compile(r"https?://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)", re.IGNORECASE)


class ResponsesDouble(responses.RequestsMock):
    """The fake as a `responses.RequestsMock`: what a test adds itself comes first, loopback is let through.

    Any other address is refused as `responses` does, or left to a mock of `responses` that was there before. Several
    may be there at once, in any order and any thread: each gets the calls to its own merchant, the newest all others.
    """

    def __init__(self, merchant: Doubled) -> None:
        super().__init__(assert_all_requests_are_fired=False)
        self._merchant = merchant
        self._place = ExitStack()
        self._is_inside_another = False
        self._of_responses = self.unbound_on_send()
        self.add_passthru(_LOOPBACK)

    def start(self) -> None:
        """Answer from now on."""
        self._is_inside_another = without_interception(HTTPAdapter, "send").__module__ == responses.__name__
        self._place.enter_context(guarding_vendor_host(self._merchant.server))
        self._place.enter_context(intercepting(Replacement(HTTPAdapter, "send", self._claim, self._send)))

    def stop(self, allow_assert: bool = True) -> None:
        """Answer no longer."""
        self._place.close()
        super().stop(allow_assert)

    def _claim(self, _: HTTPAdapter, request: PreparedRequest, *_args: Any, **options: Any) -> int:
        """Tell how much a request is this double's."""
        url = request.url or ""
        if is_to(self._merchant.merchant_id, url, self._merchant.server.provider.operations):
            return 2
        if self._is_inside_another and not _LOOPBACK.match(url) and not is_built_in(url):
            return 1 if self._is_added(request, options) else 0
        return 1

    def _send(self, adapter: HTTPAdapter, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        __tracebackhide__ = True
        options = {**dict(zip(("stream", "timeout", "verify", "cert", "proxies"), args, strict=False)), **kwargs}
        if not is_built_in(request.url or "") or self._is_added(request, options):
            response: Response = self._of_responses(adapter, request, **options)
            return response
        calls: Any = self.calls
        try:
            response = _in_memory(adapter, self._merchant)(request, **{**options, **_WITHOUT_A_WIRE})
        except BaseException as error:
            calls.add(request, error)
            raise
        if self.response_callback is not None:
            response = self.response_callback(response)
        calls.add(request, response)
        return response

    def _is_added(self, request: PreparedRequest, options: dict[str, Any]) -> bool:
        """Tell whether the test itself has added a response for it; what such a one may look at is what it gets."""
        seen: Any = request
        seen.params, seen.req_kwargs = dict(parse_qsl(urlsplit(request.url or "").query)), options
        return any(response.matches(request)[0] for response in self.registered())


# What requests itself sends with, whatever mock stands in the place of it by now.
_send_of_requests = signature(responses.RequestsMock).parameters["real_adapter_send"].default

# A certificate to check or to show, and a proxy to ask, would be of a wire.
_WITHOUT_A_WIRE: dict[str, Any] = {"verify": False, "cert": None, "proxies": None}


def _in_memory(adapter: HTTPAdapter, merchant: Doubled) -> Callable[..., Response]:
    """Return what sends as this adapter does, with its retries, but to the fake."""
    copy: Any = object.__new__(type(adapter))
    vars(copy).update(vars(adapter), poolmanager=memory_pools(merchant))
    send: Callable[..., Response] = _send_of_requests.__get__(copy)
    return send
