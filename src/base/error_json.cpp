// SPDX-License-Identifier: Apache-2.0
#include "base/error_json.hpp"

namespace dbxauth {
namespace base {

void write_attempts(JsonWriter& json, const std::vector<Attempt>& attempts) {
  json.begin_array();
  for (const Attempt& attempt : attempts) {
    json.begin_object()
        .member("strategy", attempt.strategy)
        .member("layer", attempt.layer)
        .member("verdict", to_string(attempt.verdict))
        .member("reason", attempt.reason)
        .member("missing", attempt.missing)
        .member("fix", attempt.fix)
        .end_object();
  }
  json.end_array();
}

void write_error_members(JsonWriter& json, const Error& error) {
  json.member("code", to_string(error.code)).member("message", error.message);
  if (!error.attempts.empty()) {
    json.key("attempts");
    write_attempts(json, error.attempts);
  }
  json.member("http_status", error.http_status).member("retryable", error.retryable);
  if (error.retry_after) json.member("retry_after_ms", static_cast<std::int64_t>(error.retry_after->count()));
  if (!error.server_code.empty()) json.member("server_code", error.server_code);
  if (!error.sql_state.empty()) json.member("sql_state", error.sql_state);
  if (!error.request_id.empty()) json.member("request_id", error.request_id);
}

}  // namespace base

std::string to_json(const Error& error) {
  base::JsonWriter json;
  json.begin_object().member("schema", 1);
  base::write_error_members(json, error);
  json.end_object();
  return json.take();
}

}  // namespace dbxauth
