"""From the start of `serve` to its first answer."""

from __future__ import annotations

import statistics
import sys
import time
import urllib.error
import urllib.request

from benchmarks._measure import Served

ROUNDS = 9


def main() -> None:
    """Print the median and the slowest of a few starts, beside an empty Python."""
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with Served("-m", "mockserver", "serve", "--port", "0") as serving:
            request = urllib.request.Request(f"{serving.url}/merchant/x/kiosgamer/project/detail", b"{}")
            try:
                urllib.request.urlopen(request, timeout=10)
            except urllib.error.HTTPError as error:
                error.read()
            took.append(time.perf_counter() - started)
    middle, slowest = statistics.median(took), max(took)
    print(f"first answer after {middle:.3f} s (median), {slowest:.3f} s (slowest), Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
