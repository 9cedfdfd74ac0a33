// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace dbxauth::encoding {

std::array<unsigned char, 32> sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
/// First 8 hex digits of the SHA-256 of a secret: correlates log records without showing it.
std::string fingerprint(std::string_view secret);

}  // namespace dbxauth::encoding
