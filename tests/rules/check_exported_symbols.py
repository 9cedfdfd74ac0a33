#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what libdbxauth.so.1 exports with capi/abi/exported_symbols.txt and with the header.

usage: check_exported_symbols.py LIBRARY
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    listing = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]], check=True, capture_output=True, text=True)
    exported = set()
    for line in listing.stdout.splitlines():
        name = line.split()[-1].split("@")[0]
        if line.split()[-2] != "A":  # version nodes
            exported.add(name)
    listed = set((ROOT / "capi/abi/exported_symbols.txt").read_text(encoding="utf-8").split())
    header = (ROOT / "capi/dbxauth.h").read_text(encoding="utf-8")
    declared = set(re.findall(r"DBXAUTH_API [^;]*?\b(dbxauth_\w+)\(", header))
    failures = []
    for title, left, right in (
        ("exported but not in exported_symbols.txt", exported, listed),
        ("in exported_symbols.txt but not exported", listed, exported),
        ("declared in dbxauth.h but not exported", declared, exported),
        ("exported but not declared in dbxauth.h", exported, declared),
    ):
        if left - right:
            failures.append(f"{title}: {', '.join(sorted(left - right))}")
    print("\n".join(failures) if failures else f"{len(exported)} exported functions, all declared and listed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
