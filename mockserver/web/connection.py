"""One connection: HTTP/1.1, with bounds on what a client may send, hold up and leave unread.

Requests are answered one after another, each when it is whole. While one waits, what follows it is kept unparsed, and
beyond a little it is not even read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from operator import itemgetter
from typing import Any

from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.internal_error import report
from mockserver.provider.reply import Reply
from mockserver.provider.request import INTERNAL_ERROR
from mockserver.web import machine_time
from mockserver.web.admin.access import is_admin
from mockserver.web.admin.long_poll import is_wait
from mockserver.web.bounds import Backlog, Waiting
from mockserver.web.dispatch import Dispatcher
from mockserver.web.fault_writer import send_slowly
from mockserver.web.http_request import PHRASES, BadRequest, HttpRequest, Response
from mockserver.web.request_reader import AHEAD, RequestReader

# Bytes that are read ahead of a reply that waits; the read that passes it may bring four times as many.
_AHEAD_BYTES = 65_536
# A longer reply is written in slices of this size, each when the one before is gone.
_SLICE = 65_536
# After a refusal, this much is read and thrown away, for this long: a close with bytes unread would reset the
# connection, and the client might never see the reply.
_DRAINED_BYTES = 33_554_432
_DRAINED_SECONDS = 2.0
# So long a client that has just been answered may take to ask again, whoever else wants to connect.
_IDLE_SECONDS = 1.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Limits:
    """What a client may take, in bytes and seconds.

    `header_bytes` for the request line and headers, `request_seconds` to send a request, `keep_alive_seconds` between
    a reply and the next request, `write_seconds` to take each 64 KiB of a reply.
    """

    header_bytes: int = 65_536
    request_seconds: float = 10.0
    keep_alive_seconds: float = 75.0
    write_seconds: float = 10.0


class Connections:
    """What the connections of one server share.

    `open` are those there are, `answering` the tasks of the calls that are not answered at once.
    """

    def __init__(self, limits: Limits, dispatcher: Dispatcher) -> None:
        self.limits = limits
        self.dispatcher = dispatcher
        self.open: set[Connection] = set()
        self.answering: set[asyncio.Task[None]] = set()
        self.waiting = Waiting()
        self.backlog = Backlog()
        self.tell_time()

    def tell_time(self) -> None:
        """Date the replies from now on; called once a second."""
        self.date = formatdate(machine_time.wall(), usegmt=True)
        # The head of nearly every reply, up to its length.
        head = f"HTTP/1.1 200 OK\r\ndate: {self.date}\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self.usual_head = head.encode("ascii")

    def make_room(self) -> None:
        """Close the connection on which nothing was asked for the longest, if there is any, for one that comes."""
        latest = machine_time.monotonic() + self.limits.keep_alive_seconds - _IDLE_SECONDS
        idle = [(due, connection) for connection in self.open if (due := connection.idle_until) is not None]
        due, longest = min(idle, key=itemgetter(0), default=(latest, None))
        if longest is not None and due < latest:
            longest.end()


class Connection(asyncio.Protocol):
    """One client's connection. What does not get as far as the provider is answered in the error envelope too."""

    _transport: asyncio.Transport
    _reader: RequestReader

    def __init__(self, shared: Connections) -> None:
        self._shared = shared
        self._limits = shared.limits
        self._loop = asyncio.get_running_loop()
        self._origin = ""
        # The call that takes its time, whether it may be long, and how many bytes it holds.
        self._task: asyncio.Task[None] | None = None
        self._waits = False
        self._is_blocked = self._yields = self._is_in_batch = False
        self._resumed: asyncio.Future[None] | None = None
        # Nobody sends more, or more than is kept.
        self._is_at_end = self._is_overrun = False
        self._drained: int | None = None
        # When the client must have done more, and the state of the reader that this was set for.
        self._due = 0.0
        self._timed = 1
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock: a connection that never sends anything ends too."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # What the system does not take at once of a reply holds up the next one.
        transport.set_write_buffer_limits(high=0)
        peer = (transport.get_extra_info("peername") or ("", 0))[:2]
        local = (transport.get_extra_info("sockname") or ("", 0))[:2]
        self._origin = f"{peer[0]}:{peer[1]}"
        body_bytes = self._shared.dispatcher.body_bytes
        self._reader = RequestReader(self._limits.header_bytes, body_bytes, peer, local)
        self._shared.open.add(self)
        self._set_due(self._limits.request_seconds)

    def connection_lost(self, _: Exception | None) -> None:
        """Let go of everything that is held for a client that is gone."""
        self._shared.open.discard(self)
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._reader.drop()
        self._shared.backlog.remove(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer, or keep for later what comes while a reply waits."""
        if self._drained is not None:
            self._drained += len(data)
            if self._drained > _DRAINED_BYTES:
                self._transport.close()
        elif self._is_overrun:
            pass
        elif self._is_busy():
            self._keep(data)
        else:
            self._reader.add(data)
            self._advance()

    def eof_received(self) -> bool:
        """Answer what is whole of a client that sends no more; True keeps the way back to it open.

        While a call of it waits it is taken for gone: whether it still reads cannot be told.
        """
        if self._drained is not None or self._waits:
            return False
        self._is_at_end = True
        if not self._is_busy():
            self._advance()
        return True

    def pause_writing(self) -> None:
        """Wait for the client to read what it asked for: not for long, and without reading more from it."""
        self._is_blocked = True
        self._write_timer = self._loop.call_later(self._limits.write_seconds, self.cut_off)
        if self._drained is None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._is_blocked = False
        if self._write_timer is not None:
            self._write_timer.cancel()
        if self._resumed is not None:
            if not self._resumed.done():
                self._resumed.set_result(None)
        elif self._task is None:
            # Not at once: the transport is in the middle of its work.
            self._loop.call_soon(self._advance)

    @property
    def idle_until(self) -> float | None:
        """Until when it is kept, as the loop tells time, while nothing is asked on it; None while something is."""
        is_idle = self._reader.begun and self._reader.is_whole and not self._is_busy() and self._drained is None
        return self._due if is_idle and not self._transport.is_closing() else None

    # What the writer of faults asks for, and the backlog.

    def head(self, reply: Reply | Response, request: HttpRequest) -> bytes:
        """Return status line and headers of a reply."""
        is_usual = request.keep_alive and request.version == "1.1"
        if isinstance(reply, Reply):
            if is_usual and not reply.headers and reply.http_status == 200 and type(reply) is Reply:
                return self._shared.usual_head % reply.size
            status = reply.http_status
            length = ("content-length", str(reply.content_length))
            headers = [("content-type", reply.content_type), *reply.headers, length]
        else:
            status, headers = reply.status, reply.headers
        lines = [f"HTTP/1.1 {status} {PHRASES.get(status, '')}", f"date: {self._shared.date}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if not is_usual:
            lines.append("connection: keep-alive" if request.keep_alive else "connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def send(self, data: bytes) -> None:
        """Write something, and wait until the client has taken it."""
        start = self._pour(data, 0)
        if start < len(data):
            await self._send_rest(self._shared.backlog.add(self, data), start)
        await self._taken()

    def end(self) -> None:
        """Close, after what was written; nothing more is answered."""
        self._reader.drop()
        self._transport.close()

    def cut_off(self) -> None:
        """Close at once, whatever is not written yet."""
        self._transport.abort()

    def _send(self, head: bytes, body: bytes, *, close: bool = False) -> None:
        """Write a reply, what the client does not take at once of a long one later; then close if that is asked for."""
        if len(body) <= _SLICE:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            start = self._pour(body, 0)
            if start < len(body):
                self._start(self._send_rest(self._shared.backlog.add(self, body), start, close=close))
                return
        if close:
            self.end()

    def _pour(self, data: bytes, start: int) -> int:
        """Write from `start` on until the client takes no more, or is gone; return up to where."""
        while start < len(data) and not self._is_blocked and not self._transport.is_closing():
            # A copy: what the transport keeps of a view would keep all of a long reply.
            self._transport.write(data[start : start + _SLICE])
            start += _SLICE
        return start

    async def _send_rest(self, data: bytes, start: int, *, close: bool = False) -> None:
        while start < len(data) and not self._transport.is_closing():
            await self._taken()
            self._shared.backlog.goes_on(self)
            start = self._pour(data, start)
        self._shared.backlog.remove(self)
        if close:
            self.end()

    async def _taken(self) -> None:
        while self._is_blocked:
            self._resumed = self._loop.create_future()
            await self._resumed
            self._resumed = None

    # From bytes to replies.

    def _is_busy(self) -> bool:
        return self._task is not None or self._is_blocked or self._yields or self._is_in_batch

    def _keep(self, data: bytes) -> None:
        """Keep what comes while a reply waits.

        Reading goes on while a call waits for long: only so is it heard that the client is gone.
        """
        self._reader.add(data)
        if len(self._reader.rest) > _AHEAD_BYTES:
            if self._waits:
                self._is_overrun = True
            else:
                self._transport.pause_reading()

    def _advance(self) -> None:
        """Parse and answer until a reply has to wait or there is nothing more to answer."""
        reader, answered = self._reader, 0
        try:
            while not self._is_busy() and not self._transport.is_closing():
                if reader.requests:
                    if answered == AHEAD:  # others have their turn first
                        self._yields = True
                        self._loop.call_soon(self._take_turn)
                        return
                    answered += 1
                    self._answer(reader.requests.popleft())
                elif reader.rest and not reader.is_last:
                    reader.parse()
                else:
                    self._settle()
                    return
        except Exception as error:
            report(error)
            self._fail()

    def _take_turn(self) -> None:
        self._yields = False
        self._advance()

    def _settle(self) -> None:
        """See to what is left when everything is answered: a refusal, the end, or the wait for more."""
        reader = self._reader
        if self._drained is not None:
            return
        if self._is_at_end:
            reader.end()
        if reader.refusal is not None:
            self._refuse(reader.refusal)
        elif reader.is_last or self._is_overrun:
            if reader.is_cut or reader.rest:
                self._drain()
            else:
                self._transport.close()
        else:
            self._wait_for_more()

    def _wait_for_more(self) -> None:
        self._transport.resume_reading()
        reader = self._reader
        # Not at every byte: the empty lines that some clients send behind a body begin no request.
        state = 2 * reader.begun + reader.is_whole
        if state != self._timed:
            self._timed = state
            limits = self._limits
            self._set_due(limits.keep_alive_seconds if reader.is_whole else limits.request_seconds)
        if reader.take_expectation():
            self._transport.write(_CONTINUE)

    def _answer(self, request: HttpRequest) -> None:
        if request.expects:
            self._transport.write(_CONTINUE)
        if is_admin(request.path):
            self._administer(request)
            return
        if request.path == "*":
            self._send_reply(request, self._shared.dispatcher.options())
            return
        batch = self._shared.dispatcher.batch
        if batch is None:
            self._send_reply(request, self._shared.dispatcher.answer(request, self._origin))
        else:
            self._is_in_batch = True
            batch.add(request, self._origin, self._deliver)

    def _deliver(self, request: HttpRequest, reply: Reply) -> None:
        """Send the reply to a request that was answered with others, and go on."""
        self._is_in_batch = False
        if self._transport.is_closing():
            return
        try:
            self._send_reply(request, reply)
        except Exception as error:
            report(error)
            self._fail()
        else:
            self._advance()

    def _send_reply(self, request: HttpRequest, reply: Reply | Response) -> None:
        if isinstance(reply, FaultyReply):
            self._send_faulty(reply, request)
            return
        self._send(self.head(reply, request), b"" if request.method == "HEAD" else reply.body)

    def _send_faulty(self, reply: FaultyReply, request: HttpRequest) -> None:
        if reply.delay or reply.body_seconds:
            request.body = b""  # nobody asks for it again, and this may take an hour
            if self._shared.waiting.take(reply.size):
                self._start(send_slowly(reply, request, self), waits=True, held=reply.size)
            else:
                self.end()
        elif reply.close == "before":
            self.end()
        else:
            self._send(self.head(reply, request), reply.body, close=reply.close is not None)

    def _administer(self, request: HttpRequest) -> None:
        waits = is_wait(request)
        if waits:
            request.body = b""
        if waits and not self._shared.waiting.take(0):
            self.end()
        else:
            self._start(self._send_of_admin(request), waits=waits, held=0 if waits else None)

    async def _send_of_admin(self, request: HttpRequest) -> None:
        response = await self._shared.dispatcher.administer(request)
        await self.send(self.head(response, request))
        await self.send(response.body)

    def _start(self, work: Coroutine[Any, Any, None], *, waits: bool = False, held: int | None = None) -> None:
        """Do what takes its time; `held` is what the call holds of the room for those that wait."""
        self._waits = waits
        if waits:
            # Only so is it heard that the client is gone, however much came before it was known that the call waits.
            self._is_overrun = self._is_overrun or len(self._reader.rest) > _AHEAD_BYTES
            self._transport.resume_reading()
        self._task = task = self._loop.create_task(work)
        self._shared.answering.add(task)
        task.add_done_callback(partial(self._done, held))

    def _done(self, held: int | None, task: asyncio.Task[None]) -> None:
        self._shared.answering.discard(task)
        if held is not None:
            self._shared.waiting.give_back(held)
        self._task, self._waits = None, False
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._advance()
        else:
            assert isinstance(error, Exception)
            report(error)
            self.cut_off()

    def _refuse(self, refusal: BadRequest) -> None:
        """Write a refusal, and read no more than the client needs to get it."""
        method, path = self._reader.begun_request()
        # A connection on which nothing was asked is no call.
        origin = None if self._reader.is_whole else self._origin
        body = self._shared.dispatcher.refuse(refusal, method=method, path=path, origin=origin).body
        head = (
            f"HTTP/1.1 {refusal.http_status} {PHRASES[refusal.http_status]}\r\ndate: {self._shared.date}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._transport.write(head.encode("ascii") + body)
        self._drain()

    def _fail(self) -> None:
        """Say that the mock itself failed."""
        try:
            self._refuse(BadRequest(500, INTERNAL_ERROR))
        except Exception:
            self.cut_off()

    def _drain(self) -> None:
        """Close for writing, and throw away what the client still sends: a close with that unread would reset it."""
        if self._is_at_end:
            self._transport.close()
            return
        self._drained = 0
        self._reader.drop()
        self._transport.resume_reading()
        with suppress(OSError):  # the client has reset it
            self._transport.write_eof()
        self._set_due(_DRAINED_SECONDS)

    def _set_due(self, seconds: float) -> None:
        """Have `_is_due` called when nothing else is due before; the timer that there is may go off too early."""
        self._due = self._loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= self._due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._is_due)

    def _is_due(self) -> None:
        self._timer = None
        if self._drained is None and self._is_busy():
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._is_due)
        elif self._drained is not None or (self._reader.is_whole and self._reader.begun):
            self._transport.close()
        else:
            self._reader.refuse(BadRequest(408, f"Request not complete after {self._limits.request_seconds:g} s"))
            self._advance()
