# SPDX-License-Identifier: Apache-2.0
"""Diagnoses, the environment of a client, and what goes along with its credentials."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from emulator_fixture import Emulator

import dbxauth

SECRET = "dapi-planted-secret"
STEPS = ["configuration", "proxy", "dns", "tcp", "tls", "clock", "discovery", "token", "identity"]


def isolated(**options: object) -> dbxauth.Client:
    return dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", **options)  # type: ignore[arg-type]


def test_a_healthy_way(emulator: Emulator) -> None:
    with isolated(**emulator.service_principal) as client:
        diagnosis = client.diagnose()
    assert diagnosis.healthy, diagnosis.failures
    assert diagnosis.host == emulator.url and diagnosis.auth_type == "oauth-m2m"
    assert [step.name for step in diagnosis.steps] == STEPS
    verdicts = {step.name: step.verdict for step in diagnosis.steps}
    assert verdicts["tcp"] == verdicts["token"] == verdicts["identity"] == "passed"
    assert emulator.client_secret not in repr(diagnosis)


def test_a_refused_token_fails_and_says_what_to_do(emulator: Emulator) -> None:
    with isolated(host=emulator.url, token=SECRET) as client:
        diagnosis = client.diagnose()
    assert not diagnosis.healthy
    assert [step.name for step in diagnosis.failures] == ["identity"]
    assert diagnosis.failures[0].fix
    assert SECRET not in repr(diagnosis)


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with isolated(host=host, token=SECRET) as client, client.start_diagnosis() as operation:
            diagnosis = operation.result()
    assert [step.name for step in diagnosis.steps] == STEPS
    assert diagnosis.failures[0].name == "tcp"
    verdicts = {step.name: step.verdict for step in diagnosis.steps}
    assert verdicts["identity"] == "skipped"


def test_no_configuration_at_all() -> None:
    with isolated() as client:
        diagnosis = client.diagnose()
    assert not diagnosis.healthy and diagnosis.host == ""


INTERRUPTED = """
import sys, dbxauth
client = dbxauth.Client(environment={}, config_file="/nonexistent/databrickscfg", host=sys.argv[1], token="dapi-unused")
print("ready", flush=True)
try:
    client.diagnose()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_diagnosis_at_once() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, host], env=dict(os.environ),
                                   stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
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


def test_the_environment_serves_another_client(emulator: Emulator) -> None:
    with isolated(**emulator.service_principal) as client:
        variables = client.environment()
    assert variables["DATABRICKS_HOST"] == emulator.url
    assert variables["DATABRICKS_CLIENT_SECRET"] == emulator.client_secret
    with dbxauth.Client(environment=variables, config_file="/nonexistent/databrickscfg") as other:
        assert other.describe(verify=True)["username"] == emulator.client_id


def test_no_environment_without_credentials() -> None:
    with isolated() as client, pytest.raises(dbxauth.NoCredentialsError):
        client.environment()


def test_custom_headers_go_along() -> None:
    with isolated(host="https://workspace.example.com", token=SECRET, custom_headers={"X-Trace-Id": "seven"}) as client:
        headers = client.headers()
    assert headers["X-Trace-Id"] == "seven"
    assert headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("name", ["Authorization", "host", "Content-Length", "Bad Name"])
def test_custom_headers_that_are_refused(name: str) -> None:
    with pytest.raises(dbxauth.InvalidArgumentError, match=name):
        isolated(custom_headers={name: "planted"})


@pytest.mark.parametrize("limit", ["probe_budget", "program_timeout"])
def test_limits_are_seconds(limit: str) -> None:
    # Neither rounded to the default nor cut by the C type.
    for seconds in (0.0001, 2.5, 1e12):
        isolated(**{limit: seconds}).close()
    with pytest.raises(dbxauth.InvalidArgumentError, match=limit):
        isolated(**{limit: -1})
