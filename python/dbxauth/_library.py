# SPDX-License-Identifier: Apache-2.0
"""Finds and loads libdbxauth.so.1, and checks that it fits this package."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from ._signatures import SIGNATURES

ABI_MAJOR = 1
ABI_MINOR = 0
_SONAME = "libdbxauth.so.1"


def _candidates() -> list[str]:
    explicit = os.environ.get("DBXAUTH_LIBRARY")
    if explicit:
        if not os.path.isabs(explicit):
            raise ImportError(f"DBXAUTH_LIBRARY must be an absolute path, got {explicit!r}")
        return [explicit]
    return [str(Path(__file__).with_name(_SONAME)), _SONAME]


def _open() -> ctypes.CDLL:
    tried: list[str] = []
    for candidate in _candidates():
        try:
            return ctypes.CDLL(candidate)
        except OSError as failure:
            tried.append(f"  {candidate}: {failure}")
    raise ImportError(
        f"could not load {_SONAME}; tried:\n" + "\n".join(tried) + "\nset DBXAUTH_LIBRARY to the library's absolute path"
    )


def _check_abi(library: ctypes.CDLL) -> None:
    try:
        abi_version = library.dbxauth_abi_version
    except AttributeError:
        raise ImportError(f"{library._name} is not {_SONAME}: it lacks dbxauth_abi_version") from None
    abi_version.restype = ctypes.c_uint32
    version = int(abi_version())
    major, minor = version >> 16, version & 0xFFFF
    if major != ABI_MAJOR or minor < ABI_MINOR:
        raise ImportError(f"{_SONAME} has ABI {major}.{minor}, this package needs {ABI_MAJOR}.{ABI_MINOR} or a later {ABI_MAJOR}.x")


def load() -> ctypes.CDLL:
    """The library with every function's signature declared. Raises ImportError that says what was tried."""
    library = _open()
    _check_abi(library)
    for name, (restype, argtypes) in SIGNATURES.items():
        function = getattr(library, name, None)
        if function is None:
            raise ImportError(f"{_SONAME} lacks {name}; it is older than its ABI version says")
        function.restype = restype
        function.argtypes = argtypes
    return library


lib = load()
