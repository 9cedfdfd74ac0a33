// SPDX-License-Identifier: Apache-2.0
#include "workspace/statement_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/redaction.hpp"

namespace dbxauth::workspace {
namespace {

constexpr std::size_t message_limit = 4000;

bool contains(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) noexcept {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// "[TABLE_OR_VIEW_NOT_FOUND] The table … SQLSTATE: 42P01"
std::string sql_state_in(std::string_view message) {
  constexpr std::string_view label = "SQLSTATE";
  const std::size_t at = message.rfind(label);
  if (at == std::string_view::npos) return {};
  std::size_t begin = at + label.size();
  while (begin < message.size() && (message[begin] == ':' || message[begin] == '=' || message[begin] == ' ')) ++begin;
  const std::string_view state = message.substr(begin, 5);
  const bool plausible = state.size() == 5 && std::all_of(state.begin(), state.end(), [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                         });
  return plausible ? std::string(state) : std::string();
}

// The bracketed error class at the start of the text, without its subclass.
std::string_view error_class_in(std::string_view message) noexcept {
  const std::size_t open = message.find('[');
  if (open == std::string_view::npos || open > 64) return {};
  const std::size_t close = message.find_first_of(".]", open);
  if (close == std::string_view::npos) return {};
  return message.substr(open + 1, close - open - 1);
}

// SQLSTATEs and error classes: https://docs.databricks.com/error-messages/sqlstates.html and …/error-classes.html
ErrorCode classify(std::string_view server_code, std::string_view sql_state, std::string_view error_class) noexcept {
  constexpr std::array<std::string_view, 4> denied_classes{"INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED",
                                                           "UNAUTHORIZED_ACCESS", "INSUFFICIENT_PRIVILEGES"};
  constexpr std::array<std::string_view, 8> missing_classes{
      "TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND",          "CATALOG_NOT_FOUND",  "ROUTINE_NOT_FOUND",
      "VOLUME_NOT_FOUND",        "NO_SUCH_CATALOG_EXCEPTION", "UNRESOLVED_ROUTINE", "RESOURCE_DOES_NOT_EXIST"};
  constexpr std::array<std::string_view, 4> missing_states{"42P01", "42704", "42883", "3F000"};
  constexpr std::array<std::string_view, 4> existing_states{"42P07", "42P06", "42723", "42710"};
  if (server_code == "PERMISSION_DENIED" || sql_state == "42501" || is_one_of(error_class, denied_classes)) {
    return ErrorCode::permission_denied;
  }
  if (server_code == "NOT_FOUND" || is_one_of(sql_state, missing_states) || is_one_of(error_class, missing_classes)) {
    return ErrorCode::not_found;
  }
  if (server_code == "ALREADY_EXISTS" || is_one_of(sql_state, existing_states)) return ErrorCode::already_exists;
  if (server_code == "CANCELLED") return ErrorCode::cancelled;
  return ErrorCode::sql_failed;
}

}  // namespace

Error statement_error(base::JsonView status, std::string_view statement_id) {
  constexpr std::array<std::string_view, 4> passing_codes{"TEMPORARILY_UNAVAILABLE",
                                                          "WORKSPACE_TEMPORARILY_UNAVAILABLE",
                                                          "SERVICE_UNDER_MAINTENANCE", "RESOURCE_EXHAUSTED"};
  const base::JsonView failure = status["error"];
  const std::string_view text = failure["message"].string_or();
  Error error;
  error.server_code = failure["error_code"].as_text().value_or(std::string());
  error.sql_state = std::string(status["sql_state"].string_or());
  if (error.sql_state.empty()) error.sql_state = sql_state_in(text);
  error.code = classify(error.server_code, error.sql_state, error_class_in(text));
  error.retryable = is_one_of(error.server_code, passing_codes);
  error.request_id = std::string(statement_id);
  error.message =
      fmt::format("the SQL statement failed: {} (statement {})",
                  text.empty() ? std::string("the server gave no reason") : base::redact_excerpt(text, message_limit),
                  statement_id);
  if (exceeds_inline_limit(error)) error.message += "; ask for its result by external links (large_result)";
  return error;
}

bool exceeds_inline_limit(const Error& error) noexcept {
  return contains(error.message, "Inline byte limit exceeded") || contains(error.message, "disposition=EXTERNAL_LINKS");
}

}  // namespace dbxauth::workspace
