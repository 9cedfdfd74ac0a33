// SPDX-License-Identifier: Apache-2.0
#include "net/network_settings.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "dbxauth/version.hpp"
#include "platform/files.hpp"

namespace dbxauth::net {
namespace {

std::string first_of(const platform::Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = environment.get(name)) return *value;
  }
  return {};
}

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  int bits = 0;  // 32 or 128
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string address(text);
  Address result;
  if (::inet_pton(AF_INET, address.c_str(), result.bytes.data()) == 1) {
    result.bits = 32;
    return result;
  }
  if (::inet_pton(AF_INET6, address.c_str(), result.bytes.data()) == 1) {
    result.bits = 128;
    return result;
  }
  return std::nullopt;
}

std::optional<int> parse_number(std::string_view text, int largest) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 0 || value > largest) return std::nullopt;
  return value;
}

bool same_prefix(const Address& a, const Address& b, int bits) {
  for (int bit = 0; bit < bits; bit += 8) {
    const int counted = std::min(8, bits - bit);
    const auto mask = static_cast<std::uint8_t>(0xff00u >> counted);
    const auto index = static_cast<std::size_t>(bit / 8);
    if (((a.bytes[index] ^ b.bytes[index]) & mask) != 0) return false;
  }
  return true;
}

/// `entry` is an address or a network; nullopt when it is neither.
std::optional<bool> matches_network(std::string_view entry, std::string_view host) {
  const std::size_t slash = entry.find('/');
  const auto network = parse_address(entry.substr(0, slash));
  if (!network) return std::nullopt;
  const auto address = parse_address(host);
  if (!address || address->bits != network->bits) return false;
  if (slash == std::string_view::npos) return same_prefix(*network, *address, network->bits);
  const auto length = parse_number(entry.substr(slash + 1), network->bits);
  return length && same_prefix(*network, *address, *length);
}

/// Takes `[…]` and `:port` off an entry. False when the port is given and is another one.
bool strip_port(std::string_view& entry, int port) {
  std::string_view port_text;
  if (!entry.empty() && entry.front() == '[') {
    const std::size_t close = entry.find(']');
    if (close == std::string_view::npos) return false;
    if (close + 1 < entry.size() && entry[close + 1] == ':') port_text = entry.substr(close + 2);
    entry = entry.substr(1, close - 1);
  } else if (std::count(entry.begin(), entry.end(), ':') == 1) {
    const std::size_t colon = entry.find(':');
    port_text = entry.substr(colon + 1);
    entry = entry.substr(0, colon);
  }
  return port_text.empty() || parse_number(port_text, 65535) == port;
}

int effective_port(const encoding::Url& url) {
  if (url.port != 0) return url.port;
  return url.scheme == "http" ? 80 : 443;
}

Error missing_authorities(std::string_view origin, std::string_view path) {
  return {
      ErrorCode::configuration,
      fmt::format("{} names {}, which does not exist or cannot be read; correct it, or unset it to use the system's "
                  "certificate authorities",
                  origin, path)};
}

}  // namespace

CertificateAuthorities CertificateAuthorities::resolve(const HttpOptions& options,
                                                       const platform::Environment& environment) {
  CertificateAuthorities found;
  const auto use = [&found](const std::string& path, std::string_view origin) {
    const auto status = platform::file_status(path);
    const bool is_directory = status && status->directory;
    (is_directory ? found.directory : found.file) = path;
    (is_directory ? found.directory_origin : found.file_origin) = origin;
  };
  if (!options.ca_bundle.empty()) {
    use(options.ca_bundle, "the option ca_bundle");
    found.exclusive = true;
    return found;
  }
  if (const auto bundle = environment.get("DATABRICKS_CA_BUNDLE")) {
    use(*bundle, "DATABRICKS_CA_BUNDLE");
    found.exclusive = true;
    return found;
  }
  const auto cert_file = environment.get("SSL_CERT_FILE");
  const auto cert_directory = environment.get("SSL_CERT_DIR");
  if (cert_file || cert_directory) {
    if (cert_file) use(*cert_file, "SSL_CERT_FILE");
    if (cert_directory) {
      found.directory = *cert_directory;
      found.directory_origin = "SSL_CERT_DIR";
    }
    return found;
  }
  for (const char* name : {"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    if (const auto bundle = environment.get(name)) {
      use(*bundle, name);
      found.exclusive = true;
      return found;
    }
  }
  return found;
}

