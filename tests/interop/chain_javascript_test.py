# SPDX-License-Identifier: Apache-2.0
"""The official JavaScript SDK and dbxauth resolve the environments that chain_environments.py lists for it.

See chain_comparison.py for what it needs; also DBXAUTH_JAVASCRIPT_SDK, the directory of @databricks/sdk-experimental,
and `node` in PATH.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from chain_comparison import compare, enter
from chain_environments import ENVIRONMENTS, JAVASCRIPT

FEWEST_ENVIRONMENTS = 30
SDK = os.environ["DBXAUTH_JAVASCRIPT_SDK"]
NODE = shutil.which("node")
RESOLVE = pathlib.Path(__file__).resolve().with_name("chain_resolve.cjs")


def by_javascript(environment, values, home):
    options = enter(environment, values, home)
    done = subprocess.run(
        [NODE, str(RESOLVE), SDK, json.dumps(options)], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"node ended with status {done.returncode}: {done.stderr[-2000:]}")
    result = json.loads(done.stdout)
    if "failure" in result:
        result["outcome"] = "error: " + kind(result["failure"], result["tried"])
    return result


def kind(message, tried):
    if "more than one authorization method" in message:
        return "conflict"
    if "profile configured" in message:
        return "profile"
    if "cannot configure default credentials" in message:
        return "nothing"
    return f"refused {tried}"


if __name__ == "__main__":
    by_name = {environment["name"]: environment for environment in ENVIRONMENTS}
    cases = []
    for name, known in JAVASCRIPT.items():
        environment = by_name[name]
        if "expect" not in environment and known is None:
            environment = {**environment, "expect": environment["differs"]["dbxauth"]}
        cases.append((environment, known))
    sys.exit(compare("JavaScript", by_javascript, cases, FEWEST_ENVIRONMENTS))
