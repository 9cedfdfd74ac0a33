// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "dbxauth/result.hpp"

namespace dbxauth::encoding {

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, which is loaded on first use. Fails with ErrorCode::unsupported when
/// the library cannot be loaded. Thread-safe.
Result<std::array<unsigned char, 32>> sha256(std::string_view bytes);
/// The digest as 64 lower-case hex digits.
Result<std::string> sha256_hex(std::string_view bytes);
/// First 8 hex digits of the SHA-256 of a secret: correlates log records without showing it. "unavailable" when
/// libcrypto cannot be loaded, so that a record is still written.
std::string fingerprint(std::string_view secret);

}  // namespace dbxauth::encoding