Result<void> CertificateAuthorities::check() const {
  if (!file.empty()) {
    const auto status = platform::file_status(file);
    if (!status || !status->regular) return missing_authorities(file_origin, file);
  }
  if (!directory.empty()) {
    const auto parts = base::split(directory, ':');
    const bool any = std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
      const auto status = platform::file_status(std::string(part));
      return status && status->directory;
    });
    if (!any) return missing_authorities(directory_origin, directory);
  }
  return {};
}

ProxySettings ProxySettings::resolve(const HttpOptions& options, const platform::Environment& environment) {
  ProxySettings settings;
  settings.by_option_ = options.proxy;
  const std::string fallback = first_of(environment, {"all_proxy", "ALL_PROXY"});
  settings.for_https_ = first_of(environment, {"https_proxy", "HTTPS_PROXY"});
  settings.for_http_ = first_of(environment, {"http_proxy"});
  // In a CGI program HTTP_PROXY is the client's "Proxy:" header (CVE-2016-5385).
  if (settings.for_http_.empty() && !environment.get("REQUEST_METHOD")) {
    settings.for_http_ = first_of(environment, {"HTTP_PROXY"});
  }
  if (settings.for_https_.empty()) settings.for_https_ = fallback;
  if (settings.for_http_.empty()) settings.for_http_ = fallback;
  std::string list = first_of(environment, {"no_proxy", "NO_PROXY"});
  std::replace(list.begin(), list.end(), ' ', ',');
  for (const std::string_view entry : base::split(list, ',')) {
    const std::string_view trimmed = base::trim(entry);
    if (!trimmed.empty()) settings.exceptions_.push_back(base::to_lower(trimmed));
  }
  return settings;
}

std::string ProxySettings::proxy_for(const encoding::Url& url) const {
  if (!by_option_.empty()) return by_option_;
  if (url.is_loopback()) return {};
  for (const auto& entry : exceptions_) {
    if (matches_no_proxy_entry(entry, url.host, effective_port(url))) return {};
  }
  return url.scheme == "http" ? for_http_ : for_https_;
}

std::string without_user_info(std::string_view proxy) {
  const std::size_t scheme = proxy.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = proxy.rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(proxy);
  return fmt::format("{}{}", proxy.substr(0, start), proxy.substr(at + 1));
}

bool matches_no_proxy_entry(std::string_view entry, std::string_view host, int port) {
  if (entry == "*") return true;
  if (!strip_port(entry, port)) return false;
  if (const auto network = matches_network(entry, host)) return *network;
  while (!entry.empty() && entry.front() == '.') entry.remove_prefix(1);
  if (entry.substr(0, 2) == "*.") entry.remove_prefix(2);
  while (!entry.empty() && entry.back() == '.') entry.remove_suffix(1);
  if (entry.empty() || host.size() < entry.size()) return false;
  if (!base::equals_ignoring_case(host.substr(host.size() - entry.size()), entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

std::string user_agent(std::string_view product) {
  std::string text;
  for (const char c : base::trim(product)) {
    const bool allowed = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         std::string_view("_.+-/ ").find(c) != std::string_view::npos;
    text += allowed ? c : '-';
  }
  if (!text.empty()) text += ' ';
  return text + "dbxauth/" DBXAUTH_VERSION_STRING " os/linux";
}

}  // namespace dbxauth::net
