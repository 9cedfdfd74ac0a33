// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::encoding {

constexpr std::size_t kAes256KeyBytes = 32;
constexpr std::size_t kGcmNonceBytes = 12;
constexpr std::size_t kGcmTagBytes = 16;

/// AES-256-GCM (NIST SP 800-38D) by OpenSSL's libcrypto, which is loaded on first use. Returns the ciphertext, as long
/// as `plaintext`, then the tag of 16 bytes. `key` has 32 bytes and `nonce` 12, and no nonce may serve twice under one
/// key. ErrorCode::invalid_argument for other sizes, unsupported when libcrypto cannot be loaded or refuses the
/// algorithm. OpenSSL's error queue is left as it was. Thread-safe.
Result<std::string> aes256_gcm_seal(const SecretString& key, std::string_view nonce, std::string_view associated_data,
                                    std::string_view plaintext);

/// The reverse. ErrorCode::authentication_failed when key, nonce, associated data or `sealed` are not those of the
/// sealing; nothing of the plaintext is given out then.
Result<SecretString> aes256_gcm_open(const SecretString& key, std::string_view nonce, std::string_view associated_data,
                                     std::string_view sealed);

}  // namespace dbxauth::encoding
