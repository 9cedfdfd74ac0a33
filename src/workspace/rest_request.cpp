// SPDX-License-Identifier: Apache-2.0
#include "workspace/rest_request.hpp"

#include <fmt/format.h>

#include <set>

#include "encoding/url.hpp"
#include "net/service_error.hpp"

namespace dbxauth::workspace {

RestPath& RestPath::segment(std::string_view name) {
  text_ += '/';
  // A segment of dots only would be resolved away by proxies and servers.
  if (name == "." || name == "..") {
    for (std::size_t i = 0; i < name.size(); ++i) text_ += "%2E";
  } else {
    text_ += encoding::percent_encode(name);
  }
  return *this;
}

RestPath& RestPath::query(std::string_view name, std::string_view value) {
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_ += encoding::percent_encode(name);
  text_ += '=';
  text_ += encoding::percent_encode(value);
  return *this;
}

RestClient::RestClient(std::string host, std::shared_ptr<net::HttpTransport> authorised, std::string workspace_id)
    : host_(std::move(host)), authorised_(std::move(authorised)), workspace_id_(std::move(workspace_id)) {
  while (!host_.empty() && host_.back() == '/') host_.pop_back();
}

Result<net::HttpResponse> RestClient::send(const RestCall& call, std::string_view doing,
                                           const CallContext& context) const {
  auto parsed = encoding::parse_url(host_);
  if (!parsed) {
    return Error(ErrorCode::invalid_argument,
                 fmt::format("could not {}: the workspace host is not a URL: {}", doing, parsed.error().message));
  }
  net::HttpRequest request;
  request.method = call.method;
  request.url = parsed->origin() + call.path;
  request.headers.emplace_back("Accept", "application/json");
  if (!workspace_id_.empty()) request.headers.emplace_back("X-Databricks-Workspace-Id", workspace_id_);
  if (!call.body.empty()) {
    request.body = SecretString(call.body);
    request.content_type = "application/json";
  }
  request.replay = call.replay;
  request.attempt_timeout = call.attempt_timeout;
  request.response_limit = call.response_limit;
  request.subject = "workspace";
  auto response = authorised_->send(request, context.deadline ? context : context.limited_to(rest_call_limit));
  if (!response) {
    Error error = response.error();
    error.message = fmt::format("could not {}: {}", doing, error.message);
    return error;
  }
  return response;
}

Result<base::JsonDocument> RestClient::json(const RestCall& call, std::string_view doing,
                                            const CallContext& context) const {
  auto response = send(call, doing, context);
  if (!response) return response.error();
  if (response->ok() && response->body.empty()) return base::JsonDocument::parse("{}", "an empty answer");
  return net::json_body(*response, doing);
}

Result<void> read_pages(const RestClient& rest, const std::function<std::string(std::string_view page_token)>& path,
                        std::string_view items, std::string_view doing, const CallContext& context,
                        const std::function<void(base::JsonView item)>& visit) {
  std::set<std::string, std::less<>> seen_tokens;
  std::string token;
  for (;;) {
    RestCall call;
    call.path = path(token);
    auto page = rest.json(call, doing, context);
    if (!page) return page.error();
    const base::JsonView root = page->root();
    const base::JsonView list = root[items];
    if (!root.is_object() || !(list.is_array() || list.is_null_or_missing())) {
      return Error(ErrorCode::protocol, fmt::format("could not {}: the answer has no list '{}'", doing, items));
    }
    list.each_element(visit);
    token = std::string(root["next_page_token"].string_or());
    if (token.empty()) return {};
    if (!seen_tokens.insert(token).second) {
      return Error(ErrorCode::protocol,
                   fmt::format("could not {}: the server gave the same page token twice after {} pages, so the list "
                               "would never end; report this to whoever runs the server",
                               doing, seen_tokens.size()));
    }
  }
}

}  // namespace dbxauth::workspace
