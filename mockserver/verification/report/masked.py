"""What may be shown of a run: its secrets, and every signature made from them, are taken out before anything is cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.contract import near_misses
from mockserver.contract.judging.exchange import BODY_SHOWN, Exchange
from mockserver.contract.judging.violation import Fact, Values, Violation
from mockserver.contract.masking import LONGEST_WRITTEN, Masker
from mockserver.verification.report.curl import curl_line
from mockserver.verification.report.wording import expected_text, got_text, reason_text
from mockserver.verification.run.run import Run

_REPLY_SHOWN = 4_000
_TEXT_SHOWN = 2_000
_BYTES_OF_A_CHARACTER = 4


class Shown:
    """Makes what may be shown of a run."""

    def __init__(self, run: Run) -> None:
        own = run.caller.credentials
        self._base_url, self._session_key = run.target.base_url, run.caller.session_key
        made = [formula(own.merchant_id, own.secret_key) for formula in near_misses.ALL.values()]
        near = [text for text in made if len(text.strip()) >= 16 and text != own.merchant_id]
        # Codes that were submitted are money, also where a reply brings them back.
        self._mask = Masker([own.secret_key, own.signature, own.session_key or "", *near, *run.submitted])

    def expected(self, violation: Violation) -> str:
        """Say what was expected in place of a violation."""
        return self.text(expected_text(replace(violation, expected=self._values(violation.expected))))

    def got(self, violation: Violation) -> str:
        """Say what a violation is."""
        return self.text(got_text(replace(violation, got=self._values(violation.got))))

    def violation(self, violation: Violation) -> str:
        """Say all of a violation in one line."""
        return f"{violation.clause}: expected {self.expected(violation)}; got {self.got(violation)}"

    def reason(self, reason: Fact | None) -> str:
        """Say why a law, or a run, came to no judgement; nothing where it did."""
        return self.text(reason_text(reason and replace(reason, values=self._values(reason.values))))

    def reply(self, body: bytes) -> str:
        """Return the beginning of a reply. It may hold secrets that only the target knows, by the names of fields."""
        held = body[: _BYTES_OF_A_CHARACTER * (_REPLY_SHOWN + LONGEST_WRITTEN)]
        text = held.decode("utf-8", "replace")
        is_cut = len(held) < len(body)
        shown = self._mask.beginning(text, _REPLY_SHOWN, is_cut=is_cut)
        return f"{shown} ({len(body)} bytes)" if is_cut or len(text) > _REPLY_SHOWN else shown

    def text(self, text: str) -> str:
        """Return a text of the mock's own, but for what it quotes."""
        masked = self._mask.known(text)
        return masked if len(masked) <= _TEXT_SHOWN else f"{masked[:_TEXT_SHOWN]}…"

    def curl(self, exchange: Exchange) -> str:
        """Return a line for the shell that repeats a call, whole, with variables in the places of secrets."""
        return self._mask.known(curl_line(self._base_url, exchange, self._session_key))

    def _values(self, values: Values) -> Values:
        """Return values in which the body of a reply is masked, and only then cut."""
        shown: dict[str, Any] = {
            name: self._values(value) if isinstance(value, Mapping) else value for name, value in values.items()
        }
        if "body" in values:
            shown["body"] = self._mask.beginning(values["body"], BODY_SHOWN, is_cut=values["is_cut"])
        return shown
