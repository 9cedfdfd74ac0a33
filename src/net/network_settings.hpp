// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/http_options.hpp"
#include "dbxauth/result.hpp"
#include "encoding/url.hpp"
#include "platform/environment.hpp"

namespace dbxauth::net {

/// Where certificate authorities come from: the first that is set of HttpOptions::ca_bundle, DATABRICKS_CA_BUNDLE,
/// SSL_CERT_FILE and SSL_CERT_DIR, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE; else the system's. A directory may stand where a
/// file is usual. What is named replaces the system's authorities: people pin with it. Only SSL_CERT_FILE and
/// SSL_CERT_DIR mean what they mean to OpenSSL: each replaces its own half, the system's file or its directory.
struct CertificateAuthorities {
  std::string file;              ///< PEM; empty: the system's.
  std::string directory;         ///< Hashed directories, separated by colons; empty: the system's.
  std::string file_origin;       ///< Which setting named the file, for messages.
  std::string directory_origin;  ///< Which setting named the directory.
  bool exclusive = false;        ///< The half that is not named is empty, not the system's.

  static CertificateAuthorities resolve(const HttpOptions& options, const platform::Environment& environment);
  /// ErrorCode::configuration naming the setting whose file or directory does not exist.
  Result<void> check() const;
};

/// Which proxy a request goes through: HttpOptions::proxy for everything; else, by scheme, https_proxy / HTTPS_PROXY or
/// http_proxy / HTTP_PROXY (the latter not in CGI programs, where a client controls it), then all_proxy / ALL_PROXY,
/// unless no_proxy / NO_PROXY names the host. Loopback addresses go through a proxy only by option.
class ProxySettings {
 public:
  static ProxySettings resolve(const HttpOptions& options, const platform::Environment& environment);

  /// The proxy's URL, which may hold a password; empty for none.
  std::string proxy_for(const encoding::Url& url) const;

 private:
  std::string by_option_;
  std::string for_https_;
  std::string for_http_;
  std::vector<std::string> exceptions_;
};

/// A proxy's URL without user and password, for messages.
std::string without_user_info(std::string_view proxy);

/// True when `host` (lower case, no brackets) at `port` is meant by one entry of NO_PROXY: `*`, a domain with or
/// without a leading dot (it covers its subdomains), an address, a network in CIDR form, each optionally with `:port`.
bool matches_no_proxy_entry(std::string_view entry, std::string_view host, int port);

/// `<product> dbxauth/<version> os/linux`; characters that do not belong into a product become `-`.
std::string user_agent(std::string_view product);

}  // namespace dbxauth::net
