// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/call_context.hpp"
#include "net/curl_channel.hpp"
#include "net/curl_error.hpp"
#include "net/http_transport.hpp"
#include "net/network_settings.hpp"

namespace dbxauth::net {

/// How a transfer went, for those who want to know more than its answer. Times count from its start; 0: not reached.
struct TransferTrace {
  std::chrono::microseconds resolved{0};  ///< The server's name is known, or the proxy's.
  std::chrono::microseconds reached{0};   ///< TCP is connected, to the server or to the proxy.
  std::chrono::microseconds secured{0};   ///< TLS is agreed on with the server.
  std::chrono::microseconds ended{0};
  std::string address;                             ///< Address and port of the other end, which may be the proxy.
  std::string tls;                                 ///< Version and cipher; empty when libcurl did not say.
  std::vector<PresentedCertificate> certificates;  ///< The server's own first.
  std::optional<ExplainedFailure> failure;
};

/// Everything about one request on the wire that the request itself does not say.
struct TransferSettings {
  std::string url;  ///< Where to: the request's own URL or a redirection's.
  encoding::Url parsed_url;
  ProxyChoice proxy;
  std::string user_agent;
  std::chrono::milliseconds connect_timeout{0};
  const CertificateAuthorities* authorities = nullptr;
  TransferTrace* trace = nullptr;  ///< Filled in when set.
};

struct TransferResult {
  HttpResponse response;
  std::string redirect_url;  ///< Absolute; empty when the answer redirects nowhere.
};

/// Sends `request` once over `channel`, redirects not followed. Ends within about 50 ms of a cancellation or of the
/// deadline of `context`, which must have one.
Result<TransferResult> transfer(CurlChannelPool& pool, CurlChannel& channel, const HttpRequest& request,
                                const TransferSettings& settings, const CallContext& context);

/// ErrorCode::invalid_argument when a header's name or value would break the request apart.
Result<void> check_headers(const HttpRequest& request);

}  // namespace dbxauth::net
