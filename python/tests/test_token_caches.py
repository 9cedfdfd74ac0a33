# SPDX-License-Identifier: Apache-2.0
"""Stores of logins: the built-in ones, those that a program writes, and what a client does with them."""

from __future__ import annotations

import base64
import dataclasses
import gc
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, List, Optional

import pytest
from emulator_fixture import Emulator

import dbxauth
from dbxauth import StoredToken
from dbxauth._native import registry

SECRET = "planted-secret"
TOKEN = StoredToken(
    access_token=f"{SECRET}-access", refresh_token=f"{SECRET}-refresh", expiry="2030-01-02T03:04:05Z", expires_in=3600
)
ODD_KEYS = ["https://adb-1.azuredatabricks.net/?o=1", '"quoted" \\ back/slash', "line\nbreak\ttab \x01", "ключ 鍵 𝄞 <&>"]


class DictCache(dbxauth.TokenCache):
    """What a program would write around its vault."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.calls: List[str] = []

    def get(self, key: str) -> Optional[StoredToken]:
        self.calls.append("get")
        text = self.tokens.get(key)
        return None if text is None else StoredToken.from_json(text)

    def put(self, keys: Sequence[str], token: StoredToken) -> None:
        self.calls.append("put")
        self.tokens.update({key: token.to_json() for key in keys})

    def remove(self, key: str) -> None:
        self.tokens.pop(key, None)

    def list(self) -> List[str]:
        return sorted(self.tokens)

    @property
    def location(self) -> str:
        return "a dict"


@pytest.fixture(autouse=True)
def nothing_is_left_registered() -> Iterator[None]:
    gc.collect()
    before = len(registry)
    yield
    gc.collect()
    assert len(registry) == before


def client_of(host: str, cache: Optional[dbxauth.TokenCache]) -> dbxauth.Client:
    return dbxauth.Client(
        environment={}, config_file="/nonexistent/databrickscfg", host=host, auth_type="databricks-cli", token_cache=cache
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


def log_in(emulator: Emulator) -> StoredToken:
    """What `databricks auth login` gets when its user approves, already expired."""
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    question = {
        "client_id": "databricks-cli", "response_type": "code", "state": "s", "scope": "all-apis offline_access",
        "redirect_uri": "http://localhost:8020", "code_challenge": challenge, "code_challenge_method": "S256",
    }
    with pytest.raises(urllib.error.HTTPError) as redirect:
        urllib.request.build_opener(_NoRedirect).open(
            emulator.url + "/oidc/v1/authorize?" + urllib.parse.urlencode(question), timeout=30
        )
    redirect.value.close()
    location = urllib.parse.urlsplit(redirect.value.headers["Location"])
    form = {
        "grant_type": "authorization_code", "client_id": "databricks-cli", "redirect_uri": "http://localhost:8020",
        "code": urllib.parse.parse_qs(location.query)["code"][0], "code_verifier": verifier,
    }
    with urllib.request.urlopen(
        emulator.url + "/oidc/v1/token", data=urllib.parse.urlencode(form).encode(), timeout=30
    ) as answer:
        granted = json.loads(answer.read())
    return StoredToken(granted["access_token"], granted["refresh_token"], expiry="2020-01-01T00:00:00Z")


def token_requests(emulator: Emulator) -> int:
    return int(emulator.counters()["by_route"].get("POST /oidc/v1/token", 0))


def test_stored_token_hides_its_secrets_and_survives_the_trip() -> None:
    assert SECRET not in repr(TOKEN) and SECRET not in str(TOKEN) and "2030" in repr(TOKEN)
    assert StoredToken.from_json(TOKEN.to_json()) == TOKEN
    assert StoredToken.from_json('{"access_token":"a","expiry":"0001-01-01T00:00:00Z","more":1}') == StoredToken("a")
    for text in (SECRET, "[]", "null", f'{{"expires_in":"{SECRET}"}}'):
        with pytest.raises(ValueError) as caught:
            StoredToken.from_json(text)
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize("expiry, expected", [
    ("", None),
    ("2030-01-02T03:04:05Z", datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
    ("2030-01-02T03:04:05.123456789Z", datetime(2030, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)),
    ("2030-01-02T03:04:05.5+02:00", datetime(2030, 1, 2, 3, 4, 5, 500000, tzinfo=timezone(timedelta(hours=2)))),
])
def test_expiry(expiry: str, expected: Optional[datetime]) -> None:
    token = StoredToken("a", expiry=expiry)
    assert token.expires_at == expected
    assert not token.is_expired(datetime(2029, 1, 1, tzinfo=timezone.utc))
    assert token.is_expired(datetime(2031, 1, 1, tzinfo=timezone.utc)) == (expected is not None)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_built_in_caches(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "token-cache.json"
    cache = dbxauth.MemoryTokenCache() if kind == "memory" else dbxauth.FileTokenCache(str(path))
    assert cache.kind == kind
    assert cache.list() == [] and cache.get("dev") is None
    cache.check_available()
    cache.put(ODD_KEYS, TOKEN)
    assert sorted(cache.list()) == sorted(ODD_KEYS)
    assert [cache.get(key) for key in ODD_KEYS] == [TOKEN] * len(ODD_KEYS)
    cache.remove(ODD_KEYS[0])
    cache.remove(ODD_KEYS[0])
    assert cache.get(ODD_KEYS[0]) is None and cache.get(ODD_KEYS[1]) == TOKEN
    for keys, token in (([], TOKEN), (["dev"], StoredToken()), (["dev"], StoredToken(SECRET, expiry="soon"))):
        with pytest.raises(dbxauth.InvalidArgumentError) as caught:
            cache.put(keys, token)
        assert SECRET not in str(caught.value)
    with pytest.raises(ValueError, match="NUL"):
        cache.put(["dev\0"], TOKEN)
    assert SECRET not in repr(cache)
    if kind == "file":
        assert cache.location == str(path)
        assert sorted(json.loads(path.read_text())["tokens"]) == sorted(ODD_KEYS[1:])
        assert dbxauth.FileTokenCache(str(path)).get(ODD_KEYS[1]) == TOKEN


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    cache = dbxauth.FileTokenCache(str(tmp_path / "occupied" / "token-cache.json"))
    with pytest.raises(dbxauth.DbxAuthError, match="occupied"):
        cache.check_available()


NO_BUS = """
import sys, dbxauth
cache = dbxauth.KeyringTokenCache(timeout_seconds=2, may_prompt=sys.argv[1] == "prompt")
assert cache.kind == "keyring" and "keyring" in cache.location
for use in (lambda: cache.get("dev"), cache.list, cache.check_available,
            lambda: cache.put(["dev"], dbxauth.StoredToken("planted-secret"))):
    try:
        use()
    except dbxauth.DbxAuthError as error:
        assert error.code == "storage_unavailable", error
        assert "planted" not in str(error)
    else:
        raise AssertionError("there is no keyring")
