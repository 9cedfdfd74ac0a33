# SPDX-License-Identifier: Apache-2.0
"""Exceptions. Every one is a DbxAuthError; those with a natural counterpart among Python's own derive from it as well."""

from __future__ import annotations

import json
from typing import Any, Optional, TypedDict


class Attempt(TypedDict):
    """One strategy's verdict in a failed credential chain."""

    strategy: str
    layer: str
    verdict: str
    reason: str
    missing: list[str]
    fix: str


class DbxAuthError(Exception):
    """A failure reported by dbxauth. `code` is stable ("no_credentials"); the message is for people and holds no secret."""

    def __init__(self, message: str, details: Optional[dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.details: dict[str, Any] = details or {}

    @property
    def code(self) -> str:
        return str(self.details.get("code", "internal"))

    @property
    def attempts(self) -> list[Attempt]:
        """What the credential chain tried, in order; empty for other failures."""
        attempts: list[Attempt] = self.details.get("attempts", [])
        return attempts

    @property
    def http_status(self) -> int:
        return int(self.details.get("http_status", 0))

    @property
    def retryable(self) -> bool:
        return bool(self.details.get("retryable", False))

    @property
    def retry_after_seconds(self) -> Optional[float]:
        milliseconds = self.details.get("retry_after_ms")
        return None if milliseconds is None else milliseconds / 1000.0

    @property
    def server_code(self) -> str:
        return str(self.details.get("server_code", ""))

    @property
    def sql_state(self) -> str:
        return str(self.details.get("sql_state", ""))


class InvalidArgumentError(DbxAuthError, ValueError):
    """An argument is wrong."""


class ConfigurationError(DbxAuthError, ValueError):
    """A configuration file, variable or profile is wrong."""


class NoCredentialsError(DbxAuthError):
    """No strategy found credentials; see `attempts`."""


class AuthenticationFailedError(DbxAuthError):
    """Credentials were found and refused."""


class PermissionDeniedError(DbxAuthError, PermissionError):
    """The identity may not do this."""


class NotFoundError(DbxAuthError, LookupError):
    """The named thing does not exist."""


class AlreadyExistsError(DbxAuthError):
    """The thing to be created exists."""


class TimedOutError(DbxAuthError, TimeoutError):
    """The deadline passed."""


class CancelledError(DbxAuthError):
    """The operation was cancelled."""


class NetworkError(DbxAuthError, ConnectionError):
    """There is no connection, or it cannot be trusted."""


class UnavailableError(DbxAuthError, ConnectionError):
    """The server cannot answer now, or asked to slow down."""


class SqlError(DbxAuthError):
    """A SQL statement failed; see `server_code` and `sql_state`."""


_BY_CODE: dict[str, type[DbxAuthError]] = {
    "invalid_argument": InvalidArgumentError,
    "configuration": ConfigurationError,
    "no_credentials": NoCredentialsError,
    "authentication_failed": AuthenticationFailedError,
    "permission_denied": PermissionDeniedError,
    "not_found": NotFoundError,
    "already_exists": AlreadyExistsError,
    "timed_out": TimedOutError,
    "cancelled": CancelledError,
    "network": NetworkError,
    "tls": NetworkError,
    "unavailable": UnavailableError,
    "rate_limited": UnavailableError,
    "sql_failed": SqlError,
}


def from_details(details_json: str) -> DbxAuthError:
    """The exception for an error object's JSON."""
    return from_members(json.loads(details_json))


def from_members(details: dict[str, Any]) -> DbxAuthError:
    """The exception for the members of an error object."""
    kind = _BY_CODE.get(str(details.get("code")), DbxAuthError)
    return kind(str(details.get("message", "")), details)
