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
  std::string error_class;  ///< The SQL error class of a REST refusal; empty when `message` is a SQL one already.
  std::string sql_message;  ///< What SQL says in place of `message`; empty: the same.
};

template <class T>
using Outcome = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> refuse(ApiError error) {
  return tl::unexpected<ApiError>(std::move(error));
}

ApiError permission_denied(std::string message);  ///< 403 PERMISSION_DENIED.
ApiError invalid_parameter(std::string message);  ///< 400 INVALID_PARAMETER_VALUE.
ApiError internal_error(std::string message);     ///< 500 INTERNAL_ERROR.
/// BAD_REQUEST with "[CLASS] text SQLSTATE: state".
ApiError sql_error(std::string error_class, const std::string& text, std::string sql_state);
/// A REST refusal in the words of SQL; what is one already stays.
ApiError as_sql_error(ApiError error);

}  // namespace dbxauth::emulator
