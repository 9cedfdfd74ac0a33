// SPDX-License-Identifier: Apache-2.0
#ifndef DBXAUTH_HTTP_OPTIONS_HPP
#define DBXAUTH_HTTP_OPTIONS_HPP

#include <chrono>
#include <string>

namespace dbxauth {

/// Transport settings; zero and empty mean the documented default.
struct HttpOptions {
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds attempt_timeout{15000};  ///< One try of an authentication or metadata request.
  std::chrono::milliseconds auth_timeout{45000};     ///< An authentication with all its retries.
  std::string ca_bundle;  ///< PEM file; else DATABRICKS_CA_BUNDLE, SSL_CERT_FILE/DIR, CURL_CA_BUNDLE,
                          ///< REQUESTS_CA_BUNDLE, system.
  std::string proxy;      ///< URL; else HTTPS_PROXY, HTTP_PROXY, NO_PROXY of the environment.
  std::string product;    ///< "name/version", put first into the User-Agent.
};

}  // namespace dbxauth

#endif
