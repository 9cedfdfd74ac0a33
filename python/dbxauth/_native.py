# SPDX-License-Identifier: Apache-2.0
"""Calls into the library: errors become exceptions, handles and owned text are released on every path."""

from __future__ import annotations

import ctypes
import itertools
import threading
from typing import Any, Callable, Optional, TypeVar

from ._library import lib
from ._signatures import DestroyFn, LogFn, ProgressFn, ProviderFn
from .errors import from_details


def check(status: int, error: ctypes.c_void_p) -> None:
    """Raises the exception for a failed call and frees its error object."""
    if status == 0:
        return
    try:
        details = lib.dbxauth_error_details_json(error)
    finally:
        lib.dbxauth_error_free(error)
    raise from_details((details or b"{}").decode("utf-8"))


def call(function: Callable[..., int], *arguments: Any) -> None:
    error = ctypes.c_void_p()
    check(function(*arguments, ctypes.byref(error)), error)


def call_for_handle(function: Callable[..., int], *arguments: Any) -> ctypes.c_void_p:
    out = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(out))
    return out


def call_for_text(function: Callable[..., int], *arguments: Any) -> str:
    handle = call_for_handle(function, *arguments)
    try:
        data = ctypes.string_at(lib.dbxauth_string_data(handle), lib.dbxauth_string_size(handle))
    finally:
        lib.dbxauth_string_free(handle)
    return data.decode("utf-8")


T = TypeVar("T")


class Cancel:
    """A dbxauth_cancel. It lives as long as somebody refers to it, since the call that uses it may begin late."""

    def __init__(self) -> None:
        self.handle: Optional[int] = lib.dbxauth_cancel_new()
        if not self.handle:
            raise MemoryError

    def trigger(self) -> None:
        lib.dbxauth_cancel_trigger(self.handle)

    def __del__(self) -> None:
        if lib is not None:
            lib.dbxauth_cancel_free(self.handle)


def interruptible(work: Callable[[Cancel], T]) -> T:
    """Runs `work` on a thread of its own and cancels it on Ctrl-C, which is delivered to the main thread and only between
    two calls: a native call of minutes would not notice."""
    from concurrent.futures import Future  # takes as long to import as the rest of this package

    cancel = Cancel()
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work(cancel))
        except BaseException as failure:  # noqa: BLE001 - raised where it is waited for
            outcome.set_exception(failure)

    thread = threading.Thread(target=run, name="dbxauth", daemon=True)
    thread.start()
    try:
        return outcome.result()
    except BaseException:
        cancel.trigger()
        thread.join()
        raise


class Registry:
    """Python objects that native code refers to by number. An entry lives until the library calls `destroy`, exactly
    once, so nothing can be collected while a callback may still come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._objects: dict[int, Any] = {}

    def add(self, value: Any) -> int:
        with self._lock:
            number = next(self._numbers)
            self._objects[number] = value
            return number

    def get(self, number: Optional[int]) -> Any:
        with self._lock:
            return self._objects.get(number or 0)

    def remove(self, number: Optional[int]) -> None:
        with self._lock:
            self._objects.pop(number or 0, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._objects)


registry = Registry()


def _destroy(user_data: Optional[int]) -> None:
    registry.remove(user_data)


def _progress(user_data: Optional[int], data: Optional[int], size: int) -> None:
    target = registry.get(user_data)
    if target is not None and data:
        target(ctypes.string_at(data, size))


def _provider(user_data: Optional[int], min_validity_seconds: int, timeout_ms: int, builder: Optional[int]) -> int:
    target = registry.get(user_data)
    return -1 if target is None else int(target(min_validity_seconds, timeout_ms, builder))


def _log(user_data: Optional[int], level: int, subject: bytes, message: bytes) -> None:
    target = registry.get(user_data)
    if target is not None:
        target(level, subject.decode("utf-8", "replace"), message.decode("utf-8", "replace"))


# Module-level, so that no thunk is ever collected while the library may call it.
destroy_trampoline = DestroyFn(_destroy)
progress_trampoline = ProgressFn(_progress)
provider_trampoline = ProviderFn(_provider)
log_trampoline = LogFn(_log)
