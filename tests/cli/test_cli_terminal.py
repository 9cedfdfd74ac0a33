# SPDX-License-Identifier: Apache-2.0
"""A clone that is asked for, shown and interrupted on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal import Terminal

SPEC = ("--source", "production", "--dest")


@pytest.mark.parametrize("answer, status", [(b"n\n", 1), (b"\x03", 130), (b"\x04", 1), (b"y\n", 0)])
def test_the_question(service_principal: dict[str, str], tmp_path: Path, answer: bytes, status: int) -> None:
    terminal = Terminal(["clone", "run", *SPEC, "asked"], tmp_path, service_principal)
    terminal.read_until(b"[y/N] ")
    terminal.type(answer)
    assert terminal.status() == status, terminal.seen
    assert (b"Nothing was changed" in terminal.seen) == (status != 0)


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_no_control_sequences_for_a_terminal_that_has_none(service_principal: dict[str, str], tmp_path: Path, kind: str) -> None:
    terminal = Terminal(["clone", "plan", *SPEC, "dumb"], tmp_path, {"TERM": kind, **service_principal})
    assert terminal.status() == 0
    assert b"\x1b" not in terminal.seen
