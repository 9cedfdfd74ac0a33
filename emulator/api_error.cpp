// SPDX-License-Identifier: Apache-2.0
#include "api_error.hpp"

namespace dbxauth::emulator {

ApiError permission_denied(std::string message) {
  ApiError error{"PERMISSION_DENIED", message, "42501", 403, "INSUFFICIENT_PERMISSIONS", {}};
  error.sql_message = "Insufficient privileges: " + std::move(message);
  return error;
}

ApiError invalid_parameter(std::string message) {
  return ApiError{"INVALID_PARAMETER_VALUE", std::move(message), "22023", 400, "INVALID_PARAMETER_VALUE", {}};
}

ApiError internal_error(std::string message) {
  return ApiError{"INTERNAL_ERROR", std::move(message), "XX000", 500, "INTERNAL_ERROR", {}};
}

ApiError sql_error(std::string error_class, const std::string& text, std::string sql_state) {
  ApiError error;
  error.error_code = "BAD_REQUEST";
  error.message = "[" + error_class + "] " + text + " SQLSTATE: " + sql_state;
  error.sql_state = std::move(sql_state);
  return error;
}

ApiError as_sql_error(ApiError error) {
  if (error.error_class.empty()) return error;
  const std::string code = error.error_code == "PERMISSION_DENIED" ? error.error_code : "BAD_REQUEST";
  ApiError converted =
      sql_error(error.error_class, error.sql_message.empty() ? error.message : error.sql_message, error.sql_state);
  converted.error_code = code;
  converted.http_status = error.http_status;
  return converted;
}

}  // namespace dbxauth::emulator
