"""Signatures that are nearly right: the formulas people use by mistake, each under a name."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mockserver.contract.signature import sign

OTHER_MERCHANT = "M000000OTHER0000Z"
OTHER_SECRET = "not-the-secret-of-anybody"  # noqa: S105 - made up, and says so

Formula = Callable[[str, str], str]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _flipped(signature: str, place: int) -> str:
    letters = list(signature)
    letters[place] = "0" if letters[place] != "0" else "1"
    return "".join(letters)


def _mixed_case(signature: str) -> str:
    half = len(signature) // 2
    return signature[:half].upper() + signature[half:]


# Other ways to make a signature of the same two texts: what a target might ask for in place of the documented one.
FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        "colon": lambda merchant, secret: _md5(f"{merchant}:{secret}"),
        "dash": lambda merchant, secret: _md5(f"{merchant}-{secret}"),
        "underscore": lambda merchant, secret: _md5(f"{merchant}_{secret}"),
        "pipe": lambda merchant, secret: _md5(f"{merchant}|{secret}"),
        "space": lambda merchant, secret: _md5(f"{merchant} {secret}"),
        "newline": lambda merchant, secret: _md5(f"{merchant}{secret}\n"),
        "secret_first": lambda merchant, secret: _md5(secret + merchant),
        "secret_first_colon": lambda merchant, secret: _md5(f"{secret}:{merchant}"),
        "sha256": lambda merchant, secret: hashlib.sha256((merchant + secret).encode()).hexdigest(),
        "sha1": lambda merchant, secret: _sha1(merchant + secret),
        "hmac_md5": lambda merchant, secret: hmac.new(secret.encode(), merchant.encode(), "md5").hexdigest(),
        "hmac_sha256": lambda merchant, secret: hmac.new(secret.encode(), merchant.encode(), "sha256").hexdigest(),
        "twice": lambda merchant, secret: _md5(sign(merchant, secret)),
        "base64": lambda merchant, secret: base64.b64encode(bytes.fromhex(sign(merchant, secret))).decode(),
        "lower_case_merchant": lambda merchant, secret: _md5(merchant.lower() + secret),
        "merchant_alone": lambda merchant, secret: _md5(merchant),  # noqa: ARG005
        "secret_alone": lambda merchant, secret: _md5(secret),  # noqa: ARG005
        "secret_in_clear": lambda merchant, secret: secret,  # noqa: ARG005
    }
)

# What is nearly the right text: a target must compare all of it.
NEAR_TEXTS: Mapping[str, Formula] = MappingProxyType(
    {
        "empty": lambda merchant, secret: "",  # noqa: ARG005
        "zeros": lambda merchant, secret: "0" * 32,  # noqa: ARG005
        "example": lambda merchant, secret: "fa375f4e30dbe2cdcf5d1ee0e9d678ef",  # noqa: ARG005
        "prefix": lambda merchant, secret: sign(merchant, secret)[:-1],
        "half": lambda merchant, secret: sign(merchant, secret)[:16],
        "longer": lambda merchant, secret: sign(merchant, secret) + "0",
        "first_changed": lambda merchant, secret: _flipped(sign(merchant, secret), 0),
        "last_changed": lambda merchant, secret: _flipped(sign(merchant, secret), -1),
        "half_changed": lambda merchant, secret: sign(merchant, secret)[:16] + "0" * 16,
        "reversed": lambda merchant, secret: sign(merchant, secret)[::-1],
        "space_before": lambda merchant, secret: f" {sign(merchant, secret)}",
        "space_after": lambda merchant, secret: f"{sign(merchant, secret)} ",
        "other_merchant": lambda merchant, secret: sign(OTHER_MERCHANT, secret),  # noqa: ARG005
        "other_secret": lambda merchant, secret: sign(merchant, OTHER_SECRET),  # noqa: ARG005
        "other_pair": lambda merchant, secret: sign(OTHER_MERCHANT, OTHER_SECRET),  # noqa: ARG005
    }
)

# Right but for the case of its letters: refused or taken, by the reading `signature_case`.
OTHER_CASES: Mapping[str, Formula] = MappingProxyType(
    {
        "upper_case": lambda merchant, secret: sign(merchant, secret).upper(),
        "mixed_case": lambda merchant, secret: _mixed_case(sign(merchant, secret)),
    }
)

ALL: Mapping[str, Formula] = MappingProxyType({**FORMULAS, **NEAR_TEXTS, **OTHER_CASES})
