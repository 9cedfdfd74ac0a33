// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dbxauth/credentials.hpp"

namespace dbxauth::auth {

/// Headers that go along with the credentials of every built-in strategy: the program's own, and the workspace id.
using RequestHeaders = std::vector<std::pair<std::string, std::string>>;

inline void append(std::vector<AuthHeader>& headers, const RequestHeaders& request_headers) {
  for (const auto& [name, value] : request_headers) headers.push_back({name, SecretString(value)});
}

}  // namespace dbxauth::auth
