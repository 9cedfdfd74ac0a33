# SPDX-License-Identifier: Apache-2.0
"""A running emulator for the Python tests of the package and of the command-line tool."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


def tool(variable: str) -> str:
    """Path of a built program; the test run names it, nothing is guessed."""
    path = os.environ.get(variable)
    if not path:
        raise RuntimeError(f"{variable} is not set; run the tests with scripts/test")
    return path


class Emulator:
    def __init__(self, ready: dict[str, Any], process: "subprocess.Popen[str]") -> None:
        self.ready = ready
        self.url: str = ready["url"]
        self.client_id: str = ready["client_id"]
        self.client_secret: str = ready["client_secret"]
        self.token: str = ready["token"]
        self.users: dict[str, str] = ready["users"]
        self.warehouse_id: str = ready["warehouse_id"]
        self.process = process

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the emulator's own control routes."""
        data = None if body is None else json.dumps(body).encode("utf-8")
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            text = response.read()
        return json.loads(text) if text else None

    def counters(self) -> Any:
        return self.request("GET", "/_emulator/counters")

    def reset_counters(self) -> None:
        self.request("POST", "/_emulator/counters/reset", {})

    @property
    def service_principal(self) -> dict[str, str]:
        return {"host": self.url, "client_id": self.client_id, "client_secret": self.client_secret}


@contextmanager
def start_emulator(*options: str) -> Iterator[Emulator]:
    process = subprocess.Popen([tool("DBXAUTH_EMULATOR"), "--port", "0", *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Emulator(json.loads(process.stdout.readline()), process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with start_emulator("--seed", "demo") as started:
        yield started
