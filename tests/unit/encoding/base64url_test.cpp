// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <string>

#include "encoding/base64url.hpp"

using namespace dbxauth::encoding;

TEST_CASE("base64 gives the test vectors of RFC 4648 section 10") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xFB\xFF") == "+/8=");
  CHECK(base64url("\xFB\xFF") == "-_8");
  CHECK(base64_secret("\xFB\xFF").reveal() == "+/8=");
  CHECK(base64_secret("user:password").reveal() == "dXNlcjpwYXNzd29yZA==");
}

TEST_CASE("base64url decodes what it encodes, with and without padding") {
  std::string bytes;
  for (int length = 0; length < 300; ++length) {
    std::string text = base64url(bytes);
    CHECK(text.find('=') == std::string::npos);
    CHECK(decode_base64url(text).value() == bytes);
    while (text.size() % 4 != 0) text += '=';
    CHECK(decode_base64url(text).value() == bytes);
    bytes += static_cast<char>(length * 37);
  }
}

TEST_CASE("base64url refuses everything else and quotes nothing") {
  for (const std::string_view text : {"A", "AAAAA", "AA=", "AAA==", "AAAA=", "AAAA====", "=", "====", "AA=A", "A+/A",
                                      "AA A", "AA\nA", "\xFF\xFF\xFF\xFF", "AB", "AAB", "AB=="}) {
    const auto decoded = decode_base64url(text);
    INFO(text);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == dbxauth::ErrorCode::protocol);
  }
  CHECK(decode_base64url("hunter2+").error().message.find("hunter2") == std::string::npos);
  CHECK_FALSE(decode_base64url(std::string_view("AA\0A", 4)));
}
