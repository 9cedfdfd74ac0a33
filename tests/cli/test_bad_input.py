# SPDX-License-Identifier: Apache-2.0
"""What people get wrong, and what the tool tells them: a code, an exit status, which input it was, and no secret."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from conftest import Run
from emulator_fixture import Emulator, start_emulator, tool

SECRET = "dapi5ec7e70123456789abcdef0123456789"
ENTRA_SECRET = "5ec~8Qplantedsecretplantedsecretplanted12"
OAUTH_SECRET = "dose5ec7e70123456789abcdef0123456789"
PLANTED = (SECRET, ENTRA_SECRET, OAUTH_SECRET, "5ec7e7", "plantedsecret")


@dataclass
class World:
    """An emulator with every login, and the home of the person."""

    emulator: Emulator
    home: Path

    def login(self, name: str, **changes: str) -> dict[str, str]:
        variables = {**self.emulator.ready["environments"][name], **changes}
        return {key: value for key, value in variables.items() if value != ABSENT}

    def file(self, name: str, content: str | bytes) -> str:
        path = self.home / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
        return str(path)

    def profiles(self, content: str | bytes) -> dict[str, str]:
        self.file(".databrickscfg", content)
        return {}

    def good_profile(self, encoding: str = "utf-8") -> bytes:
        return f"[DEFAULT]\r\nhost = {self.emulator.url}\r\ntoken = {SECRET}\r\n".encode(encoding)

    def key(self, **changes: str) -> str:
        key = json.loads(Path(self.emulator.ready["files"]["google_key"]).read_text())
        key.update(changes)
        return json.dumps({name: value for name, value in key.items() if value != ABSENT})

    def id_token(self, **options: Any) -> str:
        claims = {"subject": "system:serviceaccount:default:dbxauth", "audience": self.emulator.ready["account_id"]}
        return str(self.emulator.request("POST", "/_emulator/id-token", {**claims, **options})["token"])


ABSENT = "<absent>"
Environment = Callable[[World], "dict[str, str]"]


@dataclass
class Case:
    name: str
    environment: Environment
    code: str
    status: int
    said: tuple[str, ...]
    arguments: tuple[str, ...] = field(default=("auth", "token"))


@pytest.fixture(scope="module")
def emulator_with_logins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    directory = tmp_path_factory.mktemp("identity")
    with start_emulator("--seed", "empty", "--identity-dir", str(directory)) as emulator:
        yield emulator


@pytest.fixture
def world(emulator_with_logins: Emulator, tmp_path: Path) -> World:
    return World(emulator_with_logins, tmp_path)


def with_id_token_file(world: World, path: str) -> dict[str, str]:
    return world.login("file-oidc", DATABRICKS_OIDC_TOKEN_FILEPATH=path)


def with_google(world: World, text: str) -> dict[str, str]:
    return world.login("google-credentials", GOOGLE_CREDENTIALS=text)


def directory_for_file(world: World) -> dict[str, str]:
    (world.home / ".databrickscfg").mkdir()
    return {}


PROFILE_FILE = (
    Case("half a header", lambda w: w.profiles(f"[DEFAULT\ntoken = {SECRET}"), "configuration", 1,
         (".databrickscfg:1:", "no closing ']'")),
    Case("half a key", lambda w: w.profiles("[DEFAULT]\nhost = https://a.example\ntok"), "configuration", 1,
         (".databrickscfg:3:", "key = value")),
    Case("a bare secret", lambda w: w.profiles(f"[DEFAULT]\n{SECRET}\n"), "configuration", 1, (".databrickscfg:2:",)),
    Case("a directory", directory_for_file, "configuration", 1, (".databrickscfg", "it is a directory")),
    Case("UTF-16", lambda w: w.profiles(w.good_profile("utf-16")), "configuration", 1, ("UTF-16", "save it as UTF-8")),
    Case("UTF-16, no mark", lambda w: w.profiles(w.good_profile("utf-16-le")), "configuration", 1,
         ("NUL bytes", "save it as UTF-8")),
    Case("UTF-16, other order", lambda w: w.profiles(w.good_profile("utf-16-be")), "configuration", 1,
         ("NUL bytes", "save it as UTF-8")),
    Case("zeros", lambda w: w.profiles(b"\0" * 64), "configuration", 1, (".databrickscfg:1:", "NUL bytes")),
    Case("unknown profile", lambda w: w.profiles(w.good_profile()), "configuration", 1,
         ("no profile 'nobody'", "profiles in it: DEFAULT"), ("auth", "token", "nobody")),
    Case("profile without a file", lambda w: {}, "configuration", 1, ("does not exist", "create it"),
         ("auth", "token", "-p", "nobody")),
    Case("unknown profile in a variable", lambda w: {**w.profiles(w.good_profile()), "DATABRICKS_CONFIG_PROFILE": "nobody"},
         "configuration", 1, ("named by DATABRICKS_CONFIG_PROFILE",)),
    Case("unknown default", lambda w: w.profiles("[__settings__]\ndefault_profile = gone\n[a]\ntoken = x\n"),
         "configuration", 1, ("'gone'", ".databrickscfg:2", "profiles in it: a")),
    Case("reserved name", lambda w: w.profiles(w.good_profile()), "configuration", 1,
         ("'__settings__'", "cannot be used as a profile"), ("auth", "token", "-p", "__settings__")),
    Case("reserved name in a variable", lambda w: {"DATABRICKS_CONFIG_PROFILE": "__settings__"}, "configuration", 1,
         ("DATABRICKS_CONFIG_PROFILE", "'__settings__'")),
    Case("no profile chosen", lambda w: w.profiles(f"[a]\nhost = {w.emulator.url}\ntoken = {SECRET}\n[b]\nhost = h\n"),
         "no_credentials", 3, ("none of the profiles", "(a, b)", "--profile")),
    Case("named file that is not there", lambda w: {"DATABRICKS_CONFIG_FILE": "/nowhere/cfg"}, "no_credentials", 3,
         ("the profile file /nowhere/cfg does not exist",)),
    Case("profile without a host", lambda w: w.profiles(f"[DEFAULT]\ntoken = {SECRET}\n"), "no_credentials", 3,
         ("pat (profile DEFAULT): DATABRICKS_HOST is missing",)),
)

SETTINGS = (
    Case("nothing at all", lambda w: {}, "no_credentials", 3, ("DATABRICKS_HOST, DATABRICKS_TOKEN are missing",)),
    Case("auth_type", lambda w: w.login("pat", DATABRICKS_AUTH_TYPE="nonsense"), "configuration", 1,
         ("nonsense", "DATABRICKS_AUTH_TYPE", "set auth_type to one of pat")),
    Case("auth_type that is a secret", lambda w: w.login("pat", DATABRICKS_AUTH_TYPE=SECRET), "configuration", 1,
         ("DATABRICKS_AUTH_TYPE",)),
    Case("auth_type without its credentials", lambda w: w.login("pat", DATABRICKS_AUTH_TYPE="oauth-m2m"),
         "no_credentials", 3, ("Nearest misses: oauth-m2m (environment): DATABRICKS_CLIENT_ID, DATABRICKS_CLIENT_SECRET",)),
    Case("ARM_USE_MSI", lambda w: w.login("azure-msi", ARM_USE_MSI="banana"), "configuration", 1,
         ("ARM_USE_MSI is not a boolean", "true or false")),
    Case("DBXAUTH_CHAIN", lambda w: w.login("pat", DBXAUTH_CHAIN="nonsense"), "configuration", 1,
         ("DBXAUTH_CHAIN", "layered, clone-xs and databricks-sdk")),
    Case("--chain", lambda w: w.login("pat"), "invalid_argument", 2, ("--chain", "layered"),
         ("auth", "token", "--chain", "nonsense")),
    Case("DBXAUTH_AZ_TIMEOUT", lambda w: w.login("azure-cli", DBXAUTH_AZ_TIMEOUT="-1", DATABRICKS_AUTH_TYPE="azure-cli"),
         "configuration", 1, ('DBXAUTH_AZ_TIMEOUT is "-1"', "whole seconds from 1 to 3600")),
    Case("ARM_ENVIRONMENT", lambda w: w.login("azure-client-secret", ARM_ENVIRONMENT="MARS", AZURE_AUTHORITY_HOST=ABSENT),
         "configuration", 1, ("ARM_ENVIRONMENT", "PUBLIC, USGOVERNMENT or CHINA")),
    Case("host", lambda w: w.login("pat", DATABRICKS_HOST="ht!tp://%%"), "configuration", 1,
         ("DATABRICKS_HOST", "expected the workspace URL")),
    Case("host in the clear", lambda w: w.login("pat", DATABRICKS_HOST="http://a.example"), "configuration", 1,
         ("DATABRICKS_HOST", "write https://a.example")),
    Case("metadata service elsewhere", lambda w: w.login(
        "metadata-service", DATABRICKS_METADATA_SERVICE_URL=f"http://evil.example/{SECRET}"), "configuration", 1,
         ("DATABRICKS_METADATA_SERVICE_URL", "evil.example", "127.0.0.1")),
    Case("certificates", lambda w: w.login("oauth-m2m", DATABRICKS_HOST="https://127.0.0.1:1", DATABRICKS_CA_BUNDLE="/nowhere.pem"),
         "configuration", 1, ("DATABRICKS_CA_BUNDLE names /nowhere.pem",)),
    Case("token in two lines", lambda w: w.login("pat", DATABRICKS_TOKEN=f"{SECRET}\n{SECRET}"), "configuration", 1,
         ("a line break?", "copy it again")),
    Case("token with its scheme", lambda w: w.login("pat", DATABRICKS_TOKEN=f"Bearer {SECRET}"), "configuration", 1,
         ("begins with the word Bearer",)),
)

REFUSALS = (
    Case("wrong token", lambda w: w.login("pat", DATABRICKS_TOKEN=SECRET), "authentication_failed", 3,
         ("Invalid access token", "neither ended nor been revoked"), ("catalog", "list")),
    Case("wrong OAuth secret", lambda w: w.login("oauth-m2m", DATABRICKS_CLIENT_SECRET=OAUTH_SECRET),
         "authentication_failed", 3, ("invalid_client", "DATABRICKS_CLIENT_SECRET", "neither expired nor been deleted")),
    Case("secret of Entra for one of Databricks", lambda w: w.login("oauth-m2m", DATABRICKS_CLIENT_SECRET=ENTRA_SECRET),
         "authentication_failed", 3, ("invalid_client", 'starts with "dose"', "ARM_CLIENT_SECRET")),
    Case("secret of Databricks for one of Entra", lambda w: w.login("azure-client-secret", ARM_CLIENT_SECRET=OAUTH_SECRET),
         "authentication_failed", 3, ("AADSTS7000215", "ARM_CLIENT_SECRET", "belongs in client_id and client_secret")),
    Case("expired secret of Entra", lambda w: w.login(
        "azure-client-secret", ARM_CLIENT_ID=w.emulator.ready["azure"]["expired_client_id"],
        ARM_CLIENT_SECRET=w.emulator.ready["azure"]["expired_client_secret"]), "authentication_failed", 3,
         ("AADSTS7000222", "has expired", "make a new one")),
    Case("wrong tenant", lambda w: w.login("azure-client-secret", ARM_TENANT_ID="00000000-3f20-4d11-9a6c-000000000000"),
         "authentication_failed", 3, ("AADSTS90002", "ARM_TENANT_ID", "00000000-3f20-4d11-9a6c-000000000000")),
    Case("wrong application", lambda w: w.login("azure-client-secret", ARM_CLIENT_ID="00000000-3f20-4d11-9a6c-000000000000"),
         "authentication_failed", 3, ("AADSTS700016", "ARM_CLIENT_ID")),
    Case("port that nobody listens on", lambda w: w.login("oauth-m2m", DATABRICKS_HOST="http://127.0.0.1:1"), "network", 7,
         ("127.0.0.1",)),
    Case("name that nobody has", lambda w: w.login("oauth-m2m", DATABRICKS_HOST="https://nobody.invalid"), "network", 7,
         ("nobody.invalid", "resolve")),
    Case("proxy that is not there", lambda w: w.login(
        "oauth-m2m", DATABRICKS_HOST="https://a.example", HTTPS_PROXY=f"http://me:{SECRET}@127.0.0.1:1"), "network", 7,
         ("127.0.0.1:1", "HTTPS_PROXY")),
)

FILES = (
    Case("no key of Google", lambda w: with_google(w, "/nowhere/key.json"), "configuration", 1,
         ("GOOGLE_CREDENTIALS", "/nowhere/key.json", "does not exist")),
    Case("directory for a key of Google", lambda w: with_google(w, str(w.home)), "configuration", 1,
         ("GOOGLE_CREDENTIALS", "is a directory")),
    Case("key of Google that is no JSON", lambda w: with_google(w, w.file("key.json", f"no JSON {SECRET}")), "configuration", 1,
         ("GOOGLE_CREDENTIALS", "not valid JSON", "gcloud iam service-accounts keys create")),
    Case("half a key of Google", lambda w: with_google(w, w.key()[:60]), "configuration", 1,
         ("GOOGLE_CREDENTIALS", "not valid JSON")),
    Case("key of Google without its key", lambda w: with_google(w, w.key(private_key=ABSENT)), "configuration", 1,
         ("GOOGLE_CREDENTIALS", "private_key is missing")),
    Case("key of Google with another key", lambda w: with_google(
        w, w.key(private_key=f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n")), "configuration", 1,
         ("private key cannot be used", "download the key again")),
    Case("credentials of a person", lambda w: with_google(w, w.emulator.ready["files"]["google_authorized_user"]),
         "configuration", 1, ("authorized_user", "GOOGLE_APPLICATION_CREDENTIALS")),
    Case("empty ID token", lambda w: with_id_token_file(w, w.file("token", "\n")), "configuration", 1,
         ("the ID token file", "is empty", "what writes the file")),
    Case("no ID token", lambda w: with_id_token_file(w, "/nowhere/token"), "configuration", 1,
         ("/nowhere/token does not exist", "DATABRICKS_OIDC_TOKEN_FILEPATH")),
    Case("directory for an ID token", lambda w: with_id_token_file(w, str(w.home)), "io", 1,
         ("it is a directory", "DATABRICKS_OIDC_TOKEN_FILEPATH", "name a file")),
    Case("something else for an ID token", lambda w: with_id_token_file(w, w.file("token", SECRET)), "authentication_failed", 3,
         ("not a JSON Web Token",)),
    Case("expired ID token", lambda w: with_id_token_file(w, w.file("token", w.id_token(lifetime_s=-600))),
         "authentication_failed", 3, ("expired at", "obtain a new ID token", "clock")),
    Case("expired ID token in a variable", lambda w: w.login("env-oidc", DATABRICKS_OIDC_TOKEN=w.id_token(lifetime_s=-600)),
         "authentication_failed", 3, ("env-oidc", "expired at", "clock")),
    Case("clock behind the issuer's", lambda w: with_id_token_file(w, w.file("token", w.id_token(starts_in_s=3600))),
         "authentication_failed", 3, ("counts from", "this machine's clock says", "check the clocks")),
    Case("ID token for another subject", lambda w: w.login("env-oidc", DATABRICKS_OIDC_TOKEN=w.id_token(subject="other")),
         "authentication_failed", 3, ("sub=other", "federation policy")),
    Case("forged ID token", lambda w: with_id_token_file(w, w.file("token", w.id_token(forged=True))),
         "authentication_failed", 3, ("signature",)),
    Case("no token of the cluster", lambda w: w.login("azure-msi-workload-identity", AZURE_FEDERATED_TOKEN_FILE="/nowhere/token"),
         "configuration", 1, ("/nowhere/token does not exist", "check AZURE_FEDERATED_TOKEN_FILE")),
    Case("directory for the token of the cluster", lambda w: w.login(
        "azure-msi-workload-identity", AZURE_FEDERATED_TOKEN_FILE=str(w.home)), "io", 1,
         ("it is a directory", "let AZURE_FEDERATED_TOKEN_FILE name a file")),
    Case("expired token of the cluster", lambda w: w.login(
        "azure-msi-workload-identity", AZURE_FEDERATED_TOKEN_FILE=w.file("token", w.id_token(lifetime_s=-600))),
         "authentication_failed", 3, ("AADSTS700024", "it has expired, or the clock")),
    Case("forged token of the cluster", lambda w: w.login(
        "azure-msi-workload-identity", AZURE_FEDERATED_TOKEN_FILE=w.file("token", w.id_token(forged=True))),
         "authentication_failed", 3, ("AADSTS50013", "signed by somebody else")),
)


def check(result: "subprocess.CompletedProcess[str]", as_text: "subprocess.CompletedProcess[str]", case: Case) -> None:
    assert result.stderr == ""
    error = json.loads(result.stdout)["error"]
    assert (error["code"], result.returncode) == (case.code, case.status), error["message"]
    assert as_text.returncode == case.status
    assert as_text.stdout == "" and as_text.stderr.startswith("Error: ")
    for said in case.said:
        assert said in error["message"]
        assert said in as_text.stderr
    for secret in PLANTED:
        assert secret not in result.stdout + as_text.stderr


@pytest.mark.parametrize("case", [*PROFILE_FILE, *SETTINGS, *REFUSALS, *FILES], ids=lambda case: case.name)
def test_bad_input(run: Run, world: World, case: Case) -> None:
    environment = case.environment(world)
    check(run(*case.arguments, "-o", "json", env=environment), run(*case.arguments, env=environment), case)


def test_an_error_is_short(run: Run, world: World) -> None:
    lines = run("auth", "token").stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Error", "Not configured", "To sign in"], lines
    # What somebody began is shown with its reason.
    begun = run("auth", "token", env=world.login("oauth-m2m", DATABRICKS_CLIENT_SECRET=ABSENT)).stderr
    assert "\n  oauth-m2m (environment): not_configured: DATABRICKS_CLIENT_SECRET is missing\n" in begun


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_and_marks_of_other_systems_do_no_harm(run: Run, world: World, encoding: str) -> None:
    world.profiles(world.good_profile(encoding).replace(SECRET.encode(), world.emulator.token.encode()))
    result = run("auth", "describe")
    assert result.returncode == 0 and "Authenticated with: pat\n" in result.stdout, result.stdout


# Neither a user's permissions nor an owner's stop root: its capabilities are taken away, which leaves it the owner.
def run_without_privilege(environment: dict[str, str], home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return subprocess.run([*prefix, tool("DBXAUTH_CLI"), *arguments], env={"PATH": "/usr/bin:/bin", **environment}, cwd=home,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def test_unreadable_profile_file(world: World) -> None:
    world.profiles(world.good_profile())
    (world.home / ".databrickscfg").chmod(0)
    case = Case("", lambda w: {}, "configuration", 1, (".databrickscfg", "Permission denied"))
    environment = {"HOME": str(world.home)}
    check(run_without_privilege(environment, world.home, "auth", "token", "-o", "json"),
          run_without_privilege(environment, world.home, "auth", "token"), case)
    # Who brings everything along needs no profile.
    environment.update(world.login("pat"))
    result = run_without_privilege(environment, world.home, "auth", "describe", "-o", "json")
    assert result.returncode == 0, result.stdout
    assert "the default profile was ignored" in json.loads(result.stdout)["warnings"][0]


def test_read_only_home(world: World) -> None:
    world.home.chmod(0o500)
    try:
        environment = {"HOME": str(world.home)}
        for login in ("pat", "oauth-m2m", "env-oidc"):
            result = run_without_privilege({**environment, **world.login(login)}, world.home, "auth", "describe")
            assert result.returncode == 0, result.stdout
        saving = {**environment, "DATABRICKS_TOKEN": SECRET}
        arguments = ("configure", "--host", world.emulator.url)
        result = run_without_privilege(saving, world.home, *arguments, "-o", "json")
        error = json.loads(result.stdout)["error"]
        assert (error["code"], result.returncode) == ("io", 1)
        assert f"{world.home}/.databrickscfg cannot be changed" in error["message"] and "Permission denied" in error["message"]
        assert SECRET not in result.stdout + result.stderr
        assert list(world.home.iterdir()) == []
    finally:
        world.home.chmod(0o700)


def test_no_home(world: World, tmp_path: Path) -> None:
    # A user id without an account: nothing says where its home is.
    prefix = ["setpriv", "--reuid=4242", "--clear-groups"]
    if os.geteuid() != 0:
        pytest.skip("needs root to become a user without an account")
    command = Path(tool("DBXAUTH_CLI")).read_bytes()
    readable = Path("/tmp") / f"dbxauth-no-home-{os.getpid()}"
    readable.mkdir(mode=0o755)
    try:
        copy = readable / "dbxauth"
        copy.write_bytes(command)
        copy.chmod(0o755)

        def run_tool(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run([*prefix, str(copy), *arguments], env={"PATH": "/usr/bin:/bin", **environment}, cwd="/",
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)

        assert run_tool("auth", "describe", **world.login("oauth-m2m")).returncode == 0
        assert "no credentials found" in run_tool("auth", "token").stderr
        named = run_tool("auth", "token", "-p", "dev")
        assert named.returncode == 1 and "there is no home directory; set DATABRICKS_CONFIG_FILE" in named.stderr
        saved = run_tool("configure", "--host", world.emulator.url, DATABRICKS_TOKEN=SECRET)
        assert saved.returncode == 1 and "home directory" in saved.stderr and SECRET not in saved.stderr
    finally:
        for path in readable.iterdir():
            path.unlink()
        readable.rmdir()
