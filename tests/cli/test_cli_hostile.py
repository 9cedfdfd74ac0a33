# SPDX-License-Identifier: Apache-2.0
"""The tool among broken pipes, hostile names, wrong arguments and impatient people."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from emulator_fixture import Emulator, tool

SPEC = ("--source", "production", "--dest")


def shell(command: str, environment: dict[str, str], directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["/bin/bash", "-c", command], env={"HOME": str(directory), "PATH": "/usr/bin:/bin",
                          "TOOL": tool("DBXAUTH_CLI"), **environment}, cwd=directory, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("arguments", [
    ("clone", "plan", "--mode", "sideways", "-o", "json"), ("-o", "json", "nonsense"), ("--output=json",),
    ("sql", "-o", "json"), ("clone", "run", "--parallelism", "0", "-ojson"), ("catalog", "list", "--bogus", "-o", "json"),
    ("clone", "plan", "-o", "json"), ("auth", "token", "-o", "json"), ("catalog", "list", "-o", "json", "--timeout", "-1")])
def test_errors_are_json_when_asked(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode in (2, 3), result.stderr
    error = json.loads(result.stdout)
    assert error["schema"] == 1 and error["error"]["message"]
    assert result.stderr == ""


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_token_from_standard_input(emulator: Emulator, tmp_path: Path, ending: str) -> None:
    command = f"printf '%s' \"$SECRET\" | \"$TOOL\" catalog list --host {emulator.url} --token -"
    result = shell(command, {"SECRET": emulator.token + ending}, tmp_path)
    assert result.returncode == 0 and "production" in result.stdout, result.stderr
    nothing = shell(f'"$TOOL" catalog list --host {emulator.url} --token - < /dev/null', {}, tmp_path)
    assert nothing.returncode == 2 and "standard input" in nothing.stderr


def test_wrong_words_are_named(run: Run) -> None:
    assert "unknown command or option: nonsense" in run("nonsense").stderr
    assert run("auth", "describe", "--chain", "sideways").returncode == 2
    assert "expected one of deep, shallow, schema-only; got 0" in run("clone", "plan", "--mode", "0").stderr


def test_a_saved_plan_takes_no_other_options(run: Run, service_principal: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert run("clone", "plan", *SPEC, "kept", "--save", str(plan), env=service_principal).returncode == 0
    result = run("clone", "run", "--plan", str(plan), "--dest", "another", env=service_principal)
    assert result.returncode == 2
    assert "leave --dest out" in result.stderr
    assert run("clone", "run", "--plan", str(plan), "--dry-run", "--yes", env=service_principal).returncode == 0


def test_plans_that_cannot_be_run(run: Run, service_principal: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert run("clone", "plan", *SPEC, "refused", "--save", str(plan), env=service_principal).returncode == 0
    text = plan.read_text()
    host = json.loads(text)["host"]
    for changed, reason in ((text[: len(text) // 2], "not valid JSON"), ("", "not valid JSON"),
                            (text.replace('"schema": 1', '"schema": 2', 1), "no other form"),
                            (text.replace(host, "https://other.example.com"), "other.example.com")):
        plan.write_text(changed)
        result = run("clone", "run", "--plan", str(plan), env=service_principal)
        assert result.returncode == 2, result.stderr
        assert reason in result.stderr
    assert "refused" not in run("catalog", "list", env=service_principal).stdout


def test_output_that_cannot_be_written(service_principal: dict[str, str], tmp_path: Path) -> None:
    full = shell('"$TOOL" catalog list > /dev/full', service_principal, tmp_path)
    assert full.returncode == 1 and "No space left" in full.stderr
    # A closed standard output must not become the first connection that is opened.
    closed = shell('"$TOOL" catalog list >&-', service_principal, tmp_path)
    assert closed.returncode == 1 and "standard output" in closed.stderr
    gone = shell('"$TOOL" catalog list | true; exit ${PIPESTATUS[0]}', service_principal, tmp_path)
    assert gone.returncode in (0, 1) and gone.stderr == ""
    assert shell('"$TOOL" catalog list <&- 2>&-', service_principal, tmp_path).returncode == 0
    saved = shell('"$TOOL" clone plan --source production --dest x --save /dev/full', service_principal, tmp_path)
    assert saved.returncode == 1 and "/dev/full" in saved.stderr


def test_control_characters_do_not_reach_the_terminal(run: Run, service_principal: dict[str, str]) -> None:
    bad = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj"
    assert run("sql", f"CREATE CATALOG escapes COMMENT '{bad}'", env=service_principal).returncode == 0
    for arguments in (("catalog", "list"), ("catalog", "list", "-o", "json"), ("sql", f"SELECT '{bad}' AS a"),
                      ("sql", f"SELECT '{bad}' AS a", "-o", "json"), ("sql", f"SELECT `{bad}`"),
                      ("clone", "plan", "--source", "escapes", "--dest", "x", "-o", "json"), ("nonsense" + bad,)):
        result = run(*arguments, env=service_principal)
        shown = result.stdout + result.stderr
        assert not set(shown) & set("\x1b\x07\x9b"), (arguments, shown)
    as_json = json.loads(run("sql", f"SELECT '{bad}' AS a", "-o", "json", env=service_principal).stdout)
    assert as_json["rows"] == [[bad]]


def test_a_deadline_is_not_an_interruption(run: Run, service_principal: dict[str, str], emulator: Emulator) -> None:
    emulator.request("POST", "/_emulator/settings", {"statement_delay_ms": 400})
    try:
        plan = run("clone", "run", *SPEC, "late", "--timeout", "4", "--parallelism", "1", "-o", "json", env=service_principal)
    finally:
        emulator.request("POST", "/_emulator/settings", {"statement_delay_ms": 0})
    assert plan.returncode == 7, plan.stdout


def test_token_is_hidden_from_ps(emulator: Emulator, tmp_path: Path) -> None:
    for arguments in (["--token", "dapi-planted-secret"], ["--token=dapi-planted-secret"]):
        process = subprocess.Popen([tool("DBXAUTH_CLI"), "sql", "-", "--host", emulator.url, *arguments],
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={"HOME": str(tmp_path)}, cwd=tmp_path)
        try:
            end = time.monotonic() + 20
            while True:
                shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
                if b"--token" in shown and b"planted" not in shown or time.monotonic() > end:
                    break
            assert b"--token" in shown and b"planted" not in shown
        finally:
            process.kill()
            process.wait()


def test_a_saved_plan_writes_to_its_destination_only(run: Run, service_principal: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert run("clone", "plan", *SPEC, "altered", "--save", str(plan), env=service_principal).returncode == 0
    steps = json.loads(plan.read_text())
    victim = next(step for step in steps["steps"] if step["kind"] == "clone_table")
    victim["sql"] = "DROP TABLE production.sales.orders"
    plan.write_text(json.dumps(steps))
    result = run("clone", "run", "--plan", str(plan), env=service_principal)
    assert result.returncode == 2
    assert victim["id"] in result.stderr
    assert run("sql", "SELECT count(*) FROM production.sales.orders", env=service_principal).returncode == 0


@pytest.mark.parametrize("nth", [5, 30, 50])
def test_a_lost_answer_does_not_stop_a_clone(
    run: Run, service_principal: dict[str, str], emulator: Emulator, nth: int
) -> None:
    # Whichever statement is hit, asking again or running again finishes the clone.
    emulator.request("POST", "/_emulator/faults", {
        "method": "POST", "path": "/api/2.0/sql/statements*", "nth": nth, "times": 1, "drop_connection": "after"})
    try:
        first = run("clone", "run", *SPEC, f"lost{nth}", "-o", "json", env=service_principal)
    finally:
        emulator.request("DELETE", "/_emulator/faults")
    for step in json.loads(first.stdout)["steps"]:
        assert step["outcome"] in ("succeeded", "blocked") or step["kind"] == "clone_table", step
    assert run("clone", "run", *SPEC, f"lost{nth}", env=service_principal).returncode == 0
    again = run("clone", "plan", *SPEC, f"lost{nth}", "-o", "json", env=service_principal)
    assert json.loads(again.stdout)["steps"] == []


def test_replacing_keeps_tags(run: Run, service_principal: dict[str, str], emulator: Emulator) -> None:
    assert run("clone", "run", *SPEC, "tagged", env=service_principal).returncode == 0
    before = emulator.request("GET", "/_emulator/state?catalog=tagged")
    replaced = run("clone", "run", *SPEC, "tagged", "--if-exists", "replace", env=service_principal)
    assert replaced.returncode == 0, replaced.stdout
    assert emulator.request("GET", "/_emulator/state?catalog=tagged") == before


def outcomes(text: bytes) -> Any:
    return json.loads(text)["counts"]


def test_interrupted_clone_reports_and_can_be_finished(
    run: Run, service_principal: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    command = [tool("DBXAUTH_CLI"), "clone", "run", *SPEC, "stopped", "--parallelism", "1", "-o", "json"]
    for ending in (signal.SIGINT, signal.SIGKILL):
        emulator.request("POST", "/_emulator/settings", {"statement_delay_ms": 200})
        emulator.reset_counters()
        process = subprocess.Popen(command, env={"HOME": str(tmp_path), **service_principal}, cwd=tmp_path,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            end = time.monotonic() + 60
            # The inventory takes no CREATE: from then on the run itself is under way.
            while not any(kind.startswith("CREATE") for kind in emulator.counters()["by_statement"]):
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.05)
            process.send_signal(ending)
            written, _ = process.communicate(timeout=60)
        finally:
            process.kill()
            emulator.request("POST", "/_emulator/settings", {"statement_delay_ms": 0})
        if ending == signal.SIGINT:
            assert process.returncode == 130
            assert outcomes(written)["cancelled"] > 0
    finished = run(*command[1:], env=service_principal)
    assert finished.returncode == 0, finished.stdout
    again = run("clone", "plan", *SPEC, "stopped", "-o", "json", env=service_principal)
    assert json.loads(again.stdout)["steps"] == []
