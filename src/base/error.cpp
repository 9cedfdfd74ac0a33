// SPDX-License-Identifier: Apache-2.0
#include "dbxauth/error.hpp"

namespace dbxauth {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::internal:
      return "internal";
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::configuration:
      return "configuration";
    case ErrorCode::no_credentials:
      return "no_credentials";
    case ErrorCode::authentication_failed:
      return "authentication_failed";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::rate_limited:
      return "rate_limited";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::network:
      return "network";
    case ErrorCode::tls:
      return "tls";
    case ErrorCode::protocol:
      return "protocol";
    case ErrorCode::not_databricks:
      return "not_databricks";
    case ErrorCode::server_error:
      return "server_error";
    case ErrorCode::sql_failed:
      return "sql_failed";
    case ErrorCode::io:
      return "io";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::storage_unavailable:
      return "storage_unavailable";
    case ErrorCode::user_callback:
      return "user_callback";
    case ErrorCode::out_of_memory:
      return "out_of_memory";
    case ErrorCode::partial_failure:
      return "partial_failure";
  }
  return "unknown";
}

std::string_view to_string(AttemptVerdict verdict) noexcept {
  switch (verdict) {
    case AttemptVerdict::not_configured:
      return "not_configured";
    case AttemptVerdict::ignored:
      return "ignored";
    case AttemptVerdict::unavailable:
      return "unavailable";
    case AttemptVerdict::failed:
      return "failed";
    case AttemptVerdict::used:
      return "used";
  }
  return "unknown";
}

}  // namespace dbxauth
