// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dbxauth/call_context.hpp"
#include "net/curl_channel.hpp"
#include "net/http_transport.hpp"
#include "net/network_settings.hpp"

namespace dbxauth::net {

/// Everything about one request on the wire that the request itself does not say.
struct TransferSettings {
  std::string url;  ///< Where to: the request's own URL or a redirection's.
  encoding::Url parsed_url;
  std::string proxy;
  std::string user_agent;
  std::chrono::milliseconds connect_timeout{0};
  const CertificateAuthorities* authorities = nullptr;
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
