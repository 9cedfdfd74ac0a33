// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbxauth/result.hpp"

namespace dbxauth::encoding {

/// Claims of a JWT, read and **not verified**: only the issuer and the resource server may trust them.
struct JwtClaims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audience;
  std::vector<std::string> scopes;  ///< `scope` (text or list) or `scp`.
  std::optional<std::chrono::system_clock::time_point> expires_at;
  std::optional<std::chrono::system_clock::time_point> issued_at;
  std::optional<std::chrono::system_clock::time_point> not_before;
};

/// ErrorCode::protocol when `token` is not a JWT. The error quotes nothing of it.
Result<JwtClaims> read_jwt_claims(std::string_view token);

}  // namespace dbxauth::encoding
