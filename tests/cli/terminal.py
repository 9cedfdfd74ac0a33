# SPDX-License-Identifier: Apache-2.0
"""The tool on a pseudo-terminal. Importing this skips the tests of a system without them (a chroot without /dev/pts)."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from pathlib import Path

import pytest
from emulator_fixture import tool

try:
    for _descriptor in os.openpty():
        os.close(_descriptor)
except OSError as failure:
    # ctest knows this line (tests/cli/CMakeLists.txt) and lists the test as skipped.
    print(f"SKIPPED: no pseudo-terminal: {failure}; mount devpts at /dev/pts", flush=True)
    pytest.skip("no pseudo-terminal", allow_module_level=True)


class Terminal:
    """The tool on a terminal of its own."""

    def __init__(self, arguments: list[str], home: Path, environment: dict[str, str] | None = None, columns: int = 80) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.chdir(home)
            os.execve(tool("DBXAUTH_CLI"), ["dbxauth", *arguments], {"HOME": str(home), "TERM": "xterm", **(environment or {})})
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

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.descriptor)[3] & termios.ECHO)

    def type(self, text: bytes) -> None:
        os.write(self.descriptor, text)

    def status(self) -> int:
        self.read_until(b"\0 never \0")
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)
