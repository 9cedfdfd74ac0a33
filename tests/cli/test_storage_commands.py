# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Run

SECRET = "planted-login-secret"
HOST = "https://w.example"
# No bus: nobody's real keyring is looked at.
NO_BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A token cache file as the Databricks CLI leaves it."""
    file = tmp_path / ".databricks" / "token-cache.json"
    file.parent.mkdir(mode=0o700)
    lasting = {"access_token": SECRET, "token_type": "Bearer", "refresh_token": SECRET, "expiry": "2199-01-01T00:00:00Z"}
    past = {"access_token": SECRET, "token_type": "Bearer", "expiry": "2001-01-01T00:00:00Z"}
    file.write_text(json.dumps({"version": 1, "tokens": {"dev": lasting, HOST: lasting, "old": past}}))
    file.chmod(0o600)
    return file


def test_status_shows_both_stores_and_no_secret(run: Run, cache: Path) -> None:
    result = run("auth", "storage", "status", env=NO_BUS)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "Mode: legacy (from default)"
    assert "file: ~/.databricks/token-cache.json" in lines
    assert any(line.split() == ["dev", "profile", "2199-01-01", "00:00:00", "UTC", "YES"] for line in lines), lines
    assert any(line.split() == ["old", "profile", "2001-01-01", "00:00:00", "UTC", "(past)", "NO"] for line in lines)
    assert any(line.split()[:2] == [HOST, "host"] for line in lines)
    assert "not reachable: the OS keyring cannot be used" in result.stdout
    assert SECRET not in result.stdout + result.stderr


def test_status_as_json(run: Run, cache: Path) -> None:
    result = run("auth", "storage", "status", "-o", "json", env={**NO_BUS, "DATABRICKS_AUTH_STORAGE": "Secure"})
    assert result.returncode == 0, result.stderr
    status = json.loads(result.stdout)
    assert (status["schema"], status["mode"], status["explicit"]) == (1, "secure", True)
    assert status["source"] == "DATABRICKS_AUTH_STORAGE environment variable"
    keyring, file = status["stores"]
    assert (keyring["kind"], keyring["reachable"], keyring["logins"]) == ("keyring", False, [])
    assert keyring["error"]["code"] == "storage_unavailable"
    assert file["reachable"] is True
    assert file["logins"][0] == {"key": "dev", "type": "profile", "expiry": "2199-01-01T00:00:00Z", "renewable": True}
    assert [login["type"] for login in file["logins"]] == ["profile", "host", "profile"]
    assert SECRET not in result.stdout


def test_a_wrong_mode_names_its_source(run: Run, tmp_path: Path, cache: Path) -> None:
    result = run("auth", "storage", "status", env={**NO_BUS, "DATABRICKS_AUTH_STORAGE": "vault"})
    assert result.returncode == 1
    assert 'DATABRICKS_AUTH_STORAGE: unknown storage mode "vault"' in result.stderr
    profiles = tmp_path / ".databrickscfg"
    profiles.write_text("[__settings__]\nauth_storage = vault\n")
    result = run("auth", "storage", "status", "-o", "json", env=NO_BUS)
    assert result.returncode == 1
    assert f"auth_storage in {profiles}: unknown storage mode" in json.loads(result.stdout)["error"]["message"]


def test_the_minimum_refuses_the_file(run: Run, cache: Path) -> None:
    env = {**NO_BUS, "DBXAUTH_STORAGE_MIN": "keyring"}
    refused = run("auth", "storage", "status", env=env)
    assert refused.returncode != 0
    assert "storage_min is keyring" in refused.stderr
    status = json.loads(run("auth", "storage", "status", "-o", "json", env={**env, "DATABRICKS_AUTH_STORAGE": "secure"}).stdout)
    assert [store["kind"] for store in status["stores"]] == ["keyring"]


def test_a_migration_without_a_keyring_changes_nothing(run: Run, cache: Path) -> None:
    before = cache.read_bytes()
    result = run("auth", "storage", "migrate", "--to", "secure", "--remove-source", env=NO_BUS)
    assert result.returncode != 0
    assert "the OS keyring cannot be used" in result.stderr
    assert SECRET not in result.stdout + result.stderr
    assert cache.read_bytes() == before
    assert sorted(os.listdir(cache.parent)) == ["token-cache.json"]


def test_a_migration_needs_to_know_where_to(run: Run) -> None:
    assert run("auth", "storage", "migrate").returncode == 2
    wrong = run("auth", "storage", "migrate", "--to", "legacy")
    assert wrong.returncode == 2
    assert "expected one of secure, plaintext" in wrong.stderr
    assert run("auth", "storage").returncode == 2
