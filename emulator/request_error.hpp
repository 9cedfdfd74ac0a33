// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "api_error.hpp"

namespace dbxauth::emulator {

/// Shape of an error body: the platform's services do not agree on one.
enum class ErrorDialect {
  databricks,  ///< {"error_code","message","details":[ErrorInfo, RequestInfo]}
  scim,        ///< {"schemas","detail","status"}, RFC 7644 section 3.12
  oauth,       ///< {"error","error_description"}, RFC 6749 section 5.2
  entra,       ///< oauth plus error_codes, timestamp, trace_id, correlation_id
  azure,       ///< {"error":{"code","message"}}: Azure Resource Manager
  google,      ///< {"error":{"code":403,"message","status"}}: Google's APIs
};

/// A refused request. Thrown inside a handler and turned into a response by HttpServer; never leaves the request's
/// thread.
class RequestError : public std::exception {
 public:
  explicit RequestError(ApiError error) : error_(std::move(error)) {}
  RequestError(int status, std::string code, std::string message) {
    error_.http_status = status;
    error_.error_code = std::move(code);
    error_.message = std::move(message);
  }
  const ApiError& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  ApiError error_;
};

inline RequestError bad_parameter(std::string message) {
  return RequestError(400, "INVALID_PARAMETER_VALUE", std::move(message));
}
inline RequestError malformed_request(std::string message) {
  return RequestError(400, "MALFORMED_REQUEST", std::move(message));
}
inline RequestError unauthenticated(std::string message) {
  return RequestError(401, "UNAUTHENTICATED", std::move(message));
}
inline RequestError forbidden(std::string message) {
  return RequestError(403, "PERMISSION_DENIED", std::move(message));
}
inline RequestError does_not_exist(std::string message) {
  return RequestError(404, "RESOURCE_DOES_NOT_EXIST", std::move(message));
}

/// The value, or the refusal thrown as RequestError.
template <class T>
T value_of(Outcome<T> outcome) {
  if (!outcome) throw RequestError(std::move(outcome.error()));
  return std::move(*outcome);
}
inline void require_success(Outcome<void> outcome) {
  if (!outcome) throw RequestError(std::move(outcome.error()));
}

}  // namespace dbxauth::emulator
