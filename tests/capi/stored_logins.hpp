// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dbxauth.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "capi_support.hpp"

namespace capi_test {

/// A token cache of the host program: a map behind the callbacks, with counts and answers that a test sets.
class StoredLogins {
 public:
  StoredLogins() {
    dbxauth_token_cache_callbacks_init(&callbacks, sizeof callbacks);
    callbacks.user_data = this;
    callbacks.destroy = [](void* self) { of(self).destroyed++; };
    callbacks.get = get;
    callbacks.put = put;
    callbacks.remove = remove;
    callbacks.list = list;
    callbacks.availability = availability;
  }
  StoredLogins(const StoredLogins&) = delete;
  StoredLogins& operator=(const StoredLogins&) = delete;

  /// The handle of a new cache over this store.
  dbxauth_token_cache* make(const char* kind = "vault", const char* location = "https://vault.example.com") {
    dbxauth_token_cache* cache = nullptr;
    Failure failure;
    const auto status = dbxauth_token_cache_new(kind, location, &callbacks, &cache, &failure.error);
    INFO(failure.message());
    REQUIRE(status == DBXAUTH_OK);
    return cache;
  }

  void store(const std::string& key, const std::string& json) {
    const std::lock_guard lock(mutex_);
    tokens_[key] = json;
  }
  std::map<std::string, std::string> stored() const {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

  dbxauth_token_cache_callbacks callbacks;
  std::atomic<int> gets{0}, puts{0}, destroyed{0};
  std::atomic<int64_t> last_timeout_ms{0};
  std::atomic<dbxauth_status> get_answer{DBXAUTH_OK}, put_answer{DBXAUTH_OK}, other_answer{DBXAUTH_OK};
  std::string reason;
  dbxauth_client* reenter = nullptr;  ///< Asked for headers from inside the first get.
  std::atomic<dbxauth_status> reentered{DBXAUTH_OK};

 private:
  static StoredLogins& of(void* self) { return *static_cast<StoredLogins*>(self); }

  dbxauth_status finish(dbxauth_status answer, int64_t timeout_ms, dbxauth_cache_reply* reply) {
    last_timeout_ms = timeout_ms;
    if (answer != DBXAUTH_OK) dbxauth_cache_reply_set_reason(reply, reason.c_str());
    return answer;
  }

  static dbxauth_status get(void* self, const char* key, int64_t timeout_ms, dbxauth_cache_reply* reply) {
    StoredLogins& logins = of(self);
    if (logins.gets++ == 0 && logins.reenter != nullptr) {
      dbxauth_headers* headers = nullptr;
      logins.reentered = dbxauth_client_headers(logins.reenter, 0, nullptr, &headers, nullptr);
      dbxauth_headers_free(headers);
    }
    const std::lock_guard lock(logins.mutex_);
    const auto found = logins.tokens_.find(key);
    if (logins.get_answer == DBXAUTH_OK && found == logins.tokens_.end()) return DBXAUTH_E_NOT_FOUND;
    if (logins.get_answer == DBXAUTH_OK &&
        dbxauth_cache_reply_set_secret(reply, found->second.data(), found->second.size()) != DBXAUTH_OK) {
      return DBXAUTH_E_USER_CALLBACK;
    }
    return logins.finish(logins.get_answer, timeout_ms, reply);
  }

  static dbxauth_status put(void* self, const char* const* keys, size_t key_count, const char* token_json, size_t size,
                            int64_t timeout_ms, dbxauth_cache_reply* reply) {
    StoredLogins& logins = of(self);
    logins.puts++;
    const std::lock_guard lock(logins.mutex_);
    if (token_json[size] != '\0') return DBXAUTH_E_USER_CALLBACK;
    if (logins.put_answer == DBXAUTH_OK) {
      for (size_t i = 0; i < key_count; ++i) logins.tokens_[keys[i]] = std::string(token_json, size);
    }
    return logins.finish(logins.put_answer, timeout_ms, reply);
  }

  static dbxauth_status remove(void* self, const char* key, int64_t timeout_ms, dbxauth_cache_reply* reply) {
    StoredLogins& logins = of(self);
    const std::lock_guard lock(logins.mutex_);
    logins.tokens_.erase(key);
    return logins.finish(logins.other_answer, timeout_ms, reply);
  }

  static dbxauth_status list(void* self, int64_t timeout_ms, dbxauth_cache_reply* reply) {
    StoredLogins& logins = of(self);
    for (const auto& [key, json] : logins.stored()) {
      if (dbxauth_cache_reply_add_key(reply, key.c_str()) != DBXAUTH_OK) return DBXAUTH_E_USER_CALLBACK;
    }
    return logins.finish(logins.other_answer, timeout_ms, reply);
  }

  static dbxauth_status availability(void* self, int64_t timeout_ms, dbxauth_cache_reply* reply) {
    return of(self).finish(of(self).other_answer, timeout_ms, reply);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> tokens_;
};

/// One stored token as a cache gives it, or the status as text.
inline std::string read_token(dbxauth_token_cache* cache, const std::string& key) {
  dbxauth_string* json = nullptr;
  const auto status = dbxauth_token_cache_get_json(cache, key.c_str(), nullptr, &json, nullptr);
  if (status != DBXAUTH_OK) return dbxauth_status_name(status);
  std::string text(dbxauth_string_data(json), dbxauth_string_size(json));
  dbxauth_string_free(json);
  return text;
}

inline std::string read_keys(dbxauth_token_cache* cache) {
  dbxauth_string* json = nullptr;
  const auto status = dbxauth_token_cache_keys_json(cache, nullptr, &json, nullptr);
  if (status != DBXAUTH_OK) return dbxauth_status_name(status);
  std::string text(dbxauth_string_data(json), dbxauth_string_size(json));
  dbxauth_string_free(json);
  return text;
}

inline dbxauth_status write_token(dbxauth_token_cache* cache, const std::vector<const char*>& keys,
                                  const std::string& json, Failure* failure = nullptr) {
  return dbxauth_token_cache_put_json(cache, keys.data(), keys.size(), json.data(), json.size(), nullptr,
                                      failure == nullptr ? nullptr : &failure->error);
}

}  // namespace capi_test
