"""Says of secrets that are ordinary words that nothing masks them: once, where they are taken in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import is_unmaskable
from mockserver.provider.internal_error import ERRORS
from mockserver.provider.state.world import Merchant

_MOST_NAMED = 5
_IS_SHORT = "is a word of fewer than 6 characters and is not masked in logs and reports; give it a longer one"


def warn_of_short_secrets(merchants: Iterable[Merchant]) -> None:
    """Log which secrets of these merchants are not masked; nobody need listen."""
    for line in short_secrets(merchants):
        logging.getLogger(ERRORS).warning(line)


def short_secrets(merchants: Iterable[Merchant]) -> Iterator[str]:
    """Yield a line for each secret of these merchants that is too short to be masked, for the first few of them."""
    found = (
        f"the {name} of merchant '{printable(merchant.merchant_id)}'"
        for merchant in merchants
        for name, secret in (("secret_key", merchant.secret_key), ("session_key", merchant.session_key))
        if secret and is_unmaskable(secret)
    )
    for whose in islice(found, _MOST_NAMED):
        yield f"{whose} {_IS_SHORT}"
    if next(found, None) is not None:
        yield "so are secrets of other merchants"
