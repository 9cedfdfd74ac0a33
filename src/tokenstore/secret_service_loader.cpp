// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/secret_service_loader.hpp"

#include <dlfcn.h>

#include <mutex>
#include <string>

#include <fmt/format.h>

#include "platform/library_symbols.hpp"
#include "tokenstore/keyring_error.hpp"

namespace dbxauth::tokenstore {
namespace {

constexpr const char* kLibraryName = "libsecret-1.so.0";

Error not_usable(std::string_view reason) {
  return keyring_unusable(fmt::format("{} cannot be loaded ({})", kLibraryName, reason),
                          "install it (on Debian and Ubuntu: apt install libsecret-1-0)");
}

/// The name of the first function that is missing, or null.
const char* read_functions(void* library, SecretServiceLibrary& table) {
  platform::LibrarySymbols symbols(library);
  symbols.read("g_main_context_new", table.main_context_new);
  symbols.read("g_main_context_unref", table.main_context_unref);
  symbols.read("g_main_context_iteration", table.main_context_iteration);
  symbols.read("g_main_context_push_thread_default", table.main_context_push);
  symbols.read("g_main_context_pop_thread_default", table.main_context_pop);
  symbols.read("g_object_ref", table.object_ref);
  symbols.read("g_object_unref", table.object_unref);
  symbols.read("g_object_set", table.object_set);
  symbols.read("g_type_register_static", table.type_register);
  symbols.read("g_type_query", table.type_query);
  symbols.read("g_type_class_peek_parent", table.type_class_peek_parent);
  symbols.read("g_error_free", table.error_free);
  symbols.read("g_error_matches", table.error_matches);
  symbols.read("g_set_error_literal", table.set_error);
  symbols.read("g_free", table.free);
  symbols.read("g_list_append", table.list_append);
  symbols.read("g_list_free", table.list_free);
  symbols.read("g_hash_table_new", table.hash_table_new);
  symbols.read("g_hash_table_insert", table.hash_table_insert);
  symbols.read("g_hash_table_lookup", table.hash_table_lookup);
  symbols.read("g_hash_table_unref", table.hash_table_unref);
  symbols.read("g_str_hash", table.str_hash);
  symbols.read("g_str_equal", table.str_equal);
  symbols.read("g_variant_new", table.variant_new);
  symbols.read("g_variant_get", table.variant_get);
  symbols.read("g_variant_unref", table.variant_unref);
  symbols.read("g_cancellable_new", table.cancellable_new);
  symbols.read("g_cancellable_cancel", table.cancellable_cancel);
  symbols.read("g_initable_new", table.initable_new);
  symbols.read("g_io_error_quark", table.io_error_domain);
  symbols.read("g_dbus_error_quark", table.dbus_error_domain);
  symbols.read("g_dbus_error_get_remote_error", table.remote_error);
  symbols.read("g_dbus_connection_new_for_address_sync", table.connection_new);
  symbols.read("g_dbus_connection_is_closed", table.connection_is_closed);
  symbols.read("g_dbus_connection_call_sync", table.connection_call);
  symbols.read("secret_error_get_quark", table.secret_error_domain);
  symbols.read("secret_service_get_type", table.service_type);
  symbols.read("secret_service_unlock_sync", table.service_unlock);
  symbols.read("secret_service_read_alias_dbus_path_sync", table.service_read_alias);
  symbols.read("secret_collection_new_for_dbus_path_sync", table.collection_new);
  symbols.read("secret_collection_get_locked", table.collection_locked);
  symbols.read("secret_collection_search_sync", table.collection_search);
  symbols.read("secret_item_load_secrets_sync", table.items_load_secrets);
  symbols.read("secret_item_get_attributes", table.item_attributes);
  symbols.read("secret_item_get_modified", table.item_modified);
  symbols.read("secret_item_get_secret", table.item_secret);
  symbols.read("secret_item_delete_sync", table.item_delete);
  symbols.read("secret_item_create_sync", table.item_create);
  symbols.read("secret_value_new", table.value_new);
  symbols.read("secret_value_get", table.value_get);
  symbols.read("secret_value_unref", table.value_unref);
  return symbols.missing();
}

}  // namespace

Result<const SecretServiceLibrary*> SecretServiceLibrary::load() {
  static std::mutex mutex;
  static const SecretServiceLibrary* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (loaded != nullptr) return loaded;
  void* const library = ::dlopen(kLibraryName, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = ::dlerror();
    return not_usable(reason == nullptr ? "unknown reason" : reason);
  }
  static SecretServiceLibrary table;
  if (const char* const missing = read_functions(library, table)) {
    return not_usable(fmt::format("it is too old: it lacks {}", missing));
  }
  loaded = &table;
  return loaded;
}

}  // namespace dbxauth::tokenstore
