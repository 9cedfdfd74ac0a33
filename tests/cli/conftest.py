# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest
from emulator_fixture import Emulator, emulator, tool  # noqa: F401 - fixtures

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the tool in an empty home and directory, with no environment but what is given."""

    def run_tool(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> "subprocess.CompletedProcess[str]":
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **(env or {})}
        return subprocess.run(
            [tool("DBXAUTH_CLI"), *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=120, **options)

    return run_tool


@pytest.fixture
def service_principal(emulator: Emulator) -> dict[str, str]:
    return {
        "DATABRICKS_HOST": emulator.url,
        "DATABRICKS_CLIENT_ID": emulator.client_id,
        "DATABRICKS_CLIENT_SECRET": emulator.client_secret,
    }
