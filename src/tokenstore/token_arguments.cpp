// SPDX-License-Identifier: Apache-2.0
#include "tokenstore/token_arguments.hpp"

#include "base/text.hpp"

namespace dbxauth::tokenstore {

Result<void> check_put(const std::vector<std::string>& keys, const Token& token) {
  if (keys.empty()) return Error(ErrorCode::invalid_argument, "a token needs at least one key to be stored under");
  for (const std::string& key : keys) {
    if (key.empty()) return Error(ErrorCode::invalid_argument, "a token cannot be stored under an empty key");
    // Replaced bytes would make two keys one.
    if (!base::is_valid_utf8(key)) return Error(ErrorCode::invalid_argument, "the key of a token is not valid UTF-8");
  }
  if (token.access_token.empty() && token.refresh_token.empty()) {
    return Error(ErrorCode::invalid_argument, "a token without access_token and refresh_token is not stored");
  }
  return {};
}

}  // namespace dbxauth::tokenstore
