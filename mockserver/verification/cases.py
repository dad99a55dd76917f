"""Request cases that depend on no state: what is sent, and the outcomes that the contract lets it have.

They are data (`fixtures/requests/`), so that other languages can use them too. A case holds no secret: signatures
are named by their formula and made from the target's credentials when the case is sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from mockserver._resources import resource
from mockserver.contract import near_lists, near_misses
from mockserver.contract.judging.exchange import NotJson, decode
from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.signature import sign
from mockserver.verification.credentials import Credentials

ANY = "any"
RIGHT = "right"
UNKNOWN_MERCHANT = "M000000NONE0000X"
UNKNOWN_PROJECT = "R000000NONE000000"
GROUPS = ("bodies", "types", "presence", "merchants", "projects", "signatures")
# Those of the submit call; of these, no target can accept a refusal.
SUBMIT_REFUSALS = "bulk-refusals"
SUBMIT_GROUPS = (
    SUBMIT_REFUSALS,
    "bulk-bodies",
    "bulk-types",
    "bulk-presence",
    "bulk-merchants",
    "bulk-lists",
    "bulk-signatures",
)


@dataclass(frozen=True)
class Case:
    """One request and the outcomes it may have.

    `outcomes` maps each allowed outcome (`success`, the clause of an error, or `any`) to the readings it shows, each
    with its values. `merchant` is a merchant id with `$merchant_id` for the target's own. `body` is bytes with
    `$projectid`, `$signature` and `$session` in the places of the target's (`$form_...` form-encoded); `formula`
    names the signature. In the place of `$kode_voucher` are codes that the target has not seen before, written in the
    way that `list` names.
    """

    name: str
    clause: str
    about: str
    merchant: str
    body: bytes
    formula: str
    outcomes: Mapping[str, Mapping[str, tuple[str, ...]]]
    operation: Operation = PROJECT_DETAIL
    list: str = near_lists.RIGHT

    def merchant_for(self, credentials: Credentials) -> str:
        """Return the merchant id of the path."""
        own = credentials.merchant_id
        return self.merchant.replace("$merchant_id_changed_case", own.swapcase()).replace("$merchant_id", own)

    def body_for(self, credentials: Credentials, codes: Sequence[str] = ()) -> bytes:
        """Return the bytes to send for this target; `codes` are those that a submission is of."""
        session = "" if credentials.session_key is None else f'"session_key":{json.dumps(credentials.session_key)},'
        form_session = (
            urlencode({"session_key": credentials.session_key}) if credentials.session_key is not None else ""
        )
        places = {
            b"$form_session&": f"{form_session}&" if form_session else "",
            b"$form_projectid": quote_plus(credentials.project_id),
            b"$signature": json.dumps(self.signature_for(credentials))[1:-1],
            b"$projectid": json.dumps(credentials.project_id)[1:-1],
            b"$session": session,
        }
        if self.submits_codes:
            kode_voucher = near_lists.ALL[self.list](codes)
            places[b"$form_kode_voucher"] = quote_plus(kode_voucher)
            places[b"$kode_voucher"] = json.dumps(kode_voucher)[1:-1]
        body = self.body
        for place, text in places.items():
            body = body.replace(place, text.encode())
        return body

    def signature_for(self, credentials: Credentials) -> str:
        """Return the signature that the case sends: the right one, or a near miss."""
        if self.formula == RIGHT:
            return credentials.signature
        if self.formula == "of_path_merchant":
            return sign(self.merchant_for(credentials), credentials.secret_key)
        return near_misses.ALL[self.formula](credentials.merchant_id, credentials.secret_key)

    def makes_sense_for(self, credentials: Credentials) -> bool:
        """Whether the case differs from a good call: a near miss can be right by chance for odd credentials."""
        if self.merchant == "$merchant_id_changed_case":
            return credentials.merchant_id.swapcase() != credentials.merchant_id
        if self.formula in near_misses.ALL:
            return self.signature_for(credentials) != credentials.signature
        return True

    @property
    def submits_codes(self) -> bool:
        """Whether codes are to be given for its body."""
        return b"kode_voucher" in self.body and b"$" in self.body and self.operation is REDEEM_BULK

    @property
    def is_wrong_signature(self) -> bool:
        """Whether a target would take it for an attempt to guess: good but for the signature."""
        if self.formula in near_misses.ALL:
            return True
        try:
            sent = decode(self.body.replace(b"$session", b""))
        except NotJson:
            return False
        return isinstance(sent, dict) and sent.get("signature") != "$signature"

    def document(self) -> dict[str, Any]:
        """Return the case as it stands in a file."""
        try:
            body = {"text": self.body.decode("utf-8")}
            if any(ord(letter) < 32 and letter != "\n" for letter in body["text"]):
                raise ValueError
        except ValueError:
            body = {"base64": base64.b64encode(self.body).decode()}
        return {
            "name": self.name,
            "clause": self.clause,
            "about": self.about,
            "merchant": self.merchant,
            "signature": self.formula,
            **({"list": self.list} if self.submits_codes else {}),
            "body": body,
            "outcomes": {
                name: {key: list(values) for key, values in shown.items()} for name, shown in self.outcomes.items()
            },
        }

    @classmethod
    def of(cls, document: Mapping[str, Any], operation: Operation = PROJECT_DETAIL) -> Case:
        """Read a case of an operation from its document."""
        body = document["body"]
        return cls(
            document["name"],
            document["clause"],
            document["about"],
            document["merchant"],
            body["text"].encode("utf-8") if "text" in body else base64.b64decode(body["base64"]),
            document["signature"],
            {
                name: {key: tuple(values) for key, values in shown.items()}
                for name, shown in document["outcomes"].items()
            },
            operation,
            document.get("list", near_lists.RIGHT),
        )


@cache
def cases(group: str) -> tuple[Case, ...]:
    """Return the stored cases of a group, one of `GROUPS` or `SUBMIT_GROUPS`."""
    document = json.loads((resource("fixtures") / "requests" / f"{group}.json").read_text(encoding="utf-8"))
    operation = OPERATIONS.named(document["operation"])
    return tuple(Case.of(case, operation) for case in document["cases"])
