# SPDX-License-Identifier: Apache-2.0
"""The functions and structs of dbxauth.h. A test compares this file with the header and the built library."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p
from typing import Any

DestroyFn = CFUNCTYPE(None, c_void_p)
ProgressFn = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
ProviderFn = CFUNCTYPE(c_int32, c_void_p, c_int32, c_int64, c_void_p)
LogFn = CFUNCTYPE(None, c_void_p, c_int32, c_char_p, c_char_p)
CacheGetFn = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_int64, c_void_p)
CachePutFn = CFUNCTYPE(c_int32, c_void_p, POINTER(c_char_p), c_size_t, c_void_p, c_size_t, c_int64, c_void_p)
CacheRemoveFn = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_int64, c_void_p)
CacheListFn = CFUNCTYPE(c_int32, c_void_p, c_int64, c_void_p)
PassphraseFn = CFUNCTYPE(c_int32, c_void_p, c_void_p)
CacheAvailabilityFn = CFUNCTYPE(c_int32, c_void_p, c_int64, c_void_p)


def null_function(kind: Any) -> Any:
    """A callback argument that says "none"."""
    return kind()


class Bytes(Structure):
    _fields_ = [("data", c_char_p), ("size", c_size_t)]


class Attribute(Structure):
    _fields_ = [("name", c_char_p), ("value", Bytes), ("place", c_char_p)]


class CallOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("timeout_ms", c_int64), ("cancel", c_void_p)]


class OperationOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("timeout_ms", c_int64),
        ("progress", ProgressFn),
        ("user_data", c_void_p),
        ("destroy", DestroyFn),
    ]


class ClientOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("profile", c_char_p),
        ("config_file", c_char_p),
        ("chain_rules", c_char_p),
        ("attributes", POINTER(Attribute)),
        ("attribute_count", c_size_t),
        ("environment", POINTER(Attribute)),
        ("environment_count", c_size_t),
        ("replace_environment", c_int32),
        ("load_dotenv", c_int32),
        ("dotenv_file", c_char_p),
        ("ca_bundle", c_char_p),
        ("proxy", c_char_p),
        ("product", c_char_p),
        ("connect_timeout_ms", c_int32),
        ("attempt_timeout_ms", c_int32),
        ("auth_timeout_ms", c_int32),
        ("reserved0", c_int32),
        ("providers", POINTER(c_void_p)),
        ("provider_count", c_size_t),
        ("notebook", c_void_p),
        ("custom_headers", POINTER(Attribute)),
        ("custom_header_count", c_size_t),
        ("probe_budget_ms", c_int32),
        ("program_timeout_ms", c_int32),
        ("token_cache", c_void_p),
    ]


class ProfileOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("config_file", c_char_p),
        ("environment", POINTER(Attribute)),
        ("environment_count", c_size_t),
        ("replace_environment", c_int32),
        ("parallelism", c_int32),
        ("per_profile_timeout_ms", c_int32),
        ("reserved0", c_int32),
        ("ca_bundle", c_char_p),
        ("proxy", c_char_p),
    ]


class TokenCacheCallbacks(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("user_data", c_void_p),
        ("destroy", DestroyFn),
        ("get", CacheGetFn),
        ("put", CachePutFn),
        ("remove", CacheRemoveFn),
        ("list", CacheListFn),
        ("availability", CacheAvailabilityFn),
    ]


class EncryptedFileOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("user_data", c_void_p),
        ("destroy", DestroyFn),
        ("passphrase", PassphraseFn),
        ("path", c_char_p),
        ("key_file", c_char_p),
        ("kernel_keyring", c_int32),
        ("reserved0", c_int32),
    ]


_H = c_void_p  # an opaque handle
_OUT = POINTER(c_void_p)  # a handle given by the library; also `dbxauth_error **`

# name: (result, arguments). Text that the library owns is declared c_char_p: ctypes copies it at once.
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "dbxauth_status_name": (c_char_p, [c_int32]),
    "dbxauth_abi_version": (c_uint32, []),
    "dbxauth_version_string": (c_char_p, []),
    "dbxauth_has_feature": (c_int32, [c_char_p]),
    "dbxauth_error_code": (c_int32, [_H]),
    "dbxauth_error_message": (c_char_p, [_H]),
    "dbxauth_error_details_json": (c_char_p, [_H]),
    "dbxauth_error_http_status": (c_int32, [_H]),
    "dbxauth_error_is_retryable": (c_int32, [_H]),
    "dbxauth_error_retry_after_ms": (c_int64, [_H]),
    "dbxauth_error_free": (None, [_H]),
    "dbxauth_string_data": (c_void_p, [_H]),
    "dbxauth_string_size": (c_size_t, [_H]),
    "dbxauth_string_free": (None, [_H]),
    "dbxauth_cancel_new": (c_void_p, []),
    "dbxauth_cancel_trigger": (None, [_H]),
    "dbxauth_cancel_free": (None, [_H]),
    "dbxauth_call_options_init": (None, [POINTER(CallOptions), c_size_t]),
    "dbxauth_set_log_callback": (None, [c_int32, LogFn, c_void_p, DestroyFn]),
    "dbxauth_headers_builder_add": (c_int32, [_H, c_char_p, c_char_p, c_size_t]),
    "dbxauth_headers_builder_set_expiry": (None, [_H, c_int64]),
    "dbxauth_headers_builder_set_reason": (None, [_H, c_char_p]),
    "dbxauth_provider_new": (c_int32, [c_char_p, ProviderFn, c_void_p, DestroyFn, _OUT, _OUT]),
    "dbxauth_provider_free": (None, [_H]),
    "dbxauth_cache_reply_set_secret": (c_int32, [_H, c_char_p, c_size_t]),
    "dbxauth_cache_reply_add_key": (c_int32, [_H, c_char_p]),
    "dbxauth_cache_reply_set_reason": (None, [_H, c_char_p]),
    "dbxauth_token_cache_callbacks_init": (None, [POINTER(TokenCacheCallbacks), c_size_t]),
    "dbxauth_token_cache_new": (c_int32, [c_char_p, c_char_p, POINTER(TokenCacheCallbacks), _OUT, _OUT]),
    "dbxauth_token_cache_memory_new": (c_int32, [_OUT, _OUT]),
    "dbxauth_token_cache_file_new": (c_int32, [c_char_p, _OUT, _OUT]),
    "dbxauth_token_cache_keyring_new": (c_int32, [c_int32, c_int32, _OUT, _OUT]),
    "dbxauth_encrypted_file_options_init": (None, [POINTER(EncryptedFileOptions), c_size_t]),
    "dbxauth_token_cache_encrypted_file_new": (c_int32, [POINTER(EncryptedFileOptions), _OUT, _OUT]),
    "dbxauth_token_cache_free": (None, [_H]),
    "dbxauth_token_cache_kind": (c_char_p, [_H]),
    "dbxauth_token_cache_location": (c_char_p, [_H]),
    "dbxauth_token_cache_get_json": (c_int32, [_H, c_char_p, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_token_cache_put_json": (
        c_int32,
        [_H, POINTER(c_char_p), c_size_t, c_char_p, c_size_t, POINTER(CallOptions), _OUT],
    ),
    "dbxauth_token_cache_remove": (c_int32, [_H, c_char_p, POINTER(CallOptions), _OUT]),
    "dbxauth_token_cache_keys_json": (c_int32, [_H, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_token_cache_availability": (c_int32, [_H, POINTER(CallOptions), _OUT]),
    "dbxauth_client_options_init": (None, [POINTER(ClientOptions), c_size_t]),
    "dbxauth_client_new": (c_int32, [POINTER(ClientOptions), _OUT, _OUT]),
    "dbxauth_client_free": (None, [_H]),
    "dbxauth_client_headers": (c_int32, [_H, c_int32, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_client_reject": (None, [_H, _H]),
    "dbxauth_headers_count": (c_size_t, [_H]),
    "dbxauth_headers_name": (c_char_p, [_H, c_size_t]),
    "dbxauth_headers_value": (c_void_p, [_H, c_size_t]),
    "dbxauth_headers_value_size": (c_size_t, [_H, c_size_t]),
    "dbxauth_headers_expires_at": (c_int64, [_H]),
    "dbxauth_headers_strategy": (c_char_p, [_H]),
    "dbxauth_headers_free": (None, [_H]),
    "dbxauth_client_token_json": (c_int32, [_H, c_int32, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_client_describe_json": (c_int32, [_H, c_int32, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_client_catalogs_json": (c_int32, [_H, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_client_environment_json": (c_int32, [_H, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_profile_options_init": (None, [POINTER(ProfileOptions), c_size_t]),
    "dbxauth_profiles_json": (c_int32, [POINTER(ProfileOptions), c_int32, POINTER(CallOptions), _OUT, _OUT]),
    "dbxauth_profile_save": (
        c_int32,
        [POINTER(ProfileOptions), c_char_p, POINTER(Attribute), c_size_t, POINTER(c_char_p), c_size_t, c_int32,
         POINTER(CallOptions), _OUT],
    ),
    "dbxauth_profile_remove": (c_int32, [POINTER(ProfileOptions), c_char_p, POINTER(CallOptions), _OUT]),
    "dbxauth_profile_set_default": (c_int32, [POINTER(ProfileOptions), c_char_p, POINTER(CallOptions), _OUT]),
    "dbxauth_operation_options_init": (None, [POINTER(OperationOptions), c_size_t]),
    "dbxauth_inventory_start": (c_int32, [_H, c_char_p, c_char_p, POINTER(OperationOptions), _OUT, _OUT]),
    "dbxauth_clone_plan_start": (c_int32, [_H, c_char_p, c_size_t, POINTER(OperationOptions), _OUT, _OUT]),
    "dbxauth_clone_run_start": (c_int32, [_H, c_char_p, c_size_t, POINTER(OperationOptions), _OUT, _OUT]),
    "dbxauth_clone_start": (c_int32, [_H, c_char_p, c_size_t, POINTER(OperationOptions), _OUT, _OUT]),
    "dbxauth_diagnose_start": (c_int32, [_H, POINTER(OperationOptions), _OUT, _OUT]),
    "dbxauth_sql_start": (c_int32, [_H, c_char_p, c_size_t, POINTER(OperationOptions), _OUT, _OUT]),
    "dbxauth_operation_wait": (c_int32, [_H, c_int64, POINTER(c_int32), _OUT]),
    "dbxauth_operation_cancel": (None, [_H]),
    "dbxauth_operation_progress_json": (c_int32, [_H, _OUT, _OUT]),
    "dbxauth_operation_result_json": (c_int32, [_H, _OUT, _OUT]),
    "dbxauth_operation_free": (None, [_H]),
    "dbxauth_clone_plan_sql": (c_int32, [c_char_p, c_size_t, _OUT, _OUT]),
}

STRUCTS: dict[str, type[ctypes.Structure]] = {
    "dbxauth_bytes": Bytes,
    "dbxauth_attribute": Attribute,
    "dbxauth_call_options": CallOptions,
    "dbxauth_operation_options": OperationOptions,
    "dbxauth_client_options": ClientOptions,
    "dbxauth_profile_options": ProfileOptions,
    "dbxauth_token_cache_callbacks": TokenCacheCallbacks,
    "dbxauth_encrypted_file_options": EncryptedFileOptions,
}
