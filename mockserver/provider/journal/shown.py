"""A call as a person may read it: what is masked of it, and when."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import msgspec

from mockserver.contract.masking import LONGEST_WRITTEN, MASK, BodyText, Masker, masked_body
from mockserver.contract.operation import JSON
from mockserver.provider.journal.headers import shown_headers
from mockserver.provider.journal.recorded import Call, Entry, Listed, RawEntry
from mockserver.provider.operations.parsing import decode_json, form_fields
from mockserver.provider.refusal import Refusal
from mockserver.provider.reply import Reply

REPLY_KEPT = 65_536
# A little more is held: what is masked first and cut then shows no secret in part.
REPLY_HELD = REPLY_KEPT + LONGEST_WRITTEN
# A list shows of a longer body what it asks for alone.
LISTED_BODY = 4096


def masked_entry(kept: RawEntry, masker: Masker) -> Entry:
    """Return a call whole; `masker` knows the secrets that there are."""
    call, reply = kept.call, kept.reply
    decoded = _decoded(call, reply)
    mask = masker.knowing_sent(decoded)
    fields = _fields(call, decoded, mask)
    body = masked_body(call.body, mask) if fields is None else BodyText(_text(fields, call.body), is_withheld=False)
    return Entry(
        **_shown(kept, mask, fields, decoded),
        body=body.text,
        is_withheld=body.is_withheld,
        reply=mask.beginning(reply.body.decode("utf-8", "replace"), REPLY_KEPT, is_cut=reply.size >= REPLY_HELD),
    )


class LazyEntry:
    """A call that is masked when it is looked at: mostly a test looks at a few fields of it, and at no more.

    It has the attributes of `Entry`.
    """

    def __init__(self, kept: RawEntry, masker: Masker) -> None:
        self._kept = kept
        self._masker = masker

    @cached_property
    def entry(self) -> Entry:
        """The call, whole."""
        return masked_entry(self._kept, self._masker)

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What is asked for, as `Entry` has it; of anything but plain values the whole entry is made."""
        call = self._kept.call
        decoded = _decoded(call, self._kept.reply)
        asked = _asked(call, decoded if isinstance(decoded, dict) else None)
        mask = self._masker.knowing_sent(decoded)
        if not all(isinstance(value, (str, int, type(None))) and mask(name) == name for name, value in asked.items()):
            return self.entry.asked
        return {**{name: mask.value(value) for name, value in asked.items()}, **_summaries(call, decoded)}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._kept.reply if name in _OF_REPLY else self.entry, name)


# Nothing in these is anybody's secret.
_OF_REPLY = frozenset({"http_status", "rc", "role", "clause", "reading"})


def _shown(kept: RawEntry, mask: Masker, fields: dict[str, Any] | None, decoded: Any) -> dict[str, Any]:
    """Return what a list and a single call show alike: of the body what is in `fields`, or may be told of `decoded`."""
    call, reply = kept.call, kept.reply
    return {
        "n": kept.n,
        "at": call.at,
        "origin": call.origin,
        "method": call.method if call.operation is not None else mask(call.method),
        "path": mask(call.path),
        "operation": None if call.operation is None else call.operation.name,
        "merchant_id": None if call.merchant_id is None else mask(call.merchant_id),
        "headers": shown_headers(call.headers, mask),
        "fields": fields,
        "asked": {**_asked(call, fields), **_summaries(call, decoded)},
        "forced": None if call.forced is None else mask(call.forced),
        "http_status": reply.http_status,
        "rc": reply.rc,
        "role": reply.role,
        "clause": reply.clause,
        "reading": reply.reading,
        "explanation": None if reply.explanation is None else mask(reply.explanation),
        "fault": getattr(reply, "fault", None),
        "took": kept.took,
    }


def listed_entry(kept: RawEntry, masker: Masker) -> Listed:
    """Return a call as a list has it."""
    decoded = _decoded(kept.call, kept.reply)
    mask = masker.knowing_sent(decoded)
    is_cut = len(kept.call.body) > LISTED_BODY and isinstance(decoded, dict)
    listed = decoded
    if is_cut:
        asked = _asked(kept.call, decoded)
        listed = {name: one for name, one in asked.items() if not isinstance(one, (list, dict))}
    fields = _fields(kept.call, listed, mask)
    if is_cut and fields is not None:
        fields |= _masked_summaries(kept.call, decoded)
    return Listed(**_shown(kept, mask, fields, decoded), is_cut=is_cut)


def _decoded(call: Call, reply: Reply) -> Any:
    try:
        return decode_json(call.body)
    except Refusal:
        return None if reply.role == JSON or call.operation is None else form_fields(call.body, call.operation)


def _fields(call: Call, decoded: Any, mask: Masker) -> dict[str, Any] | None:
    if not isinstance(decoded, dict):
        return None
    try:
        masked: dict[str, Any] = mask.value(decoded)
    except RecursionError:
        return None
    return masked | _masked_summaries(call, decoded)


def _asked(call: Call, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    if call.operation is None or fields is None:
        return {}
    return {name: fields[name] for name in call.operation.asked if name in fields}


def _masked_summaries(call: Call, decoded: Any) -> dict[str, str]:
    """Return what is shown of the secret fields of which more may be shown than that they were sent."""
    return {name: f"{MASK} ({summary})" for name, summary in _summaries(call, decoded).items()}


def _summaries(call: Call, decoded: Any) -> dict[str, str]:
    if call.operation is None or not isinstance(decoded, dict):
        return {}
    return {
        field.name: field.summary(sent)
        for field in call.operation.summarized
        if field.summary is not None and isinstance(sent := decoded.get(field.name), str)
    }


def _text(fields: dict[str, Any], sent: bytes) -> str:
    # In the form that it was sent in, which has no braces.
    return msgspec.json.encode(fields).decode() if b"{" in sent else urlencode(fields, safe="*")
