"""What replies in a journal have in common: a client that polls gets the same again and again, but for the time."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.provider.state.log import LoggedCall

_SHORT = 512
# What differs in two replies to the same request is their end, the time.
_END = 24
_KNOWN = 128
_LONGEST_ASKED, _LONGEST_KNOWN = 4096, 32_768


class SharedReply(NamedTuple):
    """A reply as it is written: as that with `reply_id` begins, if any, then `rest`; `begins` if that one is new."""

    reply_id: int | None
    rest: bytes
    begins: bytes | None = None


class SharedReplies:
    """The newest replies to the newest requests, so that each is written once for many calls."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, bytes]] = {}

    def of(self, n: int, call: LoggedCall, most: int) -> SharedReply:
        """Return how the reply of call number `n` is written, where at most `most` calls are kept."""
        reply = call.reply
        if not _SHORT <= len(reply) <= _LONGEST_KNOWN or len(call.asked) > _LONGEST_ASKED:
            return SharedReply(None, reply)
        known = self._known.get(call.asked)
        # One that may be forgotten soon is written anew: see `reach`.
        if known is not None and known[0] > n - 1 - most // 2 and reply.startswith(known[1]):
            return SharedReply(known[0], reply[len(known[1]) :])
        start = reply[:-_END]
        self._known.pop(call.asked, None)
        self._known[call.asked] = (n, start)
        if len(self._known) > _KNOWN:
            del self._known[next(iter(self._known))]
        return SharedReply(n, reply[-_END:], start)

    @staticmethod
    def reach(most: int) -> int:
        """Return how far behind the last call a reply may be that one of those kept begins with.

        A reply is shared by calls at most half of `most` behind it, and `most` is what any process keeps at most.
        """
        return most + most // 2 + 1

    def forget(self) -> None:
        """Take it that none of them is there any more."""
        self._known.clear()
