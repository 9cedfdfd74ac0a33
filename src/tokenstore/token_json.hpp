// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/json_reader.hpp"
#include "dbxauth/credentials.hpp"
#include "dbxauth/result.hpp"
#include "tokenstore/json_slices.hpp"

namespace dbxauth::tokenstore {

/// One token as the Databricks CLI writes it, on one line: access_token, token_type, refresh_token (both left out when
/// empty), expiry (RFC 3339, year 1 for "none"), expires_in (seconds, left out when zero), then `others` as they are.
/// Token::scope has no place in the format and is not written.
SecretString encode_token(const Token& token, const std::vector<RawMember>& others = {});

/// Reads one token: names in any case, unknown members ignored, a missing or empty expiry is "none", expires_in may be
/// a string. ErrorCode::protocol when there is neither an access nor a refresh token, or the expiry is no time; `what`
/// names the token in the message, which quotes nothing of it.
Result<Token> decode_token(base::JsonView object, std::string_view what);

/// The members of a stored token that decode_token() does not interpret.
std::vector<RawMember> other_members(std::string_view raw_token);

}  // namespace dbxauth::tokenstore
