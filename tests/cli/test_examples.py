# SPDX-License-Identifier: Apache-2.0
"""The programs of examples/ against the emulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from emulator_fixture import Emulator, tool

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"


def run(tmp_path: Path, command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    inherited = {name: os.environ[name] for name in ("DBXAUTH_LIBRARY", "PYTHONPATH")}
    return subprocess.run(command, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **inherited, **environment},
                          cwd=tmp_path, capture_output=True, text=True, timeout=120)


def test_c_prints_header_names(tmp_path: Path, service_principal: dict[str, str]) -> None:
    result = run(tmp_path, [tool("DBXAUTH_EXAMPLE_C")], service_principal)
    assert (result.returncode, result.stdout) == (0, "Authorization\nfrom oauth-m2m\n"), result.stderr


@pytest.mark.parametrize("language", ["cpp", "python"])
def test_catalogs_are_listed(tmp_path: Path, service_principal: dict[str, str], emulator: Emulator, language: str) -> None:
    commands = {"cpp": [tool("DBXAUTH_EXAMPLE_LIST")], "python": [sys.executable, str(EXAMPLES / "list_catalogs.py")]}
    result = run(tmp_path, commands[language], service_principal)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert "production" in lines
    assert language == "cpp" or lines[0] == emulator.client_id


@pytest.mark.parametrize("language", ["cpp", "python"])
def test_catalog_is_cloned(tmp_path: Path, service_principal: dict[str, str], language: str) -> None:
    commands = {"cpp": [tool("DBXAUTH_EXAMPLE_CLONE")], "python": [sys.executable, str(EXAMPLES / "clone_catalog.py")]}
    result = run(tmp_path, [*commands[language], "production", f"example_{language}"], service_principal)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1].endswith("statements succeeded")


def test_the_doctor_finds_a_healthy_way_and_a_refused_token(tmp_path: Path, service_principal: dict[str, str]) -> None:
    command = [sys.executable, str(EXAMPLES / "doctor.py")]
    healthy = run(tmp_path, command, service_principal)
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    assert any(line.startswith("passed") and "identity" in line for line in healthy.stdout.splitlines())
    environment = {"DATABRICKS_HOST": service_principal["DATABRICKS_HOST"], "DATABRICKS_TOKEN": "dapi-planted-secret"}
    refused = run(tmp_path, command, environment)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "failed   identity" in refused.stdout and "planted" not in refused.stdout


def test_without_credentials_an_example_says_why(tmp_path: Path) -> None:
    result = run(tmp_path, [sys.executable, str(EXAMPLES / "clone_catalog.py"), "a", "b"], {})
    assert result.returncode == 1
    assert result.stderr.startswith("no_credentials: ")
