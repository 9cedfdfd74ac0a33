#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole-process cost of `dbxauth auth token` from a warm file cache, as a ratio to an empty C program of the same run.

usage: start_up.py DBXAUTH EMPTY_PROGRAM [ROUNDS]

Runs alternate, so that a busy machine slows both alike. Wall-clock time is compared, by median and by lowest decile: when
other programs use the processors, the median says more about them. With valgrind installed, instructions in user space are
counted too: these repeat to the last thousand.
"""

import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEASURES = {"median": statistics.median, "lowest decile": lambda values: statistics.quantiles(values, n=10)[0]}
VALGRIND = shutil.which("valgrind")


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


def instructions(command: list, environment: dict, directory: Path) -> int:
    done = subprocess.run([VALGRIND, "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], env=environment,
                          cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    counted = re.search(r"refs:\s+([0-9,]+)", done.stderr)
    if done.returncode != 0 or counted is None:
        sys.exit(f"{command} failed under valgrind ({done.returncode}): {done.stderr}")
    return int(counted.group(1).replace(",", ""))


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
        counts = {name: instructions(command, environment, home) for name, command in commands.items() if VALGRIND}
    base = {label: measure(times["empty C program"]) for label, measure in MEASURES.items()}
    for name, values in times.items():
        texts = []
        for label, measure in MEASURES.items():
            value = measure(values)
            texts.append(f"{label} {value:7.0f} us {value / base[label]:5.2f} x empty")
        if name in counts:
            texts.append(f"{counts[name] / 1e6:.2f} million instructions")
        print(f"{name:20} " + "   ".join(texts))


if __name__ == "__main__":
    main()
