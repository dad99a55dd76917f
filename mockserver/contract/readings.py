"""The register of readings: each question the page leaves open, its possible answers, and the one served.

Everything that speaks of a reading (switch, help, docs table, probe, report) is made from `REGISTER`.
A reading is a field of `Readings`, so the choice is typed wherever it is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, get_type_hints

from mockserver._text import nearest
from mockserver.contract.reading import Reading, ReadingsError, open_question, register_entry
from mockserver.contract.wire import STATUSES, VoucherStatus

Precedence = Literal[
    "merchant-signature-project",
    "signature-merchant-project",
    "merchant-project-signature",
]
Scope = Literal["project", "filtered"]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """One choice for each open question; the defaults are what the page suggests.

    Built by name, `Readings(http_status="200")`, or from a dict with `Readings.of`.

    Raises:
        ReadingsError: a value outside its closed set.
    """

    http_status: Literal["rc", "200"] = open_question(
        "rc",
        clause="ERR-5",
        question="HTTP status line of an error?",
        why="The page gives only rc.",
        probe="Send one body that is not JSON and look at the status line.",
    )
    precedence: Precedence = open_question(
        "merchant-signature-project",
        clause="ERR-2",
        question="Which error wins when several apply? JSON is always first.",
        why="The page's numbering.",
        probe="An unknown merchant with some signature, then a wrong signature with an unknown project.",
    )
    session_key: Literal["optional", "required"] = open_question(
        "optional",
        clause="REQ-1",
        question="Must session_key be there? Its value is never checked.",
        why="The table says required, the example leaves it out; the sibling page for bulk redemption says optional.",
        probe="A good call without session_key.",
    )
    missing_signature: Literal["signature", "json"] = open_question(
        "signature",
        clause="ERR-3",
        question="No signature at all?",
        why="Falls through to the check of the signature.",
        probe="A good call without signature.",
    )
    missing_projectid: Literal["project", "json"] = open_question(
        "project",
        clause="ERR-4",
        question="No projectid at all?",
        why="Falls through to the look-up of the project.",
        probe="A good call without projectid.",
    )
    missing_paging: Literal["default", "json"] = open_question(
        "default",
        clause="REQ-3",
        question="status, page or limit left out?",
        why='They are not in the table, and real clients leave them out: "", 1 and 30 are taken.',
        probe="A good call without status, page and limit.",
    )
    types: Literal["strict", "coerce"] = open_question(
        "strict",
        clause="REQ-1",
        question="A field of another JSON type than the example's, signature and session_key included?",
        why="The example's types. 1.5 and true are not integers.",
        probe="A good call with page and limit as decimal text.",
    )
    out_of_range: Literal["json", "default"] = open_question(
        "json",
        clause="REQ-3",
        question="page or limit below 1?",
        why="Nothing shown.",
        probe="A good call with page 0, then with limit 0.",
    )
    max_limit: str = open_question(
        "none",
        clause="PAGE-1",
        question="Is limit capped?",
        why="No cap shown.",
        probe="A good call with a limit above total_data.",
        open_values="a positive integer",
        tried=("10",),
        is_number=True,
    )
    signature_case: Literal["exact", "ignore"] = open_question(
        "exact",
        clause="REQ-2",
        question="Upper-case hex in a signature?",
        why="md5 is shown in lower case.",
        probe="A good call with the signature in upper case.",
    )
    form_body: Literal["reject", "accept"] = open_question(
        "reject",
        clause="REQ-1",
        question="A body that is itself form-encoded? (The body decides; Content-Type is never looked at.)",
        why="A JSON structure is asked for.",
        probe="A good call with the body form-encoded.",
    )
    status_codes: str = open_question(
        "0,1,2,3,4",
        clause="SUM-1",
        question="Numbers behind the stats names, in the order of stats?",
        why="Order of stats.",
        probe="Every voucher, unfiltered: match the tally of codes with stats where the counts differ.",
        open_values="any permutation that keeps 0 = pending",
        tried=("0,2,1,4,3",),
    )
    status_filter: Literal["code", "name", "both"] = open_question(
        "code",
        clause="FILT-1",
        question="How is a status named in a filter?",
        why="Vouchers carry numbers.",
        probe="One status that some vouchers have, asked for by its code and by its name.",
    )
    unknown_status: Literal["empty", "ignored", "json"] = open_question(
        "empty",
        clause="FILT-1",
        question="Filter value that names no status?",
        why="Matches nothing.",
        probe="A filter that names no status.",
    )
    beyond_last: Literal["empty", "last"] = open_question(
        "empty",
        clause="PAGE-1",
        question="Page past the last? current_page is echoed either way.",
        why="An empty list is the plain reading.",
        probe="Page total_page + 1.",
    )
    empty_vouchers: Literal["list", "null"] = open_question(
        "list",
        clause="RES-3",
        question="vouchers when there are none?",
        why="Arrays stay arrays.",
        probe="Any call that lists nothing: an empty project, an empty status or a page past the last.",
    )
    empty_total_page: Literal["0", "1"] = open_question(
        "0",
        clause="PAGE-2",
        question="total_page when there are none?",
        why="ceil(0 / limit).",
        probe="A filter that matches nothing, or an empty project.",
    )
    stats_scope: Scope = open_question(
        "project",
        clause="SUM-1",
        question="stats under a filter?",
        why="They are beside total_voucher, on the project.",
        probe="A filter that matches some vouchers but not all.",
    )
    total_voucher_scope: Scope = open_question(
        "project",
        clause="SUM-1",
        question="total_voucher under a filter?",
        why="It is on the project.",
        probe="A filter that matches some vouchers but not all.",
    )
    kategori_scope: Literal["project", "filtered", "page"] = open_question(
        "project",
        clause="SUM-2",
        question="kategori_voucher under a filter or on one page?",
        why="It is on the project.",
        probe="A filter that matches some vouchers but not all, and a page that holds some but not all.",
    )
    kategori_order: Literal["nominal", "count", "first_seen"] = open_question(
        "nominal",
        clause="SUM-2",
        question="The order of kategori_voucher? (ascending nominal, descending count, or as first seen in the list)",
        why="The example fits all three.",
        probe="Every voucher, unfiltered: compare the order with each of the three.",
    )
    timezone: Literal["Asia/Jakarta", "UTC"] = open_question(
        "Asia/Jakarta",
        clause="RES-4",
        question="Time zone of the date-times?",
        why="The vendor is Indonesian; the example's time would lie after its own ts in UTC.",
        probe="None by reading alone: a reply does not say when its vouchers were really made.",
    )
    project_match: Literal["project_id", "project_id_or_name"] = open_question(
        "project_id",
        clause="REQ-3",
        question="What may projectid name?",
        why='The example asks for "DW" and gets R240815XPQR000012.',
        probe="The project's name in projectid, when the name is known.",
    )
    bulk_precedence: Literal["merchant-signature", "signature-merchant"] = open_question(
        "merchant-signature",
        clause="BULK-ERR-5",
        question="Submitting: which error wins? JSON is first, base64 and duplicates are last.",
        why="The secret is the merchant's, so it is found first; the sibling page numbers them the other way round.",
        probe="With --submit-refusals: a submission that cannot be accepted, of an unknown merchant.",
        operation="redeem_bulk",
    )
    bulk_missing: Literal["json", "own"] = open_question(
        "json",
        clause="BULK-ERR-1",
        question="Submitting: a required field left out or empty?",
        why="The sibling page's title of failure 1. (own: without signature BULK-ERR-2, without list BULK-ERR-4.)",
        probe="With --submit-refusals: a submission without signature, or without list.",
        operation="redeem_bulk",
    )
    bulk_lines: Literal["any", "strict"] = open_question(
        "any",
        clause="BULK-REQ-2",
        question="Submitting: what parts the codes?",
        why="Enter is \\r\\n on Windows. (strict: \\n alone, everything else is part of a code.)",
        probe="With --submit, on this machine alone: a list with \\r\\n and empty lines, and the status call.",
        operation="redeem_bulk",
    )
    bulk_empty: Literal["base64", "json"] = open_question(
        "base64",
        clause="BULK-ERR-4",
        question="Submitting: a list without one code?",
        why="The list is what is wrong.",
        probe="With --submit, on this machine alone: the base64 of white space.",
        operation="redeem_bulk",
    )
    bulk_base64: Literal["strict", "lenient"] = open_question(
        "strict",
        clause="BULK-ERR-4",
        question="Submitting: line breaks in the base64, the URL-safe alphabet, no padding?",
        why="The sibling page says base64, no more.",
        probe="With --submit, on this machine alone: a list in base64 without padding.",
        operation="redeem_bulk",
    )
    bulk_duplicate: Literal["merchant", "list", "anyone"] = open_question(
        "merchant",
        clause="BULK-ERR-10",
        question="Submitting: what is a double?",
        why='"sudah ada sebelumnya": it was there before. (list: twice in the list only; anyone: any merchant has it.)',
        probe="With --submit, on this machine alone: one list twice.",
        operation="redeem_bulk",
    )
    bulk_reply: Literal["as_shown", "counted"] = open_question(
        "as_shown",
        clause="BULK-RES-2",
        question="Submitting: sums and times in the reply?",
        why="The sibling page's example has 0 and empty text. (counted: as many as the codes, and when.)",
        probe="With --submit, on this machine alone: any accepted submission.",
        operation="redeem_bulk",
    )
    bulk_most: str = open_question(
        "none",
        clause="BULK-ERR-4",
        question="Submitting: at most how many codes?",
        why="Nothing shown.",
        probe="With --submit, on this machine alone: a list of more codes than are served at most.",
        open_values="a positive integer",
        tried=("10",),
        is_number=True,
        operation="redeem_bulk",
    )

    def __post_init__(self) -> None:
        for key, entry in REGISTER.items():
            # max_limit may be given as a number, and is kept as text like the others.
            object.__setattr__(self, key, entry.checked(getattr(self, key)))

    @classmethod
    def of(cls, choices: Mapping[str, object]) -> Readings:
        """Return the defaults with `choices` in their places.

        Raises:
            ReadingsError: a key that is not in the register, or a value outside its closed set.
        """
        if not isinstance(choices, Mapping):
            raise ReadingsError(f'expected readings as a dict, as in {{"http_status": "200"}}, got {choices!r}')
        chosen: dict[str, Any] = {_known(key): value for key, value in choices.items()}
        return cls(**chosen)

    def replace(self, **choices: object) -> Readings:
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
    def most_codes(self) -> int | None:
        """How many codes a submission may have, or None for any number."""
        return None if self.bulk_most == "none" else int(self.bulk_most)

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


def _register() -> Mapping[str, Reading]:
    hints = get_type_hints(Readings)
    return MappingProxyType(
        {declared.name: register_entry(declared, hints[declared.name]) for declared in fields(Readings)}
    )


REGISTER: Mapping[str, Reading] = _register()


def readings_about(operation: str) -> Mapping[str, Reading]:
    """Return the entries of the register that are about the operation of this name, by key."""
    return {key: entry for key, entry in REGISTER.items() if entry.operation == operation}


def each_other_value(base: Readings | None = None, operation: str = "project_detail") -> Iterator[tuple[str, str]]:
    """Yield every (key, value) about an operation that `base` (None: the defaults) has not, tried ones of long sets."""
    in_force = (base or Readings()).as_dict()
    for key, entry in readings_about(operation).items():
        for value in (entry.default, *entry.tried):
            if value != in_force[key]:
                yield key, value


def _known(key: str) -> str:
    if key not in REGISTER:
        hint = nearest(str(key), REGISTER) or f"; known are {', '.join(REGISTER)}"
        raise ReadingsError(f"there is no reading {key!r}{hint}")
    return key
