// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::encoding {

/// RS256 (RFC 7518 §3.3: RSASSA-PKCS1-v1_5 with SHA-256) by OpenSSL's libcrypto, which is loaded on first use. The key
/// is PEM text, PKCS#8 ("PRIVATE KEY") or PKCS#1 ("RSA PRIVATE KEY"), without a passphrase, of 2048 bits or more.
/// Returns the raw signature. ErrorCode::configuration for text that is not such a key (nothing of it is quoted),
/// unsupported when libcrypto cannot be loaded or refuses the algorithm. OpenSSL's error queue is left as it was.
/// Thread-safe.
Result<SecretString> rs256_signature(std::string_view message, const SecretString& private_key_pem);

/// A signed JWT in its compact form (RFC 7515 §3.1) with the header alg RS256, typ JWT and, when `key_id` is not empty,
/// kid. `claims` is the JSON text of the payload. Whoever holds the result may act as the key's owner until it expires.
Result<SecretString> rs256_jwt(std::string_view claims, std::string_view key_id, const SecretString& private_key_pem);

}  // namespace dbxauth::encoding
