"""The register of readings: each question the page leaves open, its possible answers, and the one served.

Everything that speaks of a reading (switch, help, docs table, probe, report) is made from `REGISTER`.
A reading is a field of `Readings`, so the choice is typed wherever it is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, get_args, get_type_hints

from mockserver._words import nearest
from mockserver.contract.wire import STATUSES, VoucherStatus

Precedence = Literal[
    "merchant-signature-project",
    "signature-merchant-project",
    "merchant-project-signature",
]
Scope = Literal["project", "filtered"]

_CODE_PERMUTATIONS = tuple(f"0,{','.join(tail)}" for tail in itertools.permutations("1234"))


class ReadingsError(ValueError):
    """A key or a value that the register does not have; the message names what it does have."""


def _reading(
    default: str,
    *,
    clause: str,
    question: str,
    why: str,
    probe: str,
    open_values: str | None = None,
    tried: tuple[str, ...] | None = None,
) -> Any:
    about = {
        "clause": clause,
        "question": question,
        "why": why,
        "probe": probe,
        "open_values": open_values,
        "tried": tried,
    }
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Readings:
    """One choice for each open question; the defaults are what the page suggests.

    Build one with `Readings.of({"http_status": "200"})`, which checks keys and values.
    """

    http_status: Literal["rc", "200"] = _reading(
        "rc",
        clause="ERR-5",
        question="HTTP status line of an error?",
        why="The page gives only rc.",
        probe="Send one body that is not JSON and look at the status line.",
    )
    precedence: Precedence = _reading(
        "merchant-signature-project",
        clause="ERR-2",
        question="Which error wins when several apply? JSON is always first.",
        why="The page's numbering.",
        probe="An unknown merchant with some signature, then a wrong signature with an unknown project.",
    )
    session_key: Literal["optional", "required"] = _reading(
        "optional",
        clause="REQ-1",
        question="Must session_key be there? Its value is never checked.",
        why="The table says required, the example leaves it out; the sibling page for bulk redemption calls it optional.",
        probe="A good call without session_key.",
    )
    missing_signature: Literal["signature", "json"] = _reading(
        "signature",
        clause="ERR-3",
        question="No signature at all?",
        why="Falls through to the check of the signature.",
        probe="A good call without signature.",
    )
    missing_projectid: Literal["project", "json"] = _reading(
        "project",
        clause="ERR-4",
        question="No projectid at all?",
        why="Falls through to the look-up of the project.",
        probe="A good call without projectid.",
    )
    missing_paging: Literal["default", "json"] = _reading(
        "default",
        clause="REQ-3",
        question="status, page or limit left out?",
        why='They are not in the table, and real clients leave them out: "", 1 and 30 are taken.',
        probe="A good call without status, page and limit.",
    )
    types: Literal["strict", "coerce"] = _reading(
        "strict",
        clause="REQ-1",
        question="A field of another JSON type than the example's, signature and session_key included?",
        why="The example's types. 1.5 and true are no integers.",
        probe="A good call with page and limit as decimal text.",
    )
    out_of_range: Literal["json", "default"] = _reading(
        "json",
        clause="REQ-3",
        question="page or limit below 1?",
        why="Nothing shown.",
        probe="A good call with page 0, then with limit 0.",
    )
    max_limit: str = _reading(
        "none",
        clause="PAGE-1",
        question="Is limit capped?",
        why="No cap shown.",
        probe="A good call with a limit above total_data.",
        open_values="a positive integer",
        tried=("10",),
    )
    signature_case: Literal["exact", "ignore"] = _reading(
        "exact",
        clause="REQ-2",
        question="Upper-case hex in a signature?",
        why="md5 is shown in lower case.",
        probe="A good call with the signature in upper case.",
    )
    form_body: Literal["reject", "accept"] = _reading(
        "reject",
        clause="REQ-1",
        question="A body that is itself form-encoded? (The body decides; Content-Type is never looked at.)",
        why="A JSON structure is asked for.",
        probe="A good call with the body form-encoded.",
    )
    status_codes: str = _reading(
        "0,1,2,3,4",
        clause="SUM-1",
        question="Numbers behind the stats names, in the order of stats?",
        why="Order of stats.",
        probe="Every voucher, unfiltered: match the tally of codes with stats where the counts differ.",
        open_values="any permutation that keeps 0 = pending",
        tried=("0,2,1,4,3",),
    )
    status_filter: Literal["code", "name", "both"] = _reading(
        "code",
        clause="FILT-1",
        question="How is a status named in a filter?",
        why="Vouchers carry numbers.",
        probe="One status that some vouchers have, asked for by its code and by its name.",
    )
    unknown_status: Literal["empty", "ignored", "json"] = _reading(
        "empty",
        clause="FILT-1",
        question="Filter value that names no status?",
        why="Matches nothing.",
        probe="A filter that names no status.",
    )
    beyond_last: Literal["empty", "last"] = _reading(
        "empty",
        clause="PAGE-1",
        question="Page past the last? current_page is echoed either way.",
        why="An empty list is the plain reading.",
        probe="Page total_page + 1.",
    )
    empty_vouchers: Literal["list", "null"] = _reading(
        "list",
        clause="RES-3",
        question="vouchers when there are none?",
        why="Arrays stay arrays.",
        probe="Any call that lists nothing: an empty project, an empty status or a page past the last.",
    )
    empty_total_page: Literal["0", "1"] = _reading(
        "0",
        clause="PAGE-2",
        question="total_page when there are none?",
        why="ceil(0 / limit).",
        probe="A filter that matches nothing, or an empty project.",
    )
    stats_scope: Scope = _reading(
        "project",
        clause="SUM-1",
        question="stats under a filter?",
        why="They stand beside total_voucher, on the project.",
        probe="A filter that matches some vouchers but not all.",
    )
    total_voucher_scope: Scope = _reading(
        "project",
        clause="SUM-1",
        question="total_voucher under a filter?",
        why="It stands on the project.",
        probe="A filter that matches some vouchers but not all.",
    )
    kategori_scope: Literal["project", "filtered", "page"] = _reading(
        "project",
        clause="SUM-2",
        question="kategori_voucher under a filter or on one page?",
        why="It stands on the project.",
        probe="A filter that matches some vouchers but not all, and a page that holds some but not all.",
    )
    kategori_order: Literal["nominal", "count", "first_seen"] = _reading(
        "nominal",
        clause="SUM-2",
        question="The order of kategori_voucher? (ascending nominal, descending count, or as first seen in the list)",
        why="The example fits all three.",
        probe="Every voucher, unfiltered: compare the order with each of the three.",
    )
    timezone: Literal["Asia/Jakarta", "UTC"] = _reading(
        "Asia/Jakarta",
        clause="RES-4",
        question="Time zone of the date-times?",
        why="The vendor is Indonesian; the example's time would lie after its own ts in UTC.",
        probe="None by reading alone: a reply does not say when its vouchers were really made.",
    )
    project_match: Literal["project_id", "project_id_or_name"] = _reading(
        "project_id",
        clause="REQ-3",
        question="What may projectid name?",
        why='The example asks for "DW" and gets R240815XPQR000012.',
        probe="The project's name in projectid, when the name is known.",
    )

    @classmethod
    def of(cls, choices: Mapping[str, object]) -> Readings:
        """Return the defaults with `choices` in their places.

        Raises:
            ReadingsError: a key that is not in the register, or a value outside its closed set.
        """
        return cls(**{key: _register_entry(key).checked(value) for key, value in choices.items()})

    def having(self, **choices: object) -> Readings:
        """Return these readings with `choices` in their places; raises as `of` does."""
        return Readings.of({**self.as_dict(), **choices})

    def as_dict(self) -> dict[str, str]:
        """Return every key with its value as text, as files and switches have it."""
        return {key: getattr(self, key) for key in REGISTER}

    @cached_property
    def limit_cap(self) -> int | None:
        """The largest page size served, or None."""
        return None if self.max_limit == "none" else int(self.max_limit)

    @cached_property
    def code_of(self) -> Mapping[VoucherStatus, int]:
        """The number on the wire for each status."""
        codes = (int(code) for code in self.status_codes.split(","))
        return MappingProxyType(dict(zip(STATUSES, codes, strict=True)))

    @cached_property
    def status_of(self) -> Mapping[int, VoucherStatus]:
        """The status behind each number on the wire."""
        return MappingProxyType({code: status for status, code in self.code_of.items()})

    @cached_property
    def status_named(self) -> Mapping[str, VoucherStatus]:
        """The status behind each text that a filter may hold (`status_filter`)."""
        by_code = {str(code): status for code, status in self.status_of.items()}
        by_name = {status.value: status for status in STATUSES}
        return {"code": by_code, "name": by_name, "both": {**by_code, **by_name}}[self.status_filter]

    @cached_property
    def required_fields(self) -> Mapping[str, str]:
        """The fields that a request must have, each with the key of the reading that requires it."""
        required = {}
        if self.session_key == "required":
            required["session_key"] = "session_key"
        if self.missing_signature == "json":
            required["signature"] = "missing_signature"
        if self.missing_projectid == "json":
            required["projectid"] = "missing_projectid"
        if self.missing_paging == "json":
            required.update(dict.fromkeys(("status", "page", "limit"), "missing_paging"))
        return MappingProxyType(required)


@dataclass(frozen=True)
class Reading:
    """One entry of the register.

    `values` is the closed set, default first; where it is too long to list, `open_values` says it in words.
    `tried` are the values that tests and `each` runs use beside the default. `clause` is the clause it completes.
    """

    key: str
    question: str
    values: tuple[str, ...]
    default: str
    why: str
    clause: str
    probe: str
    open_values: str | None
    tried: tuple[str, ...]

    @property
    def values_in_words(self) -> str:
        """The closed set as a person reads it, default first."""
        listed = " | ".join(self.values)
        return f"{listed} | {self.open_values}" if self.open_values else listed

    def checked(self, value: object) -> str:
        """Return `value` as the register's text.

        Raises:
            ReadingsError: it is not in the closed set.
        """
        text = str(value) if self._is_whole_number(value) else value
        if isinstance(text, str) and self._holds(text):
            return text
        raise ReadingsError(f"reading {self.key!r} cannot be {value!r}; expected the text {self.values_in_words}")

    def _is_whole_number(self, value: object) -> bool:
        return self.key == "max_limit" and isinstance(value, int) and not isinstance(value, bool)

    def _holds(self, text: str) -> bool:
        if text in self.values:
            return True
        if self.key == "max_limit":
            return text.isascii() and text.isdigit() and len(text) <= 18 and not text.startswith("0")
        return self.key == "status_codes" and text in _CODE_PERMUTATIONS


def _entry(declared: Field[Any], hint: Any) -> Reading:
    assert declared.default is not MISSING
    about = dict(declared.metadata)
    values = get_args(hint) or (declared.default,)
    tried = about.pop("tried") or values[1:]
    return Reading(key=declared.name, values=values, default=declared.default, tried=tried, **about)


def _register() -> Mapping[str, Reading]:
    hints = get_type_hints(Readings)
    return MappingProxyType({declared.name: _entry(declared, hints[declared.name]) for declared in fields(Readings)})


REGISTER: Mapping[str, Reading] = _register()


def each_other_value() -> Iterator[tuple[str, str]]:
    """Yield every (key, value) of the register that is not the default, the long sets by their tried values."""
    for key, entry in REGISTER.items():
        for value in entry.tried:
            yield key, value


def readings_from_document(document: Mapping[str, Any]) -> Readings:
    """Read a readings file: `{"readings": {KEY: VALUE}}`, VALUE plain or as a calibration writes it.

    A calibrated value is `{"value": V, "seen": "observed" | "unseen" | "other", "why": S}`.

    Raises:
        ReadingsError: the document is not of that form, or names what the register does not have.
    """
    choices = document.get("readings") if isinstance(document, Mapping) else None
    if not isinstance(choices, Mapping):
        raise ReadingsError('expected {"readings": {KEY: VALUE, ...}} at the top')
    return Readings.of({key: _plain(key, value) for key, value in choices.items()})


def _plain(key: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if "value" not in value:
        raise ReadingsError(f'reading {key!r}: expected a value, or {{"value": V, "seen": S, "why": TEXT}}')
    return value["value"]


def _register_entry(key: str) -> Reading:
    if key not in REGISTER:
        hint = nearest(key, REGISTER) or f"; known are {', '.join(REGISTER)}"
        raise ReadingsError(f"there is no reading {key!r}{hint}")
    return REGISTER[key]
