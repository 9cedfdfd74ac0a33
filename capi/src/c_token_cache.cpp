// SPDX-License-Identifier: Apache-2.0
#include "c_attributes.hpp"
#include "c_cache_callbacks.hpp"
#include "c_handles.hpp"
#include "c_options.hpp"
#include "tokenstore/json_slices.hpp"
#include "tokenstore/token_json.hpp"

namespace dbxauth::capi {

namespace {

/// Runs `use` with the cache and the context of the call.
template <class Use>
dbxauth_status with_cache(dbxauth_token_cache* cache, const dbxauth_call_options* call, dbxauth_error** error,
                          Use&& use) {
  return guard(error, [&]() -> Result<void> {
    if (cache == nullptr) return invalid_argument("cache must be given");
    const auto context = read_call(call);
    if (!context) return context.error();
    return use(*cache->cache, *context);
  });
}

Result<void> require_key(const char* key) {
  if (key == nullptr || *key == '\0') return invalid_argument("key must be given and not empty");
  return {};
}

Result<std::vector<std::string>> read_keys(const char* const* keys, std::size_t count) {
  if (keys == nullptr && count > 0) return invalid_argument("keys is NULL");
  std::vector<std::string> read;
  for (std::size_t i = 0; i < count; ++i) {
    if (keys[i] == nullptr) return invalid_argument("keys[" + std::to_string(i) + "] is NULL");
    read.emplace_back(keys[i]);
  }
  return read;
}

SecretString keys_json(const std::vector<std::string>& keys) {
  SecretString json(R"({"schema":1,"keys":[)");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) json.append(",");
    tokenstore::append_json_string(json, keys[i]);
  }
  json.append("]}");
  return json;
}

}  // namespace

}  // namespace dbxauth::capi

using namespace dbxauth;
using namespace dbxauth::capi;

extern "C" {

DBXAUTH_API dbxauth_status dbxauth_token_cache_memory_new(dbxauth_token_cache** out, dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (out == nullptr) return invalid_argument("dbxauth_token_cache_memory_new: out is NULL");
    *out = nullptr;
    return give(out, std::make_unique<dbxauth_token_cache>(make_memory_token_cache()));
  });
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_file_new(const char* path, dbxauth_token_cache** out,
                                                        dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (out == nullptr) return invalid_argument("dbxauth_token_cache_file_new: out is NULL");
    *out = nullptr;
    auto cache = make_file_token_cache(text_or_empty(path));
    if (!cache) return cache.error();
    return give(out, std::make_unique<dbxauth_token_cache>(std::move(*cache)));
  });
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_keyring_new(int32_t timeout_ms, int32_t may_prompt,
                                                           dbxauth_token_cache** out, dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    if (out == nullptr) return invalid_argument("dbxauth_token_cache_keyring_new: out is NULL");
    *out = nullptr;
    KeyringOptions options;
    options.may_prompt = may_prompt != 0;
    if (auto read = read_timeout(timeout_ms, "dbxauth_token_cache_keyring_new: timeout_ms", options.timeout); !read) {
      return read;
    }
    return give(out, std::make_unique<dbxauth_token_cache>(make_keyring_token_cache(std::move(options))));
  });
}

DBXAUTH_API void dbxauth_encrypted_file_options_init(dbxauth_encrypted_file_options* options, size_t struct_size) {
  init_options(options, struct_size);
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_encrypted_file_new(const dbxauth_encrypted_file_options* options,
                                                                  dbxauth_token_cache** out, dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    std::shared_ptr<UserData> user_data;
    // As in dbxauth_token_cache_new: `destroy` runs on every path.
    if (options != nullptr && options->struct_size >= FirstVersion<dbxauth_encrypted_file_options>::size) {
      user_data = own(options->user_data, options->destroy);
    }
    if (out == nullptr) return invalid_argument("dbxauth_token_cache_encrypted_file_new: out is NULL");
    *out = nullptr;
    const auto known = read_options(options, "dbxauth_encrypted_file_options");
    if (!known) return known.error();
    if (known->reserved0 != 0) return invalid_argument("dbxauth_encrypted_file_options.reserved0 must be 0");
    EncryptedFileOptions wanted;
    wanted.path = text_or_empty(known->path);
    wanted.key_file = text_or_empty(known->key_file);
    wanted.kernel_keyring = known->kernel_keyring != 0;
    if (known->passphrase != nullptr) {
      wanted.passphrase = make_passphrase_question(known->passphrase, std::move(user_data));
    }
    auto cache = make_encrypted_file_token_cache(std::move(wanted));
    if (!cache) return cache.error();
    return give(out, std::make_unique<dbxauth_token_cache>(std::move(*cache)));
  });
}

DBXAUTH_API void dbxauth_token_cache_free(dbxauth_token_cache* cache) {
  delete cache;
}

DBXAUTH_API const char* dbxauth_token_cache_kind(const dbxauth_token_cache* cache) {
  return cache == nullptr ? "" : cache->kind.c_str();
}

DBXAUTH_API const char* dbxauth_token_cache_location(const dbxauth_token_cache* cache) {
  return cache == nullptr ? "" : cache->location.c_str();
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_get_json(dbxauth_token_cache* cache, const char* key,
                                                        const dbxauth_call_options* call, dbxauth_string** out,
                                                        dbxauth_error** error) {
  return with_cache(cache, call, error, [&](TokenCache& store, const CallContext& context) -> Result<void> {
    if (out == nullptr) return invalid_argument("out must be given");
    *out = nullptr;
    if (auto given = require_key(key); !given) return given;
    const auto token = store.get(key, context);
    if (!token) return token.error();
    return give(out, make_string(tokenstore::encode_token(*token).reveal()));
  });
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_put_json(dbxauth_token_cache* cache, const char* const* keys,
                                                        size_t key_count, const char* token_json, size_t token_size,
                                                        const dbxauth_call_options* call, dbxauth_error** error) {
  return with_cache(cache, call, error, [&](TokenCache& store, const CallContext& context) -> Result<void> {
    if (token_json == nullptr) return invalid_argument("token_json must be given");
    const auto names = read_keys(keys, key_count);
    if (!names) return names.error();
    auto token = read_token_json({token_json, token_size}, "token_json");
    if (!token) return invalid_argument(std::move(token.error().message));
    return store.put(*names, *token, context);
  });
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_remove(dbxauth_token_cache* cache, const char* key,
                                                      const dbxauth_call_options* call, dbxauth_error** error) {
  return with_cache(cache, call, error, [&](TokenCache& store, const CallContext& context) -> Result<void> {
    if (auto given = require_key(key); !given) return given;
    return store.remove(key, context);
  });
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_keys_json(dbxauth_token_cache* cache, const dbxauth_call_options* call,
                                                         dbxauth_string** out, dbxauth_error** error) {
  return with_cache(cache, call, error, [&](TokenCache& store, const CallContext& context) -> Result<void> {
    if (out == nullptr) return invalid_argument("out must be given");
    *out = nullptr;
    const auto keys = store.list(context);
    if (!keys) return keys.error();
    return give(out, make_string(keys_json(*keys).reveal()));
  });
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_availability(dbxauth_token_cache* cache,
                                                            const dbxauth_call_options* call, dbxauth_error** error) {
  return with_cache(cache, call, error, [](TokenCache& store, const CallContext& context) -> Result<void> {
    return store.availability(context);
  });
}

}  // extern "C"
