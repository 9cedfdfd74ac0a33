// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "base/redaction.hpp"
#include "base/text.hpp"
#include "c_handles.hpp"

namespace dbxauth::capi {

namespace {

constexpr std::string_view notebook_host_header = "X-Dbxauth-Host";

bool is_header_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    const bool token = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    if (!token) return false;
  }
  return true;
}

bool is_header_value(std::string_view value) {
  for (const char c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

/// A provider of the host program. Keeps the headers of the last call as long as the callback said they are valid.
class CallbackProvider final : public CredentialProvider {
 public:
  CallbackProvider(std::string name, dbxauth_provider_fn provide, std::shared_ptr<UserData> user_data)
      : name_(std::move(name)), provide_(provide), user_data_(std::move(user_data)) {}

  std::string_view name() const noexcept override { return name_; }

  Result<AuthHeadersPtr> headers(std::chrono::seconds min_validity, const CallContext& context) override {
    {
      std::lock_guard lock(mutex_);
      if (current_ && current_->expires_at - min_validity > std::chrono::system_clock::now()) return current_;
    }
    return ask(min_validity, context);
  }

  void reject(const AuthHeaders& rejected) noexcept override {
    std::lock_guard lock(mutex_);
    if (current_.get() == &rejected) current_.reset();
  }

 private:
  Result<AuthHeadersPtr> ask(std::chrono::seconds min_validity, const CallContext& context) {
    dbxauth_headers_builder builder;
    builder.headers.strategy = name_;
    builder.headers.expires_at = std::chrono::system_clock::time_point::min();
    std::int64_t timeout_ms = -1;
    if (context.deadline) timeout_ms = context.remaining(std::chrono::hours{24}).count();
    const auto seconds = std::min<std::int64_t>(min_validity.count(), std::numeric_limits<std::int32_t>::max());
    const std::int32_t answer = provide_(user_data_->get(), static_cast<std::int32_t>(seconds), timeout_ms, &builder);
    const std::string reason = base::redact_excerpt(builder.reason);
    if (answer == DBXAUTH_CALLBACK_DECLINED) {
      return Error{ErrorCode::no_credentials, reason.empty() ? "the provider declined" : reason};
    }
    if (answer != DBXAUTH_CALLBACK_DONE) {
      return Error{ErrorCode::user_callback,
                   "provider " + name_ + " failed" + (reason.empty() ? std::string() : ": " + reason)};
    }
    if (builder.headers.headers.empty()) {
      return Error{ErrorCode::user_callback, "provider " + name_ + " returned success without any header"};
    }
    const bool lasting = builder.headers.expires_at != std::chrono::system_clock::time_point::min();
    auto made = std::make_shared<const AuthHeaders>(std::move(builder.headers));
    if (lasting) {
      std::lock_guard lock(mutex_);
      current_ = made;
    }
    return AuthHeadersPtr(std::move(made));
  }

  std::string name_;
  dbxauth_provider_fn provide_;
  std::shared_ptr<UserData> user_data_;
  std::mutex mutex_;
  AuthHeadersPtr current_;
};

}  // namespace

Result<NotebookContext> ask_notebook(CredentialProvider& provider) {
  const auto headers = provider.headers(std::chrono::seconds{0}, CallContext::with_timeout(std::chrono::seconds{30}));
  if (!headers) return headers.error();
  NotebookContext notebook;
  for (const AuthHeader& header : (*headers)->headers) {
    const std::string_view value = header.value.reveal();
    if (base::equals_ignoring_case(header.name, notebook_host_header)) notebook.host = std::string(value);
    if (base::equals_ignoring_case(header.name, "authorization") && notebook.token.empty() && value.size() > 7 &&
        base::equals_ignoring_case(value.substr(0, 7), "Bearer ")) {
      notebook.token = SecretString(base::trim(value.substr(7)));
    }
  }
  if (notebook.host.empty() || notebook.token.empty()) {
    return Error{ErrorCode::user_callback,
                 "the notebook callback must give an Authorization header with a Bearer token "
                 "and the workspace in X-Dbxauth-Host"};
  }
  return notebook;
}

}  // namespace dbxauth::capi

using namespace dbxauth;
using namespace dbxauth::capi;

extern "C" {

DBXAUTH_API dbxauth_status dbxauth_headers_builder_add(dbxauth_headers_builder* headers, const char* name,
                                                       const char* value, size_t value_size) {
  return guard(nullptr, [&]() -> Result<void> {
    if (headers == nullptr || name == nullptr || (value == nullptr && value_size > 0)) {
      return invalid_argument("dbxauth_headers_builder_add: NULL argument");
    }
    const std::string_view text(value == nullptr ? "" : value, value_size);
    if (!is_header_name(name) || !is_header_value(text)) return invalid_argument("not a valid HTTP header");
    headers->headers.headers.push_back({name, SecretString(text)});
    return {};
  });
}

DBXAUTH_API void dbxauth_headers_builder_set_expiry(dbxauth_headers_builder* headers, int64_t expires_at_unix_seconds) {
  if (headers == nullptr) return;
  using std::chrono::system_clock;
  constexpr std::int64_t latest =
      std::chrono::duration_cast<std::chrono::seconds>(system_clock::time_point::max().time_since_epoch()).count();
  headers->headers.expires_at =
      expires_at_unix_seconds >= latest
          ? system_clock::time_point::max()
          : system_clock::time_point(std::chrono::seconds(std::max<std::int64_t>(expires_at_unix_seconds, 0)));
}

DBXAUTH_API void dbxauth_headers_builder_set_reason(dbxauth_headers_builder* headers, const char* reason) {
  try {
    if (headers != nullptr) headers->reason = text_or_empty(reason);
  } catch (...) {
    // A reason is a courtesy: without memory for it the failure is reported without one.
  }
}

DBXAUTH_API dbxauth_status dbxauth_provider_new(const char* name, dbxauth_provider_fn provide, void* user_data,
                                                dbxauth_destroy_fn destroy, dbxauth_provider** out,
                                                dbxauth_error** error) {
  return guard(error, [&]() -> Result<void> {
    auto owner = own(user_data, destroy);
    if (out == nullptr || name == nullptr || *name == '\0' || provide == nullptr) {
      return invalid_argument("dbxauth_provider_new: name, provide and out must be given");
    }
    *out = nullptr;
    auto handle = std::make_unique<dbxauth_provider>();
    handle->provider = std::make_shared<CallbackProvider>(name, provide, std::move(owner));
    return give(out, std::move(handle));
  });
}

DBXAUTH_API void dbxauth_provider_free(dbxauth_provider* provider) {
  delete provider;
}

}  // extern "C"
