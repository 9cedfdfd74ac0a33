// SPDX-License-Identifier: Apache-2.0
#include "crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

#include "encoding/base64url.hpp"
#include "metastore.hpp"

namespace dbxauth::emulator {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

std::string random_hex(std::size_t digits) {
  static constexpr char alphabet[] = "0123456789abcdef";
  std::string text = random_bytes(digits);
  for (char& c : text) c = alphabet[static_cast<unsigned char>(c) & 0x0f];
  return text;
}

std::string random_base64url(std::size_t bytes) {
  return encoding::base64url(random_bytes(bytes));
}

std::string new_request_id() {
  return new_uuid();
}

std::string sha256_bytes(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) std::abort();
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string sha256_hex(std::string_view text) {
  static constexpr char alphabet[] = "0123456789abcdef";
  std::string hex;
  for (const char c : sha256_bytes(text)) {
    const auto byte = static_cast<unsigned char>(c);
    hex += alphabet[byte >> 4];
    hex += alphabet[byte & 0x0f];
  }
  return hex;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest, &size) == nullptr)
    std::abort();
  return std::string(reinterpret_cast<const char*>(digest), size);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  const std::string first = sha256_bytes(a);
  const std::string second = sha256_bytes(b);
  return CRYPTO_memcmp(first.data(), second.data(), first.size()) == 0;
}

}  // namespace dbxauth::emulator
