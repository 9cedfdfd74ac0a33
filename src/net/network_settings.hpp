// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
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
  /// For messages: "the system's certificate authorities", "those in FILE (named by DATABRICKS_CA_BUNDLE)".
  std::string describe() const;
  /// ErrorCode::configuration naming the setting whose file or directory does not exist.
  Result<void> check() const;
};

/// `text` as an address that requests may be sent to: https, or http to a loopback or link-local host. Else
/// ErrorCode::invalid_argument.
Result<encoding::Url> sendable_url(const std::string& text);

/// The option, or its default when it is not set.
std::chrono::milliseconds effective_connect_timeout(const HttpOptions& options) noexcept;
std::chrono::milliseconds effective_attempt_timeout(const HttpOptions& options) noexcept;

/// Where a request goes: through which proxy, and who said so.
struct ProxyChoice {
  std::string url;     ///< May hold a password; empty: directly.
  std::string origin;  ///< The setting that decided, for messages: "HTTPS_PROXY", "NO_PROXY"; empty when none did.
};

/// Which proxy a request goes through: HttpOptions::proxy for everything; else, by scheme, https_proxy / HTTPS_PROXY or
/// http_proxy / HTTP_PROXY (the latter not in CGI programs, where a client controls it), then all_proxy / ALL_PROXY,
/// unless no_proxy / NO_PROXY names the host. Loopback addresses go through a proxy only by option, link-local ones
/// never: what answers there answers this machine only.
class ProxySettings {
 public:
  static ProxySettings resolve(const HttpOptions& options, const platform::Environment& environment);

  ProxyChoice choose(const encoding::Url& url) const;
  /// The URL of choose().
  std::string proxy_for(const encoding::Url& url) const { return choose(url).url; }

 private:
  std::string by_option_;
  ProxyChoice for_https_;
  ProxyChoice for_http_;
  std::vector<std::string> exceptions_;
  std::string exceptions_origin_;
};

/// A proxy's URL without user and password, for messages.
std::string without_user_info(std::string_view proxy);
bool has_user_info(std::string_view proxy) noexcept;

/// True when `host` (no brackets) at `port` is meant by one entry of NO_PROXY: `*`, a domain with or without a leading
/// dot (it covers its subdomains), an address, a network in CIDR form, each optionally with `:port`; IPv6 with or
/// without brackets. An IPv4 address and the same one mapped into IPv6 are one. A scheme before the entry is
/// overlooked.
bool matches_no_proxy_entry(std::string_view entry, std::string_view host, int port);

/// `<product> dbxauth/<version> os/linux`; characters that do not belong into a product become `-`.
std::string user_agent(std::string_view product);

}  // namespace dbxauth::net
