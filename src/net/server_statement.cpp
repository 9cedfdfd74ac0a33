// SPDX-License-Identifier: Apache-2.0
#include "net/server_statement.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace dbxauth::net {
namespace {

using base::JsonView;
using std::chrono::milliseconds;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
bool starts_with(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}
bool ends_with(std::string_view text, std::string_view part) {
  return text.size() >= part.size() && text.substr(text.size() - part.size()) == part;
}

// ---- HTML ----

std::string without_markup(std::string_view html) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                                                                    {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}};
  std::string text;
  while (!html.empty()) {
    if (html.front() == '<') {
      html.remove_prefix(std::min(html.size(), std::min(html.find('>'), html.size() - 1) + 1));
      continue;
    }
    const auto entity = std::find_if(std::begin(kEntities), std::end(kEntities),
                                     [&](const auto& entry) { return starts_with(html, entry.first); });
    text += entity == std::end(kEntities) ? html.front() : entity->second;
    html.remove_prefix(entity == std::end(kEntities) ? 1 : entity->first.size());
  }
  return std::string(base::trim(text));
}

/// The text of the first element of that name, which is given in lower case; empty when there is none.
std::string element_text(std::string_view html, std::string_view lower_case_html, std::string_view name) {
  std::size_t open = lower_case_html.find(fmt::format("<{}", name));
  if (open == std::string_view::npos) return {};
  open = lower_case_html.find('>', open);
  if (open == std::string_view::npos) return {};
  const std::size_t close = lower_case_html.find(fmt::format("</{}", name), open);
  const std::size_t length = close == std::string_view::npos ? std::string_view::npos : close - open - 1;
  return without_markup(html.substr(open + 1, length));
}

std::string html_message(std::string_view html) {
  constexpr std::size_t kLookedAt = 64u << 10;
  html = html.substr(0, kLookedAt);
  const std::string lower = base::to_lower(html);
  std::string text = element_text(html, lower, "pre");
  return text.empty() ? element_text(html, lower, "title") : text;
}

// ---- JSON dialects ----

/// "42.5s", as google.protobuf.Duration is written in JSON.
std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.size() < 2 || text.back() != 's') return std::nullopt;
  const std::string number(text.substr(0, text.size() - 1));
  char* end = nullptr;
  const double seconds = std::strtod(number.c_str(), &end);
  constexpr double kLongest = 86400.0;
  if (end != number.c_str() + number.size() || !std::isfinite(seconds) || seconds < 0 || seconds > kLongest)
    return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(std::ceil(seconds * 1000.0)));
}

/// The members of `details` (google.rpc) that say something to a program.
void read_details(JsonView details, ServerStatement& statement) {
  details.each_element([&statement](JsonView detail) {
    const std::string_view type = detail["@type"].string_or();
    if (ends_with(type, "google.rpc.RequestInfo")) statement.request_id = detail["request_id"].string_or();
    if (ends_with(type, "google.rpc.RetryInfo"))
      statement.retry_after = parse_duration(detail["retry_delay"].string_or());
    if (ends_with(type, "google.rpc.ErrorInfo") && statement.code.empty())
      statement.code = detail["reason"].string_or();
  });
}

/// Microsoft's token endpoint adds lines of identifiers and times after its sentence.
std::string_view without_trace(std::string_view description) {
  return base::trim(description.substr(0, description.find("Trace ID")));
}

bool is_oauth_code(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

void read_scim(JsonView root, ServerStatement& statement) {
  statement.code = fmt::format("SCIM_{}", root["status"].as_text().value_or("ERROR"));
  const std::string_view detail = root["detail"].string_or();
  const std::string_view type = root["scimType"].string_or();
  // The service sends a null, or the text "null", when it broke itself.
  if (detail.empty() || detail == "null")
    statement.message = "SCIM API internal error";
  else
    statement.message = type.empty() ? std::string(detail) : fmt::format("{} {}", type, detail);
}

void read_nested(JsonView error, ServerStatement& statement) {
  const auto code = error["code"].as_string();
  statement.code = code ? std::string(*code) : error["status"].as_text().value_or(error["code"].as_text().value_or(""));
  statement.message = error["message"].string_or();
  read_details(error["details"], statement);
}

void read_object(JsonView root, ServerStatement& statement) {
  if (root["error"].is_object()) return read_nested(root["error"], statement);
  const std::string error = root["error"].as_text().value_or("");
  statement.message = root["message"].string_or();
  if (auto code = root["error_code"].as_text()) statement.code = *code;
  read_details(root["details"], statement);
  if (!statement.code.empty()) {
    if (statement.message.empty()) statement.message = error.empty() ? root["error_message"].string_or() : error;
    return;
  }
  if (root["error_description"].is_string()) {
    statement.code = error;
    statement.message = without_trace(root["error_description"].string_or());
  } else if (!root["detail"].is_missing() || !root["scimType"].is_missing()) {
    read_scim(root, statement);
  } else if (!error.empty()) {
    if (is_oauth_code(error)) statement.code = error;
    if (statement.message.empty()) statement.message = error;
  } else if (auto code = root["code"].as_text()) {
    statement.code = *code;
  }
}

// ---- text ----

bool is_server_code(std::string_view text) {
  return text.size() >= 3 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

/// `CODE: message`; anything else is the message.
void read_text(std::string_view text, ServerStatement& statement) {
  const std::size_t colon = text.find(": ");
  if (colon != std::string_view::npos && is_server_code(text.substr(0, colon))) {
    statement.code = text.substr(0, colon);
    text.remove_prefix(colon + 2);
  }
  statement.message = base::trim(text);
}

}  // namespace

bool is_html(const HttpResponse& response) {
  const std::string type = base::to_lower(response.header("content-type"));
  if (starts_with(type, "text/html") || starts_with(type, "application/xhtml")) return true;
  return !contains(type, "json") && starts_with(base::trim(response.body.reveal()), "<");
}

ServerStatement read_statement(const HttpResponse& response) {
  ServerStatement statement;
  const std::string_view body = base::trim(response.body.reveal());
  if (body.empty()) return statement;
  if (is_html(response)) {
    statement.html = true;
    statement.message = html_message(body);
    return statement;
  }
  if (body.front() == '{') {
    if (const auto document = base::JsonDocument::parse(body, "the error"); document && document->root().is_object()) {
      read_object(document->root(), statement);
      return statement;
    }
  }
  read_text(body, statement);
  return statement;
}

}  // namespace dbxauth::net
