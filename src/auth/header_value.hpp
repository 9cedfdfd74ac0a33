// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::auth {

/// `<token_type> <access_token>`; ErrorCode::protocol when a control character would break the header apart.
Result<SecretString> authorization_value(const Token& token);

/// The value without surrounding white space (a token file ends with a newline); ErrorCode::configuration when a
/// control character or blank remains inside. `what` names the value for the message, which never quotes it.
Result<SecretString> clean_secret(std::string_view value, std::string_view what);

/// True when `text` can be a header's value: no control characters.
bool is_header_safe(std::string_view text) noexcept;

/// Whether two sets of headers carry the same names and values.
bool same_headers(const AuthHeaders& a, const AuthHeaders& b) noexcept;

}  // namespace dbxauth::auth
