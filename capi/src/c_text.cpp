// SPDX-License-Identifier: Apache-2.0
#include "c_handles.hpp"
#include "c_options.hpp"
#include "dbxauth/log.hpp"

namespace dbxauth::capi {

std::unique_ptr<dbxauth_string> make_string(std::string_view text) {
  auto handle = std::make_unique<dbxauth_string>();
  handle->text.reserve(text.size() + 1);
  handle->text.append(text);
  handle->text.append(std::string_view("\0", 1));
  return handle;
}

Result<CallContext> read_call(const dbxauth_call_options* options) {
  const auto known = read_options(options, "dbxauth_call_options");
  if (!known) return known.error();
  if (known->timeout_ms < 0) return invalid_argument("dbxauth_call_options.timeout_ms must not be negative");
  CallContext context;
  if (known->timeout_ms > 0) context = CallContext::with_timeout(std::chrono::milliseconds(known->timeout_ms));
  if (known->cancel != nullptr) context.cancel = known->cancel->source.token();
  return context;
}

}  // namespace dbxauth::capi

extern "C" {

DBXAUTH_API const char* dbxauth_string_data(const dbxauth_string* text) {
  return text == nullptr ? "" : text->text.reveal().data();
}

DBXAUTH_API size_t dbxauth_string_size(const dbxauth_string* text) {
  return text == nullptr ? 0 : text->text.size() - 1;
}

DBXAUTH_API void dbxauth_string_free(dbxauth_string* text) {
  delete text;
}

DBXAUTH_API dbxauth_cancel* dbxauth_cancel_new(void) {
  try {
    return new dbxauth_cancel;
  } catch (...) {
    return nullptr;
  }
}

DBXAUTH_API void dbxauth_cancel_trigger(dbxauth_cancel* cancel) {
  if (cancel != nullptr) cancel->source.cancel();
}

DBXAUTH_API void dbxauth_cancel_free(dbxauth_cancel* cancel) {
  delete cancel;
}

DBXAUTH_API void dbxauth_call_options_init(dbxauth_call_options* options, size_t struct_size) {
  dbxauth::capi::init_options(options, struct_size);
}

DBXAUTH_API void dbxauth_set_log_callback(int32_t level, dbxauth_log_fn log, void* user_data,
                                          dbxauth_destroy_fn destroy) {
  try {
    auto owner = dbxauth::capi::own(user_data, destroy);
    if (log == nullptr || level <= 0) {
      dbxauth::set_log_sink(dbxauth::LogLevel::off, {});
      return;
    }
    if (level > DBXAUTH_LOG_TRACE) level = DBXAUTH_LOG_TRACE;
    dbxauth::set_log_sink(static_cast<dbxauth::LogLevel>(level), [log, owner](dbxauth::LogLevel record_level,
                                                                              std::string_view subject,
                                                                              std::string_view message) {
      log(owner->get(), static_cast<int32_t>(record_level), std::string(subject).c_str(), std::string(message).c_str());
    });
  } catch (...) {
    // Without memory for a sink there is no logging; `destroy` has run in own() or in the closure's destructor.
  }
}

}  // extern "C"
