// SPDX-License-Identifier: Apache-2.0
#include "encoding/sha256.hpp"

#include "platform/crypto_library.hpp"

namespace dbxauth::encoding {

Result<std::array<unsigned char, 32>> sha256(std::string_view bytes) {
  const auto crypto = platform::CryptoLibrary::load();
  if (!crypto) return crypto.error();
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if ((*crypto)->digest(bytes.data(), bytes.size(), digest.data(), &size, (*crypto)->sha256(), nullptr) != 1 ||
      size != digest.size()) {
    return Error{ErrorCode::unsupported,
                 "OpenSSL refused to compute SHA-256; its configuration may disable the algorithm"};
  }
  return digest;
}

Result<std::string> sha256_hex(std::string_view bytes) {
  const auto digest = sha256(bytes);
  if (!digest) return digest.error();
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest->size());
  for (const unsigned char byte : *digest) {
    hex += digits[byte >> 4];
    hex += digits[byte & 0xF];
  }
  return hex;
}

std::string fingerprint(std::string_view secret) {
  const auto hex = sha256_hex(secret);
  return hex ? hex->substr(0, 8) : std::string("unavailable");
}

}  // namespace dbxauth::encoding
