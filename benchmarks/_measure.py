"""What the benchmarks share: timing one call, loading a server, and reading how much memory a process holds."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


def microseconds(act: Callable[[], object], *, calls: int = 2_000, rounds: int = 7) -> float:
    """Return the best mean of a few rounds: the machine's other work only ever adds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            act()
        best = min(best, (time.perf_counter() - started) / calls)
    return best * 1e6


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (Linux)."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    """Return how long a process has kept a processor busy so far (Linux); other work does not add to it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What one round of load saw; `p99` in milliseconds."""

    requests_a_second: float
    p99: float


class _Caller(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, and connects anew when the server closes."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self._requests, self._until = requests, until
        self.took: list[float] = []
        self.done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport
        self._received = b""
        self._expected = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._received, self._expected = b"", -1
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._expected < 0:
            head, separator, _ = self._received.partition(b"\r\n\r\n")
            if not separator:
                return
            assert head.startswith(b"HTTP/1.1 200"), head
            self._closes = b"connection: close" in head.lower()
            self._expected = len(head) + 4 + int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._received) < self._expected:
            return
        self.took.append(time.perf_counter() - self._asked)
        if time.perf_counter() >= self._until or self._closes:
            self._transport.close()
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(exc is None)


async def _calls(host: str, port: int, requests: Iterator[bytes], until: float) -> list[float]:
    loop = asyncio.get_running_loop()
    took: list[float] = []
    while time.perf_counter() < until:
        _, caller = await loop.create_connection(lambda: _Caller(requests, until), host, port)
        await asyncio.wait_for(caller.done, 30)
        took += caller.took
    return took


async def _load(url: str, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    head = f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    requests = itertools.cycle([f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies])
    started = time.perf_counter()
    each = (_calls(address.hostname, address.port, requests, started + seconds) for _ in range(connections))
    took = sorted(second for calls in await asyncio.gather(*each) for second in calls)
    return Load(len(took) / (time.perf_counter() - started), took[int(len(took) * 0.99)] * 1000)


_WRK_SCRIPT = """
local bodies, turn = {BODIES}, 0
request = function()
  turn = turn % #bodies + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, bodies[turn])
end
"""


def _load_by_wrk(url: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    script = _WRK_SCRIPT.replace("BODIES", ", ".join(f"[[{body.decode()}]]" for body in bodies))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        line = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--latency", "-s", file.name, url]
        said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    rate, p99 = re.search(r"Requests/sec: *([\d.]+)", said), re.search(r" 99% *([\d.]+)(us|ms|s)", said)
    assert rate is not None, said
    assert p99 is not None, said
    return Load(float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]])


def load(url: str, path: str, *bodies: bytes, connections: int = 16, seconds: float = 3.0) -> Load:
    """Load a server on this machine with kept-alive connections for some seconds, by `wrk` where it is installed."""
    if shutil.which("wrk"):
        return _load_by_wrk(url + path, bodies, connections, seconds)
    return asyncio.run(_load(url, path, bodies, connections, seconds))


class Served:
    """A server in a process of its own whose first line on standard output is its base URL.

    `checkout` is another checkout of the project to serve from, with the environment in its `.venv`.
    """

    def __init__(self, *arguments: str, checkout: Path | None = None) -> None:
        python = sys.executable if checkout is None else str(checkout / ".venv/bin/python")
        self.process = subprocess.Popen(
            [python, *arguments], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.terminate()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def run_pytest(folder: Path, *arguments: str, **variables: str) -> str:
    """Run pytest in a folder with no plugin but those of `arguments`; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    return done.stdout


def baseline() -> Path | None:
    """Return the checkout to compare with: the variable `BASELINE`, if it is set."""
    named = os.environ.get("BASELINE")
    return Path(named).resolve() if named else None
