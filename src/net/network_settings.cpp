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

/// The value of the first variable that is set, and its name.
ProxyChoice first_of(const platform::Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = environment.get(name)) return {*value, name};
  }
  return {};
}

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  int bits = 0;  // 32 or 128
};

constexpr std::ptrdiff_t kMappedPrefixBytes = 12;

/// ::ffff:a.b.c.d, the IPv4 address a.b.c.d in IPv6 clothes (RFC 4291 §2.5.5.2).
bool is_mapped(const Address& address) {
  constexpr std::array<std::uint8_t, kMappedPrefixBytes> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kPrefix.begin(), kPrefix.end(), address.bytes.begin());
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string address(text);
  Address result;
  if (::inet_pton(AF_INET, address.c_str(), result.bytes.data()) == 1) {
    result.bits = 32;
    return result;
  }
  if (::inet_pton(AF_INET6, address.c_str(), result.bytes.data()) == 1) {
    result.bits = 128;
    if (!is_mapped(result)) return result;
    std::copy_n(result.bytes.begin() + kMappedPrefixBytes, 4, result.bytes.begin());
    result.bits = 32;
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

/// An entry of NO_PROXY, taken apart. The views are into the entry.
struct NoProxyEntry {
  std::string_view name;    ///< A domain or an address, without brackets.
  std::string_view length;  ///< After the slash of a network; empty for none.
  std::string_view port;    ///< Empty for any.
  bool valid = true;
};

NoProxyEntry parse_no_proxy_entry(std::string_view entry) {
  NoProxyEntry result;
  if (const std::size_t scheme = entry.find("://"); scheme != std::string_view::npos) entry.remove_prefix(scheme + 3);
  std::string_view rest;
  if (!entry.empty() && entry.front() == '[') {
    const std::size_t close = entry.find(']');
    result.valid = close != std::string_view::npos;
    if (!result.valid) return result;
    result.name = entry.substr(1, close - 1);
    rest = entry.substr(close + 1);
  } else {
    // More than one colon is IPv6 without brackets, which has no port.
    const bool bare_ipv6 = std::count(entry.begin(), entry.end(), ':') > 1;
    const std::size_t end = std::min(entry.find_first_of(bare_ipv6 ? "/" : "/:"), entry.size());
    result.name = entry.substr(0, end);
    rest = entry.substr(end);
  }
  if (!rest.empty() && rest.front() == '/') {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    result.length = rest.substr(1, end - 1);
    rest.remove_prefix(end);
  }
  if (!rest.empty() && rest.front() == ':') result.port = rest.substr(1);
  return result;
}

/// `entry` is an address or a network; nullopt when it is neither.
std::optional<bool> matches_network(const NoProxyEntry& entry, std::string_view host) {
  const auto network = parse_address(entry.name);
  if (!network) return std::nullopt;
  const auto address = parse_address(host);
  if (!address || address->bits != network->bits) return false;
  if (entry.length.empty()) return same_prefix(*network, *address, network->bits);
  // The network of a mapped address was given in bits of IPv6.
  const bool mapped = network->bits == 32 && entry.name.find(':') != std::string_view::npos;
  const auto length = parse_number(entry.length, mapped ? 128 : network->bits);
  return length && same_prefix(*network, *address, mapped ? std::max(*length - 96, 0) : *length);
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

Result<encoding::Url> sendable_url(const std::string& text) {
  auto url = encoding::parse_url(text);
  if (!url) {
    Error error = url.error();
    error.code = ErrorCode::invalid_argument;
    return error;
  }
  if (url->scheme == "http" && !url->is_loopback() && !url->is_link_local()) {
    return Error(ErrorCode::invalid_argument,
                 fmt::format("plain http to {} would show credentials to everybody on the way; use https://{}",
                             url->host, url->host));
  }
  return url;
}

std::chrono::milliseconds effective_connect_timeout(const HttpOptions& options) noexcept {
  return options.connect_timeout.count() > 0 ? options.connect_timeout : HttpOptions().connect_timeout;
}

std::chrono::milliseconds effective_attempt_timeout(const HttpOptions& options) noexcept {
  return options.attempt_timeout.count() > 0 ? options.attempt_timeout : HttpOptions().attempt_timeout;
}

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

std::string CertificateAuthorities::describe() const {
  if (file.empty() && directory.empty()) return "the system's certificate authorities";
  std::string text;
  const auto add = [&text](const std::string& place, const std::string& origin) {
    if (place.empty()) return;
    text += fmt::format("{}those in {} (named by {})", text.empty() ? "" : " and ", place, origin);
  };
  add(file, file_origin);
  add(directory, directory_origin);
  if (!exclusive && file.empty()) text += " and the system's file";
  if (!exclusive && directory.empty()) text += " and the system's directory";
  return text;
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
  const ProxyChoice fallback = first_of(environment, {"all_proxy", "ALL_PROXY"});
  settings.for_https_ = first_of(environment, {"https_proxy", "HTTPS_PROXY"});
  settings.for_http_ = first_of(environment, {"http_proxy"});
  // In a CGI program HTTP_PROXY is the client's "Proxy:" header (CVE-2016-5385).
  if (settings.for_http_.url.empty() && !environment.get("REQUEST_METHOD")) {
    settings.for_http_ = first_of(environment, {"HTTP_PROXY"});
  }
  if (settings.for_https_.url.empty()) settings.for_https_ = fallback;
  if (settings.for_http_.url.empty()) settings.for_http_ = fallback;
  auto [list, origin] = first_of(environment, {"no_proxy", "NO_PROXY"});
  std::replace_if(
      list.begin(), list.end(), [](char c) { return std::string_view(" \t\r\n;").find(c) != std::string_view::npos; },
      ',');
  for (const std::string_view entry : base::split(list, ',')) {
    if (!entry.empty()) settings.exceptions_.push_back(base::to_lower(entry));
  }
  settings.exceptions_origin_ = origin;
  return settings;
}

ProxyChoice ProxySettings::choose(const encoding::Url& url) const {
  if (url.is_link_local()) return {};
  if (!by_option_.empty()) return {by_option_, "the option proxy"};
  if (url.is_loopback()) return {};
  const ProxyChoice& choice = url.scheme == "http" ? for_http_ : for_https_;
  if (choice.url.empty()) return {};
  for (const auto& entry : exceptions_) {
    if (matches_no_proxy_entry(entry, url.host, effective_port(url))) return {{}, exceptions_origin_};
  }
  return choice;
}

std::string without_user_info(std::string_view proxy) {
  const std::size_t scheme = proxy.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = proxy.rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(proxy);
  return fmt::format("{}{}", proxy.substr(0, start), proxy.substr(at + 1));
}

bool has_user_info(std::string_view proxy) noexcept {
  const std::size_t scheme = proxy.find("://");
  const std::size_t at = proxy.rfind('@');
  return at != std::string_view::npos && (scheme == std::string_view::npos || at > scheme);
}

bool matches_no_proxy_entry(std::string_view entry, std::string_view host, int port) {
  const NoProxyEntry parsed = parse_no_proxy_entry(entry);
  if (!parsed.valid || (!parsed.port.empty() && parse_number(parsed.port, 65535) != port)) return false;
  if (parsed.name == "*") return true;
  if (const auto network = matches_network(parsed, host)) return *network;
  std::string_view domain = parsed.name;
  if (domain.substr(0, 2) == "*.") domain.remove_prefix(2);
  while (!domain.empty() && domain.front() == '.') domain.remove_prefix(1);
  while (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
  while (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (domain.empty() || host.size() < domain.size()) return false;
  if (!base::equals_ignoring_case(host.substr(host.size() - domain.size()), domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
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
