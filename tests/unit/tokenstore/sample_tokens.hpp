// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "dbxauth/credentials.hpp"

namespace dbxauth::testing {

/// A token that expires at 2026-11-22T14:07:51.379927313Z.
inline Token sample_token(std::string_view access_token = "eyJ.access",
                          std::string_view refresh_token = "doau.refresh") {
  Token token;
  token.access_token = SecretString(access_token);
  token.refresh_token = SecretString(refresh_token);
  token.expires_at = std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(1795356471379927313)));
  token.lifetime = std::chrono::seconds(3600);
  return token;
}

}  // namespace dbxauth::testing
