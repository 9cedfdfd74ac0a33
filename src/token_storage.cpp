// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/token_storage.hpp"

#include <utility>

#include "base/error_json.hpp"
#include "base/json_writer.hpp"
#include "encoding/timestamp.hpp"
#include "guarded.hpp"
#include "login_storage.hpp"
#include "profile_path.hpp"
#include "tokenstore/storage_choice.hpp"

namespace dbxauth {

namespace {

StoredLogin read_login(TokenCache& store, const std::string& key, const CallContext& context) {
  StoredLogin login;
  login.key = key;
  login.host_key = tokenstore::is_host_key(key);
  const auto token = store.get(key, context);
  if (token) {
    login.expires_at = token->expires_at;
    login.renewable = !token->refresh_token.empty();
  } else {
    login.error = token.error();
  }
  return login;
}

StoreStatus look_into(TokenCache& store, const platform::Environment& environment, const CallContext& context) {
  StoreStatus status;
  status.kind = store.kind();
  status.location = shown_location(store, environment);
  const auto keys = store.list(context);
  if (!keys) {
    status.error = keys.error();
    return status;
  }
  for (const std::string& key : *keys) {
    StoredLogin login = read_login(store, key, context);
    // Removed in between.
    if (login.error && login.error->code == ErrorCode::not_found) continue;
    status.logins.push_back(std::move(login));
  }
  return status;
}

void write_error(base::JsonWriter& json, const std::optional<Error>& error) {
  if (!error) return;
  json.key("error").begin_object();
  base::write_error_members(json, *error);
  json.end_object();
}

void write_login(base::JsonWriter& json, const StoredLogin& login) {
  json.begin_object().member("key", login.key).member("type", login.host_key ? "host" : "profile");
  if (login.expires_at) json.member("expiry", encoding::format_rfc3339(*login.expires_at));
  json.member("renewable", login.renewable);
  write_error(json, login.error);
  json.end_object();
}

}  // namespace

LoginStorageRequest login_storage_request(const TokenStorageOptions& options) {
  ProfileFileOptions profiles;
  profiles.config_file = options.config_file;
  profiles.environment = options.environment;
  LoginStorageRequest request;
  request.mode = options.mode;
  request.minimum = options.minimum;
  request.environment = profile_environment(profiles);
  request.replaced_environment = options.environment.has_value();
  request.config_file = profile_path(profiles, request.environment);
  request.file = options.file;
  request.keyring = options.keyring;
  return request;
}

Result<StorageChoice> resolve_token_storage(const TokenStorageOptions& options) {
  return guarded<StorageChoice>([&options]() -> Result<StorageChoice> {
    auto stores = open_login_stores(login_storage_request(options));
    if (!stores) return std::move(stores).error();
    return std::move(stores->choice);
  });
}

Result<TokenStorageStatus> token_storage_status(const TokenStorageOptions& options, const CallContext& context) {
  return guarded<TokenStorageStatus>([&]() -> Result<TokenStorageStatus> {
    const LoginStorageRequest request = login_storage_request(options);
    auto stores = open_login_stores(request);
    if (!stores) return std::move(stores).error();
    TokenStorageStatus status;
    status.choice = stores->choice;
    status.minimum = stores->minimum;
    const bool secure = status.choice.mode == StorageMode::secure;
    for (const auto& store : {secure ? stores->keyring : stores->file, secure ? stores->file : stores->keyring}) {
      if (store) status.stores.push_back(look_into(*store, request.environment, context));
    }
    if (auto running = context.check("looking into the token stores"); !running) return std::move(running).error();
    return status;
  });
}

std::string TokenStorageStatus::to_json() const {
  base::JsonWriter json(2);
  json.begin_object()
      .member("schema", 1)
      .member("mode", to_string(choice.mode))
      .member("source", choice.source)
      .member("explicit", choice.explicit_choice)
      .member("storage_min", to_string(minimum));
  json.key("stores").begin_array();
  for (const StoreStatus& store : stores) {
    json.begin_object()
        .member("kind", store.kind)
        .member("location", store.location)
        .member("reachable", !store.error.has_value());
    write_error(json, store.error);
    json.key("logins").begin_array();
    for (const StoredLogin& login : store.logins) write_login(json, login);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace dbxauth
