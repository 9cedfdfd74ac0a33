# SPDX-License-Identifier: Apache-2.0
"""The profiles of `~/.databrickscfg`: list, try, write, remove.

    for profile in dbxauth.profiles.list_profiles():
        print(profile.name, profile.host)

Every function takes `config_file` (None: DATABRICKS_CONFIG_FILE, else `~/.databrickscfg`) and `environment`, which replaces
the process environment. Functions may be called from several threads; other programs that change the file at the same
time wait for each other.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ._arguments import attribute_array, call_options, encode, milliseconds
from ._library import lib
from ._native import Cancel, call, call_for_text, interruptible
from ._signatures import ProfileOptions
from .errors import DbxAuthError, from_members


@dataclass(frozen=True)
class Profile:
    """One section of the profile file, without its secrets. What the file does not state is empty."""

    name: str
    host: str
    account_id: str
    workspace_id: str
    cloud: str
    """"aws", "azure" or "gcp": stated, else by the host's name."""
    auth_type: str
    """As the file states it; of a profile that was tried, the strategy that was used."""
    is_default: bool
    """Named by `default_profile` in the section `__settings__`."""


@dataclass(frozen=True)
class ProfileCheck:
    """A profile and whether its credentials work now."""

    profile: Profile
    valid: bool
    username: str
    """Who the workspace saw; empty for accounts and when it is not valid."""
    error: Optional[DbxAuthError]
    """Why it is not valid, without a secret."""


def _options(config_file: Optional[str], environment: Optional[Mapping[str, str]]) -> ProfileOptions:
    options = ProfileOptions()
    lib.dbxauth_profile_options_init(ctypes.byref(options), ctypes.sizeof(options))
    options.config_file = encode(config_file)
    if environment is not None:
        options.replace_environment = 1
        options.environment, options.environment_count = attribute_array(environment), len(environment)
    return options


def _profile(entry: Mapping[str, Any]) -> Profile:
    return Profile(
        name=entry["name"],
        host=entry.get("host", ""),
        account_id=entry.get("account_id", ""),
        workspace_id=entry.get("workspace_id", ""),
        cloud=entry.get("cloud", ""),
        auth_type=entry.get("auth_type", ""),
        is_default=bool(entry.get("default", False)),
    )


def _check(entry: Mapping[str, Any]) -> ProfileCheck:
    error = entry.get("error")
    return ProfileCheck(
        profile=_profile(entry),
        valid=bool(entry["valid"]),
        username=entry.get("username", ""),
        error=None if error is None else from_members(error),
    )


def list_profiles(
    *, config_file: Optional[str] = None, environment: Optional[Mapping[str, str]] = None
) -> list[Profile]:
    """The profiles with a host or an account id, in the order of the file; none when there is no file. No network.
    Raises ConfigurationError for a file that cannot be parsed."""
    options = _options(config_file, environment)
    text = call_for_text(lib.dbxauth_profiles_json, ctypes.byref(options), 0, call_options(None))
    return [_profile(entry) for entry in json.loads(text)["profiles"]]


def check_profiles(
    *,
    config_file: Optional[str] = None,
    environment: Optional[Mapping[str, str]] = None,
    parallelism: int = 0,
    per_profile_seconds: Optional[float] = None,
    ca_bundle: Optional[str] = None,
    proxy: Optional[str] = None,
    timeout_seconds: Optional[float] = None,
) -> list[ProfileCheck]:
    """Lists the profiles and tries each one by itself: environment variables with credentials do not count. A profile
    that fails is part of the result. `parallelism` profiles are tried at the same time (0: 8), each for
    `per_profile_seconds` at most (None: 5). Ctrl-C ends it at once."""
    options = _options(config_file, environment)
    options.parallelism = parallelism
    options.per_profile_timeout_ms = milliseconds(per_profile_seconds)
    options.ca_bundle, options.proxy = encode(ca_bundle), encode(proxy)

    def check(cancel: Cancel) -> str:
        return call_for_text(
            lib.dbxauth_profiles_json, ctypes.byref(options), 1, call_options(timeout_seconds, cancel.handle)
        )

    return [_check(entry) for entry in json.loads(interruptible(check))["profiles"]]


def save_profile(
    name: str,
    values: Mapping[str, str],
    *,
    remove: Sequence[str] = (),
    make_default: bool = False,
    config_file: Optional[str] = None,
    environment: Optional[Mapping[str, str]] = None,
    timeout_seconds: Optional[float] = None,
) -> None:
    """Creates the profile or changes it: sets the attributes in `values`, by their name in the file (host, token,
    client_id, …), and removes those named in `remove`; the others stay, and so do comments and order. The previous file is
    kept beside it with the ending `.bak`. The first profile with a host becomes the default one, others with
    `make_default`. Raises InvalidArgumentError for a reserved or malformed name and for unknown attributes."""
    options = _options(config_file, environment)
    removed = (ctypes.c_char_p * len(remove))(*[encode(attribute) for attribute in remove])
    call(
        lib.dbxauth_profile_save, ctypes.byref(options), encode(name), attribute_array(values), len(values), removed,
        len(remove), int(make_default), call_options(timeout_seconds),
    )


def remove_profile(
    name: str,
    *,
    config_file: Optional[str] = None,
    environment: Optional[Mapping[str, str]] = None,
    timeout_seconds: Optional[float] = None,
) -> None:
    """Removes a profile, and the setting that made it the default one. Raises NotFoundError, which lists the profiles that
    are there."""
    options = _options(config_file, environment)
    call(lib.dbxauth_profile_remove, ctypes.byref(options), encode(name), call_options(timeout_seconds))


def set_default_profile(
    name: str,
    *,
    config_file: Optional[str] = None,
    environment: Optional[Mapping[str, str]] = None,
    timeout_seconds: Optional[float] = None,
) -> None:
    """Makes the profile the one that is used when none is named. Raises NotFoundError, which lists the profiles that are
    there."""
    options = _options(config_file, environment)
    call(lib.dbxauth_profile_set_default, ctypes.byref(options), encode(name), call_options(timeout_seconds))


__all__ = [
    "Profile",
    "ProfileCheck",
    "check_profiles",
    "list_profiles",
    "remove_profile",
    "save_profile",
    "set_default_profile",
]
