#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that points up the layers, or on a third-party header outside its adapter."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# layer: the layers it may use besides itself and the public headers
ALLOWED = {
    "base": set(),
    "platform": {"base"},
    "encoding": {"platform", "base"},
    "net": {"encoding", "platform", "base"},
    "config": {"encoding", "platform", "base"},
    "tokenstore": {"encoding", "platform", "base"},
    "auth": {"net", "config", "tokenstore", "encoding", "platform", "base"},
    "workspace": {"net", "encoding", "platform", "base"},
    "catalog": {"workspace", "net", "encoding", "platform", "base"},
    "clone": {"catalog", "workspace", "net", "encoding", "platform", "base"},
}
# third-party header prefix: the only files of src/ that may include it
ADAPTERS = {
    "curl/": {"net/curl_library.hpp", "net/curl_library.cpp", "net/curl_transport.cpp", "net/curl_error.hpp"},
    "simdjson": {"base/json_reader.cpp"},
    "toml": {"config/toml_settings.cpp"},
    "libsecret": {"tokenstore/secret_service_loader.cpp", "tokenstore/secret_service_loader.hpp"},
    "openssl/": {"platform/crypto_library.hpp", "platform/crypto_library.cpp", "encoding/sha256.cpp"},
    "httplib": set(),
    "sqlite3": set(),
    "CLI/": set(),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def includes(path: Path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def check_library(failures: list) -> int:
    files = 0
    for path in sorted((ROOT / "src").rglob("*.[ch]pp")):
        relative = path.relative_to(ROOT / "src")
        files += 1
        layer = relative.parts[0] if len(relative.parts) > 1 else None
        for number, header in includes(path):
            target = header.split("/")[0]
            if layer and target in ALLOWED and target != layer and target not in ALLOWED[layer]:
                failures.append(f"src/{relative}:{number}: {layer} must not include {header}")
            for prefix, adapters in ADAPTERS.items():
                if header.startswith(prefix) and str(relative) not in adapters:
                    failures.append(f"src/{relative}:{number}: {header} belongs behind its adapter {sorted(adapters)}")
    return files


def check_folder(folder: str, allowed: set, failures: list) -> int:
    files = 0
    for path in sorted((ROOT / folder).glob("*.[ch]pp")):
        files += 1
        for number, header in includes(path):
            target = header.split("/")[0]
            if target in ALLOWED and target not in allowed:
                failures.append(f"{folder}/{path.name}:{number}: {folder} must not include {header}")
    return files


def main() -> int:
    failures: list = []
    files = check_library(failures)
    files += check_folder("cli", set(), failures)
    files += check_folder("emulator", {"base", "encoding"}, failures)
    if files < 50:
        failures.append(f"only {files} files were found: the check looks in the wrong place")
    print("\n".join(failures) if failures else f"{files} files, all includes point down")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
