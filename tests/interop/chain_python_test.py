# SPDX-License-Identifier: Apache-2.0
"""The official Python SDK and dbxauth resolve the environments of chain_environments.py against one emulator.

See chain_comparison.py for what it needs.
"""
import json
import logging
import os
import pathlib
import re
import sys

import requests
from databricks.sdk.config import Config
from databricks.sdk.environments import ARM_DATABRICKS_RESOURCE_ID, Cloud, DatabricksEnvironment
from databricks.sdk.environments import ENVIRONMENTS as ENVIRONMENTS_OF_AZURE
from google.oauth2 import service_account

from chain_comparison import READY, compare, enter
from chain_environments import ENVIRONMENTS

FEWEST_ENVIRONMENTS = 60


def send_vendors_to_emulator():
    """The SDK knows Entra ID, ARM and Google by fixed addresses; what it sends there goes to the emulator."""
    token_uri = json.loads(pathlib.Path(READY["files"]["google_key"]).read_text())["token_uri"]
    vendors = {
        "https://login.microsoftonline.com/": READY["url"] + "/",
        "https://management.azure.com/": READY["url"] + "/",
        "https://iamcredentials.googleapis.com/": READY["url"] + "/",
        "https://oauth2.googleapis.com/token": token_uri,
    }
    send = requests.Session.request

    def redirected(self, method, url, *rest, **options):
        for vendor, place in vendors.items():
            if url.startswith(vendor):
                url = place + url[len(vendor) :]
        return send(self, method, url, *rest, **options)

    requests.Session.request = redirected
    # The audience of assertions; dbxauth takes it from the key file.
    service_account._GOOGLE_OAUTH2_TOKEN_ENDPOINT = token_uri
    if os.environ.get("DATABRICKS_CLOUD") == "AZURE":
        Config.databricks_environment = DatabricksEnvironment(
            Cloud.AZURE,
            ".azuredatabricks.net",
            azure_application_id=ARM_DATABRICKS_RESOURCE_ID,
            azure_environment=ENVIRONMENTS_OF_AZURE["PUBLIC"],
        )


def by_python(environment, values, home):
    options = enter(environment, values, home)
    send_vendors_to_emulator()
    try:
        config = Config(**options)
    except Exception as failure:  # noqa: BLE001  (whatever the SDK raises is its answer)
        return {"outcome": "error: " + python_kind(failure), "detail": f"{type(failure).__name__}: {failure}"}
    try:
        # The token is minted with the first headers.
        headers = config.authenticate()
    except Exception as failure:  # noqa: BLE001
        return {"outcome": f"error: refused {config.auth_type}", "detail": f"{type(failure).__name__}: {failure}"}
    return {"outcome": config.auth_type, "host": config.host, "headers": headers, "detail": ""}


def python_kind(failure):
    message = str(failure)
    if "more than one authorization method" in message:
        return "conflict"
    if "profile configured" in message or "reserved section" in message or "__settings__" in message:
        return "profile"
    if type(failure).__module__ == "configparser":
        return "file"
    if "cannot configure default credentials" in message:
        return "nothing"
    strategy = re.search(r"auth: ([a-z][a-z0-9-]*): ", message)
    return "refused " + strategy.group(1) if strategy else type(failure).__name__


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    cases = [(environment, environment.get("differs")) for environment in ENVIRONMENTS]
    sys.exit(compare("Python", by_python, cases, FEWEST_ENVIRONMENTS))
