"""How the server stops: at once, and with nothing left open behind it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from mockserver.web.connection import Connections


async def stop_accepting(loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
    """Let no more connections come, and close what they came to."""
    # For each socket that it accepts, asyncio starts a task that makes a connection of it, in two turns of the loop.
    # A server that is closed before, and a loop that ends before, leave the socket open. Told again after each turn:
    # after a shortage of connections a timer of asyncio's lets more come.
    for _ in range(3):
        _stop_reading(loop, server)
        await asyncio.sleep(0)
    server.close()
    # And later finds the socket closed.
    loop.set_exception_handler(lambda *_: None)


def _stop_reading(loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
    try:
        for listening in server.sockets:
            loop.remove_reader(listening)
    except NotImplementedError:
        pass  # Windows: its loop makes the connection where it accepts


async def cut_off(connections: Connections) -> None:
    """End every connection, and what is being done for it."""
    for connection in list(connections.open):
        connection.cut_off()
    # Each is told so, and cancels its task.
    await asyncio.sleep(0)
    await asyncio.gather(*connections.answering, return_exceptions=True)


def end_process_within(seconds: float, at_last: Callable[[], object]) -> None:
    """End this process with exit status 0 when it has not ended by itself; of what is left to do, only `at_last` is."""

    def end() -> None:
        try:
            at_last()
        finally:
            os._exit(0)

    ending = threading.Timer(seconds, end)
    ending.daemon = True
    ending.start()
