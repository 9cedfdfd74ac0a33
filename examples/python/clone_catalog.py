# SPDX-License-Identifier: Apache-2.0
"""Clones a catalog with a progress line: clone_catalog.py SOURCE DESTINATION"""

import sys

import dbxauth


def show(progress: dbxauth.Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress['done']}/{progress['total']}", end="", file=sys.stderr, flush=True)


def main(source: str, destination: str) -> int:
    with dbxauth.Client() as client:
        plan = client.plan_clone({"source": source, "destination": destination})
        print(f"{len(plan['steps'])} statements on {plan['host']}")
        report = client.run_plan(plan, on_progress=show)
        failed = [step for step in report["steps"] if step["outcome"] != "succeeded"]
        for step in failed:
            print(f"{step['id']}: {step['outcome']}: {step['error']}")
        print(f"{len(report['steps']) - len(failed)} of {len(report['steps'])} statements succeeded")
        return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2]))
    except dbxauth.DbxAuthError as error:
        sys.exit(f"{error.code}: {error}")
