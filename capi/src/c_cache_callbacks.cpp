// SPDX-License-Identifier: Apache-2.0
#include "c_cache_callbacks.hpp"

#include <vector>

#include "base/json_reader.hpp"
#include "base/redaction.hpp"
#include "base/text.hpp"
#include "c_options.hpp"
#include "tokenstore/token_arguments.hpp"
#include "tokenstore/token_json.hpp"

namespace dbxauth::capi {

namespace {

/// What a callback may answer with, as the error that it becomes.
ErrorCode code_of(dbxauth_status answer) {
  switch (answer) {
    case DBXAUTH_E_CONFIGURATION:
    case DBXAUTH_E_PERMISSION_DENIED:
    case DBXAUTH_E_UNAVAILABLE:
    case DBXAUTH_E_TIMED_OUT:
    case DBXAUTH_E_CANCELLED:
    case DBXAUTH_E_NETWORK:
    case DBXAUTH_E_IO:
    case DBXAUTH_E_UNSUPPORTED:
    case DBXAUTH_E_STORAGE_UNAVAILABLE:
    case DBXAUTH_E_OUT_OF_MEMORY:
      return static_cast<ErrorCode>(answer);
    default:
      return ErrorCode::user_callback;
  }
}

Result<void> check_key(std::string_view key) {
  // A callback would see the key end there, and take one for another.
  if (key.empty() || key.find('\0') != std::string_view::npos) {
    return invalid_argument("the key of a token must be neither empty nor contain a NUL character");
  }
  return {};
}

class CallbackTokenCache final : public TokenCache {
 public:
  CallbackTokenCache(std::string kind, std::string location, const dbxauth_token_cache_callbacks& callbacks,
                     std::shared_ptr<UserData> user_data)
      : kind_(std::move(kind)),
        location_(std::move(location)),
        callbacks_(callbacks),
        user_data_(std::move(user_data)) {}

  std::string_view kind() const noexcept override { return kind_; }
  std::string location() const override { return location_; }

  Result<Token> get(std::string_view key, const CallContext& context) override {
    if (auto valid = check_key(key); !valid) return valid.error();
    if (auto alive = context.check("reading a token"); !alive) return alive.error();
    dbxauth_cache_reply reply;
    const std::string name(key);
    const auto answer = callbacks_.get(user_data_->get(), name.c_str(), time_left_ms(context), &reply);
    if (answer == DBXAUTH_E_NOT_FOUND) {
      return Error(ErrorCode::not_found, "no token is stored under '" + name + "' in " + location_);
    }
    if (answer != DBXAUTH_OK) return failure("reading a token", answer, reply);
    if (!reply.has_secret) {
      return Error(ErrorCode::user_callback, "the token cache " + kind_ +
                                                 " said that it read a token and gave none; where there is none, its "
                                                 "get callback must return DBXAUTH_E_NOT_FOUND");
    }
    auto token = read_token_json(reply.secret.reveal(), "the token that the token cache " + kind_ + " gave");
    if (!token) return Error(ErrorCode::user_callback, std::move(token.error().message));
    return token;
  }

  Result<void> put(const std::vector<std::string>& keys, const Token& token, const CallContext& context) override {
    if (auto valid = tokenstore::check_put(keys, token); !valid) return valid;
    std::vector<const char*> names;
    for (const std::string& key : keys) {
      if (auto valid = check_key(key); !valid) return valid;
      names.push_back(key.c_str());
    }
    if (auto alive = context.check("storing a token"); !alive) return alive;
    SecretString json = tokenstore::encode_token(token);
    const std::size_t size = json.size();
    json.append(std::string_view("\0", 1));
    dbxauth_cache_reply reply;
    return outcome("storing a token",
                   callbacks_.put(user_data_->get(), names.data(), names.size(), json.reveal().data(), size,
                                  time_left_ms(context), &reply),
                   reply);
  }

  Result<void> remove(std::string_view key, const CallContext& context) override {
    if (auto valid = check_key(key); !valid) return valid;
    if (auto alive = context.check("removing a token"); !alive) return alive;
    dbxauth_cache_reply reply;
    const auto answer = callbacks_.remove(user_data_->get(), std::string(key).c_str(), time_left_ms(context), &reply);
    if (answer == DBXAUTH_E_NOT_FOUND) return {};
    return outcome("removing a token", answer, reply);
  }

  Result<std::vector<std::string>> list(const CallContext& context) override {
    if (auto alive = context.check("listing tokens"); !alive) return alive.error();
    dbxauth_cache_reply reply;
    const auto answer = callbacks_.list(user_data_->get(), time_left_ms(context), &reply);
    if (answer != DBXAUTH_OK) return failure("listing tokens", answer, reply);
    return std::move(reply.keys);
  }

  Result<void> availability(const CallContext& context) override {
    if (callbacks_.availability == nullptr) return {};
    if (auto alive = context.check("checking the token cache"); !alive) return alive;
    dbxauth_cache_reply reply;
    return outcome("checking whether tokens can be stored",
                   callbacks_.availability(user_data_->get(), time_left_ms(context), &reply), reply);
  }

