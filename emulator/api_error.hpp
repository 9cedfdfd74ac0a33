// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace dbxauth::emulator {

/// Shape of an error body: the platform's services do not agree on one.
enum class ErrorDialect {
  databricks,  ///< {"error_code","message","details":[ErrorInfo, RequestInfo]}
  scim,        ///< {"schemas","detail","status"}, RFC 7644 §3.12
  oauth,       ///< {"error","error_description"}, RFC 6749 §5.2
};

/// A refused request. Thrown by handlers, turned into a response by HttpServer; it never leaves a request's thread.
class ApiError : public std::exception {
 public:
  ApiError(int status, std::string code, std::string message)
      : status_(status), code_(std::move(code)), message_(std::move(message)) {}

  int status() const noexcept { return status_; }
  const std::string& code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  int status_;
  std::string code_;
  std::string message_;
};

inline ApiError invalid_parameter(std::string message) {
  return ApiError(400, "INVALID_PARAMETER_VALUE", std::move(message));
}
inline ApiError malformed_request(std::string message) { return ApiError(400, "MALFORMED_REQUEST", std::move(message)); }
inline ApiError unauthenticated(std::string message) { return ApiError(401, "UNAUTHENTICATED", std::move(message)); }
inline ApiError permission_denied(std::string message) {
  return ApiError(403, "PERMISSION_DENIED", std::move(message));
}
inline ApiError not_found(std::string message) {
  return ApiError(404, "RESOURCE_DOES_NOT_EXIST", std::move(message));
}

}  // namespace dbxauth::emulator
