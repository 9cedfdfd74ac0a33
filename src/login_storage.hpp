// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config_sources.hpp"
#include "dbxauth/client.hpp"
#include "dbxauth/description.hpp"
#include "dbxauth/token_storage.hpp"
#include "platform/environment.hpp"
#include "tokenstore/shared_login_storage.hpp"

namespace dbxauth {

/// What the stores of shared logins are opened with.
struct LoginStorageRequest {
  std::optional<StorageMode> mode;
  std::optional<StorageMinimum> minimum;
  std::string config_file;                  ///< Empty: there is none.
  std::optional<std::string> auth_storage;  ///< What it states, when it was read already.
  platform::Environment environment;
  bool replaced_environment = false;    ///< It is not the one of the process.
  std::shared_ptr<TokenCache> file;     ///< Null: the file of the home directory.
  std::shared_ptr<TokenCache> keyring;  ///< Null: the one of the operating system.
};

/// The resolved choice and the stores that it allows.
struct LoginStores {
  StorageChoice choice;
  StorageMinimum minimum = StorageMinimum::none;
  std::shared_ptr<TokenCache> file;     ///< Null: no home directory, or below the minimum.
  std::shared_ptr<TokenCache> keyring;  ///< Null: a replaced environment names no session, and nobody asked for it.
};

/// Resolves the mode and makes the stores; opens and loads nothing but, if need be, the profile file.
Result<LoginStores> open_login_stores(const LoginStorageRequest& request);

/// The same whatever the mode and the minimum; for what moves logins from one store to the other.
Result<LoginStores> open_both_stores(const LoginStorageRequest& request);

/// The storage of a client's shared login and what describe() tells of it.
struct LoginStorage {
  std::shared_ptr<TokenCache> cache;  ///< Null: there is none.
  std::string identity;               ///< What clients may share; empty: nothing.
  std::string lock_directory;         ///< Where processes meet before they renew a login; empty: nowhere.
  TokenStorage description;           ///< Of the store that comes first.
  std::shared_ptr<tokenstore::SharedLoginStorage> both;  ///< The same object as `cache`, when it is one.

  /// With the location of the store that holds the login, of which `keys` are the possible keys.
  TokenStorage describe(const std::vector<std::string>& keys, const platform::Environment& environment,
                        const CallContext& context) const;
};

/// Never fails: storage that is configured wrongly is a cache that says so when it is used.
LoginStorage open_login_storage(const LoginStorageRequest& request);

/// Where the client keeps the shared login that it uses; nothing when it uses none, or the tool was run for it.
std::optional<TokenStorage> token_storage_of(const Client& client, const CallContext& context);

/// The request that public options mean.
LoginStorageRequest login_storage_request(const TokenStorageOptions& options);

/// The storage that a client's options mean; the program's own token cache is used as it is.
LoginStorage open_client_login(const ClientOptions& options, const platform::Environment& environment,
                               const config::ConfigSources& sources);

/// `~/.databricks`; empty without a home directory.
std::string login_directory(const platform::Environment& environment);

/// Of a store, with `~` for the home directory.
std::string shown_location(const TokenCache& store, const platform::Environment& environment);

}  // namespace dbxauth
