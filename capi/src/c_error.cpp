// SPDX-License-Identifier: Apache-2.0
#include "c_guard.hpp"

namespace {

// Given when an error object cannot be allocated; freeing it does nothing.
dbxauth_error& out_of_memory_error() noexcept {
  static dbxauth_error error{dbxauth::Error{dbxauth::ErrorCode::out_of_memory, "out of memory"},
                             R"({"schema":1,"code":"out_of_memory","message":"out of memory"})"};
  return error;
}

// Made when the library is loaded, while there is memory.
[[maybe_unused]] const dbxauth_error& made_early = out_of_memory_error();

}  // namespace

namespace dbxauth::capi {

dbxauth_status fail(dbxauth_error** error, Error failure) noexcept {
  const auto status = static_cast<dbxauth_status>(failure.code);
  if (error == nullptr) return status;
  try {
    auto object = std::make_unique<dbxauth_error>();
    object->details_json = to_json(failure);
    object->value = std::move(failure);
    if (object->value.message.empty()) object->value.message = std::string(to_string(object->value.code));
    *error = object.release();
  } catch (...) {
    *error = &out_of_memory_error();
  }
  return status;
}

}  // namespace dbxauth::capi

extern "C" {

DBXAUTH_API dbxauth_status dbxauth_error_code(const dbxauth_error* error) {
  return error == nullptr ? DBXAUTH_OK : static_cast<dbxauth_status>(error->value.code);
}

DBXAUTH_API const char* dbxauth_error_message(const dbxauth_error* error) {
  return error == nullptr ? "" : error->value.message.c_str();
}

DBXAUTH_API const char* dbxauth_error_details_json(const dbxauth_error* error) {
  return error == nullptr ? "{}" : error->details_json.c_str();
}

DBXAUTH_API int32_t dbxauth_error_http_status(const dbxauth_error* error) {
  return error == nullptr ? 0 : error->value.http_status;
}

DBXAUTH_API int32_t dbxauth_error_is_retryable(const dbxauth_error* error) {
  return error != nullptr && error->value.retryable ? 1 : 0;
}

DBXAUTH_API int64_t dbxauth_error_retry_after_ms(const dbxauth_error* error) {
  if (error == nullptr || !error->value.retry_after) return -1;
  return error->value.retry_after->count();
}

DBXAUTH_API void dbxauth_error_free(dbxauth_error* error) {
  if (error != &out_of_memory_error()) delete error;
}

DBXAUTH_API const char* dbxauth_status_name(dbxauth_status status) {
  // to_string gives views of literals, which are NUL-terminated.
  return status == DBXAUTH_OK ? "ok" : dbxauth::to_string(static_cast<dbxauth::ErrorCode>(status)).data();
}

}  // extern "C"
