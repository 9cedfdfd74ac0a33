// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <openssl/err.h>

#include <string>

#include "encoding/aes_gcm.hpp"
#include "unit/encoding/hex_bytes.hpp"

using namespace dbxauth;
using testing::from_hex;

namespace {

// Test cases 14 and 16 of the proposal that NIST SP 800-38D cites (McGrew and Viega, appendix B).
struct Vector {
  std::string key, nonce, associated, plaintext, sealed;
};

const Vector kVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
    // Test case 13: nothing but a tag.
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
};

}  // namespace

TEST_CASE("AES-256-GCM gives the published answers in both directions", "[aes-gcm]") {
  for (const Vector& v : kVectors) {
    const SecretString key(from_hex(v.key));
    const auto sealed =
        encoding::aes256_gcm_seal(key, from_hex(v.nonce), from_hex(v.associated), from_hex(v.plaintext));
    REQUIRE(sealed);
    CHECK(*sealed == from_hex(v.sealed));
    const auto opened = encoding::aes256_gcm_open(key, from_hex(v.nonce), from_hex(v.associated), *sealed);
    REQUIRE(opened);
    CHECK(opened->equals(from_hex(v.plaintext)));
  }
}

TEST_CASE("whatever is changed, nothing is opened", "[aes-gcm]") {
  const std::string key(32, 'k'), nonce(12, 'n'), associated = "name", plaintext = "planted secret";
  const std::string sealed = encoding::aes256_gcm_seal(SecretString(key), nonce, associated, plaintext).value();
  const auto refused = [&](const std::string& k, const std::string& n, const std::string& a, const std::string& s) {
    const auto opened = encoding::aes256_gcm_open(SecretString(k), n, a, s);
    return !opened && opened.error().code == ErrorCode::authentication_failed &&
           opened.error().message.find("planted") == std::string::npos;
  };
  const auto flipped = [](std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
  };
  for (std::size_t i = 0; i < sealed.size(); ++i) CHECK(refused(key, nonce, associated, flipped(sealed, i)));
  for (std::size_t i = 0; i < sealed.size(); ++i) CHECK(refused(key, nonce, associated, sealed.substr(0, i)));
  CHECK(refused(flipped(key, 31), nonce, associated, sealed));
  CHECK(refused(key, flipped(nonce, 0), associated, sealed));
  CHECK(refused(key, nonce, "namf", sealed));
  CHECK(refused(key, nonce, "", sealed));
  CHECK(encoding::aes256_gcm_open(SecretString(key), nonce, associated, sealed)->equals(plaintext));
}

TEST_CASE("keys and nonces of another size are refused", "[aes-gcm]") {
  const SecretString key(std::string(32, 'k'));
  CHECK(encoding::aes256_gcm_seal(SecretString("short"), std::string(12, 'n'), "", "x").error().code ==
        ErrorCode::invalid_argument);
  CHECK(encoding::aes256_gcm_seal(key, "short", "", "x").error().code == ErrorCode::invalid_argument);
  CHECK(encoding::aes256_gcm_open(key, std::string(16, 'n'), "", std::string(32, 'x')).error().code ==
        ErrorCode::invalid_argument);
}

TEST_CASE("a failed opening leaves no error in the program's OpenSSL queue", "[aes-gcm]") {
  ERR_clear_error();
  REQUIRE_FALSE(
      encoding::aes256_gcm_open(SecretString(std::string(32, 'k')), std::string(12, 'n'), "a", std::string(40, 's')));
  CHECK(ERR_peek_error() == 0);
}
