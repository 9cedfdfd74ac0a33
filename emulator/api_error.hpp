// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace dbxauth::emulator {

/// A refusal as the workspace answers it: over REST `http_status` and `{"error_code","message"}`, over SQL
/// `status.error` and `status.sql_state`.
struct ApiError {
  std::string error_code;  ///< REST code: "PERMISSION_DENIED", "SCHEMA_DOES_NOT_EXIST", "BAD_REQUEST", …
  std::string message;     ///< Over SQL it starts with the error class in brackets: "[TABLE_OR_VIEW_NOT_FOUND] …".
  std::string sql_state;   ///< SQLSTATE of the error class, "42P01"; five characters.
  int http_status = 400;
};

template <class T>
using Outcome = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> refuse(ApiError error) { return tl::unexpected<ApiError>(std::move(error)); }

}  // namespace dbxauth::emulator
