// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::encoding {

std::string base64(std::string_view bytes);          ///< RFC 4648 §4, padded.
SecretString base64_secret(std::string_view bytes);  ///< The same for secret bytes; intermediate copies are wiped.
std::string base64url(std::string_view bytes);       ///< RFC 4648 §5, without padding.
/// Decodes §5 with or without padding; ErrorCode::protocol on any other character.
Result<std::string> decode_base64url(std::string_view text);

}  // namespace dbxauth::encoding
