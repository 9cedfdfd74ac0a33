// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::encoding {

std::string percent_encode(
    std::string_view text);  ///< RFC 3986 unreserved characters stay; for path segments and queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// application/x-www-form-urlencoded. Values may be secrets, so the result is one.
SecretString form_encode(const std::vector<std::pair<std::string_view, std::string_view>>& fields);

/// The parts of an absolute http(s) URL. Host without brackets; port 0 when absent.
struct Url {
  std::string scheme;  ///< Lower case.
  std::string host;    ///< Lower case.
  int port = 0;
  std::string path;   ///< With its leading slash, or empty.
  std::string query;  ///< Without `?`.
  /// `scheme://host[:port]`, a default port left out.
  std::string origin() const;
  /// localhost, 127.0.0.0/8, ::1.
  bool is_loopback() const noexcept;
  /// 169.254.0.0/16, fe80::/10, metadata.google.internal: the services that a cloud gives its own machines, which no
  /// router passes on.
  bool is_link_local() const noexcept;
};
Result<Url> parse_url(std::string_view text);

}  // namespace dbxauth::encoding
