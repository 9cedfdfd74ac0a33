#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C, C++ and Python block of README.md stands verbatim in a program of examples/, which the tests build and run."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(c|cpp|python)\n(.*?)```", readme, flags=re.S)
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "examples").rglob("*") if path.suffix in (".c", ".cpp", ".py")}
    failures = [f"this {language} block is in no example:\n{block}" for language, block in blocks
                if not any(block in text for text in sources.values())]
    if {language for language, _ in blocks} != {"c", "cpp", "python"}:
        failures.append("README.md must show C, C++ and Python")
    print("\n".join(failures) if failures else f"{len(blocks)} blocks stand in examples/")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
