# SPDX-License-Identifier: Apache-2.0
"""Python values as arguments of the C functions."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, Optional

from ._library import lib
from ._signatures import Attribute, Bytes, CallOptions


def encode(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else text.encode("utf-8")


def attribute_array(values: Mapping[str, str]) -> Any:
    """An array of dbxauth_attribute."""
    array = (Attribute * len(values))()
    for slot, (name, value) in zip(array, values.items()):
        data = value.encode("utf-8")
        slot.name, slot.value = name.encode("utf-8"), Bytes(data, len(data))
    return array


_LONGEST_MS = 2**31 - 1


def milliseconds(seconds: Optional[float]) -> int:
    """0, which is the library's default, for None. Neither rounded to 0 nor cut by the C type; what is negative stays so,
    and the library refuses it."""
    if not seconds:
        return 0
    return int(min(max(1.0, seconds * 1000), _LONGEST_MS)) if seconds > 0 else -1


def call_options(timeout_seconds: Optional[float], cancel: Optional[int] = None) -> Any:
    options = CallOptions()
    lib.dbxauth_call_options_init(ctypes.byref(options), ctypes.sizeof(options))
    options.timeout_ms = milliseconds(timeout_seconds)
    options.cancel = cancel
    return ctypes.byref(options)
