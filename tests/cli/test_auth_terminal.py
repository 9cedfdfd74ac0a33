# SPDX-License-Identifier: Apache-2.0
"""Questions that are asked on a terminal, and tables that fit it."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest
from emulator_fixture import tool
from terminal import Terminal


def test_configure_asks_and_does_not_show_the_token(tmp_path: Path) -> None:
    terminal = Terminal(["configure", "-p", "typed"], tmp_path, {"DATABRICKS_TOKEN": "dapi-of-the-environment"})
    terminal.read_until(b"Databricks host")
    terminal.type(b"h.example.com\n")
    terminal.read_until(b"Personal access token")
    assert not terminal.echoes()
    terminal.type(b"dapi-typed-token\n")
    assert terminal.status() == 0, terminal.seen
    assert b"dapi" not in terminal.seen
    assert b"DATABRICKS_TOKEN is set, too" in terminal.seen
    text = (tmp_path / ".databrickscfg").read_text()
    assert text.startswith("[typed]\nhost = https://h.example.com\ntoken = dapi-typed-token\n")


@pytest.mark.parametrize("answer, status", [(b"\x03", 130), (b"\x04", 130), (b"\n", 2)])
def test_a_question_that_is_left_changes_nothing(tmp_path: Path, answer: bytes, status: int) -> None:
    terminal = Terminal(["configure", "--host", "h.example.com"], tmp_path)
    terminal.read_until(b"Personal access token")
    terminal.type(answer)
    assert terminal.status() == status, terminal.seen
    assert b"nothing was changed" in terminal.seen
    assert not (tmp_path / ".databrickscfg").exists()


def test_a_token_in_two_pieces_is_not_saved(tmp_path: Path) -> None:
    terminal = Terminal(["configure", "--host", "h.example.com"], tmp_path)
    terminal.read_until(b"Personal access token")
    terminal.type(b"dapi-first dapi-second\n")
    assert terminal.status() == 2, terminal.seen
    assert b"copy it again as one piece" in terminal.seen and b"dapi" not in terminal.seen
    assert not (tmp_path / ".databrickscfg").exists()


@pytest.mark.parametrize("columns", [80, 200])
def test_tables_fit_the_terminal(tmp_path: Path, columns: int) -> None:
    terminal = Terminal(["auth", "describe", "--no-env-file"], tmp_path, {}, columns)
    assert terminal.status() == 3, terminal.seen
    shown = terminal.seen.decode().replace("\r\n", "\n")
    rows = shown[shown.index("STRATEGY"):].split("\n")
    # A name is never broken, so that it can be copied.
    assert all(len(row) <= columns or " " not in row.strip() for row in rows), shown
    assert all(row == row.rstrip() for row in rows), shown
    continued = [row for row in rows[1:] if row.startswith(" ")]
    assert (continued != []) == (columns == 80), shown
    assert {len(row) - len(row.lstrip()) for row in continued} <= {rows[0].index("WHY")}


def test_the_terminal_echoes_again_after_an_interrupt(tmp_path: Path) -> None:
    # A shell keeps the terminal after the tool has gone.
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        script = 'trap "" INT; "$TOOL" configure --host h.example.com; stty -a'
        os.execve("/bin/sh", ["sh", "-c", script], {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TOOL": tool("DBXAUTH_CLI")})
    seen = b""
    typed = False
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
        if b"Personal access token" in seen and not typed:
            typed = True
            os.write(descriptor, b"\x04")
    os.waitpid(pid, 0)
    os.close(descriptor)
    assert b" echo " in seen and b"-echo " not in seen, seen


def test_switch_offers_the_profiles(tmp_path: Path) -> None:
    path = tmp_path / ".databrickscfg"
    path.write_text("[a]\nhost = https://a.example.com\n[b]\nhost = https://b.example.com\n[__settings__]\ndefault_profile = b\n")
    path.chmod(0o600)
    terminal = Terminal(["auth", "switch"], tmp_path)
    terminal.read_until(b"[2]: ")
    assert b"1  a  https://a.example.com" in terminal.seen and b"2  b (Default)" in terminal.seen
    terminal.type(b"9\n")
    terminal.read_until(b"from 1 to 2")
    terminal.type(b"1\n")
    assert terminal.status() == 0, terminal.seen
    assert path.read_text().endswith("default_profile = a\n")
    left = Terminal(["auth", "switch"], tmp_path)
    left.read_until(b"[1]: ")
    left.type(b"\x04")
    assert left.status() == 130
    assert path.read_text().endswith("default_profile = a\n")
