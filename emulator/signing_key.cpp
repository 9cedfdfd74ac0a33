// SPDX-License-Identifier: Apache-2.0
#include "signing_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <utility>

#include "base/json_writer.hpp"
#include "crypto.hpp"
#include "encoding/base64url.hpp"

namespace dbxauth::emulator {

namespace {

constexpr int rsa_bits = 2048;
constexpr std::size_t coordinate_bytes = 32;  // of P-256

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};

template <class T>
std::unique_ptr<T, Free> owned(T* raw) {
  return std::unique_ptr<T, Free>(raw);
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string sign(EVP_PKEY* key, std::string_view text) {
  const auto context = owned(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
    std::abort();
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(text),
                     text.size()) != 1)
    std::abort();
  signature.resize(size);
  return signature;
}

/// DER to the two numbers side by side of RFC 7518 section 3.4.
std::string raw_signature(const std::string& der) {
  const unsigned char* cursor = bytes_of(der);
  const auto parsed = owned(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  std::string raw(2 * coordinate_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  if (!parsed || BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, coordinate_bytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + coordinate_bytes, coordinate_bytes) < 0)
    std::abort();
  return raw;
}

std::optional<std::string> der_signature(std::string_view raw) {
  if (raw.size() != 2 * coordinate_bytes) return std::nullopt;
  const auto signature = owned(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(raw), coordinate_bytes, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw) + coordinate_bytes, coordinate_bytes, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) std::abort();
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &encoded);
  if (size <= 0) return std::nullopt;
  std::string der(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return der;
}

std::optional<base::JsonDocument> json_part(std::string_view encoded) {
  const auto text = encoding::decode_base64url(encoded);
  if (!text) return std::nullopt;
  auto document = base::JsonDocument::parse(*text, "a part of the JWT");
  if (!document || !document->root().is_object()) return std::nullopt;
  return std::move(*document);
}

}  // namespace

SigningKey::SigningKey(SigningAlgorithm algorithm)
    : algorithm_(algorithm),
      key_(algorithm == SigningAlgorithm::es256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(rsa_bits), EVP_PKEY_free),
      id_(random_hex(40)) {
  if (!key_) std::abort();
}

const char* SigningKey::algorithm_name() const noexcept {
  return algorithm_ == SigningAlgorithm::es256 ? "ES256" : "RS256";
}

std::string SigningKey::sign_jwt(std::string_view claims_json) const {
  base::JsonWriter header;
  header.begin_object().member("alg", algorithm_name()).member("typ", "JWT").member("kid", id_).end_object();
  const std::string text = encoding::base64url(header.text()) + "." + encoding::base64url(claims_json);
  const std::string signature = sign(key_.get(), text);
  return text + "." + encoding::base64url(algorithm_ == SigningAlgorithm::es256 ? raw_signature(signature) : signature);
}

bool SigningKey::verifies(std::string_view signed_text, std::string_view signature) const {
  std::optional<std::string> encoded(signature);
  if (algorithm_ == SigningAlgorithm::es256) encoded = der_signature(signature);
  if (!encoded) return false;
  const auto context = owned(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(*encoded), encoded->size(), bytes_of(signed_text),
                          signed_text.size()) == 1;
}

std::string SigningKey::private_key_pem() const {
  const auto bio = owned(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    std::abort();
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string SigningKey::public_jwk() const {
  if (algorithm_ != SigningAlgorithm::es256) return {};
  unsigned char* encoded = nullptr;  // 0x04, x, y
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key_.get(), &encoded);
  if (size != 1 + 2 * coordinate_bytes) std::abort();
  const std::string point(reinterpret_cast<const char*>(encoded) + 1, 2 * coordinate_bytes);
  OPENSSL_free(encoded);
  base::JsonWriter json;
  json.begin_object().member("kty", "EC").member("crv", "P-256").member("alg", "ES256").member("use", "sig");
  json.member("kid", id_).member("x", encoding::base64url(point.substr(0, coordinate_bytes)));
  json.member("y", encoding::base64url(point.substr(coordinate_bytes))).end_object();
  return json.take();
}

std::optional<ParsedJwt> parse_jwt(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto header = json_part(token.substr(0, first));
  auto claims = json_part(token.substr(first + 1, second - first - 1));
  auto signature = encoding::decode_base64url(token.substr(second + 1));
  if (!header || !claims || !signature) return std::nullopt;
  return ParsedJwt{std::string((*header)["alg"].string_or()), std::string((*header)["kid"].string_or()),
                   std::move(*claims), std::string(token.substr(0, second)), std::move(*signature)};
}

}  // namespace dbxauth::emulator
