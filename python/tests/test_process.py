# SPDX-License-Identifier: Apache-2.0
"""The package among threads, collectors, forks, impatient people and other libraries that use OpenSSL."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from emulator_fixture import Emulator

import dbxauth
from dbxauth._native import registry

PREAMBLE = """
import dbxauth, gc, os, sys, threading, time
def connect(host, **more):
    return dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", host=host,
                          **(more or {"token": "dapi-unused"}))
"""


@pytest.fixture
def silent_host() -> Iterator[str]:
    """A listener that never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def script(code: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code, *arguments], env={**os.environ, **environment},
                          capture_output=True, text=True, timeout=120)


def silent_client(host: str) -> dbxauth.Client:
    return dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", host=host, token="dapi-unused")


@pytest.mark.parametrize("order", ["ssl, sqlite3, dbxauth", "dbxauth, ssl, sqlite3"])
def test_imports_in_any_order(emulator: Emulator, order: str) -> None:
    code = f"import {order}\n" + PREAMBLE + """
context = ssl.create_default_context()
database = sqlite3.connect(":memory:")
with connect(sys.argv[1], token=sys.argv[2]) as client:
    assert any(catalog["name"] == "production" for catalog in client.catalogs())
assert database.execute("SELECT 1").fetchone() == (1,)
import hashlib
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
print("done")
"""
    result = script(code, emulator.url, emulator.token)
    assert result.stdout == "done\n", result.stderr


@pytest.mark.parametrize("path, reason", [
    ("relative/libdbxauth.so.1", "must be an absolute path"),
    ("/nonexistent/libdbxauth.so.1", "/nonexistent/libdbxauth.so.1"),
    ("/etc/passwd", "/etc/passwd"),
])
def test_wrong_library_path_is_told(path: str, reason: str) -> None:
    result = script("import dbxauth", DBXAUTH_LIBRARY=path)
    assert result.returncode == 1
    assert "ImportError" in result.stderr and reason in result.stderr


def test_another_library_is_not_taken_for_ours() -> None:
    import ctypes.util

    name = ctypes.util.find_library("z")
    assert name is not None
    candidates = [f"{folder}/{name}" for folder in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu")]
    path = next(candidate for candidate in candidates if os.path.exists(candidate))
    result = script("import dbxauth", DBXAUTH_LIBRARY=path)
    assert "ImportError" in result.stderr and path in result.stderr, result.stderr


def test_a_call_ends_at_its_timeout_and_ctrl_c_is_raised_then(silent_host: str) -> None:
    code = PREAMBLE + """
client = connect(sys.argv[1])
print("ready", flush=True)
try:
    client.catalogs(timeout_seconds=3)
except KeyboardInterrupt:
    print("interrupted", flush=True)
except TimeoutError:
    print("timed out", flush=True)
"""
    for interrupt in (False, True):
        process = subprocess.Popen([sys.executable, "-c", code, silent_host], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if interrupt:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == ("interrupted\n" if interrupt else "timed out\n")
        assert process.wait(timeout=60) == 0


def test_a_forgotten_operation_is_cancelled_and_released(silent_host: str) -> None:
    before = len(registry)
    with silent_client(silent_host) as client:
        operation = client.start_inventory("production", on_progress=lambda progress: None)
        assert len(registry) == before + 1
        forgotten = weakref.ref(operation)
        del operation
        gc.collect()
        assert forgotten() is None
        assert len(registry) == before


def test_an_operation_goes_on_without_its_client(emulator: Emulator) -> None:
    client = dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", **emulator.service_principal)
    operation = client.start_inventory("production")
    client.close()
    del client
    gc.collect()
    with operation:
        assert operation.result()["name"] == "production"


@pytest.mark.parametrize("held", ["operation", "client"])
def test_the_interpreter_ends_while_an_operation_runs(silent_host: str, held: str) -> None:
    code = PREAMBLE + """
client = connect(sys.argv[1])
operation = client.start_inventory("production", on_progress=lambda progress: None)
if sys.argv[2] == "client":
    cycle = [operation]; cycle.append(cycle); del operation
print("leaving", flush=True)
"""
    started = time.monotonic()
    result = script(code, silent_host, held)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "leaving\n" and result.stderr == ""
    # Without the cancellation the operation would wait for its own deadline, a minute.
    assert time.monotonic() - started < 45


def test_one_client_in_many_threads(emulator: Emulator) -> None:
    failures: list[BaseException] = []
    with dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", **emulator.service_principal) as client:
        emulator.reset_counters()

        def work() -> None:
            try:
                for _ in range(5):
                    assert client.headers()["Authorization"].startswith("Bearer ")
                    assert client.sql("SELECT 1 AS one")["rows"] == [["1"]]
            except BaseException as failure:  # noqa: BLE001 - told by the main thread
                failures.append(failure)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, failures
        tokens = sum(count for route, count in emulator.counters()["by_route"].items() if "/oidc/v1/token" in route)
        assert tokens == 1


def test_cancel_from_another_thread(silent_host: str) -> None:
    with silent_client(silent_host) as client, client.start_inventory("production") as operation:
        threading.Timer(0.2, operation.cancel).start()
        with pytest.raises(dbxauth.DbxAuthError) as caught:
            operation.result()
        assert caught.value.code == "cancelled"


def test_log_and_progress_callbacks_may_use_the_client(emulator: Emulator) -> None:
    inside = threading.local()
    seen: list[str] = []
    with dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", **emulator.service_principal) as client:

        def log(level: str, subject: str, message: str) -> None:
            if getattr(inside, "now", False):
                return
            inside.now = True
            try:
                seen.append(client.describe()["status"])
            finally:
                inside.now = False

        dbxauth.set_log_callback("trace", log)
        try:
            with client.start_inventory("production", on_progress=lambda progress: seen.append(client.headers().strategy)) as operation:
                operation.result()
        finally:
            dbxauth.set_log_callback("off", None)
    assert "success" in seen and "oauth-m2m" in seen


def test_a_forked_child_uses_the_clients_of_its_parent(emulator: Emulator) -> None:
    code = PREAMBLE + """
client = connect(sys.argv[1], token=sys.argv[2])
client.catalogs()
child = os.fork()
names = [catalog["name"] for catalog in client.catalogs()]
if child == 0:
    os._exit(0 if "production" in names else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    result = script(code, emulator.url, emulator.token)
    assert result.stdout == "0\n", result.stderr
