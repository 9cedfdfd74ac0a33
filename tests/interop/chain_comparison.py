# SPDX-License-Identifier: Apache-2.0
"""Resolves environments with an official SDK and with dbxauth (rule set databricks-sdk), and compares.

Needs DBXAUTH_EMULATOR (the ready line, started with --identity-dir), DBXAUTH_LIBRARY and the package `dbxauth` on
PYTHONPATH. Each resolution runs in a process of its own (fork) with its own home directory and environment, so neither
keeps anything from one to the next.
"""
import base64
import json
import os
import pathlib
import string
import tempfile
import traceback
import urllib.error
import urllib.request

import dbxauth

READY = json.loads(os.environ["DBXAUTH_EMULATOR"])


def post(path, body):
    request = urllib.request.Request(READY["url"] + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def placeholders():
    logins = READY["environments"]
    token = logins["env-oidc"]["DATABRICKS_OIDC_TOKEN"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    forged = post("/_emulator/id-token", {"subject": claims["sub"], "audience": READY["account_id"], "forged": True})
    return {
        "url": READY["url"],
        "google_authorized_user": READY["files"]["google_authorized_user"],
        "token": READY["token"],
        "carol": READY["users"]["carol@example.com"],
        "client_id": READY["client_id"],
        "client_secret": READY["client_secret"],
        "workspace_id": READY["workspace_id"],
        "account_id": READY["account_id"],
        "tenant_id": READY["azure"]["tenant_id"],
        "resource_id": READY["azure"]["resource_id"],
        "metadata_service_url": logins["metadata-service"]["DATABRICKS_METADATA_SERVICE_URL"],
        "oidc_token": token,
        "oidc_token_file": READY["files"]["oidc_token"],
        "forged_token": forged["token"],
    }


def in_process_of_its_own(work):
    """The JSON value that `work` returns, from a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                json.dump(work(), pipe)
            status = 0
        except BaseException:
            traceback.print_exc()
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0 or not text:
        raise RuntimeError(f"the child process ended with status {status}")
    return json.loads(text)


def enter(environment, values, home):
    """Makes this process the environment's: variables, home directory, files. Returns the options."""
    values = {**values, "HOME": home}

    def fill(text):
        return string.Template(text).substitute(values)

    variables = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
    variables.update(READY["environments"][environment["login"]] if "login" in environment else {})
    for name, text in environment.get("variables", {}).items():
        if text is None:
            variables.pop(name, None)
        else:
            variables[name] = fill(text)
    for name, text in environment.get("files", {}).items():
        path = pathlib.Path(home, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fill(text), encoding="utf-8")
        path.chmod(0o600)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(home)
    return {name: fill(text) for name, text in environment.get("options", {}).items()}


def principal(host, headers):
    """Whom the server takes the bearer of `headers` for."""
    request = urllib.request.Request(host + "/api/2.0/preview/scim/v2/Me")
    try:
        for name, value in headers.items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["userName"]
    except (urllib.error.HTTPError, ValueError) as refused:
        return f"nobody ({getattr(refused, 'code', 'not a header')})"


def by_dbxauth(environment, values, home):
    options = enter(environment, values, home)
    try:
        with dbxauth.Client(chain_rules="databricks-sdk", **options) as client:
            headers = client.headers(timeout_seconds=30)
            host = client.describe()["details"]["host"]
    except dbxauth.DbxAuthError as failure:
        return {"outcome": "error: " + dbxauth_kind(failure), "detail": f"{failure.code}: {failure}"}
    return {"outcome": headers.strategy, "host": host, "headers": dict(headers), "detail": ""}


def dbxauth_kind(failure):
    message = str(failure)
    if "more than one authorization method" in message:
        return "conflict"
    if "profile configured" in message or "__settings__" in message:
        return "profile"
    if "auth type" in message and "not found" in message or "is not a boolean" in message:
        return "value"
    if failure.code == "configuration" and ".databrickscfg" in message:
        return "file"
    refused = [attempt["strategy"] for attempt in failure.attempts if attempt["verdict"] == "failed"]
    return "refused " + refused[0] if refused else "nothing"


def comparable(headers):
    """Names in lower case, as HTTP compares them; tokens by what they are, since each side mints its own."""
    return {name.lower(): shape(value) for name, value in headers.items()}


def shape(value):
    scheme, blank, token = value.rpartition(" ")
    parts = token.split(".")
    if len(parts) != 3:
        return value
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return value
    named = ("iss", "aud", "sub", "appid", "client_id", "scope", "email")
    return scheme + blank + json.dumps({name: claims[name] for name in named if name in claims}, sort_keys=True)


def differing_aspects(theirs, own):
    if theirs["outcome"] != own["outcome"]:
        return {"outcome"}
    if "headers" not in theirs:
        return set()
    aspects = set()
    if theirs["host"] != own["host"]:
        aspects.add("host")
    if comparable(theirs["headers"]) != comparable(own["headers"]):
        aspects.add("headers")
    if principal(READY["url"], theirs["headers"]) != principal(READY["url"], own["headers"]):
        aspects.add("principal")
    return aspects


def complaint(sdk, environment, known, theirs, own):
    """Why this environment does not come out as its table says; empty when it does."""
    aspects = differing_aspects(theirs, own)
    if known is None:
        wanted = (environment["expect"], environment["expect"], set())
    else:
        wanted = (known["sdk"], known["dbxauth"], known["aspects"])
    if (theirs["outcome"], own["outcome"], aspects) == wanted:
        return ""
    lines = [
        f"expected: {sdk} {wanted[0]}, dbxauth {wanted[1]}, differing in {sorted(wanted[2]) or 'nothing'}",
        f"     got: {sdk} {theirs['outcome']}, dbxauth {own['outcome']}, differing in {sorted(aspects) or 'nothing'}",
    ]
    for name, result in ((sdk, theirs), ("dbxauth", own)):
        if result["detail"]:
            lines.append(f"{name} said: {result['detail'][:600]}")
        if "host" in result:
            lines.append(f"{name}: host {result['host']}, headers {comparable(result['headers'])}")
    return "\n    ".join(lines)


def compare(sdk, by_sdk, cases, fewest):
    """Resolves each of `cases`, (environment, known difference or None), on both sides. A difference that is not known
    fails, and so does a known one that does not occur. Prints how many were compared; returns the exit status."""
    names = [environment["name"] for environment, _ in cases]
    if len(set(names)) != len(names) or len(names) < fewest:
        print(f"FAILED: {len(names)} environments with {len(set(names))} names; at least {fewest} are wanted")
        return 1
    values = placeholders()
    failures = 0
    differences = 0
    for environment, known in cases:
        results = []
        for resolve in (by_sdk, by_dbxauth):
            with tempfile.TemporaryDirectory(prefix="dbxauth-interop-") as home:
                results.append(in_process_of_its_own(lambda: resolve(environment, values, home)))
        trouble = complaint(sdk, environment, known, *results)
        if trouble:
            failures += 1
            print(f"FAILED: {environment['name']}\n    {trouble}")
        elif known is not None:
            differences += 1
    print(
        f"interop: {len(cases)} environments resolved by the {sdk} SDK and by dbxauth: "
        f"{len(cases) - differences - failures} alike, {differences} differing as documented, {failures} failed"
    )
    return 1 if failures else 0
