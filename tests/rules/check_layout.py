#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Structs of dbxauth.h against capi/abi/layout.json: fields stay where they are, structs of options
and of callbacks may only grow at the end.

usage: check_layout.py PROGRAM    (the program that tests/capi/layout.c makes)
       check_layout.py PROGRAM --update
"""

import json
import subprocess
import sys
from pathlib import Path

BASELINE = Path(__file__).resolve().parents[2] / "capi" / "abi" / "layout.json"


def main() -> int:
    printed = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout
    present = json.loads(printed)
    if sys.argv[2:] == ["--update"]:
        BASELINE.write_text(json.dumps(present, indent=1) + "\n", encoding="utf-8")
        return 0
    failures = []
    for name, old in json.loads(BASELINE.read_text(encoding="utf-8")).items():
        new = present.get(name)
        if new is None:
            failures.append(f"{name} is gone")
            continue
        for field, offset in old["fields"].items():
            if new["fields"].get(field) != offset:
                failures.append(f"{name}.{field} was at {offset} and is at {new['fields'].get(field)}")
        added = [f"{name}.{f}" for f, offset in new["fields"].items() if f not in old["fields"] and offset < old["size"]]
        if added:
            failures.append(f"new fields inside the old struct: {', '.join(added)}")
        grown = new["size"] != old["size"]
        if grown and not name.endswith(("_options", "_callbacks")):
            failures.append(f"{name} is frozen and changed its size from {old['size']} to {new['size']}")
    print("\n".join(failures) if failures else f"{len(present)} structs keep their layout")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
