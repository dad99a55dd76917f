"""The fake behind `requests`: a `responses.RequestsMock` that answers for the vendor's host."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import responses
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout  # noqa: A004 - requests' own name
from urllib3 import Timeout

from mockserver.contract.wire import BASE_URL
from mockserver.testing.doubles.in_process import (
    Answer,
    UndocumentedCall,
    answer_in_process,
    body_bytes,
    is_built_in,
    is_to,
    patience_ends,
)
from mockserver.testing.doubles.interception import intercepting, without_doubles

if TYPE_CHECKING:
    from mockserver.testing.merchant import FakeMerchant

_LOOPBACK = re.compile(r"https?://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/?#]|$)", re.IGNORECASE)

_Callback = tuple[int, dict[str, str], bytes]


class ResponsesDouble(responses.RequestsMock):
    """The fake as a `responses.RequestsMock`: what a test adds itself comes first, loopback is let through.

    Any other address is refused as `responses` does, or left to a mock of `responses` that was there before. Several
    may be there at once, in any order and any thread: each gets the calls to its own merchant, the newest all others.
    """

    def __init__(self, merchant: FakeMerchant) -> None:
        super().__init__(assert_all_requests_are_fired=False)
        self._merchant = merchant
        self._place = ExitStack()
        self._is_inside_another = False
        self.add_passthru(_LOOPBACK)
        self.add(_Vendor(merchant, self))

    def start(self) -> None:
        """Answer from now on."""
        self._is_inside_another = without_doubles(HTTPAdapter, "send").__module__ == responses.__name__
        self._place.enter_context(intercepting(self, (HTTPAdapter, "send", self.unbound_on_send())))

    def stop(self, allow_assert: bool = True) -> None:
        """Answer no longer."""
        self._place.close()
        super().stop(allow_assert)

    def claim(self, request: PreparedRequest) -> int:
        """Tell how much a request is this double's."""
        url = request.url or ""
        if is_to(self._merchant.merchant_id, url, self._merchant.server.provider.operations):
            return 2
        is_for_another = (
            self._is_inside_another
            and not _LOOPBACK.match(url)
            and not any(response.matches(request)[0] for response in self.registered())
        )
        return 0 if is_for_another else 1


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
                origin="responses",
                headers=request.headers.items(),
            )
        except UndocumentedCall as call:
            self._merchant.undocumented_calls.append(str(call))
            raise
        _suffer(answer, request)
        return answer.http_status, dict(answer.sent_headers), answer.body


def _suffer(answer: Answer, request: PreparedRequest) -> None:
    """Wait, and raise, as `requests` does when a fault hits it on the wire."""
    patience = _read_timeout(request)
    if patience is not None and patience_ends(answer, patience):
        time.sleep(patience)
        raise ReadTimeout(f"no reply within {patience:g} s (a fault of the fake)", request=request)
    if answer.delay or answer.body_seconds:
        time.sleep(answer.delay + answer.body_seconds)
    if answer.is_cut_off:
        failure = ChunkedEncodingError if answer.body else ConnectionError
        raise failure("the connection was closed before the reply was there (a fault of the fake)", request=request)


def _read_timeout(request: PreparedRequest) -> float | None:
    timeout: Any = getattr(request, "req_kwargs", {}).get("timeout")
    if isinstance(timeout, Timeout):
        # What is left for reading is known once it connects. A sentinel stands for the default of sockets: none.
        begun = timeout.clone()
        begun.start_connect()
        timeout = begun.read_timeout
    elif isinstance(timeout, tuple):
        timeout = timeout[1]
    return timeout if isinstance(timeout, (int, float)) else None
