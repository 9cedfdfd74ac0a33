# SPDX-License-Identifier: Apache-2.0
"""Where logins are kept between calls, threads and processes: the built-in stores, and those that the program writes."""

from __future__ import annotations

import ctypes
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, List, Optional, TypeVar

from ._arguments import call_options, encode, milliseconds
from ._library import lib
from ._native import call, call_for_handle, call_for_text, destroy_trampoline, interruptible, registry
from ._signatures import (
    CacheAvailabilityFn,
    CacheGetFn,
    CacheListFn,
    CachePutFn,
    CacheRemoveFn,
    EncryptedFileOptions,
    PassphraseFn,
    TokenCacheCallbacks,
)
from .errors import DbxAuthError, NotFoundError

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class StoredToken:
    """A login as it is kept. `repr()` shows neither token. `expiry` is RFC 3339, empty when none is stated; `expires_in`
    is the whole lifetime in seconds as the issuer stated it, 0 when unknown."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    token_type: str = "Bearer"
    expiry: str = ""
    expires_in: int = 0

    @property
    def expires_at(self) -> Optional[datetime]:
        """`expiry` as an aware datetime; None when none is stated."""
        if not self.expiry:
            return None
        match = _TIME.fullmatch(self.expiry)
        if match is None:
            raise ValueError("the expiry of the token is not an RFC 3339 time")
        day, clock, fraction, zone = match.groups()
        offset = "+00:00" if zone in "Zz" else zone
        # fromisoformat() of the older Pythons knows neither Z nor fractions of other lengths.
        return datetime.fromisoformat(f"{day}T{clock}{offset}") + timedelta(microseconds=int(f"{fraction or 0:0<6}"[:6]))

    def is_expired(self, now: Optional[datetime] = None) -> bool:
        expires_at = self.expires_at
        return expires_at is not None and expires_at <= (now or datetime.now(timezone.utc))

    def to_json(self) -> str:
        """One entry of the Databricks CLI's token cache file. Secret."""
        members: dict[str, Any] = {"access_token": self.access_token, "token_type": self.token_type}
        if self.refresh_token:
            members["refresh_token"] = self.refresh_token
        if self.expiry:
            members["expiry"] = self.expiry
        if self.expires_in:
            members["expires_in"] = self.expires_in
        return json.dumps(members)

    @classmethod
    def from_json(cls, text: str) -> "StoredToken":
        """The reverse of to_json(); members that are not known are left out. ValueError quotes nothing of the text."""
        try:
            members = json.loads(text)
            if not isinstance(members, dict):
                raise ValueError
            expiry = str(members.get("expiry") or "")
            return cls(
                access_token=str(members.get("access_token") or ""),
                refresh_token=str(members.get("refresh_token") or ""),
                token_type=str(members.get("token_type") or "Bearer"),
                # The official tool's way of writing "none".
                expiry="" if expiry.startswith("0001-01-01") else expiry,
                expires_in=int(members.get("expires_in") or 0),
            )
        except (ValueError, TypeError):
            raise ValueError("the text is not the JSON of a stored token") from None


class TokenCache(ABC):
    """A store of logins. Subclass it to keep them where the program keeps its secrets:

        class VaultCache(dbxauth.TokenCache):
            def get(self, key): ...          # a StoredToken, or None
            def put(self, keys, token): ...  # all of the keys or none
            def remove(self, key): ...       # what is not there is success
            def list(self): ...              # the keys

        client = dbxauth.Client(host=…, auth_type="databricks-cli", token_cache=VaultCache())

    A key is a profile's name, or the host of a login without a profile. Methods are called on any thread, several at
    once, and should answer within seconds. An exception fails the call that needed the token: its type is reported,
    never its text, which may hold a secret. The code of a DbxAuthError is kept, TimeoutError is "timed_out", everything
    else "user_callback". Clients and processes that share a store may renew the same login at the same time.
    """

    @abstractmethod
    def get(self, key: str) -> Optional[StoredToken]:
        """The token under `key`, expired or not; None when there is none."""

    @abstractmethod
    def put(self, keys: Sequence[str], token: StoredToken) -> None:
        """Stores `token` under every one of `keys`: all or none."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Removes `key`; that it is not there is success."""

    @abstractmethod
    def list(self) -> List[str]:
        """The keys that are stored."""

    def check_available(self) -> None:
        """Raises when tokens cannot be stored."""

    @property
    def kind(self) -> str:
        """A word for reports."""
        return type(self).__name__

    @property
    def location(self) -> str:
        """Where it is, for people."""
        return type(self).__name__


