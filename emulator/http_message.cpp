// SPDX-License-Identifier: Apache-2.0
#include "http_message.hpp"

#include <charconv>
#include <chrono>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "encoding/timestamp.hpp"
#include "encoding/url.hpp"

namespace dbxauth::emulator {

std::optional<std::string> HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (base::equals_ignoring_case(key, name)) return value;
  return std::nullopt;
}

std::optional<std::string> HttpRequest::query_parameter(std::string_view name) const {
  for (auto& [key, value] : parse_form(query))
    if (key == name) return std::move(value);
  return std::nullopt;
}

std::int64_t HttpRequest::query_integer(std::string_view name, std::int64_t fallback) const {
  const auto text = query_parameter(name);
  if (!text || text->empty()) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size())
    throw bad_parameter("Could not parse request object: query parameter '" + std::string(name) +
                        "' expects an integer");
  return value;
}

bool HttpRequest::query_boolean(std::string_view name, bool fallback) const {
  const auto text = query_parameter(name);
  if (!text || text->empty()) return fallback;
  if (*text == "true") return true;
  if (*text == "false") return false;
  throw bad_parameter("Could not parse request object: query parameter '" + std::string(name) +
                      "' expects true or false");
}

const std::string& HttpRequest::path_parameter(const std::string& name) const {
  return path_parameters.at(name);
}

base::JsonDocument HttpRequest::json() const {
  const std::string_view text = base::trim(body).empty() ? std::string_view("{}") : std::string_view(body);
  auto document = base::JsonDocument::parse(text, "the request body");
  if (!document) throw malformed_request("Invalid JSON given in the body of the request - failed to parse given JSON");
  if (!document->root().is_object())
    throw malformed_request("Invalid JSON given in the body of the request - expected a map");
  return std::move(*document);
}

std::map<std::string, std::string> HttpRequest::form() const {
  std::map<std::string, std::string> fields;
  for (auto& [key, value] : parse_form(body)) fields.emplace(std::move(key), std::move(value));
  return fields;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string_view piece : base::split(text, '&')) {
    if (piece.empty()) continue;
    const std::size_t equals = piece.find('=');
    auto key = encoding::percent_decode(piece.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>(std::string())
                                                  : encoding::percent_decode(piece.substr(equals + 1), true);
    if (!key || !value) throw malformed_request("A percent escape in the query or form of the request is not valid.");
    fields.emplace_back(std::move(*key), std::move(*value));
  }
  return fields;
}

namespace {

/// "AADSTS7000215: …" has the code 7000215.
void write_entra_codes(base::JsonWriter& json, std::string_view message) {
  constexpr std::string_view prefix = "AADSTS";
  if (message.rfind(prefix, 0) != 0) return;
  std::int64_t code = 0;
  const char* start = message.data() + prefix.size();
  if (std::from_chars(start, message.data() + message.size(), code).ec != std::errc()) return;
  json.key("error_codes").begin_array().integer(code).end_array();
}

}  // namespace

HttpResponse error_response(const ApiError& error, ErrorDialect dialect, std::string_view request_id) {
  base::JsonWriter json;
  json.begin_object();
  switch (dialect) {
    case ErrorDialect::databricks:
      json.member("error_code", error.error_code).member("message", error.message);
      json.key("details").begin_array();
      json.begin_object()
          .member("@type", "type.googleapis.com/google.rpc.ErrorInfo")
          .member("reason", error.error_code)
          .member("domain", "emulator.databricks.com")
          .end_object();
      json.begin_object()
          .member("@type", "type.googleapis.com/google.rpc.RequestInfo")
          .member("request_id", request_id)
          .member("serving_data", "")
          .end_object();
      json.end_array();
      break;
    case ErrorDialect::scim:
      json.key("schemas").begin_array().string("urn:ietf:params:scim:api:messages:2.0:Error").end_array();
      json.member("detail", error.message).member("status", std::to_string(error.http_status));
      break;
    case ErrorDialect::oauth:
      json.member("error", error.error_code).member("error_description", error.message);
      break;
    case ErrorDialect::entra:
      json.member("error", error.error_code).member("error_description", error.message);
      json.member("trace_id", request_id).member("correlation_id", request_id);
      json.member("timestamp", encoding::format_rfc3339(std::chrono::system_clock::now()));
      write_entra_codes(json, error.message);
      break;
    case ErrorDialect::azure:
      json.key("error").begin_object().member("code", error.error_code).member("message", error.message).end_object();
      break;
    case ErrorDialect::google:
      json.key("error").begin_object().member("code", error.http_status).member("message", error.message);
      json.member("status", error.error_code).end_object();
      break;
  }
  json.end_object();
  return json_response(json.take(), error.http_status);
}

namespace {
RequestError wrong_type(std::string_view name, std::string_view expected) {
  return bad_parameter("Could not parse request object: '" + std::string(name) + "' expects " + std::string(expected));
}
}  // namespace

std::string required_string(base::JsonView object, std::string_view name) {
  auto value = optional_string(object, name);
  if (!value || value->empty()) throw bad_parameter("Missing required field: " + std::string(name));
  return std::move(*value);
}

std::optional<std::string> optional_string(base::JsonView object, std::string_view name) {
  const base::JsonView member = object[name];
  if (member.is_null_or_missing()) return std::nullopt;
  const auto text = member.as_string();
  if (!text) throw wrong_type(name, "a string");
  return std::string(*text);
}

std::optional<std::int64_t> optional_integer(base::JsonView object, std::string_view name) {
  const base::JsonView member = object[name];
  if (member.is_null_or_missing()) return std::nullopt;
  const auto value = member.as_integer();
  if (!value) throw wrong_type(name, "an integer");
  return value;
}

std::optional<bool> optional_boolean(base::JsonView object, std::string_view name) {
  const base::JsonView member = object[name];
  if (member.is_null_or_missing()) return std::nullopt;
  const auto value = member.as_boolean();
  if (!value) throw wrong_type(name, "true or false");
  return value;
}

std::optional<std::map<std::string, std::string>> optional_string_map(base::JsonView object, std::string_view name) {
  const base::JsonView member = object[name];
  if (member.is_null_or_missing()) return std::nullopt;
  if (!member.is_object()) throw wrong_type(name, "a map of strings");
  std::map<std::string, std::string> map;
  member.each_member([&](std::string_view key, base::JsonView value) {
    const auto text = value.as_string();
    if (!text) throw wrong_type(name, "a map of strings");
    map.insert_or_assign(std::string(key), std::string(*text));
  });
  return map;
}

}  // namespace dbxauth::emulator
