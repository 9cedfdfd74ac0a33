// SPDX-License-Identifier: Apache-2.0
#include "login_storage.hpp"

#include <utility>

#include <fmt/format.h>

#include "config/profile_file.hpp"
#include "platform/files.hpp"
#include "tokenstore/storage_choice.hpp"

namespace dbxauth {

namespace {

constexpr const char* session_variables[] = {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"};

Result<std::string> read_setting(const LoginStorageRequest& request) {
  if (request.auth_storage) return *request.auth_storage;
  if (request.config_file.empty()) return std::string();
  const auto document = config::read_profile_file(request.config_file);
  if (document) return config::read_auth_storage(*document);
  if (document.error().code == ErrorCode::not_found) return std::string();
  return Error(document.error().code, "the setting auth_storage cannot be read: " + document.error().message);
}

/// The process's own session is none of the business of a tenant whose environment names none.
bool may_use_session(const LoginStorageRequest& request) {
  if (!request.replaced_environment) return true;
  for (const char* name : session_variables) {
    if (request.environment.get(name)) return true;
  }
  return false;
}

std::shared_ptr<TokenCache> make_keyring(const LoginStorageRequest& request) {
  if (request.keyring) return request.keyring;
  KeyringOptions options;
  // Nothing else: variables may hold secrets.
  options.environment.emplace();
  for (const char* name : session_variables) {
    if (const auto value = request.environment.get(name)) options.environment->emplace(name, *value);
  }
  return make_keyring_token_cache(std::move(options));
}

Result<std::shared_ptr<TokenCache>> make_file(const LoginStorageRequest& request) {
  if (request.file) return request.file;
  const std::string directory = login_directory(request.environment);
  if (directory.empty()) return std::shared_ptr<TokenCache>();
  return make_file_token_cache(platform::join_path(directory, "token-cache.json"));
}

Result<LoginStores> choose(const LoginStorageRequest& request) {
  LoginStores stores;
  auto minimum = tokenstore::choose_minimum(request.minimum, request.environment);
  if (!minimum) return std::move(minimum).error();
  stores.minimum = *minimum;
  auto choice = tokenstore::choose_storage(request.mode, request.environment, request.config_file,
                                           [&request] { return read_setting(request); });
  if (!choice) return std::move(choice).error();
  stores.choice = std::move(*choice);
  return stores;
}

std::string lock_directory(const platform::Environment& environment) {
  const std::string directory = login_directory(environment);
  return directory.empty() ? std::string() : platform::join_path(directory, "locks");
}

/// The library's own stores outlive a process. What a program keeps elsewhere is its business, and no directory is made
/// in a home for it.
bool is_shared_by_processes(const TokenCache& cache) {
  const std::string_view kind = cache.kind();
  return kind == "file" || kind == "keyring" || kind == "encrypted-file";
}

}  // namespace

std::string login_directory(const platform::Environment& environment) {
  const std::string home = environment.home_directory();
  return home.empty() ? std::string() : platform::join_path(home, ".databricks");
}

std::string shown_location(const TokenCache& store, const platform::Environment& environment) {
  const std::string location = store.location();
  const std::string home = environment.home_directory();
  if (home.size() < 2 || location.compare(0, home.size() + 1, home + "/") != 0) return location;
  return "~" + location.substr(home.size());
}

Result<LoginStores> open_login_stores(const LoginStorageRequest& request) {
  auto stores = choose(request);
  if (!stores) return stores;
  if (auto allowed = tokenstore::check_minimum(stores->choice, stores->minimum); !allowed) {
    return std::move(allowed).error();
  }
  const bool secure = stores->choice.mode == StorageMode::secure;
  if (request.keyring || secure || may_use_session(request)) stores->keyring = make_keyring(request);
  if (stores->minimum != StorageMinimum::none) return stores;
  auto file = make_file(request);
  if (!file) return std::move(file).error();
  stores->file = std::move(*file);
  return stores;
}

Result<LoginStores> open_both_stores(const LoginStorageRequest& request) {
  auto stores = choose(request);
  if (!stores) return stores;
  stores->keyring = make_keyring(request);
  auto file = make_file(request);
  if (!file) return std::move(file).error();
  if (!*file) {
    return Error(ErrorCode::storage_unavailable, "there is no home directory to keep the token cache in; set HOME");
  }
  stores->file = std::move(*file);
  return stores;
}

LoginStorage open_login_storage(const LoginStorageRequest& request) {
  LoginStorage storage;
  auto stores = open_login_stores(request);
  if (!stores) {
    storage.cache = tokenstore::make_refused_token_cache(std::move(stores).error());
    return storage;
  }
  const bool secure = stores->choice.mode == StorageMode::secure;
  if (!stores->file && !secure && !request.keyring) return storage;
  // Programs' stores have no name by which two of them could be told apart.
  if (!request.keyring && !request.file) {
    storage.identity = fmt::format("{}|{}|{}", to_string(stores->choice.mode), to_string(stores->minimum),
                                   stores->file ? stores->file->location() : std::string());
    for (const char* name : session_variables) storage.identity += "|" + request.environment.get(name).value_or("");
    if (!stores->keyring) storage.identity += "|no session";
  }
  storage.description.mode = to_string(stores->choice.mode);
  storage.description.source = stores->choice.source;
  tokenstore::SharedLoginStorage::Stores both;
  both.mode = stores->choice.mode;
  both.file = std::move(stores->file);
  both.keyring = std::move(stores->keyring);
  storage.both = std::make_shared<tokenstore::SharedLoginStorage>(std::move(both));
  storage.description.location = shown_location(*storage.both, request.environment);
  storage.cache = storage.both;
  return storage;
}

LoginStorage open_client_login(const ClientOptions& options, const platform::Environment& environment,
                               const config::ConfigSources& sources) {
  if (options.token_cache) {
    LoginStorage own;
    own.cache = options.token_cache;
    own.description = {std::string(own.cache->kind()), own.cache->location(), "program"};
    if (is_shared_by_processes(*own.cache)) own.lock_directory = lock_directory(environment);
    return own;
  }
  LoginStorageRequest request;
  request.mode = options.storage_mode;
  request.minimum = options.storage_min;
  request.config_file = sources.config_file;
  request.auth_storage = sources.auth_storage;
  request.environment = environment;
  request.replaced_environment = options.environment.has_value();
  request.keyring = options.keyring;
  LoginStorage storage = open_login_storage(request);
  if (storage.cache) storage.lock_directory = lock_directory(environment);
  return storage;
}

TokenStorage LoginStorage::describe(const std::vector<std::string>& keys, const platform::Environment& environment,
                                    const CallContext& context) const {
  TokenStorage described = description;
  if (!both) return described;
  for (const std::string& key : keys) {
    if (key.empty()) continue;
    std::shared_ptr<TokenCache> store = both->store_of(key);
    // Another client of this process may have read it.
    if (!store && both->get(key, context)) store = both->store_of(key);
    if (!store) continue;
    described.location = shown_location(*store, environment);
    return described;
  }
  return described;
}

}  // namespace dbxauth