def _key(text: str) -> bytes:
    data = text.encode("utf-8")
    if b"\0" in data:
        raise ValueError("the key of a token must not contain a NUL character")
    return data


_STATUS_OK = 0
_STATUS_BY_CODE = {lib.dbxauth_status_name(status).decode("ascii"): status for status in range(1, 25)}


def _status_of(exception: BaseException) -> int:
    if isinstance(exception, DbxAuthError):
        return _STATUS_BY_CODE.get(exception.code, _STATUS_BY_CODE["user_callback"])
    if isinstance(exception, TimeoutError):
        return _STATUS_BY_CODE["timed_out"]
    return _STATUS_BY_CODE["user_callback" if isinstance(exception, Exception) else "cancelled"]


class CallbackTarget:
    """What the C callbacks of a cache call."""

    def __init__(self) -> None:
        self.exception: Optional[BaseException] = None

    def answer(self, reply: Optional[int], work: Callable[[], Optional[int]]) -> int:
        try:
            return work() or _STATUS_OK
        except BaseException as exception:  # noqa: BLE001 - must not cross into native code
            if not isinstance(exception, Exception):
                self.exception = exception  # Ctrl-C: raised again when the native call has returned
            lib.dbxauth_cache_reply_set_reason(reply, type(exception).__name__.encode("utf-8"))
            return _status_of(exception)

    def raise_interruption(self) -> None:
        exception, self.exception = self.exception, None
        if exception is not None:
            raise exception


T = TypeVar("T")


class _BuiltInTokenCache(TokenCache):
    """A cache of the library."""

    # Set for caches that may wait for a person: Ctrl-C then ends the call.
    _waits_for_people = False

    def __init__(self, handle: ctypes.c_void_p, target: Optional[CallbackTarget] = None) -> None:
        self._handle = handle
        self._target = target

    def _run(self, work: Callable[[Any], T]) -> T:
        """`work` gets the options of its call."""
        if self._waits_for_people:
            return interruptible(lambda cancel: work(call_options(None, cancel.handle)))
        try:
            return work(call_options(None))
        except Exception:
            if self._target is not None:
                self._target.raise_interruption()
            raise

    def get(self, key: str) -> Optional[StoredToken]:
        name = _key(key)
        try:
            text = self._run(lambda options: call_for_text(lib.dbxauth_token_cache_get_json, self._handle, name, options))
        except NotFoundError:
            return None
        return StoredToken.from_json(text)

    def put(self, keys: Sequence[str], token: StoredToken) -> None:
        names = (ctypes.c_char_p * len(keys))(*[_key(key) for key in keys])
        text = token.to_json().encode("utf-8")
        self._run(lambda options: call(
            lib.dbxauth_token_cache_put_json, self._handle, names, len(names), text, len(text), options
        ))

    def remove(self, key: str) -> None:
        name = _key(key)
        self._run(lambda options: call(lib.dbxauth_token_cache_remove, self._handle, name, options))

    def list(self) -> List[str]:
        text = self._run(lambda options: call_for_text(lib.dbxauth_token_cache_keys_json, self._handle, options))
        keys: List[str] = json.loads(text)["keys"]
        return keys

    def check_available(self) -> None:
        self._run(lambda options: call(lib.dbxauth_token_cache_availability, self._handle, options))

    @property
    def kind(self) -> str:
        return str(lib.dbxauth_token_cache_kind(self._handle).decode("utf-8"))

    @property
    def location(self) -> str:
        return str(lib.dbxauth_token_cache_location(self._handle).decode("utf-8", "replace"))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location}>"

    def __del__(self) -> None:
        # At interpreter shutdown the module's names may be gone already; a constructor that failed left no handle.
        if lib is not None and getattr(self, "_handle", None) is not None:
            lib.dbxauth_token_cache_free(self._handle)


