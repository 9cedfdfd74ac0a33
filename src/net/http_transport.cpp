// SPDX-License-Identifier: Apache-2.0
#include "net/http_transport.hpp"

namespace dbxauth::net {

std::string_view to_string(HttpMethod method) noexcept {
  switch (method) {
    case HttpMethod::get:
      return "GET";
    case HttpMethod::head:
      return "HEAD";
    case HttpMethod::post:
      return "POST";
    case HttpMethod::put:
      return "PUT";
    case HttpMethod::patch:
      return "PATCH";
    case HttpMethod::del:
      return "DELETE";
  }
  return "GET";
}

HttpRequest HttpRequest::clone() const {
  HttpRequest copy;
  copy.method = method;
  copy.url = url;
  copy.headers = headers;
  copy.secret_headers.reserve(secret_headers.size());
  for (const auto& [name, value] : secret_headers) copy.secret_headers.emplace_back(name, value.clone());
  copy.body = body.clone();
  copy.content_type = content_type;
  copy.replay = replay;
  copy.attempt_timeout = attempt_timeout;
  copy.response_limit = response_limit;
  copy.follow_redirects = follow_redirects;
  copy.secret_path = secret_path;
  copy.subject = subject;
  return copy;
}

bool HttpRequest::may_be_replayed() const noexcept {
  switch (replay) {
    case Replay::safe:
      return true;
    case Replay::never:
      return false;
    case Replay::by_method:
      break;
  }
  return method != HttpMethod::post && method != HttpMethod::patch;
}

std::string_view HttpResponse::header(std::string_view lower_case_name) const noexcept {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

}  // namespace dbxauth::net
