// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "net/http_transport.hpp"

namespace dbxauth::net {

/// What the body of an answer outside 2xx says, in one form for every dialect (see service_error()). Nothing is
/// redacted yet: for decisions, not for people.
struct ServerStatement {
  std::string code;
  std::string message;
  std::string request_id;
  std::optional<std::chrono::milliseconds> retry_after;
  bool html = false;
};

ServerStatement read_statement(const HttpResponse& response);

/// By its type, or because it begins like markup.
bool is_html(const HttpResponse& response);

}  // namespace dbxauth::net
