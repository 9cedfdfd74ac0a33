// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.hpp"

struct evp_pkey_st;

namespace dbxauth::emulator {

enum class SigningAlgorithm {
  es256,  ///< P-256; made in no time.
  rs256,  ///< RSA of 2048 bits; takes a noticeable fraction of a second to make.
};

/// A key pair that signs and verifies JWTs (RFC 7515, 7518). Immutable, thread-safe.
class SigningKey {
 public:
  explicit SigningKey(SigningAlgorithm algorithm);  ///< A new pair. Ends the process when OpenSSL cannot make one.

  const std::string& id() const noexcept { return id_; }  ///< The `kid` of its tokens.
  const char* algorithm_name() const noexcept;            ///< "ES256", "RS256".
  std::string sign_jwt(std::string_view claims_json) const;
  bool verifies(std::string_view signed_text, std::string_view signature) const;
  std::string private_key_pem() const;  ///< PKCS #8.
  std::string public_jwk() const;       ///< RFC 7517; ES256 keys only, empty for others.

 private:
  SigningAlgorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string id_;
};

/// The parts of a compact JWS whose header and claims are JSON objects. Nothing is verified.
struct ParsedJwt {
  std::string algorithm;
  std::string key_id;
  base::JsonDocument claims;
  std::string signed_text;
  std::string signature;
};
std::optional<ParsedJwt> parse_jwt(std::string_view token);

}  // namespace dbxauth::emulator
