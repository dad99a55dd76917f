"""Why a call got what it got, as data; its text is made where a person reads it."""

from __future__ import annotations

import msgspec


class Cause(msgspec.Struct, frozen=True):
    """Why a call got its reply. As text it explains that to a person, and may quote what was sent.

    `field` is the name of the field that is wrong, None when it is not about one.
    """

    @property
    def field(self) -> str | None:
        """The field of the request that is wrong."""
        return None


class BodyEmpty(Cause, frozen=True):
    """The body has no bytes."""

    def __str__(self) -> str:
        return "the body is empty; expected one JSON object"


class BodyTooDeep(Cause, frozen=True):
    """The body is nested past the depth of any parser."""

    def __str__(self) -> str:
        return "the body is nested too deeply"


class BodyNotUtf8(Cause, frozen=True):
    """The body, or a form's value in it, is not UTF-8."""

    is_form: bool = False

    def __str__(self) -> str:
        return "the form-encoded body is not UTF-8" if self.is_form else "the body is not UTF-8"


class BodyNotJson(Cause, frozen=True):
    """The body is not JSON; `detail` is what the parser says."""

    detail: str

    def __str__(self) -> str:
        return f"the body is not valid JSON: {self.detail}"


class BodyNotObject(Cause, frozen=True):
    """The body is JSON of another type than an object; `got` names it."""

    got: str

    def __str__(self) -> str:
        return f"the body: expected one JSON object, got {self.got}"


class FieldCause(Cause, frozen=True):
    """One field is wrong."""

    name: str

    @property
    def field(self) -> str | None:
        """The field of the request that is wrong."""
        return self.name


class FieldMissing(FieldCause, frozen=True):
    """A field was left out."""

    def __str__(self) -> str:
        return f"{self.name} is missing"


class FieldEmpty(FieldCause, frozen=True):
    """A field that must hold something is an empty text."""

    def __str__(self) -> str:
        return f"{self.name} is empty"


class ListWrong(FieldCause, frozen=True):
    """A list of voucher codes cannot be taken; `kind` is that of `BadList`. No code is quoted: each is money."""

    kind: str

    def __str__(self) -> str:
        return f"{self.name} {_WRONG_LISTS[self.kind]}"


_WRONG_LISTS = {
    "base64": "is not base64 of the standard alphabet, padded and without line breaks",
    "text": "holds base64 of bytes that are not UTF-8",
    "empty": "holds base64 of a list without one code",
    "empty_line": "holds base64 of a list with an empty line",
    "too_many": "holds more codes than are taken at once",
}


class CodeDouble(FieldCause, frozen=True):
    """The code of this number (from 1) in a list was there before: in the list itself, or in a project."""

    number: int
    is_in_list: bool

    def __str__(self) -> str:
        where = "appears twice in the list" if self.is_in_list else "is in a project already"
        return f"code {self.number} of {self.name} {where}"


class VendorState(Cause, frozen=True):
    """The merchant is set to get this failure of the vendor's, by its role, whatever it submits."""

    role: str

    def __str__(self) -> str:
        return f"the merchant is in the vendor's state {self.role!r}"


class NoIdsLeft(Cause, frozen=True):
    """No id is left to give out, of a project or a voucher, as `noun` says: one of the world's is that high."""

    noun: str
    highest: int

    def __str__(self) -> str:
        return f"no {self.noun} id is left to give out above those of this world; {self.highest} is the highest"


class NotCarriedOut(Cause, frozen=True):
    """A fault hit the call before it was carried out."""

    def __str__(self) -> str:
        return "the call was not carried out"


class FieldWrongType(FieldCause, frozen=True):
    """A field is of another JSON type, `got`, than the documented one."""

    got: str
    expected: str

    def __str__(self) -> str:
        # Not "name: ...": what follows a colon after the name of a secret field is masked.
        return f"{self.name} is of the JSON type {self.got}; expected {self.expected}"


class FieldBelowMinimum(FieldCause, frozen=True):
    """A number is below the least that the page knows."""

    value: int
    minimum: int

    def __str__(self) -> str:
        return f"{self.name} is {self.value}; expected {self.minimum} or more"


class FieldNamesNothing(FieldCause, frozen=True):
    """A text is none of those that the field may hold; each of `known` names a `noun`."""

    value: str
    noun: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.value!r} names no {self.noun}; known are {', '.join(map(repr, self.known))}"


class MerchantUnknown(Cause, frozen=True):
    """No merchant has the id in the path; `has_no_secret`: so there is nothing to check its signature with."""

    merchant_id: str
    has_no_secret: bool = False

    def __str__(self) -> str:
        if self.has_no_secret:
            return "an unknown merchant has no secret to sign with"
        return f"no merchant {self.merchant_id!r}"


class SignatureWrong(FieldCause, frozen=True):
    """The signature is another than that of the merchant."""

    def __str__(self) -> str:
        return f"{self.name} is not md5(merchant_id + secret_key) of this merchant"


class FilterNamesNothing(FieldCause, frozen=True):
    """A success whose filter names no status; `is_ignored`: so nothing was filtered, else nothing is listed."""

    value: str
    known: tuple[str, ...]
    is_ignored: bool

    def __str__(self) -> str:
        became = "and unfiltered" if self.is_ignored else "and empty"
        known = ", ".join(map(repr, self.known))
        return f"200, {became}: {self.name} {self.value!r} names no status; known are {known}"


class PageBeyondLast(FieldCause, frozen=True):
    """A success whose page is past the last; `shows_last`: so it lists that one, else nothing."""

    page: int
    pages: int
    limit: int
    shows_last: bool

    def __str__(self) -> str:
        became = "and the last page again" if self.shows_last else "and empty"
        last = f"the last is {self.pages} at limit {self.limit}" if self.pages else "no voucher matches"
        return f"200, {became}: {self.name} {self.page} is past the last; {last}"


class ProjectUnknown(FieldCause, frozen=True):
    """The merchant has no project that the field names."""

    merchant_id: str
    value: str

    def __str__(self) -> str:
        return f"merchant {self.merchant_id!r} has no project {self.value!r}"


class AskedFor(Cause, frozen=True):
    """The consumer asked for this error; `by` says with what."""

    by: str

    def __str__(self) -> str:
        return f"asked for by {self.by}"


class OutsideContract(Cause, frozen=True):
    """The contract does not speak of such a call; the consumer got the same text."""

    error_msg: str

    def __str__(self) -> str:
        return self.error_msg


class Refusal(Exception):
    """A call that gets a documented error: which, by its role in the operation, and why.

    `reading` is the key of the open question that decided, None when none did.
    """

    def __init__(self, role: str, cause: Cause, *, reading: str | None = None) -> None:
        super().__init__(role, cause)
        self.role = role
        self.cause = cause
        self.reading = reading
