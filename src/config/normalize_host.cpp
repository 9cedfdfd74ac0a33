// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/config_sources.hpp"
#include "encoding/url.hpp"

namespace dbxauth::config {
namespace {

constexpr std::size_t kLongestHost = 253;  // RFC 1035: a domain name's text form.

Error bad_host(std::string_view what) {
  return {ErrorCode::configuration,
          fmt::format("the host {}; expected the workspace URL, for example https://name.cloud.databricks.com", what)};
}

std::string_view unwrapped(std::string_view text) {
  static constexpr std::string_view kPairs[] = {"\"\"", "''", "``", "<>"};
  text = base::trim(text);
  for (std::string_view pair : kPairs) {
    if (text.size() >= 2 && text.front() == pair[0] && text.back() == pair[1]) {
      return base::trim(text.substr(1, text.size() - 2));
    }
  }
  return text;
}

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_ascii_digit);
}

// An id travels in a header and in paths: nothing but what ids are made of.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_digit(c) || is_ascii_letter(c) || c == '-' || c == '_' || c == '.';
  });
}

struct Address {
  std::string scheme = "https";
  std::string_view authority;
  std::string_view query;
};

// Scheme, authority and query of what was typed; `https:/x`, `//x` and `x` are all meant to be https://x.
Result<Address> split_address(std::string_view text) {
  Address address;
  std::string_view rest = text;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon + 1 < text.size() && text[colon + 1] == '/') {
    const std::string_view scheme = text.substr(0, colon);
    const bool plain = !scheme.empty() && std::all_of(scheme.begin(), scheme.end(), is_ascii_letter);
    // `name.com:/path` is a host with an empty port: no scheme in use has a dot.
    if (plain) {
      address.scheme = base::to_lower(scheme);
      if (address.scheme != "https" && address.scheme != "http")
        return bad_host("starts with a scheme other than https");
      rest = text.substr(colon + 1);
    }
  }
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  address.authority = rest.substr(0, end);
  const std::size_t question = rest.find('?', end);
  if (question != std::string_view::npos) {
    // A link of the web interface may carry its query behind the fragment: `/#job/1?o=2`.
    address.query = rest.substr(question + 1);
    address.query = address.query.substr(0, address.query.find('#'));
  }
  // Browsers take a backslash for a slash, URL parsers do not: the two would see different hosts.
  if (address.authority.find('\\') != std::string_view::npos) return bad_host("contains a backslash");
  const std::size_t user_info = address.authority.rfind('@');
  if (user_info != std::string_view::npos) address.authority.remove_prefix(user_info + 1);
  return address;
}

Result<int> parse_port(std::string_view text) {
  if (text.empty()) return 0;
  int port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (!is_number(text) || parsed.ec != std::errc() || port < 1 || port > 65535) return bad_host("has an invalid port");
  return port;
}

bool is_ipv6_text(std::string_view text) {
  return text.find(':') != std::string_view::npos && text.size() <= 45 &&
         text.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > kLongestHost || text.front() == '.' || text.front() == '-' || text.back() == '.') {
    return false;
  }
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_digit(c) || is_ascii_letter(c) || c == '-' || c == '_' || c == '.';
  });
}

struct Server {
  std::string name;  // Without brackets.
  int port = 0;
  bool ipv6 = false;
};

Result<Server> parse_authority(std::string_view authority) {
  Server server;
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad_host("has an address with '[' and without ']'");
    server.name = base::to_lower(authority.substr(1, close - 1));
    server.ipv6 = true;
    const std::string_view after = authority.substr(close + 1);
    if (!after.empty() && after.front() != ':') return bad_host("has text after its address");
    port = after.empty() ? after : after.substr(1);
    if (!is_ipv6_text(server.name)) return bad_host("is not a valid IPv6 address");
  } else {
    const std::size_t colon = authority.find(':');
    server.name = base::to_lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (!server.name.empty() && server.name.back() == '.') server.name.pop_back();
    if (server.name.empty()) return bad_host("has no name");
    if (!is_host_name(server.name)) return bad_host("has characters that no host name has");
    if (server.name == "https" || server.name == "http") return bad_host("has a scheme without ://");
  }
  Result<int> number = parse_port(port);
  if (!number) return std::move(number).error();
  server.port = *number;
  return server;
}

void read_ids(std::string_view query, NormalizedHost& host) {
  std::string org;
  std::string workspace;
  for (std::string_view field : base::split(query, '&')) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = field.substr(0, equals);
    const std::optional<std::string> value = encoding::percent_decode(field.substr(equals + 1), true);
    if (!value || !is_id(*value)) continue;
    if ((name == "o" || name == "workspace_id") && org.empty() && is_number(*value)) org = *value;
    if (name == "w" && workspace.empty()) workspace = *value;
    if ((name == "a" || name == "account_id") && host.account_id.empty()) host.account_id = *value;
  }
  host.workspace_id = workspace.empty() ? org : workspace;
}

// A token in the host's place would otherwise be sent to a name server.
bool looks_like_token(std::string_view text) {
  return text.size() >= 32 && text.find_first_of("./:") == std::string_view::npos &&
         (text.substr(0, 4) == "dapi" || text.substr(0, 4) == "dose" || text.substr(0, 4) == "dkea");
}

}  // namespace

Result<NormalizedHost> normalize_host(std::string_view text) {
  const std::string_view typed = unwrapped(text);
  if (typed.empty()) return bad_host("is empty");
  if (looks_like_token(typed)) return bad_host("looks like a token");
  for (char c : typed) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f')
      return bad_host("contains white space or control characters");
  }
  Result<Address> address = split_address(typed);
  if (!address) return std::move(address).error();
  Result<Server> server = parse_authority(address->authority);
  if (!server) return std::move(server).error();
  const std::string name = server->ipv6 ? fmt::format("[{}]", server->name) : server->name;
  const bool http = address->scheme == "http";
  Result<encoding::Url> url = encoding::parse_url(fmt::format("{}://{}", address->scheme, name));
  if (!url) return bad_host("is not a valid name or address");
  if (http && !url->is_loopback()) {
    return Error(ErrorCode::configuration,
                 fmt::format("the host {0} is given with http://, which would send credentials in the clear; "
                             "write https://{0} (http is accepted for this computer only)",
                             name));
  }
  NormalizedHost host;
  host.host = fmt::format("{}://{}", address->scheme, name);
  if (server->port != 0 && server->port != (http ? 80 : 443)) host.host += fmt::format(":{}", server->port);
  read_ids(address->query, host);
  return host;
}

}  // namespace dbxauth::config
