// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <openssl/err.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "encoding/base64url.hpp"
#include "encoding/rs256.hpp"
#include "support/rsa_test_key.hpp"

using namespace dbxauth;
using testing::RsaTestKey;

namespace {

/// The second line of PEM text: bytes that must not be found anywhere else.
std::string key_bytes(const std::string& pem) {
  const auto begin = pem.find('\n') + 1;
  return pem.substr(begin, pem.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("OpenSSL verifies a signature made with a key in either PEM form", "[rs256]") {
  const RsaTestKey key;
  const bool pkcs8 = GENERATE(true, false);
  const std::string pem = pkcs8 ? key.pkcs8_pem() : key.pkcs1_pem();
  CHECK((pem.find("-----BEGIN RSA PRIVATE KEY-----") == 0) == !pkcs8);
  const auto signature = encoding::rs256_signature("the message", SecretString(pem));
  REQUIRE(signature);
  CHECK(signature->size() == 256);
  CHECK(key.verifies("the message", signature->reveal()));
  CHECK_FALSE(key.verifies("the messagf", signature->reveal()));
  // RSASSA-PKCS1-v1_5 is deterministic, PSS is not.
  CHECK(encoding::rs256_signature("the message", SecretString(pem))->equals(*signature));
}

TEST_CASE("long keys and empty messages are signed too", "[rs256]") {
  const RsaTestKey key(4096);
  const auto signature = encoding::rs256_signature("", SecretString(key.pkcs8_pem()));
  REQUIRE(signature);
  CHECK(signature->size() == 512);
  CHECK(key.verifies("", signature->reveal()));
}

TEST_CASE("a JWT has a header, the claims and a signature over both", "[rs256]") {
  const RsaTestKey key;
  const auto jwt = encoding::rs256_jwt(R"({"iss":"me"})", "kid-1", SecretString(key.pkcs8_pem()));
  REQUIRE(jwt);
  const std::string text(jwt->reveal());
  const auto parts = base::split(text, '.');
  REQUIRE(parts.size() == 3);
  CHECK(encoding::decode_base64url(parts[0]).value() == R"({"alg":"RS256","typ":"JWT","kid":"kid-1"})");
  CHECK(encoding::decode_base64url(parts[1]).value() == R"({"iss":"me"})");
  CHECK(text.find_first_of("+/=") == std::string::npos);
  const std::string signed_part = text.substr(0, text.rfind('.'));
  CHECK(key.verifies(signed_part, encoding::decode_base64url(parts[2]).value()));
}

TEST_CASE("a JWT without a key id has no kid", "[rs256]") {
  const RsaTestKey key;
  const auto jwt = encoding::rs256_jwt("{}", "", SecretString(key.pkcs8_pem()));
  REQUIRE(jwt);
  const std::string text(jwt->reveal());
  CHECK(encoding::decode_base64url(text.substr(0, text.find('.'))).value() == R"({"alg":"RS256","typ":"JWT"})");
}

TEST_CASE("keys that cannot sign are refused without being quoted", "[rs256]") {
  const RsaTestKey good;
  struct Case {
    std::string pem;
    std::string says;
  };
  const std::string pem = good.pkcs8_pem();
  const std::vector<Case> cases{
      {"", "it is empty"},
      {"planted-key-text", "not the PEM text"},
      {pem.substr(0, pem.size() / 2), "not the PEM text"},
      {good.encrypted_pem("planted"), "passphrase"},
      {testing::elliptic_curve_test_key_pem(), "not an RSA key"},
      {RsaTestKey(1024).pkcs8_pem(), "less than 2048 bits"},
      {pem + std::string(70000, 'x'), "longer than"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.says);
    const auto signature = encoding::rs256_signature("m", SecretString(c.pem));
    REQUIRE_FALSE(signature);
    CHECK(signature.error().code == ErrorCode::configuration);
    CHECK(signature.error().message.find(c.says) != std::string::npos);
    CHECK(signature.error().message.find("planted") == std::string::npos);
    if (c.pem.size() > 100) CHECK(signature.error().message.find(key_bytes(c.pem)) == std::string::npos);
  }
}

TEST_CASE("the program's own OpenSSL errors stay in its queue, ours do not get there", "[rs256]") {
  ERR_clear_error();
  REQUIRE_FALSE(encoding::rs256_signature("m", SecretString("no key")));
  CHECK(ERR_peek_error() == 0);
  ERR_raise(ERR_LIB_USER, 7);
  REQUIRE_FALSE(encoding::rs256_signature("m", SecretString("no key")));
  CHECK(ERR_GET_REASON(ERR_peek_last_error()) == 7);
  ERR_clear_error();
}

TEST_CASE("threads sign at the same time", "[rs256]") {
  const RsaTestKey key;
  const SecretString pem(key.pkcs8_pem());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string message = "message " + std::to_string(i);
      const auto signature = encoding::rs256_signature(message, pem);
      if (!signature || !key.verifies(message, signature->reveal())) ++wrong;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
