#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library prints nothing, never ends the process, and reads the environment in one file only.

usage: check_library_manners.py ARCHIVE
"""

import subprocess
import sys

FORBIDDEN = {
    "printf", "puts", "putchar", "fprintf", "vprintf", "vfprintf", "perror", "__printf_chk", "__fprintf_chk",
    "exit", "_exit", "quick_exit", "setenv", "putenv", "unsetenv", "setlocale", "signal", "sigaction", "system", "popen",
    "_ZSt4cout", "_ZSt4cerr", "_ZSt4clog",
}
ENVIRONMENT = {"getenv", "secure_getenv", "environ", "__environ"}
# A forked child that could not exec has nobody to report to but its exit status.
ALLOWED = {"process_runner.cpp.o": {"_exit"}, "environment.cpp.o": ENVIRONMENT}


def main() -> int:
    listing = subprocess.run(["nm", "-u", "-A", sys.argv[1]], check=True, capture_output=True, text=True)
    failures, members = [], set()
    for line in listing.stdout.splitlines():
        place, _, symbol = line.rpartition(" ")
        member = place.split(":")[1] if place.count(":") > 1 else place
        members.add(member)
        name = symbol.split("@")[0]
        if name in FORBIDDEN | ENVIRONMENT and name not in ALLOWED.get(member, set()):
            failures.append(f"{member} uses {name}")
    if len(members) < 30:
        failures.append(f"only {len(members)} objects were found: the check looks in the wrong place")
    print("\n".join(failures) if failures else f"{len(members)} objects keep to the rules")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
