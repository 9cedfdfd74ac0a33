// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dbxauth::emulator {

/// `count` bytes of OpenSSL's random generator. Ends the process when it has none: there is nothing safe to go on with.
std::string random_bytes(std::size_t count);
std::string random_hex(std::size_t digits);
std::string random_base64url(std::size_t bytes);
std::string new_request_id();  ///< A random UUID.

std::string sha256_bytes(std::string_view text);
std::string sha256_hex(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text);
/// Compares without telling by its duration where two texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace dbxauth::emulator
