# SPDX-License-Identifier: Apache-2.0
"""Credentials that the program itself supplies."""

from __future__ import annotations

import ctypes
import importlib
import os
from typing import Any, Callable, Optional, Protocol

from ._library import lib
from ._native import call_for_handle, destroy_trampoline, provider_trampoline, registry

DONE, DECLINED, FAILED = 0, 1, -1


class ProvidedHeaders:
    """What a provider returns: headers, and until when (seconds since 1970) they are valid. Without `expires_at` the
    provider is asked again each time."""

    def __init__(self, headers: dict[str, str], expires_at: Optional[float] = None) -> None:
        self.headers = headers
        self.expires_at = expires_at


class Provider(Protocol):
    """Called when headers are needed that stay valid for `min_validity_seconds`. Returns None to decline, so that the
    next way is tried. An exception stops the chain; it is raised again by the call that needed the headers."""

    def __call__(self, min_validity_seconds: int) -> Optional[ProvidedHeaders]: ...


class ProviderTarget:
    """Adapts a Provider to the C callback."""

    def __init__(self, provide: Provider) -> None:
        self.provide = provide
        self.exception: Optional[BaseException] = None

    def __call__(self, min_validity_seconds: int, timeout_ms: int, builder: Optional[int]) -> int:
        del timeout_ms
        try:
            provided = self.provide(min_validity_seconds)
            if provided is None:
                return DECLINED
            for name, value in provided.headers.items():
                data = value.encode("utf-8")
                if lib.dbxauth_headers_builder_add(builder, name.encode("utf-8"), data, len(data)) != 0:
                    raise ValueError(f"provider gave an invalid value for HTTP header {name!r}")
            if provided.expires_at is not None:
                lib.dbxauth_headers_builder_set_expiry(builder, int(provided.expires_at))
            return DONE
        except BaseException as exception:  # noqa: BLE001 - must not cross into native code
            self.exception = exception
            lib.dbxauth_headers_builder_set_reason(builder, type(exception).__name__.encode("utf-8"))
            return FAILED


def make_provider(name: str, target: Any) -> ctypes.c_void_p:
    number = registry.add(target)
    return call_for_handle(lib.dbxauth_provider_new, name.encode("utf-8"), provider_trampoline, number, destroy_trampoline)


def _runtime_context() -> Optional[tuple[str, str]]:
    # The way the Databricks Runtime hands its context to Python code in a notebook.
    try:
        module = importlib.import_module("dbruntime.databricks_repl_context")
    except ImportError:
        return None
    context = module.get_context()
    host, token = getattr(context, "browserHostName", None), getattr(context, "apiToken", None)
    return (str(host), str(token)) if host and token else None


def notebook_provider(read_context: Callable[[], Optional[tuple[str, str]]] = _runtime_context) -> Optional[Provider]:
    """The provider of a Databricks notebook, or None outside of the Databricks Runtime. The context is read at each
    call: a notebook's token changes."""
    if not os.environ.get("DATABRICKS_RUNTIME_VERSION"):
        return None

    def provide(min_validity_seconds: int) -> Optional[ProvidedHeaders]:
        del min_validity_seconds
        context = read_context()
        if context is None:
            return None
        host, token = context
        return ProvidedHeaders({"Authorization": f"Bearer {token}", "X-Dbxauth-Host": host})

    return provide
