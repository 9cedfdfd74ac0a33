// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "dbxauth/call_context.hpp"
#include "dbxauth/result.hpp"
#include "net/http_transport.hpp"

namespace dbxauth::workspace {

/// A path below the host with an optional query, percent-encoded piece by piece, so that no name can change its shape.
class RestPath {
 public:
  /// `fixed` is the part that is ours: "/api/2.1/unity-catalog/tables".
  explicit RestPath(std::string_view fixed) : text_(fixed) {}

  RestPath& segment(std::string_view name);  ///< Appends `/` and the encoded name.
  RestPath& query(std::string_view name, std::string_view value);
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// One call of the workspace's REST API.
struct RestCall {
  net::HttpMethod method = net::HttpMethod::get;
  std::string path;  ///< From RestPath.
  std::string body;  ///< JSON; empty for none.
  net::Replay replay = net::Replay::by_method;
  std::chrono::milliseconds attempt_timeout{0};  ///< 0: the transport's default.
  std::size_t response_limit = 64u << 20;
};

/// Sends calls to one workspace and parses what comes back. Thread-safe.
class RestClient {
 public:
  /// As make_workspace_client().
  RestClient(std::string host, std::shared_ptr<net::HttpTransport> authorised, std::string workspace_id);

  const std::string& host() const noexcept { return host_; }

  /// The raw answer, 2xx or not. `doing` completes "could not …".
  Result<net::HttpResponse> send(const RestCall& call, std::string_view doing, const CallContext& context) const;
  /// The parsed answer of a 2xx, else the service's error. An empty 2xx body reads as `{}`.
  Result<base::JsonDocument> json(const RestCall& call, std::string_view doing, const CallContext& context) const;

 private:
  std::string host_;
  std::shared_ptr<net::HttpTransport> authorised_;
  std::string workspace_id_;
};

/// The limit of one REST request whose context states none (include/dbxauth/workspace.hpp).
inline constexpr std::chrono::milliseconds rest_call_limit{60000};

/// Reads every page of a list. `path` is built for each page from the empty token or the one that the last page gave.
/// A page may be empty and still have a successor; only an absent or empty `next_page_token` ends the list. A token
/// that repeats is ErrorCode::protocol, since the list would never end. `items` names the array; `visit` gets each
/// element. Without a deadline every page has rest_call_limit to itself.
Result<void> read_pages(const RestClient& rest, const std::function<std::string(std::string_view page_token)>& path,
                        std::string_view items, std::string_view doing, const CallContext& context,
                        const std::function<void(base::JsonView item)>& visit);

}  // namespace dbxauth::workspace
