// SPDX-License-Identifier: Apache-2.0
#include "encoding/rs256.hpp"

#include <string.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "base/json_writer.hpp"
#include "encoding/base64url.hpp"
#include "platform/crypto_library.hpp"

namespace dbxauth::encoding {
namespace {

using platform::CryptoSigning;

// RFC 7518 §3.3 forbids shorter keys.
constexpr int kSmallestKeyBits = 2048;
// A signature is as long as the key: room for 16384 bits, OpenSSL's own limit.
constexpr std::size_t kLongestSignature = 2048;
// A PEM key of that size has about 13 KB.
constexpr std::size_t kLongestKeyText = 64 * 1024;

using Bio = std::unique_ptr<BIO, decltype(CryptoSigning::bio_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(CryptoSigning::key_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(CryptoSigning::context_free)>;

struct SignatureBuffer {
  std::array<unsigned char, kLongestSignature> bytes{};
  ~SignatureBuffer() { ::explicit_bzero(bytes.data(), bytes.size()); }
};

// OpenSSL's default asks at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Error key_error(const char* reason) {
  return Error(ErrorCode::configuration, std::string("the private key cannot be used: ") + reason);
}

Result<PrivateKey> read_key(const CryptoSigning& crypto, const SecretString& pem) {
  const std::string_view text = pem.reveal();
  if (text.empty()) return key_error("it is empty");
  if (text.size() > kLongestKeyText) return key_error("it is longer than any RSA key");
  const Bio input(crypto.bio_of_memory(text.data(), static_cast<int>(text.size())), crypto.bio_free);
  if (!input) return Error(ErrorCode::out_of_memory, "out of memory");
  PrivateKey key(crypto.read_private_key(input.get(), nullptr, no_passphrase, nullptr), crypto.key_free);
  if (!key) {
    const bool encrypted = text.find("ENCRYPTED") != std::string_view::npos;
    return key_error(encrypted
                         ? "it is protected by a passphrase; store it without one"
                         : "it is not the PEM text of a private key (\"-----BEGIN PRIVATE KEY-----\", then lines)");
  }
  if (crypto.key_type(key.get()) != EVP_PKEY_RSA) return key_error("it is not an RSA key");
  if (crypto.key_bits(key.get()) < kSmallestKeyBits) return key_error("it has less than 2048 bits");
  return key;
}

/// RFC 4648 §5 without padding, for secret bytes.
void append_base64url(SecretString& out, std::string_view bytes) {
  const SecretString padded = base64_secret(bytes);
  for (char c : padded.reveal()) {
    if (c == '=') break;
    if (c == '+') c = '-';
    if (c == '/') c = '_';
    out.append({&c, 1});
  }
}

}  // namespace

Result<SecretString> rs256_signature(std::string_view message, const SecretString& private_key_pem) {
  const auto library = CryptoSigning::load();
  if (!library) return library.error();
  const CryptoSigning& crypto = **library;
  const platform::CryptoErrorGuard<CryptoSigning> guard(crypto);
  const auto key = read_key(crypto, private_key_pem);
  if (!key) return key.error();
  const DigestContext context(crypto.context_new(), crypto.context_free);
  if (!context) return Error(ErrorCode::out_of_memory, "out of memory");
  SignatureBuffer signature;
  std::size_t size = signature.bytes.size();
  // PKCS#1 v1.5 is the padding that OpenSSL applies to an RSA key unless told otherwise.
  if (crypto.sign_init(context.get(), nullptr, crypto.sha256(), nullptr, key->get()) != 1 ||
      crypto.sign(context.get(), signature.bytes.data(), &size, reinterpret_cast<const unsigned char*>(message.data()),
                  message.size()) != 1) {
    return Error(ErrorCode::unsupported,
                 "OpenSSL refused to sign with RSA and SHA-256; its configuration may disable the algorithm");
  }
  return SecretString(std::string_view(reinterpret_cast<const char*>(signature.bytes.data()), size));
}

Result<SecretString> rs256_jwt(std::string_view claims, std::string_view key_id, const SecretString& private_key_pem) {
  base::JsonWriter header;
  header.begin_object().member("alg", "RS256").member("typ", "JWT");
  if (!key_id.empty()) header.member("kid", key_id);
  header.end_object();

  const std::string signed_part = base64url(header.text()) + "." + base64url(claims);
  const auto signature = rs256_signature(signed_part, private_key_pem);
  if (!signature) return signature.error();
  SecretString jwt;
  jwt.reserve(signed_part.size() + 2 + (signature->size() * 4) / 3 + 3);
  jwt.append(signed_part);
  jwt.append(".");
  append_base64url(jwt, signature->reveal());
  return jwt;
}

}  // namespace dbxauth::encoding
