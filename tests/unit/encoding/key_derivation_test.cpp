// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <openssl/err.h>

#include "encoding/key_derivation.hpp"
#include "unit/encoding/hex_bytes.hpp"

using namespace dbxauth;
using testing::from_hex;

TEST_CASE("HKDF-SHA256 gives the answers of RFC 5869", "[key-derivation]") {
  const SecretString input(std::string(22, '\x0b'));
  const auto with_salt =
      encoding::hkdf_sha256(input, from_hex("000102030405060708090a0b0c"), from_hex("f0f1f2f3f4f5f6f7f8f9"), 42);
  REQUIRE(with_salt);
  CHECK(with_salt->equals(
      from_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")));
  // Test case 3: neither salt nor info.
  const auto without = encoding::hkdf_sha256(input, "", "", 42);
  REQUIRE(without);
  CHECK(without->equals(
      from_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")));
}

TEST_CASE("scrypt gives the answers of RFC 7914", "[key-derivation]") {
  const auto small = encoding::scrypt(SecretString(""), "", {16, 1, 1}, 64);
  REQUIRE(small);
  CHECK(
      small->equals(from_hex("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                             "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")));
  const auto large = encoding::scrypt(SecretString("pleaseletmein"), "SodiumChloride", {16384, 8, 1}, 64);
  REQUIRE(large);
  CHECK(
      large->equals(from_hex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                             "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")));
}

TEST_CASE("what cannot be derived is refused and leaves OpenSSL's queue alone", "[key-derivation]") {
  ERR_clear_error();
  const SecretString secret("planted");
  CHECK(encoding::hkdf_sha256(secret, "s", "i", 0).error().code == ErrorCode::unsupported);
  CHECK(encoding::hkdf_sha256(secret, "s", "i", 65).error().code == ErrorCode::unsupported);
  CHECK(encoding::scrypt(secret, "s", {1u << 20, 8, 1}, 32).error().code == ErrorCode::unsupported);
  CHECK(encoding::scrypt(secret, "s", {1000, 8, 1}, 32).error().code == ErrorCode::unsupported);
  CHECK(encoding::scrypt(secret, "s", {0, 8, 1}, 32).error().code == ErrorCode::unsupported);
  CHECK(ERR_peek_error() == 0);
}
