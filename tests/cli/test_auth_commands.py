# SPDX-License-Identifier: Apache-2.0
"""Profiles, descriptions, diagnoses and exports of the built tool."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Run
from emulator_fixture import Emulator, tool

PLANTED = "dapi-planted-secret-value"


def write_profiles(home: Path, text: str) -> Path:
    path = home / ".databrickscfg"
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture
def profiles(tmp_path: Path, emulator: Emulator) -> Path:
    return write_profiles(
        tmp_path,
        f"[good]\nhost = {emulator.url}\ntoken = {emulator.token}\n\n[refused]\nhost = {emulator.url}\ntoken = {PLANTED}\n"
        "\n[__settings__]\ndefault_profile = good\n")


def test_profiles(run: Run, profiles: Path, emulator: Emulator) -> None:
    # Credentials of the environment are no profile's.
    result = run("auth", "profiles", env={"DATABRICKS_HOST": emulator.url, "DATABRICKS_TOKEN": emulator.token})
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [["Name", "Host", "Valid"], ["good", "(Default)", emulator.url, "YES"], ["refused", emulator.url, "NO"]]
    assert result.stderr.startswith("refused: ")
    as_json = run("auth", "profiles", "-o", "json")
    assert as_json.returncode == 0 and as_json.stderr == ""
    listed = json.loads(as_json.stdout)
    assert listed["schema"] == 1
    good, refused = listed["profiles"]
    assert good == {"name": "good", "host": emulator.url, "cloud": "aws", "auth_type": "pat", "valid": True,
                    "username": good["username"], "default": True}
    assert refused["valid"] is False and refused["error"]["code"] == "authentication_failed"
    for output in (result, as_json):
        assert PLANTED not in output.stdout + output.stderr
        assert emulator.token not in output.stdout + output.stderr


def test_profiles_without_validation_use_no_network(run: Run, profiles: Path, emulator: Emulator) -> None:
    emulator.reset_counters()
    text = run("auth", "profiles", "--skip-validate")
    assert [line.split()[-1] for line in text.stdout.splitlines()] == ["Valid", "-", "-"]
    listed = json.loads(run("auth", "profiles", "--skip-validate", "-o", "json").stdout)["profiles"]
    assert [profile["valid"] for profile in listed] == [False, False]
    assert emulator.counters()["requests"] == 0


def test_profiles_of_a_missing_and_a_broken_file(run: Run, tmp_path: Path) -> None:
    missing = run("auth", "profiles")
    assert missing.returncode == 0 and "dbxauth configure" in missing.stderr
    assert json.loads(run("auth", "profiles", "-o", "json").stdout)["profiles"] == []
    write_profiles(tmp_path, f"[p\ntoken = {PLANTED}\n")
    broken = run("auth", "profiles")
    assert broken.returncode == 1
    assert ".databrickscfg:1:" in broken.stderr and PLANTED not in broken.stderr


def test_switch(run: Run, profiles: Path) -> None:
    before = profiles.read_text()
    switched = run("auth", "switch", "--profile", "refused")
    assert switched.returncode == 0, switched.stderr
    assert switched.stderr == 'Default profile set to "refused".\n' and switched.stdout == ""
    assert profiles.read_text() == before.replace("default_profile = good", "default_profile = refused")
    assert (profiles.parent / ".databrickscfg.bak").read_text() == before
    unknown = run("auth", "switch", "-p", "nobody", "-o", "json")
    assert unknown.returncode == 5
    assert "good, refused" in json.loads(unknown.stdout)["error"]["message"]
    assert run("auth", "switch", "-p", "__settings__").returncode == 2
    # No terminal, no question.
    unnamed = run("auth", "switch")
    assert unnamed.returncode == 2 and "--profile" in unnamed.stderr
    assert json.loads(run("auth", "switch", "-p", "good", "-o", "json").stdout) == {"schema": 1, "default_profile": "good"}


def test_env(run: Run, profiles: Path, emulator: Emulator) -> None:
    result = run("auth", "env", "-p", "good")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith('{\n  "env": {\n    "DATABRICKS_') and result.stdout.endswith("\n  }\n}")
    variables = json.loads(result.stdout)["env"]
    assert variables["DATABRICKS_HOST"] == emulator.url and variables["DATABRICKS_TOKEN"] == emulator.token
    assert list(variables) == sorted(variables)
    # They make another program sign in.
    assert run("catalog", "list", env=variables).returncode == 0
    exports = run("auth", "env", "-p", "good", "-o", "text").stdout
    shell = subprocess.run(["/bin/sh", "-c", exports + 'printf %s "$DATABRICKS_TOKEN"'], capture_output=True, text=True, check=True)
    assert shell.stdout == emulator.token
    assert run("auth", "env").returncode == 0
    nobody = run("auth", "env", "--config-file", "/dev/null", "-o", "json")
    assert nobody.returncode == 3 and json.loads(nobody.stdout)["error"]["code"] == "no_credentials"


def test_describe_shows_places_and_hides_secrets(run: Run, profiles: Path, emulator: Emulator) -> None:
    result = run("auth", "describe")
    assert result.returncode == 0, result.stdout
    assert f"token: ******** (from {profiles}:3 config file)" in result.stdout
    assert emulator.token not in result.stdout + result.stderr
    assert "Token storage" not in result.stdout
    revealed = run("auth", "describe", "--sensitive")
    assert f"token: {emulator.token} (from {profiles}:3 config file)" in revealed.stdout
    configuration = json.loads(run("auth", "describe", "--sensitive", "-o", "json").stdout)["details"]["configuration"]
    assert configuration["token"]["value"] == emulator.token
    # What was passed over is named with its reason and stays masked.
    ignored = run("auth", "describe", "--sensitive", "-p", "good", env={"DATABRICKS_CLIENT_ID": "id", "DATABRICKS_CLIENT_SECRET": PLANTED})
    assert ignored.returncode == 0
    assert "ignored" in ignored.stdout and PLANTED not in ignored.stdout


def test_describe_names_the_storage_of_a_shared_login(run: Run, tmp_path: Path, emulator: Emulator) -> None:
    write_profiles(tmp_path, f"[shared]\nhost = {emulator.url}\nauth_type = databricks-cli\n")
    cache = tmp_path / ".databricks" / "token-cache.json"
    cache.parent.mkdir(mode=0o700)
    token = {"access_token": emulator.token, "token_type": "Bearer",
             "expiry": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))}
    cache.write_text(json.dumps({"version": 1, "tokens": {"shared": token}}))
    cache.chmod(0o600)
    result = run("auth", "describe", "-p", "shared")
    assert result.returncode == 0, result.stdout
    assert "Token storage: legacy, ~/.databricks/token-cache.json (from default)\n" in result.stdout
    storage = json.loads(run("auth", "describe", "-p", "shared", "-o", "json").stdout)["token_storage"]
    assert storage == {"mode": "legacy", "location": "~/.databricks/token-cache.json", "source": "default"}
    # A shared login has no variables of its own.
    assert emulator.token not in run("auth", "env", "-p", "shared").stdout


def test_doctor(run: Run, profiles: Path, emulator: Emulator) -> None:
    healthy = run("auth", "doctor")
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    assert healthy.stdout.endswith("Everything works.\n")
    as_json = json.loads(run("auth", "doctor", "-o", "json").stdout)
    assert as_json["schema"] == 1 and as_json["status"] == "healthy"
    steps = {step["name"]: step["verdict"] for step in as_json["steps"]}
    assert steps["identity"] == "passed" and steps["token"] == "passed"
    refused = run("auth", "doctor", "-p", "refused")
    assert refused.returncode == 3, refused.stdout
    assert "identity" in refused.stdout and PLANTED not in refused.stdout + refused.stderr
    unreachable = run("auth", "doctor", "--host", "http://127.0.0.1:1", "--token", PLANTED, "-o", "json")
    assert unreachable.returncode == 7, unreachable.stdout
    diagnosis = json.loads(unreachable.stdout)
    failed = [step for step in diagnosis["steps"] if step["verdict"] == "failed"]
    assert failed[0]["name"] == "tcp" and failed[0]["fix"]
    assert PLANTED not in unreachable.stdout + unreachable.stderr
    nobody = run("auth", "doctor", "--config-file", "/dev/null")
    assert nobody.returncode != 0


def run_with_input(arguments: list[str], home: Path, text: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([tool("DBXAUTH_CLI"), *arguments], input=text, capture_output=True, text=True, timeout=120, cwd=home,
                          env={"HOME": str(home), "PATH": "/usr/bin:/bin", **(env or {})})


def test_configure_reads_the_token_from_standard_input(tmp_path: Path, run: Run, emulator: Emulator) -> None:
    result = run_with_input(["configure", "--host", emulator.url + "/?o=7", "-p", "mine"], tmp_path, f"\n  {emulator.token} \n")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "" and emulator.token not in result.stderr
    path = tmp_path / ".databrickscfg"
    assert path.read_text() == (
        f"[mine]\nhost = {emulator.url}\nworkspace_id = 7\ntoken = {emulator.token}\n\n[__settings__]\ndefault_profile = mine\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run("catalog", "list").returncode == 0


def test_configure_clears_other_credentials_and_keeps_the_rest(tmp_path: Path) -> None:
    path = write_profiles(tmp_path, "# mine\n[DEFAULT]\nhost = https://old.example.com\nclient_id = id\nclient_secret = s\n"
                                    "auth_type = oauth-m2m\nscopes = all-apis\nserverless_compute_id = auto\ncustom = kept\naccount_id = 1\n")
    result = run_with_input(["configure", "--host", "new.example.com", "-o", "json"], tmp_path, "dapi-1", {"DATABRICKS_CLUSTER_ID": "c1"})
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"schema": 1, "profile": "DEFAULT", "host": "https://new.example.com"}
    assert path.read_text().startswith("# mine\n[DEFAULT]\nhost = https://new.example.com\ncustom = kept\naccount_id = 1\ntoken = dapi-1\ncluster_id = c1\n")


def test_configure_lets_standard_input_win_over_the_environment(tmp_path: Path) -> None:
    environment = {"DATABRICKS_TOKEN": PLANTED, "DATABRICKS_HOST": "https://h.example.com"}
    result = run_with_input(["configure"], tmp_path, "dapi-typed\n", environment)
    assert result.returncode == 0, result.stderr
    assert "token = dapi-typed\n" in (tmp_path / ".databrickscfg").read_text()
    assert "DATABRICKS_TOKEN is set, too" in result.stderr and PLANTED not in result.stderr
    fallback = run_with_input(["configure"], tmp_path, "", environment)
    assert fallback.returncode == 0 and "of DATABRICKS_TOKEN is taken" in fallback.stderr
    assert f"token = {PLANTED}\n" in (tmp_path / ".databrickscfg").read_text()


def test_configure_refuses_what_cannot_be_a_profile(tmp_path: Path) -> None:
    for arguments, text in ((["--host", "h.example.com"], " \n\n"), ([], "dapi-1"), (["--host", "http://h.example.com"], "dapi-1"),
                            (["--host", "h.example.com", "-p", "__settings__"], "dapi-1"),
                            (["--host", "h.example.com", "--token", "-"], "")):
        result = run_with_input(["configure", *arguments], tmp_path, text, {"DATABRICKS_TOKEN": ""})
        assert result.returncode in (1, 2), (arguments, result.stderr)
        assert result.stderr.startswith("Error: ") and "dapi-1" not in result.stderr
        assert not (tmp_path / ".databrickscfg").exists()


def test_configure_leaves_a_file_alone_that_it_cannot_read(tmp_path: Path) -> None:
    path = write_profiles(tmp_path, "[p\n")
    result = run_with_input(["configure", "--host", "h.example.com"], tmp_path, "dapi-1")
    assert result.returncode == 1 and path.read_text() == "[p\n"
    assert os.listdir(tmp_path).count(".databrickscfg.bak") == 0
