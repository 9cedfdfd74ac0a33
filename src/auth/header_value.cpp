// SPDX-License-Identifier: Apache-2.0
#include "auth/header_value.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace dbxauth::auth {

bool is_header_safe(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

Result<SecretString> authorization_value(const Token& token) {
  if (token.access_token.empty() || token.token_type.empty()) {
    return Error(ErrorCode::protocol, "the access token is empty");
  }
  if (!is_header_safe(token.token_type) || !is_header_safe(token.access_token.reveal())) {
    return Error(ErrorCode::protocol, "the access token contains a control character and cannot be sent in a header");
  }
  SecretString value;
  value.reserve(token.token_type.size() + 1 + token.access_token.size());
  value.append(token.token_type);
  value.append(" ");
  value.append(token.access_token.reveal());
  return value;
}

Result<SecretString> clean_secret(std::string_view value, std::string_view what) {
  const std::string_view trimmed = base::trim(value);
  if (trimmed.empty()) return Error(ErrorCode::configuration, std::string(what) + " is empty");
  if (trimmed.substr(0, 7) == "Bearer ") {
    return Error(ErrorCode::configuration, std::string(what) + " begins with the word Bearer; give the token alone");
  }
  const bool sound = is_header_safe(trimmed) && trimmed.find(' ') == std::string_view::npos;
  if (!sound) {
    return Error(
        ErrorCode::configuration,
        std::string(what) + " contains a blank or a control character (a line break?); copy it again as one piece");
  }
  return SecretString(trimmed);
}

bool same_headers(const AuthHeaders& a, const AuthHeaders& b) noexcept {
  if (&a == &b) return true;
  return std::equal(
      a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(),
      [](const AuthHeader& x, const AuthHeader& y) { return x.name == y.name && x.value.equals(y.value); });
}

}  // namespace dbxauth::auth
