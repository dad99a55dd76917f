"""The writer of the log: what it takes is written, however slowly it is read."""

from __future__ import annotations

import os
import select
import sys
import threading

import pytest

from mockserver.cli.serve.log_writer import LogWriter

LINES = 200


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe always blocks there")
@pytest.mark.parametrize("blocks", [True, False])
def test_no_line_is_lost_when_the_reader_is_slow(blocks: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocks)
    writer = LogWriter(writing, "{} dropped\n".format)
    for number in range(LINES):
        writer.write(f"{number} {'x' * 4000}\n")
    while select.select([], [writing], [], 0)[1]:
        pass  # the pipe is not full yet
    received = bytearray()

    def read() -> None:
        while received.count(b"\n") < LINES and select.select([reading], [], [], 10)[0]:
            received.extend(os.read(reading, 65_536))

    reader = threading.Thread(target=read)
    reader.start()
    reader.join()
    writer.close()
    os.close(writing)
    os.close(reading)
    assert [int(line.split()[0]) for line in received.splitlines()] == [*range(LINES)]


def test_a_line_that_cannot_be_made_takes_none_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> str:
        raise OSError("no more files")

    reading, writing = os.pipe()
    writer = LogWriter(writing, "{} dropped\n".format)
    for line in ("one\n", fail, lambda: "three\n"):
        writer.write(line)
    writer.close()
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as received:
        assert received.read() == "one\nthree\n"
    assert caplog.messages[0].startswith("internal error of the mock: OSError")
