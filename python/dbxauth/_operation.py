# SPDX-License-Identifier: Apache-2.0
"""Long jobs."""

from __future__ import annotations

import ctypes
import json
import time
from types import TracebackType
from typing import Any, Callable, Generic, Optional, TypedDict, TypeVar

from ._arguments import milliseconds
from ._library import lib
from ._native import call, call_for_text, destroy_trampoline, progress_trampoline, registry
from ._signatures import DestroyFn, OperationOptions, ProgressFn, null_function

T = TypeVar("T")

# Ctrl-C is delivered between two calls, so a wait is cut into slices.
_SLICE_MS = 100


class Progress(TypedDict):
    """How far an operation is; `total` is 0 while it is not known."""

    phase: str
    done: int
    total: int
    failed: int
    current: str


ProgressCallback = Callable[[Progress], None]


class _ProgressTarget:
    """Keeps the first exception of the callback, to be raised where the operation is awaited."""

    def __init__(self, callback: ProgressCallback) -> None:
        self.callback = callback
        self.exception: Optional[BaseException] = None

    def __call__(self, data: bytes) -> None:
        if self.exception is not None:
            return
        try:
            self.callback(json.loads(data))
        except BaseException as exception:  # noqa: BLE001 - must not cross into native code
            self.exception = exception


class Operation(Generic[T]):
    """A running job. `result()` waits for it; Ctrl-C while waiting cancels it. Use as a context manager: leaving the
    block cancels what still runs. progress() and cancel() may be called from any thread."""

    def __init__(
        self,
        start: Callable[[OperationOptions], ctypes.c_void_p],
        decode: Callable[[str], T],
        on_progress: Optional[ProgressCallback],
        timeout_seconds: Optional[float],
    ) -> None:
        self._handle: Optional[ctypes.c_void_p] = None
        self._decode = decode
        self._target = _ProgressTarget(on_progress) if on_progress else None
        options = OperationOptions()
        lib.dbxauth_operation_options_init(ctypes.byref(options), ctypes.sizeof(options))
        options.timeout_ms = milliseconds(timeout_seconds)
        options.progress = progress_trampoline if self._target else null_function(ProgressFn)
        options.destroy = destroy_trampoline if self._target else null_function(DestroyFn)
        options.user_data = registry.add(self._target) if self._target else None
        self._handle = start(options)

    def _open(self) -> ctypes.c_void_p:
        if self._handle is None:
            raise ValueError("the operation is closed")
        return self._handle

    def wait(self, timeout_seconds: Optional[float] = None) -> bool:
        """True when it has ended; False when `timeout_seconds` passed first."""
        handle = self._open()
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        finished = ctypes.c_int32()
        while True:
            slice_ms = _SLICE_MS
            if end is not None:
                slice_ms = max(0, min(slice_ms, int((end - time.monotonic()) * 1000)))
            call(lib.dbxauth_operation_wait, handle, slice_ms, ctypes.byref(finished))
            if self._target and self._target.exception is not None:
                self.cancel()
            if finished.value:
                return True
            if end is not None and time.monotonic() >= end:
                return False

    def result(self, timeout_seconds: Optional[float] = None) -> T:
        """Waits and returns the result, or raises what the operation ended with. An exception of the progress callback
        cancels the operation and is raised here."""
        try:
            finished = self.wait(timeout_seconds)
        except BaseException:
            self.cancel()
            raise
        if not finished:
            raise TimeoutError("the operation is still running")
        if self._target and self._target.exception is not None:
            raise self._target.exception
        return self._decode(call_for_text(lib.dbxauth_operation_result_json, self._open()))

    def progress(self) -> Progress:
        decoded: Progress = json.loads(call_for_text(lib.dbxauth_operation_progress_json, self._open()))
        return decoded

    def cancel(self) -> None:
        if self._handle is not None:
            lib.dbxauth_operation_cancel(self._handle)

    def close(self) -> None:
        """Cancels and waits for the end of the job. Safe to call twice."""
        handle, self._handle = self._handle, None
        if handle is not None:
            lib.dbxauth_operation_free(handle)

    def __enter__(self) -> "Operation[T]":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # At interpreter shutdown the module's names may be gone already.
        if lib is not None and getattr(self, "_handle", None) is not None:
            self.close()


def decode_json(text: str) -> Any:
    return json.loads(text)
