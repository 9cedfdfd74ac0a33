# SPDX-License-Identifier: Apache-2.0
"""Credentials for Databricks, and clones of Unity Catalog catalogs.

    import dbxauth

    with dbxauth.Client() as client:
        print(client.describe()["details"]["host"])
        report = client.clone({"source": "production", "destination": "staging"})
"""

from __future__ import annotations

from typing import Callable, Optional

from . import profiles
from ._library import lib as _lib
from ._native import destroy_trampoline as _destroy
from ._native import log_trampoline as _log
from ._native import registry as _registry
from ._operation import Operation, Progress, ProgressCallback
from ._signatures import DestroyFn as _DestroyFn
from ._signatures import LogFn as _LogFn
from ._signatures import null_function as _null_function
from .client import Client, Headers, plan_sql
from .diagnosis import Diagnosis, DiagnosisStep
from .errors import (
    AlreadyExistsError,
    Attempt,
    AuthenticationFailedError,
    CancelledError,
    ConfigurationError,
    DbxAuthError,
    InvalidArgumentError,
    NetworkError,
    NoCredentialsError,
    NotFoundError,
    PermissionDeniedError,
    SqlError,
    TimedOutError,
    UnavailableError,
)
from .providers import ProvidedHeaders, Provider
from .token_caches import (
    EncryptedFileTokenCache,
    FileTokenCache,
    KeyringTokenCache,
    MemoryTokenCache,
    StoredToken,
    TokenCache,
)

__version__: str = _lib.dbxauth_version_string().decode("ascii")

LOG_LEVELS = {"off": 0, "error": 1, "warning": 2, "info": 3, "debug": 4, "trace": 5}


def set_log_callback(level: str, callback: Optional[Callable[[str, str, str], None]]) -> None:
    """Receives records (level, subject, message) up to `level`; None turns logging off. Texts hold no secrets. The
    callback may be called on any thread; its exceptions are printed by Python and otherwise ignored."""
    if callback is None or level == "off":
        _lib.dbxauth_set_log_callback(0, _null_function(_LogFn), None, _null_function(_DestroyFn))
        return
    names = {number: name for name, number in LOG_LEVELS.items()}

    def deliver(number: int, subject: str, message: str) -> None:
        assert callback is not None
        callback(names.get(number, "trace"), subject, message)

    _lib.dbxauth_set_log_callback(LOG_LEVELS[level], _log, _registry.add(deliver), _destroy)


__all__ = [
    "AlreadyExistsError",
    "Attempt",
    "AuthenticationFailedError",
    "CancelledError",
    "Client",
    "ConfigurationError",
    "DbxAuthError",
    "Diagnosis",
    "DiagnosisStep",
    "EncryptedFileTokenCache",
    "FileTokenCache",
    "Headers",
    "InvalidArgumentError",
    "KeyringTokenCache",
    "LOG_LEVELS",
    "MemoryTokenCache",
    "NetworkError",
    "NoCredentialsError",
    "NotFoundError",
    "Operation",
    "PermissionDeniedError",
    "Progress",
    "ProgressCallback",
    "ProvidedHeaders",
    "Provider",
    "SqlError",
    "StoredToken",
    "TimedOutError",
    "TokenCache",
    "UnavailableError",
    "__version__",
    "plan_sql",
    "profiles",
    "set_log_callback",
]
