# SPDX-License-Identifier: Apache-2.0
"""The client: credentials for one workspace, and what can be done with them."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Optional, Sequence, Union

from ._arguments import attribute_array, call_options, encode, milliseconds
from ._library import lib
from ._native import call_for_handle, call_for_text
from ._operation import Operation, ProgressCallback, decode_json
from ._signatures import ClientOptions, OperationOptions
from .diagnosis import Diagnosis, decode_diagnosis
from .providers import Provider, ProviderTarget, make_provider, notebook_provider
from .token_caches import CallbackTarget, OpenTokenCache, TokenCache


class Headers(Mapping[str, str]):
    """Headers that authorise a request. Values are secrets: `repr()` shows the names only."""

    def __init__(self, values: dict[str, str], strategy: str, expires_at: Optional[int]) -> None:
        self._values = values
        self.strategy = strategy
        self.expires_at = expires_at

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self._values)} of {self.strategy}>"


Spec = Union[str, Mapping[str, Any]]


def _json_text(value: Spec) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8")


class Client:
    """Resolved credentials for one workspace.

    Keyword arguments other than the named ones are attributes as in `.databrickscfg` (host, token, client_id,
    client_secret, azure_tenant_id, …) and win over everything else. Without any, credentials come from the environment,
    the profile file, a saved session or the notebook, in that order. Creating a client makes no request.
    May be used from several threads. Use as a context manager, or call close().

    `custom_headers` are sent along with the credentials of every built-in strategy and are part of headers().
    `probe_budget` (seconds, None: 3) is for strategies that nobody asked for and that look on the network whether they
    apply, `program_timeout` (seconds, None: 30) for one run of a program such as the Azure CLI.
    `token_cache` is where shared logins (auth_type "databricks-cli") are read, renewed and written back; None: where the
    Databricks CLI keeps them.
    """

    def __init__(
        self,
        *,
        profile: Optional[str] = None,
        config_file: Optional[str] = None,
        chain_rules: Optional[str] = None,
        environment: Optional[Mapping[str, str]] = None,
        load_dotenv: bool = False,
        ca_bundle: Optional[str] = None,
        proxy: Optional[str] = None,
        product: Optional[str] = None,
        providers: Sequence[tuple[str, Provider]] = (),
        custom_headers: Optional[Mapping[str, str]] = None,
        probe_budget: Optional[float] = None,
        program_timeout: Optional[float] = None,
        token_cache: Optional[TokenCache] = None,
        **attributes: str,
    ) -> None:
        self._handle: Optional[ctypes.c_void_p] = None
        self._targets: list[ProviderTarget] = []
        self._cache_target: Optional[CallbackTarget] = None
        options = ClientOptions()
        lib.dbxauth_client_options_init(ctypes.byref(options), ctypes.sizeof(options))
        options.profile, options.config_file = encode(profile), encode(config_file)
        options.chain_rules, options.ca_bundle = encode(chain_rules), encode(ca_bundle)
        options.proxy, options.product = encode(proxy), encode(product)
        options.load_dotenv = int(load_dotenv)
        options.attributes, options.attribute_count = attribute_array(attributes), len(attributes)
        if environment is not None:
            options.replace_environment = 1
            options.environment, options.environment_count = attribute_array(environment), len(environment)
        if custom_headers:
            options.custom_headers, options.custom_header_count = attribute_array(custom_headers), len(custom_headers)
        options.probe_budget_ms = milliseconds(probe_budget)
        options.program_timeout_ms = milliseconds(program_timeout)
        made: list[ctypes.c_void_p] = []
        cache: Optional[OpenTokenCache] = None
        try:
            if token_cache is not None:
                cache = OpenTokenCache(token_cache)
                self._cache_target = cache.target
                options.token_cache = cache.handle.value
            for name, provide in providers:
                made.append(self._register(name, provide))
            options.providers = (ctypes.c_void_p * len(made))(*[handle.value for handle in made])
            options.provider_count = len(made)
            notebook = notebook_provider()
            if notebook is not None:
                made.append(self._register("notebook", notebook))
                options.notebook = made[-1].value
            self._handle = call_for_handle(lib.dbxauth_client_new, ctypes.byref(options))
        finally:
            for handle in made:
                lib.dbxauth_provider_free(handle)
            if cache is not None:
                cache.release()

    def _register(self, name: str, provide: Provider) -> ctypes.c_void_p:
        target = ProviderTarget(provide)
        self._targets.append(target)
        return make_provider(name, target)

    def _open(self) -> ctypes.c_void_p:
        if self._handle is None:
            raise ValueError("the client is closed")
        return self._handle

    def _raise_callback_exception(self) -> None:
        for target in self._targets:
            exception, target.exception = target.exception, None
            if exception is not None:
                raise exception

    def _raise_interruption(self) -> None:
        """A cache that is interrupted while it stores a login does not fail the call that renewed it."""
        if self._cache_target is not None:
            self._cache_target.raise_interruption()

    def _text(self, function: Any, *arguments: Any) -> str:
        try:
            text = call_for_text(function, self._open(), *arguments)
        except Exception:
            self._raise_interruption()
            raise
        self._raise_interruption()
        return text

    def headers(self, min_validity_seconds: int = 0, timeout_seconds: Optional[float] = None) -> Headers:
        """Headers for a request to the workspace, valid for at least `min_validity_seconds`."""
        try:
            handle = call_for_handle(
                lib.dbxauth_client_headers, self._open(), min_validity_seconds, call_options(timeout_seconds)
            )
        except Exception:
            self._raise_interruption()
            self._raise_callback_exception()
            raise
        try:
            values = {}
            for index in range(lib.dbxauth_headers_count(handle)):
                data = ctypes.string_at(
                    lib.dbxauth_headers_value(handle, index), lib.dbxauth_headers_value_size(handle, index)
                )
                values[lib.dbxauth_headers_name(handle, index).decode("utf-8")] = data.decode("utf-8")
            expires_at = int(lib.dbxauth_headers_expires_at(handle))
            strategy = lib.dbxauth_headers_strategy(handle).decode("utf-8")
        finally:
            lib.dbxauth_headers_free(handle)
        self._raise_interruption()
        return Headers(values, strategy, None if expires_at == 2**63 - 1 else expires_at)

    def token(self, min_validity_seconds: int = 0, timeout_seconds: Optional[float] = None) -> dict[str, Any]:
        """The access token: access_token, token_type, expiry (RFC 3339), expires_in."""
        text = self._text(lib.dbxauth_client_token_json, min_validity_seconds, call_options(timeout_seconds))
        decoded: dict[str, Any] = json.loads(text)
        return decoded

    def environment(self, timeout_seconds: Optional[float] = None) -> dict[str, str]:
        """The variables that make another tool resolve to the same workspace and credentials: DATABRICKS_HOST, … with
        their secrets. A strategy that has no variables of its own (a shared login) gives no credential."""
        text = self._text(lib.dbxauth_client_environment_json, call_options(timeout_seconds))
        decoded: dict[str, str] = json.loads(text)["env"]
        return decoded

    def describe(self, verify: bool = False, timeout_seconds: Optional[float] = None) -> dict[str, Any]:
        """Which workspace, as whom, and why; without secrets. With `verify` the workspace is asked who it sees."""
        text = self._text(lib.dbxauth_client_describe_json, int(verify), call_options(timeout_seconds))
        decoded: dict[str, Any] = json.loads(text)
        return decoded

    def catalogs(self, timeout_seconds: Optional[float] = None) -> list[dict[str, str]]:
        text = self._text(lib.dbxauth_client_catalogs_json, call_options(timeout_seconds))
        decoded: list[dict[str, str]] = json.loads(text)["catalogs"]
        return decoded

    def start_diagnosis(
        self, on_progress: Optional[ProgressCallback] = None, timeout_seconds: Optional[float] = None
    ) -> Operation[Diagnosis]:
        """Tests everything between this program and the workspace's answer to "who am I", over fresh connections, for a
        minute at most unless `timeout_seconds` says otherwise. Steps that fail are part of the result."""

        def start(options: OperationOptions) -> ctypes.c_void_p:
            return call_for_handle(lib.dbxauth_diagnose_start, self._open(), ctypes.byref(options))

        return Operation(start, decode_diagnosis, on_progress, timeout_seconds)

    def _operation(
        self, function: Any, arguments: tuple[Any, ...], on_progress: Optional[ProgressCallback], timeout: Optional[float]
    ) -> Operation[dict[str, Any]]:
        def start(options: OperationOptions) -> ctypes.c_void_p:
            return call_for_handle(function, self._open(), *arguments, ctypes.byref(options))

        return Operation(start, decode_json, on_progress, timeout)

    def start_inventory(
        self, catalog: str, warehouse_id: Optional[str] = None, on_progress: Optional[ProgressCallback] = None,
        timeout_seconds: Optional[float] = None,
    ) -> Operation[dict[str, Any]]:
        return self._operation(
            lib.dbxauth_inventory_start, (encode(catalog), encode(warehouse_id)), on_progress, timeout_seconds
        )

    def start_plan(
        self, spec: Spec, on_progress: Optional[ProgressCallback] = None, timeout_seconds: Optional[float] = None
    ) -> Operation[dict[str, Any]]:
        """Plans a clone; `spec` as in docs/cloning.md: {"source": …, "destination": …}. Changes nothing anywhere."""
        text = _json_text(spec)
        return self._operation(lib.dbxauth_clone_plan_start, (text, len(text)), on_progress, timeout_seconds)

    def start_run(
        self, plan: Spec, on_progress: Optional[ProgressCallback] = None, timeout_seconds: Optional[float] = None
    ) -> Operation[dict[str, Any]]:
        """Runs a plan of start_plan()."""
        text = _json_text(plan)
        return self._operation(lib.dbxauth_clone_run_start, (text, len(text)), on_progress, timeout_seconds)

    def start_clone(
        self, spec: Spec, on_progress: Optional[ProgressCallback] = None, timeout_seconds: Optional[float] = None
    ) -> Operation[dict[str, Any]]:
        """Plans and runs. Failed steps are in the report."""
        text = _json_text(spec)
        return self._operation(lib.dbxauth_clone_start, (text, len(text)), on_progress, timeout_seconds)

    def start_sql(
        self,
        sql: str,
        *,
        warehouse_id: Optional[str] = None,
        catalog: Optional[str] = None,
        schema: Optional[str] = None,
        parameters: Sequence[Mapping[str, Any]] = (),
        timeout_seconds: Optional[float] = None,
    ) -> Operation[dict[str, Any]]:
        """Runs one statement. `parameters`: [{"name": "id", "value": "7", "type": "INT"}] for `:id`."""
        request = {"sql": sql, "warehouse_id": warehouse_id, "catalog": catalog, "schema": schema}
        text = _json_text({**{k: v for k, v in request.items() if v is not None}, "parameters": list(parameters)})
        return self._operation(lib.dbxauth_sql_start, (text, len(text)), None, timeout_seconds)

    def diagnose(self, timeout_seconds: Optional[float] = None) -> Diagnosis:
        """start_diagnosis(), awaited. Ctrl-C ends it at once."""
        with self.start_diagnosis(timeout_seconds=timeout_seconds) as operation:
            return operation.result()

    def inventory(self, catalog: str, warehouse_id: Optional[str] = None) -> dict[str, Any]:
        with self.start_inventory(catalog, warehouse_id) as operation:
            return operation.result()

    def plan_clone(self, spec: Spec, on_progress: Optional[ProgressCallback] = None) -> dict[str, Any]:
        with self.start_plan(spec, on_progress) as operation:
            return operation.result()

    def run_plan(self, plan: Spec, on_progress: Optional[ProgressCallback] = None) -> dict[str, Any]:
        with self.start_run(plan, on_progress) as operation:
            return operation.result()

    def clone(self, spec: Spec, on_progress: Optional[ProgressCallback] = None) -> dict[str, Any]:
        with self.start_clone(spec, on_progress) as operation:
            return operation.result()

    def sql(self, sql: str, **options: Any) -> dict[str, Any]:
        with self.start_sql(sql, **options) as operation:
            return operation.result()

    def close(self) -> None:
        """Releases the credentials. Operations that were started go on. Safe to call twice."""
        handle, self._handle = self._handle, None
        if handle is not None:
            lib.dbxauth_client_free(handle)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # At interpreter shutdown the module's names may be gone already.
        if lib is not None and getattr(self, "_handle", None) is not None:
            self.close()


def plan_sql(plan: Spec) -> str:
    """A plan as the SQL script that a person can read and run."""
    text = _json_text(plan)
    return call_for_text(lib.dbxauth_clone_plan_sql, text, len(text))
