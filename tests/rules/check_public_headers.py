#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every public header alone and twice, with hostile macros, against the standard library and tl::expected only.

usage: check_public_headers.py CXX CC
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", "-Werror", "-fsyntax-only"]
HOSTILE = "#define min(a, b) hostile\n#define max(a, b) hostile\n"
THIRD_PARTY = ("curl", "simdjson", "toml", "libsecret", "fmt", "openssl", "httplib", "sqlite", "nlohmann")


def compiles(command: list, source: str, suffix: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as file:
        file.write(source)
        file.flush()
        done = subprocess.run([*command, *STRICT, file.name], capture_output=True, text=True)
        return "" if done.returncode == 0 else done.stderr


def main() -> int:
    cxx, cc = sys.argv[1], sys.argv[2]
    failures = []
    headers = sorted((ROOT / "include" / "dbxauth").glob("*.hpp"))
    for header in headers:
        text = header.read_text(encoding="utf-8")
        for name in THIRD_PARTY:
            if f"<{name}" in text or f'"{name}' in text:
                failures.append(f"{header.name} includes {name}")
        twice = f"#include <dbxauth/{header.name}>\n" * 2
        problem = compiles([cxx, "-std=c++20", f"-I{ROOT}/include"], twice, ".cpp")
        if problem:
            failures.append(f"{header.name}:\n{problem}")
    twice = '#include "dbxauth.h"\n' * 2 + "int main(void) { return DBXAUTH_OK; }\n"
    for command, suffix in (([cc, "-std=c99"], ".c"), ([cxx, "-std=c++20"], ".cpp")):
        problem = compiles([*command, f"-I{ROOT}/capi"], HOSTILE + twice, suffix)
        if problem:
            failures.append(f"dbxauth.h as {suffix}:\n{problem}")
    if len(headers) < 10:
        failures.append("public headers were not found")
    print("\n".join(failures) if failures else f"{len(headers)} C++ headers and dbxauth.h compile alone")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