try:
    dbxauth.KeyringTokenCache(timeout_seconds=-1)
except dbxauth.InvalidArgumentError:
    print("done")
"""


@pytest.mark.parametrize("prompt", ["prompt", "silent"])
def test_keyring_without_a_bus(tmp_path: Path, prompt: str) -> None:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
    result = subprocess.run(
        [sys.executable, "-c", NO_BUS, prompt], env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.stdout == "done\n", result.stderr


KEYRING = """
import json, subprocess, sys, dbxauth
cache = dbxauth.KeyringTokenCache()
login = dbxauth.StoredToken(**json.loads(sys.argv[2]))
cache.put([sys.argv[1]], login)
assert cache.list() == [sys.argv[1]] and cache.get(sys.argv[1]) == login
with dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", host=sys.argv[1],
                    auth_type="databricks-cli", token_cache=cache) as client:
    access_token = client.token()["access_token"]
# What another program sees.
item = subprocess.run(["secret-tool", "lookup", "service", "databricks-cli", "username", sys.argv[1]],
                      capture_output=True, text=True, check=True).stdout
stored = json.loads(item)["token"]
assert stored["access_token"] == access_token != login.access_token
cache.remove(sys.argv[1])
assert cache.get(sys.argv[1]) is None and cache.list() == []
print("done")
"""


@pytest.mark.skipif(
    not all(shutil.which(program) for program in ("dbus-run-session", "gnome-keyring-daemon", "secret-tool")),
    reason="no program dbus-run-session, gnome-keyring-daemon or secret-tool",
)
def test_login_in_a_real_keyring_is_renewed(emulator: Emulator, tmp_path: Path) -> None:
    login = log_in(emulator)
    unlocked = "printf x | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$@\""
    result = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", unlocked, "sh", sys.executable, "-c", KEYRING, emulator.url,
         json.dumps(dataclasses.asdict(login))],
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=120,
    )
    assert result.stdout == "done\n", result.stderr


def test_encrypted_file_with_a_key_file(emulator: Emulator, tmp_path: Path) -> None:
    key, path = tmp_path / "key", tmp_path / "token-cache.enc"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    cache = dbxauth.EncryptedFileTokenCache(str(path), key_file=str(key))
    assert cache.kind == "encrypted-file" and cache.location == str(path)
    cache.check_available()
    login = log_in(emulator)
    cache.put([emulator.url], login)
    with client_of(emulator.url, cache) as client:
        access_token = client.token()["access_token"]
    again = dbxauth.EncryptedFileTokenCache(str(path), key_file=str(key)).get(emulator.url)
    assert again is not None and again.access_token == access_token != login.access_token
    assert access_token not in path.read_text() and again.refresh_token not in path.read_text()
    key.chmod(0o644)
    with pytest.raises(dbxauth.ConfigurationError, match="key"):
        dbxauth.EncryptedFileTokenCache(str(path), key_file=str(key))
    with pytest.raises(dbxauth.ConfigurationError):
        dbxauth.EncryptedFileTokenCache(str(path))


def test_encrypted_file_with_a_passphrase(emulator: Emulator, tmp_path: Path) -> None:
    path, asked = str(tmp_path / "token-cache.enc"), []

    def ask() -> str:
        asked.append(True)
        return f"{SECRET}-ключ"

    def refuse(answer: Any, expected: type[BaseException]) -> BaseException:
        def wrong() -> Optional[str]:
            # A new one each time: one that is kept would keep, with its traceback, the cache that asks.
            if isinstance(answer, type):
                raise answer(SECRET)
            return answer  # type: ignore[no-any-return]

        with pytest.raises(expected) as caught:
            dbxauth.EncryptedFileTokenCache(path, passphrase=wrong).get("dev")
        assert expected is KeyboardInterrupt or SECRET not in str(caught.value)
        return caught.value

    cache = dbxauth.EncryptedFileTokenCache(path, passphrase=ask)
    assert asked == []
    cache.put(["dev"], TOKEN)
    assert cache.get("dev") == TOKEN and asked == [True]
    refuse(f"{SECRET}-mistake", dbxauth.AuthenticationFailedError)
    refuse(None, dbxauth.CancelledError)
    refuse(KeyboardInterrupt, KeyboardInterrupt)
    assert "VaultSealed" in str(refuse(VaultSealed, dbxauth.DbxAuthError))
    assert cache.get("dev") == TOKEN

    def interrupt() -> str:
        raise KeyboardInterrupt

    cache.put([emulator.url], TOKEN)
    with client_of(emulator.url, dbxauth.EncryptedFileTokenCache(path, passphrase=interrupt)) as client:
        with pytest.raises(KeyboardInterrupt):
            client.headers()


def test_login_in_a_dict_is_renewed_and_written_back(emulator: Emulator) -> None:
    cache = DictCache()
    login = log_in(emulator)
    cache.put([emulator.url, "an alias"], login)
    cache.put(["somebody else"], StoredToken("other", "other-refresh"))
    emulator.reset_counters()
    with client_of(emulator.url, cache) as client:
        authorization = client.headers()["Authorization"]
        assert client.headers()["Authorization"] == authorization
        assert client.describe()["details"]["auth_type"] == "databricks-cli"
        assert [catalog["name"] for catalog in client.catalogs()]
    assert token_requests(emulator) == 1
    renewed = cache.get(emulator.url)
    assert renewed is not None and not renewed.is_expired()
    assert authorization == f"Bearer {renewed.access_token}" != f"Bearer {login.access_token}"
    assert renewed.refresh_token and renewed.expires_in > 0
    assert cache.get("an alias") == renewed
    assert cache.get("somebody else") == StoredToken("other", "other-refresh")
    # Another client goes on with what was written, and so does the official tool's format.
    with client_of(emulator.url, cache) as client:
        assert client.token()["access_token"] == renewed.access_token
    assert token_requests(emulator) == 1


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_login_in_a_built_in_cache_is_renewed(emulator: Emulator, kind: str, tmp_path: Path) -> None:
    cache = dbxauth.MemoryTokenCache() if kind == "memory" else dbxauth.FileTokenCache(str(tmp_path / "cache.json"))
    login = log_in(emulator)
    cache.put([emulator.url], login)
    with client_of(emulator.url, cache) as client:
        authorization = client.headers()["Authorization"]
    renewed = cache.get(emulator.url)
    assert renewed is not None and authorization == f"Bearer {renewed.access_token}"
    assert renewed.access_token != login.access_token


def test_a_cache_outlives_its_python_name(emulator: Emulator) -> None:
    cache = dbxauth.MemoryTokenCache()
    cache.put([emulator.url], log_in(emulator))
    with client_of(emulator.url, cache) as client:
        del cache
        gc.collect()
        assert client.headers().strategy == "databricks-cli"


def test_methods_that_a_subclass_overrides_are_used(emulator: Emulator) -> None:
    class Watched(dbxauth.MemoryTokenCache):
        def __init__(self) -> None:
            super().__init__()
            self.written: List[str] = []

        def put(self, keys: Sequence[str], token: StoredToken) -> None:
            self.written.extend(keys)
            super().put(keys, token)

    cache = Watched()
    cache.put([emulator.url], log_in(emulator))
    cache.written.clear()
    with client_of(emulator.url, cache) as client:
        client.headers()
    assert cache.written == [emulator.url]


def test_many_threads_share_one_renewal(emulator: Emulator) -> None:
    cache = DictCache()
    cache.put([emulator.url], log_in(emulator))
    emulator.reset_counters()
    seen: List[str] = []
    with client_of(emulator.url, cache) as client:
        threads = [threading.Thread(target=lambda: seen.append(client.headers()["Authorization"])) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen) == 16 and len(set(seen)) == 1
    assert token_requests(emulator) == 1


def test_no_login_says_where_it_was_looked_for(emulator: Emulator) -> None:
    with client_of(emulator.url, DictCache()) as client, pytest.raises(dbxauth.NoCredentialsError) as caught:
        client.headers()
    assert "DictCache token cache (a dict)" in str(caught.value.details)


class VaultSealed(Exception):
    pass


class Failing(DictCache):
    """Fails with `failure` in the methods named in `where`."""

    def __init__(self, failure: BaseException, *where: str) -> None:
        super().__init__()
        self.failure, self.where = failure, where

    def get(self, key: str) -> Optional[StoredToken]:
        if "get" in self.where:
            raise self.failure
        return super().get(key)

    def put(self, keys: Sequence[str], token: StoredToken) -> None:
        if "put" in self.where:
            raise self.failure
        super().put(keys, token)


@pytest.mark.parametrize("failure, code", [
    (VaultSealed(f"sealed with {SECRET}"), "user_callback"),
    (TimeoutError(SECRET), "timed_out"),
    (dbxauth.DbxAuthError(SECRET, {"code": "storage_unavailable"}), "storage_unavailable"),
])
def test_exceptions_become_errors_without_their_text(emulator: Emulator, failure: Exception, code: str) -> None:
    with client_of(emulator.url, Failing(failure, "get")) as client, pytest.raises(dbxauth.DbxAuthError) as caught:
        client.headers()
    assert caught.value.code == code
    assert type(failure).__name__ in str(caught.value)
    assert SECRET not in str(caught.value) and SECRET not in str(caught.value.details)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("given", [42, StoredToken(), StoredToken(SECRET, expiry="tomorrow")])
def test_what_is_no_token_is_not_taken_for_one(emulator: Emulator, given: Any) -> None:
    class Wrong(DictCache):
        def get(self, key: str) -> Optional[StoredToken]:
            return given  # type: ignore[no-any-return]

    with client_of(emulator.url, Wrong()) as client, pytest.raises(dbxauth.DbxAuthError) as caught:
        client.headers()
    assert caught.value.code == "user_callback"
    assert SECRET not in str(caught.value)


def test_a_login_that_cannot_be_kept_is_used_all_the_same(emulator: Emulator) -> None:
    records: List[str] = []
    dbxauth.set_log_callback("error", lambda level, subject, message: records.append(message))
    try:
        cache = Failing(VaultSealed(SECRET), "put")
        cache.tokens[emulator.url] = log_in(emulator).to_json()
        with client_of(emulator.url, cache) as client:
            assert client.headers()["Authorization"].startswith("Bearer ")
    finally:
        dbxauth.set_log_callback("off", None)
    assert any("VaultSealed" in record for record in records)
    assert all(SECRET not in record for record in records)


@pytest.mark.parametrize("where", ["get", "put"])
@pytest.mark.parametrize("method", ["headers", "token"])
def test_an_interrupted_cache_interrupts_the_caller(emulator: Emulator, where: str, method: str) -> None:
    cache = Failing(KeyboardInterrupt(), where)
    cache.tokens[emulator.url] = log_in(emulator).to_json()
    with client_of(emulator.url, cache) as client:
        with pytest.raises(KeyboardInterrupt):
            getattr(client, method)()
        cache.where = ()
        if where == "put":  # The renewed login is not lost.
            assert client.headers()["Authorization"].startswith("Bearer ")


def test_a_cache_may_use_its_client(emulator: Emulator) -> None:
    codes: List[str] = []

    class Curious(DictCache):
        def get(self, key: str) -> Optional[StoredToken]:
            try:
                client.headers()
            except dbxauth.DbxAuthError as error:
                codes.append(error.code)
            return super().get(key)

    cache = Curious()
    cache.put([emulator.url], log_in(emulator))
    client = client_of(emulator.url, cache)
    with client:
        assert client.headers()["Authorization"].startswith("Bearer ")
    assert codes and set(codes) == {"unavailable"}
    del client


def test_user_data_is_released_when_the_client_is_refused() -> None:
    before = len(registry)
    with pytest.raises(dbxauth.InvalidArgumentError):
        dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", nonsense="x", token_cache=DictCache())
    assert len(registry) == before


def test_abstract_methods_must_be_written() -> None:
    class Half(dbxauth.TokenCache):
        def get(self, key: str) -> Optional[StoredToken]:
            return None

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]


def test_references_are_not_leaked(emulator: Emulator) -> None:
    cache = DictCache()
    cache.put([emulator.url], log_in(emulator))
    before = sys.getrefcount(cache)
    for _ in range(20):
        with client_of(emulator.url, cache) as client:
            client.headers()
        del client
    gc.collect()
    assert sys.getrefcount(cache) <= before + 1
