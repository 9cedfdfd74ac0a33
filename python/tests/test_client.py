# SPDX-License-Identifier: Apache-2.0
"""What needs no server."""

from __future__ import annotations

import gc
import sys
import types

import pytest

import dbxauth
from dbxauth._native import registry
from dbxauth.providers import notebook_provider

HOST = "https://workspace.example.com"
SECRET = "dapi-planted-secret"


def isolated(**options: object) -> dbxauth.Client:
    return dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", **options)  # type: ignore[arg-type]


def test_explicit_token() -> None:
    with isolated(host=HOST, token=SECRET) as client:
        headers = client.headers()
        assert headers["Authorization"] == f"Bearer {SECRET}"
        assert headers.strategy == "pat"
        assert headers.expires_at is None
        assert SECRET not in repr(headers)
        description = client.describe()
        assert description["status"] == "success"
        assert description["details"]["host"] == HOST
        assert SECRET not in str(description)
        assert client.token()["access_token"] == SECRET


def test_no_credentials_tells_what_was_tried() -> None:
    with isolated() as client:
        with pytest.raises(dbxauth.NoCredentialsError) as caught:
            client.headers()
    strategies = [attempt["strategy"] for attempt in caught.value.attempts]
    assert "pat" in strategies and "oauth-m2m" in strategies
    assert caught.value.code == "no_credentials"
    assert any("DATABRICKS_TOKEN" in name for attempt in caught.value.attempts for name in attempt["missing"])


def test_environment_is_replaced_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", HOST)
    monkeypatch.setenv("DATABRICKS_TOKEN", SECRET)
    with isolated() as client, pytest.raises(dbxauth.NoCredentialsError):
        client.headers()


def test_unknown_attribute() -> None:
    with pytest.raises(dbxauth.InvalidArgumentError, match="clientsecret") as caught:
        isolated(host=HOST, clientsecret=SECRET)
    assert isinstance(caught.value, ValueError)
    assert SECRET not in str(caught.value)


def test_closed_client_says_so() -> None:
    client = isolated(host=HOST, token=SECRET)
    client.close()
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.headers()


def test_provider_is_released_after_close_and_after_failure() -> None:
    before = len(registry)

    def provide(min_validity_seconds: int) -> dbxauth.ProvidedHeaders:
        return dbxauth.ProvidedHeaders({"Authorization": "Bearer from-python"})

    with isolated(host=HOST, providers=[("vault", provide)]) as client:
        gc.collect()
        assert client.headers()["Authorization"] == "Bearer from-python"
        assert len(registry) == before + 1
    assert len(registry) == before
    with pytest.raises(dbxauth.InvalidArgumentError):
        isolated(nonsense="x", providers=[("vault", provide)])
    assert len(registry) == before


def test_provider_exception_reaches_the_caller() -> None:
    class VaultSealed(Exception):
        pass

    def provide(min_validity_seconds: int) -> dbxauth.ProvidedHeaders:
        raise VaultSealed("sealed")

    with isolated(host=HOST, providers=[("vault", provide)]) as client, pytest.raises(VaultSealed):
        client.headers()


def test_declining_provider_goes_on() -> None:
    with isolated(host=HOST, token=SECRET, providers=[("vault", lambda min_validity_seconds: None)]) as client:
        assert client.headers().strategy == "pat"


def test_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    assert notebook_provider() is None
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    package = types.ModuleType("dbruntime")
    module = types.ModuleType("dbruntime.databricks_repl_context")
    context = types.SimpleNamespace(browserHostName="workspace.example.com", apiToken="dapi-of-the-notebook")
    module.get_context = lambda: context  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dbruntime", package)
    monkeypatch.setitem(sys.modules, "dbruntime.databricks_repl_context", module)
    with isolated() as client:
        assert client.headers()["Authorization"] == "Bearer dapi-of-the-notebook"
        assert client.headers().strategy == "notebook"
        assert client.describe()["details"]["host"] == HOST


def test_log_callback() -> None:
    records: list[tuple[str, str, str]] = []
    before = len(registry)
    dbxauth.set_log_callback("trace", lambda *record: records.append(record))
    try:
        with isolated(host=HOST, token=SECRET) as client:
            client.headers()
    finally:
        dbxauth.set_log_callback("off", None)
    assert len(registry) == before
    assert all(SECRET not in text for record in records for text in record)
