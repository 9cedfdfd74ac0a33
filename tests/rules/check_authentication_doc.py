#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/authentication.md names every strategy and every attribute that the sources know, and no others.

The table of attributes stands between two comments and is written by this script; the table in the section "Strategies" is
written by people.

usage: check_authentication_doc.py             compare
       check_authentication_doc.py --update    write the table of attributes
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "authentication.md"
BEGIN = "<!-- attributes: written by tests/rules/check_authentication_doc.py --update -->"
END = "<!-- end of attributes -->"

ROW = re.compile(
    r'\{"(?P<name>\w+)",\s*(?P<aliases>\w+),\s*(?P<variables>\w+),\s*"(?P<clone_xs>\w*)",\s*"(?P<group>[\w-]*)",\s*'
    r'(?P<kind>\w+),\s*(?P<sensitive>true|false),\s*"(?P<standard>[^"]*)",\s*(?P<dotenv>true|false)\}'
)


def braces(source: str, opening: str) -> str:
    """The text between the braces of the array that `opening` declares."""
    start = source.index(opening) + len(opening)
    return source[start : source.index("};", start)]


def attribute_table() -> str:
    source = (ROOT / "src/config/config_attributes.cpp").read_text(encoding="utf-8")
    lists = {name: re.findall(r'"([^"]+)"', items) for name, items in re.findall(r"string_view (\w+)\[\] = \{([^}]*)\};", source)}
    lists["kNone"] = []
    rows = braces(source, "constexpr ConfigAttribute kAttributes[] = {")
    lines = ["| attribute | variables | sensitive | default | in `.env` |", "|---|---|---|---|---|"]
    for row in ROW.finditer(rows):
        names = ", ".join(f"`{name}`" for name in [row["name"], *lists[row["aliases"]]])
        variables = [f"`{name}`" for name in lists[row["variables"]]]
        if row["clone_xs"]:
            variables.append(f"`{row['clone_xs']}` (not with `databricks-sdk`)")
        cells = [names, ", ".join(variables), "yes" if row["sensitive"] == "true" else "",
                 f"`{row['standard']}`" if row["standard"] else "", "" if row["dotenv"] == "true" else "no"]
        lines.append(re.sub(" +", " ", f"| {' | '.join(cells)} |"))
    if len(lines) - 2 != rows.count('{"'):
        raise SystemExit(f"{rows.count('{') } rows of kAttributes, {len(lines) - 2} were understood: adapt this script")
    return "\n".join(lines)


def strategies() -> "tuple[set[str], set[str]]":
    """Those that have to be in the table, and those that may be there too."""
    source = (ROOT / "src/auth/strategy_table.cpp").read_text(encoding="utf-8")
    rows = braces(source, "constexpr StrategyDescription descriptions[] = {")
    required = set(re.findall(r'\{Strategy::\w+, "([\w-]+)"', rows))
    if len(required) != rows.count("{Strategy::"):
        raise SystemExit("the strategy table was not understood: adapt this script")
    optional = set(re.findall(r'"([\w-]+)"', braces(source, "constexpr std::string_view known_unsupported[] = {")))
    optional |= set(re.findall(r'name == "([\w-]+)"', source))
    return required, optional | {"notebook"}


def documented_strategies(page: str) -> "set[str]":
    section = re.search(r"^## Strategies\n(.*?)(?=^## |\Z)", page, flags=re.M | re.S)
    table = re.search(r"^\|.*\n\|[-| :]+\|\n((?:\|.*\n?)*)", section.group(1), flags=re.M) if section else None
    rows = table.group(1).splitlines() if table else []
    return {name for row in rows for name in re.findall(r"`([\w-]+)`", row.split("|")[1])}


def main() -> int:
    if not PAGE.exists():
        print("docs/authentication.md is missing")
        return 1
    page = PAGE.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        print(f"docs/authentication.md needs these two lines, around the table of attributes:\n{BEGIN}\n{END}")
        return 1
    head, rest = page.split(BEGIN)
    written, tail = rest.split(END)
    table = attribute_table()
    if sys.argv[1:] == ["--update"]:
        PAGE.write_text(f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}", encoding="utf-8")
        return 0
    failures = []
    if written.strip() != table:
        failures.append("the table of attributes is stale: run tests/rules/check_authentication_doc.py --update")
    required, optional = strategies()
    documented = documented_strategies(head + tail)
    for title, names in (("strategies that the table lacks", required - documented),
                         ("documented strategies that do not exist", documented - required - optional)):
        if names:
            failures.append(f"{title}: {', '.join(sorted(names))}")
    rows = table.count("\n") - 1
    print("\n".join(failures) if failures else f"{len(required)} strategies and {rows} attributes are documented")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
