# SPDX-License-Identifier: Apache-2.0
"""The tool on a terminal. A system without pseudo-terminals (a chroot without /dev/pts) is reported as skipped."""

from __future__ import annotations

import os
import pty
import select
import time
from pathlib import Path

import pytest
from emulator_fixture import tool

SPEC = ("--source", "production", "--dest")

try:
    for _descriptor in os.openpty():
        os.close(_descriptor)
except OSError as failure:
    # ctest knows this line (tests/cli/CMakeLists.txt) and lists the test as skipped.
    print(f"SKIPPED: no pseudo-terminal: {failure}; mount devpts at /dev/pts", flush=True)
    pytest.skip("no pseudo-terminal", allow_module_level=True)


class Terminal:
    """The tool on a terminal of its own."""

    def __init__(self, arguments: list[str], environment: dict[str, str], directory: Path) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execve(tool("DBXAUTH_CLI"), ["dbxauth", *arguments], {"HOME": str(directory), **environment})
        self.seen = b""

    def read_until(self, text: bytes, limit_s: float = 60) -> bytes:
        end = time.monotonic() + limit_s
        while text not in self.seen:
            ready, _, _ = select.select([self.descriptor], [], [], max(0.0, end - time.monotonic()))
            assert ready, self.seen
            try:
                self.seen += os.read(self.descriptor, 65536)
            except OSError:
                break
        return self.seen

    def type(self, text: bytes) -> None:
        os.write(self.descriptor, text)

    def status(self) -> int:
        self.read_until(b"\0 never \0")
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("answer, status", [(b"n\n", 1), (b"\x03", 130), (b"\x04", 1), (b"y\n", 0)])
def test_the_question(service_principal: dict[str, str], tmp_path: Path, answer: bytes, status: int) -> None:
    terminal = Terminal(["clone", "run", *SPEC, "asked"], {"TERM": "xterm", **service_principal}, tmp_path)
    terminal.read_until(b"[y/N] ")
    terminal.type(answer)
    assert terminal.status() == status, terminal.seen
    assert (b"Nothing was changed" in terminal.seen) == (status != 0)


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_no_control_sequences_for_a_terminal_that_has_none(service_principal: dict[str, str], tmp_path: Path, kind: str) -> None:
    terminal = Terminal(["clone", "plan", *SPEC, "dumb"], {"TERM": kind, **service_principal}, tmp_path)
    assert terminal.status() == 0
    assert b"\x1b" not in terminal.seen