class MemoryTokenCache(_BuiltInTokenCache):
    """Lives as long as the object and the clients that use it."""

    def __init__(self) -> None:
        super().__init__(call_for_handle(lib.dbxauth_token_cache_memory_new))


class FileTokenCache(_BuiltInTokenCache):
    """The Databricks CLI's token cache file; `path` None: ~/.databricks/token-cache.json. Writes are atomic and
    serialised between processes."""

    def __init__(self, path: Optional[str] = None) -> None:
        super().__init__(call_for_handle(lib.dbxauth_token_cache_file_new, encode(path)))


class KeyringTokenCache(_BuiltInTokenCache):
    """The keyring of the desktop session, with the items of the Databricks CLI. Nothing is asked before the first use;
    one call takes `timeout_seconds` at most (None: 3). With `may_prompt` a locked keyring may ask its owner to unlock it,
    and the call waits for the answer. Without a session bus or a keyring service calls fail with the code
    "storage_unavailable"."""

    def __init__(self, *, timeout_seconds: Optional[float] = None, may_prompt: bool = False) -> None:
        self._waits_for_people = may_prompt
        super().__init__(
            call_for_handle(lib.dbxauth_token_cache_keyring_new, milliseconds(timeout_seconds), int(may_prompt))
        )


class _PassphraseTarget(CallbackTarget):
    """Adapts a function that asks for a passphrase to the C callback."""

    def __init__(self, ask: Callable[[], Optional[str]]) -> None:
        super().__init__()
        self.ask = ask

    def passphrase(self, reply: Optional[int]) -> Optional[int]:
        passphrase = self.ask()
        if passphrase is None:
            return _STATUS_BY_CODE["cancelled"]
        data = passphrase.encode("utf-8")
        return int(lib.dbxauth_cache_reply_set_secret(reply, data, len(data)))


def _passphrase(user_data: Optional[int], reply: Optional[int]) -> int:
    target = registry.get(user_data)
    return -1 if target is None else int(target.answer(reply, lambda: target.passphrase(reply)))


_passphrase_trampoline = PassphraseFn(_passphrase)


class EncryptedFileTokenCache(_BuiltInTokenCache):
    """A file for machines without a keyring, sealed with AES-256-GCM; `path` None: ~/.databricks/token-cache.enc. The key
    comes from the first that is given: `key_file`, at least 32 bytes that only their owner can read; `passphrase`, a
    function such as getpass.getpass, asked once, and again after a wrong one (None: the user gave up); `kernel_keyring`, a random key in
    the kernel's keyring that is gone after a restart. A wrong key fails with AuthenticationFailedError, and then nothing
    is written."""

    def __init__(
        self,
        path: Optional[str] = None,
        *,
        key_file: Optional[str] = None,
        passphrase: Optional[Callable[[], Optional[str]]] = None,
        kernel_keyring: bool = False,
    ) -> None:
        options = EncryptedFileOptions()
        lib.dbxauth_encrypted_file_options_init(ctypes.byref(options), ctypes.sizeof(options))
        options.path, options.key_file = encode(path), encode(key_file)
        options.kernel_keyring = int(kernel_keyring)
        target: Optional[_PassphraseTarget] = None
        if passphrase is not None:
            target = _PassphraseTarget(passphrase)
            options.passphrase, options.destroy = _passphrase_trampoline, destroy_trampoline
            options.user_data = registry.add(target)
        super().__init__(call_for_handle(lib.dbxauth_token_cache_encrypted_file_new, ctypes.byref(options)), target)


