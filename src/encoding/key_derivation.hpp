// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dbxauth/result.hpp"
#include "dbxauth/secret_string.hpp"

namespace dbxauth::encoding {

/// HKDF with SHA-256 (RFC 5869), extract and expand, by OpenSSL's libcrypto: `size` bytes for `purpose` ("info") from
/// `input`, which must be hard to guess already. ErrorCode::unsupported when libcrypto cannot be loaded or refuses the
/// algorithm or the size. OpenSSL's error queue is left as it was. Thread-safe.
Result<SecretString> hkdf_sha256(const SecretString& input, std::string_view salt, std::string_view purpose,
                                 std::size_t size);

/// What one guess at a passphrase costs: 128 · n · r bytes of memory and time in proportion to n · r · p.
struct ScryptCost {
  std::uint64_t n = 1u << 15;  ///< A power of two.
  std::uint64_t r = 8;
  std::uint64_t p = 1;
};

/// scrypt (RFC 7914): `size` bytes from a passphrase that can be guessed. ErrorCode::unsupported as hkdf_sha256(), and
/// for a cost that needs more than 256 MiB. Thread-safe.
Result<SecretString> scrypt(const SecretString& passphrase, std::string_view salt, const ScryptCost& cost,
                            std::size_t size);

}  // namespace dbxauth::encoding
