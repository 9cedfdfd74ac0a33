// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "metastore.hpp"
#include "request_error.hpp"

namespace dbxauth::emulator {

/// What a handler sees of one request. Lives as long as the handler's call.
struct HttpRequest {
  std::string method;
  std::string path;   ///< As sent, still percent-encoded, without the query.
  std::string query;  ///< As sent, without `?`.
  std::string body;
  std::string request_id;
  std::vector<std::pair<std::string, std::string>> headers;
  std::map<std::string, std::string> path_parameters;  ///< Decoded, by the name in the route.
  Principal caller;                                    ///< Who the bearer token stands for; empty on open routes.

  /// First header of that name (compared ignoring case), or nothing.
  std::optional<std::string> header(std::string_view name) const;
  /// First query parameter of that name, decoded; an empty value is an answer, absence is not.
  std::optional<std::string> query_parameter(std::string_view name) const;
  /// Throws INVALID_PARAMETER_VALUE unless absent, empty or an integer.
  std::int64_t query_integer(std::string_view name, std::int64_t fallback) const;
  /// Throws INVALID_PARAMETER_VALUE unless absent, empty, `true` or `false`.
  bool query_boolean(std::string_view name, bool fallback) const;
  const std::string& path_parameter(const std::string& name) const;
  /// The body as a JSON object; an empty body is `{}`. Throws MALFORMED_REQUEST.
  base::JsonDocument json() const;
  /// An application/x-www-form-urlencoded body. Throws on a bad escape.
  std::map<std::string, std::string> form() const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

inline HttpResponse json_response(std::string json, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(json);
  return response;
}

/// `name=value&…`, decoded. Throws MALFORMED_REQUEST on a bad escape.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);

HttpResponse error_response(const ApiError& error, ErrorDialect dialect, std::string_view request_id);

// Members of a JSON body. Each throws INVALID_PARAMETER_VALUE with the member's name when its type is another one.
std::string required_string(base::JsonView object, std::string_view name);
std::optional<std::string> optional_string(base::JsonView object, std::string_view name);
std::optional<std::int64_t> optional_integer(base::JsonView object, std::string_view name);
std::optional<bool> optional_boolean(base::JsonView object, std::string_view name);
std::optional<std::map<std::string, std::string>> optional_string_map(base::JsonView object, std::string_view name);

}  // namespace dbxauth::emulator
