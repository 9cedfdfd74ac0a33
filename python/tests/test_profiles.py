# SPDX-License-Identifier: Apache-2.0
"""The profile file, without a server and against the emulator."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from emulator_fixture import Emulator

from dbxauth import ConfigurationError, DbxAuthError, InvalidArgumentError, NotFoundError, profiles

SECRET = "dapi-planted-secret"


@pytest.fixture
def where(tmp_path: Path) -> dict[str, Any]:
    """A profile file of its own, in an environment without variables."""
    return {"config_file": str(tmp_path / "databrickscfg"), "environment": {}}


def names(where: dict[str, Any]) -> list[str]:
    return [profile.name for profile in profiles.list_profiles(**where)]


def test_no_file_holds_no_profiles(where: dict[str, Any]) -> None:
    assert profiles.list_profiles(**where) == []
    assert profiles.check_profiles(**where) == []


def test_save_list_default_remove(where: dict[str, Any]) -> None:
    profiles.save_profile("dev", {"host": "https://dev.example.com", "token": SECRET}, **where)
    profiles.save_profile("azure", {"host": "adb-1.2.azuredatabricks.net", "account_id": "a-1"}, **where)
    dev, azure = profiles.list_profiles(**where)
    assert (dev.name, dev.host, dev.is_default) == ("dev", "https://dev.example.com", True)
    assert (azure.name, azure.cloud, azure.account_id, azure.is_default) == ("azure", "azure", "a-1", False)
    assert SECRET not in repr(dev)

    profiles.set_default_profile("azure", **where)
    assert [profile.is_default for profile in profiles.list_profiles(**where)] == [False, True]
    profiles.remove_profile("azure", **where)
    assert names(where) == ["dev"]


def test_a_change_leaves_what_it_does_not_name(where: dict[str, Any]) -> None:
    file = Path(where["config_file"])
    file.write_text(f"# mine\n[dev]\nhost = https://dev.example.com\ntoken = {SECRET}\nwarehouse_id = w-1\n", encoding="utf-8")
    file.chmod(0o600)
    before = file.read_bytes()
    profiles.save_profile("dev", {"account_id": "a-1"}, remove=["warehouse_id"], make_default=True, **where)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# mine\n") and SECRET in text and "a-1" in text and "warehouse_id" not in text
    assert file.with_name(file.name + ".bak").read_bytes() == before
    assert profiles.list_profiles(**where)[0].is_default


def test_missing_profiles_are_named(where: dict[str, Any]) -> None:
    profiles.save_profile("production", {"host": "https://production.example.com"}, **where)
    for change in (profiles.remove_profile, profiles.set_default_profile):
        with pytest.raises(NotFoundError, match="production"):
            change("staging", **where)


def test_refused_values_are_not_repeated(where: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="clientsecret") as caught:
        profiles.save_profile("dev", {"clientsecret": SECRET}, **where)
    assert SECRET not in str(caught.value)
    with pytest.raises(InvalidArgumentError):
        profiles.save_profile("__settings__", {"host": "https://dev.example.com"}, **where)
    assert not Path(where["config_file"]).exists()


def test_a_file_that_cannot_be_parsed(where: dict[str, Any]) -> None:
    Path(where["config_file"]).write_text("[dev\nhost = x\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        profiles.list_profiles(**where)


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    file = str(tmp_path / "elsewhere")
    profiles.save_profile("dev", {"host": "https://dev.example.com"}, environment={"DATABRICKS_CONFIG_FILE": file})
    assert names({"config_file": file, "environment": {}}) == ["dev"]


def test_each_profile_is_tried_by_itself(where: dict[str, Any], emulator: Emulator) -> None:
    profiles.save_profile("good", {"host": emulator.url, "token": emulator.token}, **where)
    profiles.save_profile("bad", {"host": emulator.url, "token": SECRET}, **where)
    profiles.save_profile("principal", emulator.service_principal, **where)
    # Credentials of the environment belong to none of the profiles.
    environment = {"DATABRICKS_TOKEN": emulator.token, "DATABRICKS_HOST": emulator.url}
    good, bad, principal = profiles.check_profiles(config_file=where["config_file"], environment=environment)
    assert (good.profile.name, good.valid, good.profile.auth_type, good.error) == ("good", True, "pat", None)
    assert good.username
    assert (bad.profile.name, bad.valid) == ("bad", False)
    assert isinstance(bad.error, DbxAuthError) and bad.error.http_status == 401
    assert SECRET not in str(bad.error.details)
    assert (principal.profile.auth_type, principal.username) == ("oauth-m2m", emulator.client_id), principal.error


INTERRUPTED = """
import sys
from dbxauth import profiles
print("ready", flush=True)
try:
    profiles.check_profiles(config_file=sys.argv[1], environment={}, per_profile_seconds=60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_check_at_once(where: dict[str, Any]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        profiles.save_profile("silent", {"host": host, "token": SECRET}, **where)
        process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, where["config_file"]],
                                   env=dict(os.environ), stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            # Interrupted only once it is waiting for the answer of the silent host.
            silent.settimeout(30)
            connection, _ = silent.accept()
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            line = process.stdout.readline()
            elapsed = time.monotonic() - started
            connection.close()
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
            process.wait()
    assert line == "interrupted\n"
    # Without the interruption it would be a minute.
    assert elapsed < 30, elapsed