 private:
  Error failure(const char* doing, dbxauth_status answer, const dbxauth_cache_reply& reply) const {
    const std::string reason = base::redact_excerpt(reply.reason);
    return Error(code_of(answer),
                 "the token cache " + kind_ + " failed while " + doing + (reason.empty() ? "" : ": " + reason));
  }

  Result<void> outcome(const char* doing, dbxauth_status answer, const dbxauth_cache_reply& reply) const {
    if (answer == DBXAUTH_OK) return {};
    return failure(doing, answer, reply);
  }

  const std::string kind_;
  const std::string location_;
  const dbxauth_token_cache_callbacks callbacks_;
  const std::shared_ptr<UserData> user_data_;
};

}  // namespace

std::shared_ptr<TokenCache> make_callback_token_cache(std::string kind, std::string location,
                                                      const dbxauth_token_cache_callbacks& callbacks,
                                                      std::shared_ptr<UserData> user_data) {
  return std::make_shared<CallbackTokenCache>(std::move(kind), std::move(location), callbacks, std::move(user_data));
}

std::function<Result<SecretString>()> make_passphrase_question(dbxauth_passphrase_fn ask,
                                                               std::shared_ptr<UserData> user_data) {
  return [ask, user_data = std::move(user_data)]() -> Result<SecretString> {
    dbxauth_cache_reply reply;
    const auto answer = ask(user_data->get(), &reply);
    if (answer != DBXAUTH_OK) {
      const std::string reason = base::redact_excerpt(reply.reason);
      return Error(code_of(answer), "the passphrase of the token cache was not given" +
                                        (reason.empty() ? std::string() : ": " + reason));
    }
    if (!reply.has_secret) {
      return Error(ErrorCode::user_callback,
                   "the passphrase callback of the token cache said that it gave one and did not");
    }
    return std::move(reply.secret);
  };
}

Result<Token> read_token_json(std::string_view json, std::string_view what) {
  const auto document = base::JsonDocument::parse(json, what);
  if (!document) return document.error();
  return tokenstore::decode_token(document->root(), what);
}

std::int64_t time_left_ms(const CallContext& context) {
  return context.deadline ? context.remaining(std::chrono::hours{24}).count() : -1;
}

}  // namespace dbxauth::capi

using namespace dbxauth;
using namespace dbxauth::capi;

extern "C" {

DBXAUTH_API dbxauth_status dbxauth_cache_reply_set_secret(dbxauth_cache_reply* reply, const char* data, size_t size) {
  return guard(nullptr, [&]() -> Result<void> {
    if (reply == nullptr || (data == nullptr && size > 0)) {
      return invalid_argument("dbxauth_cache_reply_set_secret: NULL argument");
    }
    reply->secret = SecretString(std::string_view(data == nullptr ? "" : data, size));
    reply->has_secret = true;
    return {};
  });
}

DBXAUTH_API dbxauth_status dbxauth_cache_reply_add_key(dbxauth_cache_reply* reply, const char* key) {
  return guard(nullptr, [&]() -> Result<void> {
    if (reply == nullptr || key == nullptr || *key == '\0' || !base::is_valid_utf8(key)) {
      return invalid_argument("dbxauth_cache_reply_add_key: a key is UTF-8 and not empty");
    }
    reply->keys.emplace_back(key);
    return {};
  });
}

DBXAUTH_API void dbxauth_cache_reply_set_reason(dbxauth_cache_reply* reply, const char* reason) {
  try {
    if (reply != nullptr) reply->reason = text_or_empty(reason);
  } catch (...) {
    // A reason is a courtesy: without memory for it the failure is reported without one.
  }
}

DBXAUTH_API void dbxauth_token_cache_callbacks_init(dbxauth_token_cache_callbacks* callbacks, size_t struct_size) {
  init_options(callbacks, struct_size);
}

DBXAUTH_API dbxauth_status dbxauth_token_cache_new(const char* kind, const char* location,
                                                   const dbxauth_token_cache_callbacks* callbacks,
                                                   dbxauth_token_cache** out, dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    std::shared_ptr<UserData> user_data;
    // The fields are read before anything can fail, so that `destroy` runs on every path; a struct too short to have
    // them was never valid and cannot be read.
    if (callbacks != nullptr && callbacks->struct_size >= FirstVersion<dbxauth_token_cache_callbacks>::size) {
      user_data = own(callbacks->user_data, callbacks->destroy);
    }
    if (out == nullptr || kind == nullptr || *kind == '\0' || callbacks == nullptr) {
      return invalid_argument("dbxauth_token_cache_new: kind, callbacks and out must be given");
    }
    *out = nullptr;
    const auto known = read_options(callbacks, "dbxauth_token_cache_callbacks");
    if (!known) return known.error();
    if (known->get == nullptr || known->put == nullptr || known->remove == nullptr || known->list == nullptr) {
      return invalid_argument("dbxauth_token_cache_callbacks: get, put, remove and list must be given");
    }
    return give(out, std::make_unique<dbxauth_token_cache>(make_callback_token_cache(
                         kind, location == nullptr ? kind : location, *known, std::move(user_data))));
  });
}

}  // extern "C"
