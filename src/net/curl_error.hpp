// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "dbxauth/error.hpp"
#include "net/network_settings.hpp"

namespace dbxauth::net {

/// What is known about a transfer that gave no answer.
struct FailedTransfer {
  CURLcode code = CURLE_OK;
  std::string_view detail;  ///< libcurl's own words; redacted before use.
  std::string host;         ///< With the port when it is not the default one.
  std::string proxy;        ///< Without credentials; empty for none.
  const CertificateAuthorities* authorities = nullptr;
  long connect_status = 0;  ///< The proxy's answer to CONNECT.
  bool connected = false;   ///< A connection was made, so the server may have seen the request.
  std::chrono::milliseconds elapsed{0};
};

/// The Error for people: which host, what happened, what to do.
Error transfer_error(const FailedTransfer& transfer);

/// The same for a deadline that passed.
Error transfer_timed_out(const FailedTransfer& transfer);

}  // namespace dbxauth::net
