"""Whether delayed calls hold up others: requests a second with none and with 20 calls in flight under a 2 s delay."""

from __future__ import annotations

import statistics
import threading
from http.client import HTTPConnection
from urllib.parse import urlsplit

from benchmarks._measure import Served, load
from benchmarks.http import BODY, PATH

DELAYED = 20
ROUNDS = 5


def keep_waiting(url: str, stop: threading.Event) -> None:
    """Make one delayed call after another."""
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=30)
    while not stop.is_set():
        connection.request("POST", PATH, BODY, {"X-Apigames-Mock-Fault": "delay;seconds=2"})
        connection.getresponse().read()


def main() -> None:
    """Print both, alternated."""
    rates: dict[str, list[float]] = {"none delayed": [], f"{DELAYED} delayed": []}
    tails: dict[str, list[float]] = {name: [] for name in rates}
    with Served("-m", "mockserver", "serve", "--port", "0") as mock:
        for _ in range(ROUNDS):
            for name, seen in rates.items():
                stop = threading.Event()
                many = 0 if name.startswith("none") else DELAYED
                waiting = [threading.Thread(target=keep_waiting, args=(mock.url, stop)) for _ in range(many)]
                for thread in waiting:
                    thread.start()
                round_ = load(mock.url, PATH, BODY, seconds=2)
                stop.set()
                for thread in waiting:
                    thread.join()
                seen.append(round_.requests_a_second)
                tails[name].append(round_.p99)
    for name, measured in rates.items():
        print(f"{name:14} {statistics.median(measured):8.0f} requests/s   p99 {statistics.median(tails[name]):6.2f} ms")


if __name__ == "__main__":
    main()