class CacheTarget(CallbackTarget):
    """Adapts a TokenCache to the C callbacks."""

    def __init__(self, cache: TokenCache) -> None:
        super().__init__()
        self.cache = cache

    def get(self, key: bytes, reply: Optional[int]) -> Optional[int]:
        token = self.cache.get(key.decode("utf-8"))
        if token is None:
            return _STATUS_BY_CODE["not_found"]
        text = token.to_json().encode("utf-8")
        return int(lib.dbxauth_cache_reply_set_secret(reply, text, len(text)))

    def put(self, keys: Sequence[bytes], text: bytes) -> None:
        self.cache.put([key.decode("utf-8") for key in keys], StoredToken.from_json(text.decode("utf-8")))

    def list(self, reply: Optional[int]) -> None:
        for key in self.cache.list():
            if lib.dbxauth_cache_reply_add_key(reply, _key(key)) != _STATUS_OK:
                raise ValueError("the cache listed a key that is none")


def _get(user_data: Optional[int], key: bytes, timeout_ms: int, reply: Optional[int]) -> int:
    del timeout_ms
    target = registry.get(user_data)
    return -1 if target is None else int(target.answer(reply, lambda: target.get(key, reply)))


def _put(
    user_data: Optional[int], keys: Any, key_count: int, text: int, size: int, timeout_ms: int, reply: Optional[int]
) -> int:
    del timeout_ms
    target = registry.get(user_data)
    if target is None:
        return -1
    return int(target.answer(reply, lambda: target.put(keys[:key_count], ctypes.string_at(text, size))))


def _remove(user_data: Optional[int], key: bytes, timeout_ms: int, reply: Optional[int]) -> int:
    del timeout_ms
    target = registry.get(user_data)
    return -1 if target is None else int(target.answer(reply, lambda: target.cache.remove(key.decode("utf-8"))))


def _list(user_data: Optional[int], timeout_ms: int, reply: Optional[int]) -> int:
    del timeout_ms
    target = registry.get(user_data)
    return -1 if target is None else int(target.answer(reply, lambda: target.list(reply)))


def _availability(user_data: Optional[int], timeout_ms: int, reply: Optional[int]) -> int:
    del timeout_ms
    target = registry.get(user_data)
    return -1 if target is None else int(target.answer(reply, target.cache.check_available))


# Module-level, so that no thunk is ever collected while the library may call it.
_get_trampoline = CacheGetFn(_get)
_put_trampoline = CachePutFn(_put)
_remove_trampoline = CacheRemoveFn(_remove)
_list_trampoline = CacheListFn(_list)
_availability_trampoline = CacheAvailabilityFn(_availability)


def _make_token_cache(target: CacheTarget) -> ctypes.c_void_p:
    """The handle of a cache that the program wrote; the registry keeps `target` until the library drops it."""
    kind, location = target.cache.kind.encode("utf-8"), target.cache.location.encode("utf-8")
    callbacks = TokenCacheCallbacks()
    lib.dbxauth_token_cache_callbacks_init(ctypes.byref(callbacks), ctypes.sizeof(callbacks))
    callbacks.destroy = destroy_trampoline
    callbacks.get, callbacks.put = _get_trampoline, _put_trampoline
    callbacks.remove, callbacks.list = _remove_trampoline, _list_trampoline
    callbacks.availability = _availability_trampoline
    callbacks.user_data = registry.add(target)
    return call_for_handle(lib.dbxauth_token_cache_new, kind, location, ctypes.byref(callbacks))


def _is_built_in(cache: TokenCache) -> bool:
    """Whether the library's own methods are in use: a subclass may override them."""
    names = ("get", "put", "remove", "list", "check_available")
    return isinstance(cache, _BuiltInTokenCache) and all(
        getattr(type(cache), name) is getattr(_BuiltInTokenCache, name) for name in names
    )


class OpenTokenCache:
    """A cache as a client takes it. Release it when the client has it."""

    def __init__(self, cache: TokenCache) -> None:
        self.target: Optional[CallbackTarget]
        self._made: Optional[ctypes.c_void_p] = None
        if isinstance(cache, _BuiltInTokenCache) and _is_built_in(cache):
            self.target, self.handle = cache._target, cache._handle
        else:
            target = CacheTarget(cache)
            self.target, self.handle = target, _make_token_cache(target)
            self._made = self.handle

    def release(self) -> None:
        lib.dbxauth_token_cache_free(self._made)
        self._made = None
