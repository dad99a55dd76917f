"""The curl line of a call, pasted into a terminal: a shell that a person types into runs nothing but curl."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import subprocess
import termios
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.contract.judging.exchange import Exchange
from mockserver.provider.provider import Provider
from mockserver.verification.report.curl import curl_line as curl_line_of_verify
from mockserver.web.admin.routes_journal import curl_line
from tests.support.asking import MERCHANT, call
from tests.support.waiting import until

# Each would make the file `owned`, were it more than text.
BODIES = [
    b'{"projectid":"R1\x03\ntouch owned\n"}',
    b'{"projectid":"R1\\u0003\\ntouch owned\\n"}',
    b"x\x03\ntouch owned\n",
    b"x\x04\n\x03touch owned\r",
    b"x\x1b[200~\ntouch owned\n\x1b[201~",
    b"x\x15touch owned\n",
    b"'\ntouch owned\n'",
    b"$(touch owned)`touch owned`",
    b'{"a":"$(touch owned)", "!!":"\\\\"}',
    b"\x16\x03\x0ftouch owned\x0a",
    "x\u2028touch owned\u0085touch owned\n".encode(),
    b"x\xff\x9btouch owned\n",
]


def line_of_journal(provider: Provider, content: bytes) -> str:
    call(provider, content)
    return curl_line(provider.journal.entries()[-1], "http://127.0.0.1:8787")


def line_of_verify(_: Provider, content: bytes) -> str:
    return curl_line_of_verify("http://127.0.0.1:8787", Exchange(MERCHANT, content, 400, b""), None)


@pytest.mark.once
@pytest.mark.parametrize("line_of", [line_of_journal, line_of_verify])
def test_a_pasted_line_runs_curl_alone(
    line_of: Callable[[Provider, bytes], str], provider: Provider, tmp_path: Path
) -> None:
    lines = [line_of(provider, content) for content in BODIES]
    assert all(line.isprintable() for line in lines)
    typed(tmp_path, lines)
    assert not (tmp_path / "owned").exists()
    sent = [one for one in (tmp_path / "sent").read_bytes().split(b"\x01") if one]
    assert len(sent) == len(BODIES)
    for content, data in zip(BODIES, sent, strict=True):
        # The journal writes JSON anew, and what is no UTF-8 as what stands for it.
        text = content.decode("utf-8", "replace") if line_of is line_of_journal else None
        meant = content if text is None else text.encode()
        assert data == meant or json.loads(data) == json.loads(meant)


def test_the_same_bytes_as_they_came_would_run_more(tmp_path: Path) -> None:
    """Otherwise the test above would show nothing."""
    typed(tmp_path, [f"curl --data-raw '{BODIES[2].decode()}"])
    assert (tmp_path / "owned").exists()


def typed(folder: Path, lines: list[str]) -> None:
    """Type lines into an interactive bash on a terminal of its own; its `curl` writes down the data that it gets."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8", "PS1": ""}
    shell = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment,
        start_new_session=True,
        # Else Ctrl-C would be but a character; it is one call of the system, and takes no lock.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(theirs)
    reader = threading.Thread(target=read_all, args=(ours,))
    reader.start()
    try:
        os.write(ours, b"curl() { printf '%s\\001' \"${@: -1}\" >> sent; }; touch ready\n")
        until((folder / "ready").exists)
        os.write(ours, "".join(f"{line}\n" for line in [*lines, "touch done", "exit"]).encode())
        until(lambda: shell.poll() is not None)
        assert (folder / "done").exists()
    finally:
        shell.kill()
        shell.wait()
        reader.join()
        os.close(ours)


def read_all(terminal: int) -> None:
    """Read what a terminal shows, until nobody writes there: one that is not read takes no more."""
    with contextlib.suppress(OSError):
        while os.read(terminal, 65_536):
            pass
