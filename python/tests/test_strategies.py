# SPDX-License-Identifier: Apache-2.0
"""Every strategy through Python, with the variables that the emulator gives for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator_fixture import tool

import dbxauth

NO_FILE = "/nonexistent/databrickscfg"
# name in the emulator's ready line: the strategy's own name
STRATEGIES = {
    "pat": "pat",
    "oauth-m2m": "oauth-m2m",
    "metadata-service": "metadata-service",
    "github-oidc": "github-oidc",
    "azure-devops-oidc": "azure-devops-oidc",
    "env-oidc": "env-oidc",
    "file-oidc": "file-oidc",
    "github-oidc-azure": "github-oidc-azure",
    "azure-msi": "azure-msi",
    "azure-msi-app-service": "azure-msi",
    "azure-msi-workload-identity": "azure-msi",
    "azure-client-secret": "azure-client-secret",
    "azure-cli": "azure-cli",
    "google-credentials": "google-credentials",
    "google-id": "google-id",
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    directory: Path = tmp_path_factory.mktemp("identity")
    process = subprocess.Popen(
        [tool("DBXAUTH_EMULATOR"), "--port", "0", "--seed", "demo", "--identity-dir", str(directory)],
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def test_the_emulator_offers_these(ready: dict[str, Any]) -> None:
    assert set(ready["environments"]) == set(STRATEGIES)


@pytest.mark.parametrize("offer", STRATEGIES)
def test_a_strategy_gets_in(ready: dict[str, Any], offer: str) -> None:
    variables = ready["environments"][offer]
    with dbxauth.Client(environment=variables, config_file=NO_FILE) as client:
        description = client.describe(verify=True)
    assert description["status"] == "success", description["error"]
    assert description["details"]["auth_type"] == STRATEGIES[offer]
    assert description["username"]


@pytest.mark.parametrize("offer", STRATEGIES)
def test_its_environment_gets_another_client_to_the_same_place(ready: dict[str, Any], offer: str) -> None:
    with dbxauth.Client(environment=ready["environments"][offer], config_file=NO_FILE) as client:
        variables = client.environment()
    assert variables["DATABRICKS_HOST"] == ready["url"]
