"""What an older version wrote, as it is written now."""

from __future__ import annotations

import msgspec

from mockserver.provider.state.log import LoggedCall
from mockserver.storage.blocks import Blocks

_ORIGIN_OF_REQUEST, _TIME_OF_CALL = 4, 1


def block_of_format_1(merchant_id: str | None, head: bytes, reply: bytes) -> bytes:
    """Return a call of format 1, which had the duration, the time and the origin in its head, as a block of its own."""
    took, operation, request, call, *rest = msgspec.msgpack.decode(head)
    own = took, call.pop(_TIME_OF_CALL), request.pop(_ORIGIN_OF_REQUEST)
    written = msgspec.msgpack.encode([operation, request, call, *rest]), msgspec.msgpack.encode(own)
    return Blocks().made([LoggedCall(merchant_id, b"", *written, (reply,), b"")], 0, 0).calls
