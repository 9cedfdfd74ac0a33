# SPDX-License-Identifier: Apache-2.0
"""The built tool as scripts and people use it."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Run
from emulator_fixture import Emulator


def test_describe(run: Run, service_principal: dict[str, str], emulator: Emulator) -> None:
    text = run("auth", "describe", env=service_principal)
    assert text.returncode == 0, text.stderr
    assert f"Host: {emulator.url}" in text.stdout
    assert f"User: {emulator.client_id}" in text.stdout
    assert "Authenticated with: oauth-m2m" in text.stdout
    assert "DATABRICKS_CLIENT_ID environment variable" in text.stdout
    assert emulator.client_secret not in text.stdout + text.stderr
    as_json = json.loads(run("auth", "describe", "-o", "json", env=service_principal).stdout)
    assert as_json["schema"] == 1 and as_json["status"] == "success"
    configuration = as_json["details"]["configuration"]
    assert configuration["client_secret"] == {
        "value": "********", "source": {"type": "environment", "name": "DATABRICKS_CLIENT_SECRET"}, "auth_type_mismatch": False}


def test_a_group_without_a_command_shows_its_commands(run: Run) -> None:
    for words, usage, listed in (((), "Usage: dbxauth ", "clone"), (("auth",), "Usage: dbxauth auth ", "describe"),
                                 (("auth", "storage"), "Usage: dbxauth auth storage ", "migrate")):
        result = run(*words)
        assert result.returncode == 2 and not result.stdout
        assert usage in result.stderr and listed in result.stderr
    as_json = run("auth", "-o", "json")
    assert as_json.returncode == 2
    assert json.loads(as_json.stdout or as_json.stderr)["error"]["code"] == "invalid_argument"


def test_describe_without_credentials_explains(run: Run) -> None:
    result = run("auth", "describe")
    assert result.returncode == 3
    assert result.stdout.startswith("Unable to authenticate: ")
    assert "DATABRICKS_TOKEN" in result.stdout and "oauth-m2m" in result.stdout
    as_json = run("auth", "describe", "-o", "json")
    assert as_json.returncode == 3
    assert json.loads(as_json.stdout)["error"]["code"] == "no_credentials"


def test_token(run: Run, service_principal: dict[str, str], emulator: Emulator) -> None:
    result = run("auth", "token", env=service_principal)
    assert result.returncode == 0, result.stderr
    assert not result.stdout.endswith("\n")
    token = json.loads(result.stdout)
    assert list(token) == ["access_token", "token_type", "expiry", "expires_in"]
    assert token["token_type"] == "Bearer"
    bare = run("auth", "token", "-o", "text", env=service_principal)
    assert bare.stdout.endswith("\n") and bare.stdout.count(".") == 2
    # The token is good for a call.
    host = {"DATABRICKS_HOST": emulator.url, "DATABRICKS_TOKEN": token["access_token"]}
    assert run("catalog", "list", env=host).returncode == 0


def test_force_refresh_gives_another_token(run: Run, service_principal: dict[str, str], emulator: Emulator) -> None:
    emulator.reset_counters()
    assert run("auth", "token", "--force-refresh", env=service_principal).returncode == 0
    by_route = emulator.counters()["by_route"]
    assert sum(count for route, count in by_route.items() if "/oidc/v1/token" in route) == 2


def test_profile_beats_environment(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text(f"[emulator]\nhost = {emulator.url}\ntoken = {emulator.token}\n")
    (tmp_path / ".databrickscfg").chmod(0o600)
    elsewhere = {"DATABRICKS_HOST": "https://elsewhere.example.com", "DATABRICKS_TOKEN": "dapi-planted-secret"}
    result = run("auth", "describe", "-p", "emulator", env=elsewhere)
    assert result.returncode == 0, result.stdout
    assert f"Host: {emulator.url}" in result.stdout
    assert "planted" not in result.stdout + result.stderr


def test_dotenv_is_read_and_can_be_refused(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DATABRICKS_HOST={emulator.url}\nDATABRICKS_TOKEN={emulator.token}\n")
    assert run("catalog", "list").returncode == 0
    assert run("catalog", "list", "--no-env-file").returncode == 3


def test_token_from_standard_input_and_argv(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    result = run("catalog", "list", "--host", emulator.url, "--token", emulator.token)
    assert result.returncode == 0, result.stderr
    assert "production" in result.stdout
    as_json = json.loads(run("catalog", "list", "-o", "json", "--host", emulator.url, "--token", emulator.token).stdout)
    assert as_json["schema"] == 1
    assert "production" in [catalog["name"] for catalog in as_json["catalogs"]]


def test_sql(run: Run, service_principal: dict[str, str]) -> None:
    text = run("sql", "SELECT :who AS name, NULL AS nothing", "--param", "who=Ada", env=service_principal)
    assert text.returncode == 0, text.stderr
    assert text.stdout.splitlines() == ["name  nothing", "Ada   NULL"]
    failed = run("sql", "SELEC 1", env=service_principal)
    assert failed.returncode != 0
    assert failed.stdout == ""
    assert "PARSE_SYNTAX_ERROR" in failed.stderr
    missing = run("sql", "SELECT * FROM production.nowhere.nothing", "-o", "json", env=service_principal)
    assert json.loads(missing.stdout)["error"]["sql_state"] == "42P01"


def test_clone_plan_run_and_again(run: Run, service_principal: dict[str, str], emulator: Emulator, tmp_path: Path) -> None:
    spec = ("--source", "production", "--dest", "from_cli")
    plan = run("clone", "plan", *spec, "--save", "plan.json", "-o", "json", env=service_principal)
    assert plan.returncode == 0, plan.stderr
    steps = json.loads(plan.stdout)["steps"]
    assert json.loads((tmp_path / "plan.json").read_text())["steps"] == steps
    script = run("clone", "plan", *spec, "--sql", env=service_principal).stdout
    assert "CLONE `production`" in script and script.count(";\n") >= len(steps)
    # A plan changes nothing.
    assert "from_cli" not in run("catalog", "list", env=service_principal).stdout
    ran = run("clone", "run", "--plan", "plan.json", env=service_principal)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(steps)} of {len(steps)} statements succeeded" in ran.stdout
    again = run("clone", "run", *spec, env=service_principal)
    assert again.returncode == 0 and "Nothing to do" in again.stdout
    assert again.stderr == ""


def test_clone_that_fails_in_part_says_so(run: Run, service_principal: dict[str, str], tmp_path: Path) -> None:
    spec = ("--source", "production", "--dest", "in_part")
    plan = json.loads(run("clone", "plan", *spec, "-o", "json", env=service_principal).stdout)
    assert run("sql", "CREATE CATALOG in_part", env=service_principal).returncode == 0
    victim = next(step for step in plan["steps"] if step["kind"] == "clone_table")
    plan["steps"] = [dict(step, sql=f"CREATE TABLE IF NOT EXISTS {step['object']} DEEP CLONE production.nowhere.nothing") if step["id"] == victim["id"] else step
                     for step in plan["steps"]]
    (tmp_path / "broken.json").write_text(json.dumps(plan))
    result = run("clone", "run", "--plan", "broken.json", "-o", "json", env=service_principal)
    assert result.returncode == 6, result.stderr
    report = {step["id"]: step for step in json.loads(result.stdout)["steps"]}
    assert report[victim["id"]]["outcome"] == "failed"
    assert "nowhere" in report[victim["id"]]["error"]


def test_usage_errors(run: Run) -> None:
    for arguments in ((), ("nonsense",), ("clone", "run", "--mode", "sideways"), ("sql",), ("clone", "plan")):
        result = run(*arguments, env={"DATABRICKS_HOST": "http://127.0.0.1:1", "DATABRICKS_TOKEN": "x"})
        assert result.returncode == 2, (arguments, result.stderr)
        assert result.stderr
    assert json.loads(run("version", "-o", "json").stdout)["schema"] == 1
    assert run("--version").stdout.startswith("dbxauth ")
    assert run("--help").returncode == 0


def test_unreachable_host(run: Run) -> None:
    result = run("catalog", "list", "--timeout", "3", env={"DATABRICKS_HOST": "http://127.0.0.1:1", "DATABRICKS_TOKEN": "dapi-planted"})
    assert result.returncode == 7
    assert "127.0.0.1" in result.stderr and "planted" not in result.stderr


def test_no_secret_at_trace(run: Run, service_principal: dict[str, str], emulator: Emulator) -> None:
    told = ""
    for arguments in (("auth", "describe"), ("catalog", "list"), ("sql", "SELECT 1"),
                      ("clone", "run", "--source", "production", "--dest", "traced")):
        result = run(*arguments, "--log-level", "trace", env=service_principal)
        assert result.returncode == 0, result.stderr
        told += result.stdout + result.stderr
    assert "debug workspace: " in told  # the trace is really on
    assert emulator.client_secret not in told
    assert "eyJ" not in told  # no JWT
    wrong = dict(service_principal, DATABRICKS_CLIENT_SECRET="dose-planted-secret")
    result = run("auth", "describe", "--log-level", "trace", env=wrong)
    assert result.returncode == 3
    assert "planted" not in result.stdout + result.stderr
