# SPDX-License-Identifier: Apache-2.0
"""Logins moved between the token cache file and a real keyring, and read from both."""

import json
import os
import subprocess

import pytest
from private_desktop import DEADLINE_S, Desktop, missing_program

HOST = "https://w.example"
MISSING = missing_program() or ("dbxauth" if "DBXAUTH_CLI" not in os.environ else None)
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no program {MISSING}")


@pytest.fixture
def desktop():
    session = Desktop()
    try:
        session.start_bus()
        session.start_keyring()
        yield session
    finally:
        session.close()


def run(desktop, *arguments, **changes):
    return subprocess.run([os.environ["DBXAUTH_CLI"], *arguments], env=desktop.environment(**changes),
                          cwd=desktop.home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)


def run_json(desktop, *arguments, **changes):
    done = run(desktop, *arguments, "-o", "json", **changes)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def entry(token, expiry="2999-01-01T00:00:00Z"):
    return {"access_token": token, "token_type": "Bearer", "refresh_token": "r-" + token, "expiry": expiry}


def write_cache(desktop, tokens):
    file = desktop.home / ".databricks" / "token-cache.json"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(json.dumps({"version": 1, "tokens": tokens}), encoding="utf-8")
    file.chmod(0o600)
    return file


def access_token(desktop, **changes):
    profiles = desktop.home / ".databrickscfg"
    profiles.write_text(f"[dev]\nhost = {HOST}\nauth_type = databricks-cli\n", encoding="utf-8")
    return run_json(desktop, "auth", "token", "dev", **changes)["access_token"]


def test_there_and_back(desktop):
    file = write_cache(desktop, {"dev": entry("a"), HOST: entry("a")})
    before = file.read_bytes()
    planned = run_json(desktop, "auth", "storage", "migrate", "--to", "secure", "--dry-run")
    assert [login["action"] for login in planned["logins"]] == ["copied", "skipped"]
    assert desktop.items("service", "databricks-cli") == []

    moved = run_json(desktop, "auth", "storage", "migrate", "--to", "secure")
    assert [login["action"] for login in moved["logins"]] == ["copied", "skipped"]
    assert file.read_bytes() == before
    items = desktop.items("service", "databricks-cli")
    assert len(items) == 1
    assert json.loads(items[0]["secret"])["token"]["access_token"] == "a"

    removed = run_json(desktop, "auth", "storage", "migrate", "--to", "secure", "--remove-source")
    assert [(login["action"], login["removed"]) for login in removed["logins"]] == [("kept", True), ("skipped", True)]
    assert json.loads(file.read_text(encoding="utf-8"))["tokens"] == {}
    # Whatever the mode, the login is found.
    assert access_token(desktop) == "a"
    assert access_token(desktop, DATABRICKS_AUTH_STORAGE="secure") == "a"

    back = run_json(desktop, "auth", "storage", "migrate", "--to", "plaintext", "--remove-source")
    assert [(login["action"], login["removed"]) for login in back["logins"]] == [("copied", True)]
    assert json.loads(file.read_text(encoding="utf-8"))["tokens"]["dev"]["refresh_token"] == "r-a"
    assert desktop.items("service", "databricks-cli") == []


def test_the_newest_login_is_used_and_described_by_its_place(desktop):
    write_cache(desktop, {"dev": entry("old", "2001-01-01T00:00:00Z")})
    desktop.secret_tool("store", "--label=x", "service", "databricks-cli", "username", "dev",
                        stdin=json.dumps({"token": entry("new")}))
    assert access_token(desktop) == "new"
    storage = run_json(desktop, "auth", "describe", "--offline", "-p", "dev")["token_storage"]
    assert storage == {"mode": "legacy", "location": "OS keyring (service: databricks-cli)", "source": "default"}


def test_a_login_of_the_file_that_lasts_loads_no_keyring_library(desktop):
    write_cache(desktop, {"dev": entry("a")})
    traced = run(desktop, "auth", "token", "dev", LD_DEBUG="files")
    assert access_token(desktop) == "a"
    assert "libsecret" not in traced.stderr
    assert "libc.so" in traced.stderr
