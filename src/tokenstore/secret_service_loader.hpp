// SPDX-License-Identifier: Apache-2.0
#pragma once

// Collections by their path; these functions have been in the library unchanged since its first release.
#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>

#include "dbxauth/result.hpp"

namespace dbxauth::tokenstore {

/// The functions of libsecret, GIO and GLib that the keyring needs. They are opened with dlopen() on first use: most
/// machines that run dbxauth have no desktop. Never closed, as GLib cannot be.
struct SecretServiceLibrary {
  decltype(&g_main_context_new) main_context_new = nullptr;
  decltype(&g_main_context_unref) main_context_unref = nullptr;
  decltype(&g_main_context_iteration) main_context_iteration = nullptr;
  decltype(&g_main_context_push_thread_default) main_context_push = nullptr;
  decltype(&g_main_context_pop_thread_default) main_context_pop = nullptr;
  decltype(&g_object_ref) object_ref = nullptr;
  decltype(&g_object_unref) object_unref = nullptr;
  decltype(&g_object_set) object_set = nullptr;
  decltype(&g_type_register_static) type_register = nullptr;
  decltype(&g_type_query) type_query = nullptr;
  decltype(&g_type_class_peek_parent) type_class_peek_parent = nullptr;
  decltype(&g_error_free) error_free = nullptr;
  decltype(&g_error_matches) error_matches = nullptr;
  decltype(&g_set_error_literal) set_error = nullptr;
  decltype(&g_free) free = nullptr;
  decltype(&g_list_append) list_append = nullptr;
  decltype(&g_list_free) list_free = nullptr;
  decltype(&g_hash_table_new) hash_table_new = nullptr;
  decltype(&g_hash_table_insert) hash_table_insert = nullptr;
  decltype(&g_hash_table_lookup) hash_table_lookup = nullptr;
  decltype(&g_hash_table_unref) hash_table_unref = nullptr;
  decltype(&g_str_hash) str_hash = nullptr;
  decltype(&g_str_equal) str_equal = nullptr;
  decltype(&g_variant_new) variant_new = nullptr;
  decltype(&g_variant_get) variant_get = nullptr;
  decltype(&g_variant_unref) variant_unref = nullptr;
  decltype(&g_cancellable_new) cancellable_new = nullptr;
  decltype(&g_cancellable_cancel) cancellable_cancel = nullptr;
  decltype(&g_initable_new) initable_new = nullptr;
  decltype(&g_io_error_quark) io_error_domain = nullptr;
  decltype(&g_dbus_error_quark) dbus_error_domain = nullptr;
  decltype(&g_dbus_error_get_remote_error) remote_error = nullptr;
  decltype(&g_dbus_connection_new_for_address_sync) connection_new = nullptr;
  decltype(&g_dbus_connection_is_closed) connection_is_closed = nullptr;
  decltype(&g_dbus_connection_call_sync) connection_call = nullptr;
  decltype(&secret_error_get_quark) secret_error_domain = nullptr;
  decltype(&secret_service_get_type) service_type = nullptr;
  decltype(&secret_service_unlock_sync) service_unlock = nullptr;
  decltype(&secret_service_read_alias_dbus_path_sync) service_read_alias = nullptr;
  decltype(&secret_collection_new_for_dbus_path_sync) collection_new = nullptr;
  decltype(&secret_collection_get_locked) collection_locked = nullptr;
  decltype(&secret_collection_search_sync) collection_search = nullptr;
  decltype(&secret_item_load_secrets_sync) items_load_secrets = nullptr;
  decltype(&secret_item_get_attributes) item_attributes = nullptr;
  decltype(&secret_item_get_modified) item_modified = nullptr;
  decltype(&secret_item_get_secret) item_secret = nullptr;
  decltype(&secret_item_delete_sync) item_delete = nullptr;
  decltype(&secret_item_create_sync) item_create = nullptr;
  decltype(&secret_value_new) value_new = nullptr;
  decltype(&secret_value_get) value_get = nullptr;
  decltype(&secret_value_unref) value_unref = nullptr;

  /// The loaded library; ErrorCode::storage_unavailable with the package to install when it cannot be loaded.
  /// Thread-safe; a failure is not remembered. The pointer stays valid for ever.
  static Result<const SecretServiceLibrary*> load();
};

}  // namespace dbxauth::tokenstore
