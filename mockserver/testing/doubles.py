"""The fake behind `requests`: a `responses.RequestsMock` that answers for the vendor's host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import responses
from requests import PreparedRequest

from mockserver.contract.wire import BASE_URL
from mockserver.testing.in_process import UndocumentedCall, answer_in_process, body_bytes, is_built_in

if TYPE_CHECKING:
    from mockserver.testing.merchant import FakeMerchant

_LOOPBACK = re.compile(r"https?://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)", re.IGNORECASE)

_Callback = tuple[int, dict[str, str], bytes]


@contextmanager
def responses_double(merchant: FakeMerchant) -> Iterator[responses.RequestsMock]:
    """Answer for `https://v1.apigames.id` until the block ends.

    It is a `responses.RequestsMock`: what a test adds itself comes first, loopback is let through, and any other
    address is refused as `responses` does.
    """
    with responses.RequestsMock(assert_all_requests_are_fired=False) as double:
        double.add_passthru(_LOOPBACK)
        double.add(_Vendor(merchant, double))
        yield double


class _Vendor(responses.CallbackResponse):
    """Stands for everything at the vendor's host, whatever the method, that no other response is there for."""

    def __init__(self, merchant: FakeMerchant, double: responses.RequestsMock) -> None:
        super().__init__(responses.POST, BASE_URL, callback=self._answer, content_type=None)
        self._merchant = merchant
        self._double = double

    def matches(self, request: PreparedRequest) -> tuple[bool, str]:
        if not is_built_in(request.url or ""):
            return False, "not the vendor's host"
        others = (other for other in self._double.registered() if other is not self)
        if any(other.matches(request)[0] for other in others):
            return False, "another response was added for it"
        return True, ""

    def _answer(self, request: PreparedRequest) -> _Callback:
        __tracebackhide__ = True
        try:
            answer = answer_in_process(
                self._merchant.server.provider,
                request.method or "",
                request.url or "",
                body_bytes(request.body),
                "responses",
            )
        except UndocumentedCall as call:
            self._merchant.undocumented_calls.append(str(call))
            raise
        return answer.http_status, dict(answer.headers), answer.body
