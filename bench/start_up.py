#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole-process cost of `dbxauth auth token` from a warm file cache, as a ratio to an empty C program of the same run.

usage: start_up.py DBXAUTH EMPTY_PROGRAM [ROUNDS]

Runs alternate, so that a busy machine slows both alike; medians of wall-clock time are compared.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def prepare_home(home: Path) -> None:
    (home / ".databrickscfg").write_text(
        "[DEFAULT]\nhost = https://workspace.example.com\nauth_type = databricks-cli\n", encoding="utf-8")
    (home / ".databrickscfg").chmod(0o600)
    (home / ".databricks").mkdir(mode=0o700)
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    token = {"access_token": "warm", "token_type": "Bearer", "expiry": expiry.isoformat(), "expires_in": 3600,
             "refresh_token": "unused"}
    cache = home / ".databricks" / "token-cache.json"
    cache.write_text(json.dumps({"version": 1, "tokens": {"DEFAULT": token}}), encoding="utf-8")
    cache.chmod(0o600)


def elapsed_us(command: list, environment: dict, directory: Path) -> float:
    started = time.perf_counter_ns()
    done = subprocess.run(command, env=environment, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ended = time.perf_counter_ns()
    if done.returncode != 0:
        sys.exit(f"{command} failed ({done.returncode}): {done.stderr.decode()}")
    return (ended - started) / 1000


def main() -> None:
    tool, empty = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        prepare_home(home)
        environment = {"HOME": directory, "PATH": "/usr/bin:/bin"}
        commands = {"dbxauth auth token": [tool, "auth", "token"], "empty C program": [empty],
                    "dbxauth --version": [tool, "--version"]}
        times: dict = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(elapsed_us(command, environment, home))
    base = statistics.median(times["empty C program"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:24} median {median:8.0f} us   {median / base:5.2f} x the empty program")


if __name__ == "__main__":
    main()
