// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/error.hpp"
#include "net/curl_certificates.hpp"
#include "net/curl_library.hpp"
#include "net/network_settings.hpp"

namespace dbxauth::net {

/// How far a transfer comes, in this order. Through a proxy the first stage stands for name and connection as well.
enum class TransferStage { proxy, dns, tcp, tls, http };

/// What is known about a transfer that gave no answer.
struct FailedTransfer {
  CURLcode code = CURLE_OK;
  std::string_view detail;   ///< libcurl's own words; redacted before use.
  std::string host;          ///< With the port when it is not the default one.
  std::string proxy;         ///< Without credentials; empty for none.
  std::string proxy_origin;  ///< The setting that names the proxy; empty for none.
  bool proxy_has_user = false;
  const CertificateAuthorities* authorities = nullptr;
  long connect_status = 0;        ///< The proxy's answer to CONNECT.
  long verify_result = 0;         ///< OpenSSL's verdict on the server's certificate; 0 when it has none.
  bool proxy_unverified = false;  ///< It is the proxy's own certificate that is not believed.
  std::vector<PresentedCertificate> certificates;  ///< Of a server that is not believed.
  bool secure = false;                             ///< The address is one of https.
  bool resolved = false;                           ///< The name is known: the server's, or the proxy's.
  bool reached = false;                            ///< A TCP connection was made, to the server or to the proxy.
  bool secured = false;                            ///< TLS was agreed on.
  bool connected = false;                          ///< A connection was made, so the server may have seen the request.
  std::chrono::milliseconds elapsed{0};
};

/// A failure for people, in two parts.
struct ExplainedFailure {
  Error error;         ///< Its message says which host and what happened.
  std::string advice;  ///< What to do; may be empty.
  TransferStage stage = TransferStage::http;

  /// The error whose message holds both.
  Error joined() const;
};
ExplainedFailure explain_failure(const FailedTransfer& transfer);

}  // namespace dbxauth::net
