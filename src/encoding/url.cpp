// SPDX-License-Identifier: Apache-2.0
#include "encoding/url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"

namespace dbxauth::encoding {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <class Text>
void append_percent_encoded(Text& out, std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.append(std::string_view(&c, 1));
    } else {
      const auto byte = static_cast<unsigned char>(c);
      const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 0xF]};
      out.append(std::string_view(escaped, sizeof escaped));
    }
  }
}

Error url_error(const std::string& reason) {
  return Error{ErrorCode::invalid_argument, "the URL is not usable: " + reason};
}

// Letters, digits, `-`, `.` and `_`: the characters of names that resolvers and certificates know, RFC 3986 §3.2.2.
bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.find("..") == std::string_view::npos &&
         std::all_of(host.begin(), host.end(), [](char c) { return is_unreserved(c) && c != '~'; });
}

bool parse_address(int family, const std::string& host, void* address) noexcept {
  return ::inet_pton(family, host.c_str(), address) == 1;
}

Result<int> parse_port(std::string_view text) {
  // An empty port is the default one, RFC 3986 §3.2.3.
  if (text.empty()) return 0;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || port > 65535) return url_error("its port is not a number from 1 to 65535");
    port = port * 10 + (c - '0');
  }
  if (port < 1 || port > 65535) return url_error("its port is not a number from 1 to 65535");
  return port;
}

Result<void> parse_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return url_error("it holds a user name or password; pass credentials as options of their own");
  }
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return url_error("the bracket of its IPv6 address is not closed");
    url.host = base::to_lower(authority.substr(1, close - 1));
    in6_addr address{};
    if (!parse_address(AF_INET6, url.host, &address)) return url_error("the address in brackets is not IPv6");
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return url_error("there is text between its IPv6 address and the port");
  } else {
    const auto colon = authority.find(':');
    url.host = base::to_lower(authority.substr(0, colon));
    if (url.host.empty()) return url_error("it has no host");
    if (!is_host_name(url.host)) return url_error("its host holds characters that host names do not have");
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (port.empty()) return {};
  auto number = parse_port(port.substr(1));
  if (!number) return number.error();
  url.port = *number;
  return {};
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_percent_encoded(out, text);
  return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

SecretString form_encode(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  std::size_t capacity = 0;
  for (const auto& field : fields) capacity += 3 * (field.first.size() + field.second.size()) + 2;
  SecretString body;
  body.reserve(capacity);
  for (const auto& field : fields) {
    if (!body.empty()) body.append("&");
    append_percent_encoded(body, field.first);
    body.append("=");
    append_percent_encoded(body, field.second);
  }
  return body;
}

std::string Url::origin() const {
  std::string text = scheme + "://";
  const bool ipv6 = host.find(':') != std::string::npos;
  text += ipv6 ? "[" + host + "]" : host;
  const int default_port = scheme == "https" ? kHttpsPort : kHttpPort;
  if (port != 0 && port != default_port) text += ":" + std::to_string(port);
  return text;
}

bool Url::is_loopback() const noexcept {
  if (host == "localhost") return true;
  in_addr v4{};
  if (parse_address(AF_INET, host, &v4)) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return parse_address(AF_INET6, host, &v6) && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool Url::is_link_local() const noexcept {
  if (host == "metadata.google.internal") return true;
  in_addr v4{};
  if (parse_address(AF_INET, host, &v4)) return (ntohl(v4.s_addr) >> 16) == 0xA9FE;
  in6_addr v6{};
  return parse_address(AF_INET6, host, &v6) && IN6_IS_ADDR_LINKLOCAL(&v6);
}

Result<Url> parse_url(std::string_view text) {
  if (text.empty()) return url_error("it is empty");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
    return url_error("it holds a space or a control character");
  }
  if (text.find('\\') != std::string_view::npos) return url_error("it holds a backslash");
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return url_error("it does not begin with https://");
  Url url;
  url.scheme = base::to_lower(text.substr(0, scheme_end));
  if (url.scheme != "https" && url.scheme != "http") return url_error("its scheme is neither https nor http");
  text.remove_prefix(scheme_end + 3);
  const auto authority_end = std::min(text.find_first_of("/?#"), text.size());
  if (auto parsed = parse_authority(text.substr(0, authority_end), url); !parsed) return parsed.error();
  text.remove_prefix(authority_end);
  // A fragment is never sent to a server.
  text = text.substr(0, text.find('#'));
  const auto query = text.find('?');
  url.path = text.substr(0, query);
  if (query != std::string_view::npos) url.query = text.substr(query + 1);
  return url;
}

}  // namespace dbxauth::encoding
